"""Finds rollouts that are copies: attempts with the very same words, as at temperature 0 or from a cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ahe.records import Copies, Trial


def copies(trials: Iterable[Trial], folder: Path) -> Copies:
    """How many of these trials of one harness repeat another attempt at the same task, word for word.

    `folder` holds the trials' folders. A missing trial, and one whose trace is gone, is not looked at.
    """
    seen: dict[tuple[str, str], set[str]] = {}
    tasks: set[str] = set()
    looked = 0
    for trial in trials:
        text = None if trial.status == "missing" else said(folder / trial.id / "trajectory.json")
        if text is None:
            continue
        looked += 1
        statuses = seen.setdefault((trial.task, text), set())
        if statuses:
            tasks.add(trial.task)
        statuses.add(trial.status)
    torn = {task for (task, _), statuses in seen.items() if len(statuses) > 1}
    return Copies(
        trials=looked, distinct=len(seen), tasks=tuple(sorted(tasks)), disagreeing=tuple(sorted(torn))
    )


def said(trajectory: Path) -> str | None:
    """A digest of all that the model said in a trial: its messages and calls, without ids, times or results.

    None where there is no trace that can be read.
    """
    try:
        whole: dict[str, Any] = json.loads(trajectory.read_bytes())
    except (OSError, ValueError):
        return None
    steps = [step for step in whole.get("steps", []) if step.get("source") == "agent"]
    spoken = [
        [
            step.get("message"),
            step.get("reasoning_content"),
            [[call.get("function_name"), call.get("arguments")] for call in step.get("tool_calls", [])],
        ]
        for step in steps
    ]
    return hashlib.sha256(json.dumps(spoken, sort_keys=True).encode()).hexdigest()
