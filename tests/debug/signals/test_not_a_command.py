"""What was run and was no command: the call and the shell's message are looked at together."""

from __future__ import annotations

import json

import pytest
from made_traces import bad, made, signed

from ahe.debug.signals.calls import not_a_command

OPEN_BACKTICK = "bash: -c: line 1: unexpected EOF while looking for matching ``'"
OPEN_QUOTE = "bash: -c: line 1: unexpected EOF while looking for matching `''"


def absent(word: str) -> str:
    return f"bash: line 1: {word}: command not found"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("```python\ndef price(age):\n    return 7", OPEN_BACKTICK),
        ("```", OPEN_BACKTICK),
        ("sed -i s/a/b/ x\n```", OPEN_BACKTICK),
        ("32", absent("32")),
        ("127", "/bin/sh: 1: 127: not found"),
        ("The script continues to run and log to /app/ticker.log.", absent("The")),
        ("The script failed because the command `The` was not found. 8 turns remain.", absent("The")),
        ("ls\nThe files are listed above.", "bash: line 2: The: command not found"),
        ("I've updated the file (see above).", "bash: -c: line 1: syntax error near unexpected token `('"),
        ("Here's the fix that you asked for:\nsed -i s/a/b/ x", OPEN_QUOTE),
        ("Task completed successfully.", absent("Task")),
        ("the answer is 5", absent("the")),
        ("Done. The answer is 5.", "zsh: command not found: Done."),
        (json.dumps({"command": "The file was written to x.", "timeout": 3}), absent("The")),
    ],
)
def test_prose_values_and_fences_are_no_commands(call: str, line: str) -> None:
    assert not_a_command(call, line)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("R CMD build mypkg", absent("R")),
        ("Rscript analysis.R --out x", absent("Rscript")),
        ("Xvfb :99 -screen 0", absent("Xvfb")),
        ("jq . a.json", absent("jq")),
        ("cat > README.md <<EOF\n```bash\nmake\n```\nEOF", absent("make")),
        ("cat > README.md <<EOF\n```bash\nmake\n```\nEOF", OPEN_BACKTICK),
        ("echo 'it is", OPEN_QUOTE),
        ("grep 'the file is in the x' a", absent("grep")),
        ("python3 run.py\n32", "Traceback (most recent call last):"),
        ("./run.sh", "./run.sh: line 3: The: command not found"),
        ("The file is here", "make: *** No rule to make target 'The'"),
        ('git commit -m "The fix is in"; foo', absent("foo")),
        ("if [ a ]; then", "bash: -c: line 2: syntax error: unexpected end of file"),
        ("", absent("x")),
        ("{broken", absent("The")),
    ],
)
def test_commands_that_failed_are_commands(call: str, line: str) -> None:
    assert not not_a_command(call, line)


def test_the_signature_says_it_and_a_program_that_is_absent_stays_one() -> None:
    fence = made(("```python\nprint(1)", bad(OPEN_BACKTICK, 2)))
    prose = made(("The answer is in the file.", bad(absent("The"), 127)))
    quote = made(("echo `date", bad(OPEN_BACKTICK, 2)))
    program = made(("jq . a.json", bad(absent("jq"), 127)))
    words = [signed(trace).mechanism for trace in (fence, prose, quote, program)]
    assert words == ["not_a_command", "not_a_command", "quoting_error", "command_not_found"]
