"""Traces of any known tool, read into one form: `find.find` lists what lies below a path, `read.read` reads one.

To add a format, write one file with two functions and add one line to `READERS` in `read.py`:

- `sniff(value, line) -> bool`: whether a JSON value is a whole document of the format, or, with `line`, one line of it;
- `parse(content, draft) -> None`: adds the steps of a file's content (`files.Content`) to a `draft.Draft`.

Everything else is done for every format: finding files, damaged JSON and encodings (`files`, `lenient_json`), parts of
messages (`draft`), verdicts and trials' folders (`trials`), naming the task and building the `Trace` (`read`). Values
come from strangers: take them with `lenient_json`'s functions, so that a wrong type counts as empty and nothing raises.
The format's fixture goes to `tests/debug/readers/reader_fixtures.py`; the tests there damage it in every way.
"""
