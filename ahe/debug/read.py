"""Reads a trial's trace (ATIF) back into steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ahe.records import Record


class Step(Record):
    """One step of a trajectory. `calls` and `results` are parallel, as text."""

    id: int
    source: str
    message: str
    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Everything in the step that a citation may quote."""
        return "\n".join((self.message, *self.calls, *self.results))


def read_steps(folder: Path) -> list[Step]:
    """The steps of the trial in `folder`; an empty list where the trace is absent or damaged."""
    try:
        tree = json.loads((folder / "trajectory.json").read_text("utf-8"))
        return [_step(step) for step in tree["steps"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def read_verifier(folder: Path) -> str:
    """What the verifier printed, or an empty text."""
    path = folder / "verifier" / "test-stdout.txt"
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def _step(step: dict[str, Any]) -> Step:
    observation = step.get("observation") or {}
    return Step(
        id=step["step_id"],
        source=step["source"],
        message=step.get("message") or "",
        calls=tuple(_call(call) for call in step.get("tool_calls") or ()),
        results=tuple(str(r.get("content") or "") for r in observation.get("results") or ()),
    )


def _call(call: dict[str, Any]) -> str:
    """The one argument of a call that has one, else its arguments as JSON."""
    arguments = call.get("arguments") or {}
    if len(arguments) == 1:
        return str(next(iter(arguments.values())))
    return json.dumps(arguments, ensure_ascii=False)
