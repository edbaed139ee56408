"""Reads traces of any known tool into one form: `find.find` lists the traces below a path, `read.read` reads one.

To add a format, write one file with two functions and add one line to `READERS` in `formats.py`:

- `sniff(value, line) -> bool`: whether a JSON value is a whole document of the format, or, with `line`, one line of it;
- `parse(value, draft) -> None`: adds the steps of a file (its document, the list of its lines) to a `draft.Draft`.

The rest is shared by all formats: finding files, damaged JSON, encodings and compression (`files`, `lenient_json`,
`packed`), parts of messages and abandoned branches (`draft`), exit codes of results (`results`; use `Draft.call` and
`Draft.result`), verdicts and trial folders (`trials`), naming the task and building the `Trace`
(`read`). Values are untrusted: read them with the functions of `lenient_json`, so that a wrong type counts as empty and
nothing raises. Add a fixture of the format to `EVERY` in `tests/debug/readers/session_fixtures.py`; the tests there
damage it in many ways.
"""
