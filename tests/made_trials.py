"""Trials with traces as the runtime writes them, made up by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ahe.debug.ask.citations import CitationChecker
from ahe.debug.readers.read import read_trial
from ahe.records import Citation, Evidence, Message, ToolCall, Trial, Usage
from ahe.runtime.trajectory import Trajectory

Turn = tuple[str, str]
"""A command and its result."""


def trial(name: str, task: str = "task-a", status: str = "failed", attempt: int = 0, **fields: Any) -> Trial:
    given = {
        "id": name,
        "harness": "h",
        "task": task,
        "task_digest": "d",
        "environment": "bwrap",
        "model": "m",
        "attempt": attempt,
        "status": status,
        "reward": {"passed": 1.0, "failed": 0.0}.get(status),
        "ended": "answered",
    }
    return Trial.model_validate({**given, **fields})


def trace(runs: Path, name: str, turns: Sequence[Turn], answer: str = "Done.", verifier: str = "") -> None:
    """Write the trace of trial `name`: system, user, a step per turn, and the answer."""
    folder = runs / "trials" / name
    steps = Trajectory(folder, name, "m", [])
    steps.prompt("system", "Work.")
    steps.prompt("user", "Do it.")
    for number, (command, result) in enumerate(turns):
        call = ToolCall(id=f"c{number}", name="run_shell_command", arguments={"command": command})
        message = Message(role="assistant", content=f"Turn {number}.", tool_calls=(call,))
        steps.reply(message, Usage(), [(call.id, result)])
    steps.reply(Message(role="assistant", content=answer), Usage(), ())
    steps.finish(Usage(), {})
    (folder / "verifier").mkdir()
    (folder / "verifier" / "test-stdout.txt").write_text(verifier, "utf-8")


def evidence(runs: Path, trials: Sequence[Trial], budget: int = 10_000, **fields: Any) -> Evidence:
    """The evidence of these trials; beside each trace its result is written, as the runtime does."""
    for each in trials:
        if (folder := runs / "trials" / each.id).is_dir():
            (folder / "result.json").write_text(each.model_dump_json(), "utf-8")
    given = {
        "iteration": 1,
        "harness": "h",
        "trials": tuple(trials),
        "instructions": {each.task: f"Instruction of {each.task}." for each in trials},
        "history": (),
        "folder": str(runs / "iterations" / "001"),
        "traces": str(runs / "trials"),
        "budget": budget,
    }
    return Evidence.model_validate({**given, **fields})


def quoted(citation: Citation, traces: Path) -> bool:
    """Whether the quote is in the cited step of a trial whose folder is below `traces`."""
    checker = CitationChecker({citation.trial: read_trial(traces / citation.trial)}, least=1)
    return checker.problem(citation) is None
