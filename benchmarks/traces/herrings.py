"""Errors near the end that have nothing to do with the outcome: slips of the agent that it mends at once.

Passing and failing rollouts have them alike. The halves go by the seed's parity, as those of the causes.
"""

from __future__ import annotations

from benchmarks.traces import words
from benchmarks.traces.chance import Chance

Slip = tuple[str, str]
"""A command and what it printed."""

_DEVELOPMENT = (
    ("rm /tmp/{stem}.tmp", "rm: cannot remove '/tmp/{stem}.tmp': No such file or directory"),
    ('python -c "import {pkg}x"', "ModuleNotFoundError: No module named '{pkg}x'"),
    ("git checkout {part}", "error: pathspec '{part}' did not match any file(s) known to git"),
    ("apt-get install -y {stem}-tools", "E: Unable to locate package {stem}-tools"),
    ("{tool} --version", "bash: {tool}: command not found"),
    ("/tmp/{stem}", "Segmentation fault (core dumped)"),
    ("sed -i 's/{part}/{stem}' notes.txt", "sed: -e expression #1, char {n}: unterminated `s' command"),
    ("psql -U {stem}", 'psql: error: FATAL:  role "{stem}" does not exist'),
    ("cat {part}.txt", "cat: {part}.txt: No such file or directory"),
    ("python /tmp/{stem}.py", "ValueError: invalid literal for int() with base 10: '{part}'"),
)
_REPORTING = (
    ("awk '{{print $1' {part}.txt", "awk: line 1: syntax error at or near end of line ({n})"),
    ("jq .{part} /tmp/{stem}.json", 'jq: error (at <stdin>:{n}): Cannot index number with "{part}"'),
    ("git show HEAD~{n}", "fatal: bad revision 'HEAD~{n}'"),
    ('python -c "print({part}"', "SyntaxError: '(' was never closed ({part}, line {n})"),
    ("ls | xargs rm", "xargs: unmatched single quote; by default quotes are special to xargs"),
    ("kill {n}", "bash: kill: ({n}) - No such process"),
    ("wget http://localhost/{part}s/{n}", "2026-03-11 10:21:{n} ERROR 404: Not Found."),
    ("find . -name *.{part}", "find: paths must precede expression: `{stem}.{part}'"),
    ("make {part}", "make: *** No rule to make target '{part}'.  Stop."),
    ("python /tmp/{stem}.py", "RecursionError: maximum recursion depth exceeded in comparison ({part})"),
)


def herring(chance: Chance, seed: int) -> Slip:
    command, shown = chance.pick(_REPORTING if seed % 2 else _DEVELOPMENT)
    fields = {
        "stem": chance.pick(words.STEMS),
        "part": chance.pick(words.PARTS),
        "pkg": chance.pick(words.PYTHON_PACKAGES),
        "tool": chance.pick(words.TOOLS),
        "n": chance.number(11, 99),
    }
    return command.format_map(fields), shown.format_map(fields)
