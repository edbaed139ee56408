"""Traces made up by hand: a call and its result a turn."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace, VerifierFile
from ahe.debug.signals.acts import acts
from ahe.debug.signals.outcome import Rollout
from ahe.debug.study import Task, rollout
from ahe.records import Signature

Turn = tuple[str, str]


def made(*turns: Turn, answer: str = "Done.", verifier: str = "", **fields: Any) -> Trace:
    """A failed rollout of task `t`, of the steps 1 (user), 2 … (agent), with an answer unless it is empty."""
    steps = [Step(1, "user", (Text("message", "Do it."),))]
    for number, (call, said) in enumerate(turns, 2):
        texts = (Text("message", "Next."), Text("call", call, "sh"), result(said, "sh"))
        steps.append(Step(number, "agent", texts))
    if answer:
        steps.append(Step(len(steps) + 1, "agent", (Text("message", answer),)))
    given = {
        "id": "a1",
        "task": "t",
        "status": "failed",
        "ended": "answered",
        "verifier": (VerifierFile("test-stdout.txt", verifier),) if verifier else (),
    }
    return Trace(steps=tuple(steps), **{**given, **fields})


def ok(text: str) -> str:
    return f"{text}\n[exit code 0]"


def bad(text: str, code: int = 1) -> str:
    return f"{text}\n[exit code {code}]"


def studied(trace: Trace, task: Task | None = None) -> Rollout:
    """The facts of a trace, by the label `a1`."""
    return rollout("a1", trace, acts(trace), task or Task())


def signed(trace: Trace, task: Task | None = None) -> Signature:
    """The signature of a trace that did not pass."""
    found = studied(trace, task).signature
    assert found is not None
    return found
