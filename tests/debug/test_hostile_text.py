"""The debugger's time grows with the text, not faster: files of strangers hold long runs of anything."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Step, Text, Trace, VerifierFile
from ahe.debug.signals.acts import acts
from ahe.debug.verifiers.failures import failures

UNITS = (
    *(
        " ",
        "\n",
        "\r",
        "\t \n",
        "=",
        "_",
        ".",
        "-",
        "a",
        "0",
        "1,",
        "'\"",
        '\\"',
        "(",
        "/a",
        "\x1b[",
        "\x1b[A",
        "\b",
    ),
    *(
        "```shell\n",
        "<<EOF ",
        "=== RUN ",
        "FAIL: ",
        "E   ",
        'File "x", line 1\n',
        "Traceback (most recent call last):\n",
    ),
    *('{"a":[', "missing ", "took 0 sec ", "not ok 1 ", "<testsuite>", "error: "),
)
NOTICEABLE = 0.3
"""Seconds of CPU below which nothing is said about growth."""


def verifier(text: str) -> None:
    failures([VerifierFile("test-stdout.txt", f"{text}x\x01\n1 failed\n")])


def commands(text: str) -> None:
    call, result = Text("call", text, "bash"), Text("result", text, "bash")
    trace = Trace("t", "task", (Step(1, "user", (Text("message", text),)), Step(2, "agent", (call, result))))
    for act in acts(trace):
        act.lines()


@pytest.mark.parametrize("work", [verifier, commands, resolve], ids=lambda work: work.__name__)
@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_time_grows_with_the_text(work: Callable[[str], object], unit: str) -> None:
    def seconds(size: int, times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            work("start\n" + unit * (size // len(unit)))
        return time.process_time() - began

    for _ in range(3):  # other work on the machine must not look like growth
        whole = seconds(64_000, 1)
        if whole < NOTICEABLE or whole < 4 * seconds(4_000, 16):
            return
    pytest.fail(f"{whole:.1f} s for 64,000 characters, less than a fourth of it for 16 times 4,000")
