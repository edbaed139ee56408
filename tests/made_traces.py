"""Traces made up by hand: a call and its result a turn."""

from __future__ import annotations

from typing import Any

from ahe.debug.rank.rank import Candidate, mechanism, rank
from ahe.debug.rank.survey import survey
from ahe.debug.readers.trace import Step, Text, Trace, VerifierFile
from ahe.debug.signals.scan import Profile
from ahe.debug.signals.signatures import sign
from ahe.records import Signature

Turn = tuple[str, str]


def made(*turns: Turn, answer: str = "Done.", verifier: str = "", **fields: Any) -> Trace:
    """A failed rollout of task `t`, of the steps 1 (user), 2 … (agent), with an answer unless it is empty."""
    steps = [Step(1, "user", (Text("message", "Do it."),))]
    for number, (call, result) in enumerate(turns, 2):
        texts = (Text("message", "Next."), Text("call", call, "sh"), Text("result", result, "sh"))
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


def candidates(trace: Trace, most: int = 40, passing: Profile | None = None) -> list[Candidate]:
    """The candidates of a rollout, best first."""
    return list(survey(trace, passing, most).candidates)


def signed(trace: Trace) -> Signature:
    """The signature with the mechanism that the rollout's own candidates name."""
    return sign(trace).model_copy(update={"mechanism": mechanism(rank(candidates(trace))).mechanism})
