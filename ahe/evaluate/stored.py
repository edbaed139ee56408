"""Trials that exist already: which of them may be compared, their tallies, and copies among them.

No trial runs here. Trials are pooled only if they have the suite's present version of the task, the same model, and,
for each task, the same environment, version of the runtime, limits and tool-call mode.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ahe.evaluate.evaluation import Evaluator, tallies
from ahe.evaluate.trial import HarnessVersion
from ahe.records import Copies, Tally, Task, Trial

Arms = tuple[list[Trial], list[Trial]]
Conditions = tuple[str, int, str]
MEASURABLE = 1.0


def stored_trials(
    evaluator: Evaluator, harness: HarnessVersion, tasks: Iterable[Task], series: int = 0
) -> list[Trial]:
    """The trials of a harness at these tasks that the evaluator would reuse, by attempt: plain, or a series."""
    wanted = {task.name: task for task in tasks}
    found = [t for t in evaluator.store.of_harness(harness.id) if t.task in wanted and t.series == series]
    plan = evaluator.runner.plan
    same = (t for t in found if plan(harness, wanted[t.task], t.attempt).id == t.id)
    return sorted(same, key=lambda trial: trial.attempt)


def of_one_model(trials: Sequence[Trial], model: str) -> list[Trial]:
    """The trials with the model of this fingerprint, or, where it has none, with the model that was used last."""
    used = {trial.model for trial in trials}
    if model not in used:
        model = max(trials, key=lambda trial: trial.started).model if trials else ""
    return [trial for trial in trials if trial.model == model]


def paired(
    one: Sequence[Trial], other: Sequence[Trial], tasks: Iterable[Task], *, series: int = 0, model: str = ""
) -> Arms:
    """The trials of two harnesses at these tasks that may be compared, in the order in which they were given.

    These are plain trials, or those of another `series` (see `Trial.series`), which are never pooled. If several
    models were used, the one of the fingerprint `model` is chosen, if each arm with any trials has some with it; else
    the one with the most trials in its smaller arm; among equals, the one used last. Of the conditions of a task's
    trials (see `_conditions`), the ones used last are taken that all arms with trials of it share, if any.
    """
    wanted = {task.name: task.digest for task in tasks}
    arms = [
        [t for t in arm if wanted.get(t.task) == t.task_digest and t.series == series] for arm in (one, other)
    ]
    if not any(arms):
        return [], []
    counts = [Counter(t.model for t in arm) for arm in arms]
    last: dict[str, str] = {}
    for trial in (*arms[0], *arms[1]):
        last[trial.model] = max(last.get(trial.model, ""), trial.started)
    if not all(count[model] for count in counts if count):
        model = max(last, key=lambda m: (min(c[m] for c in counts), max(c[m] for c in counts), last[m]))
    arms = [[t for t in arm if t.model == model] for arm in arms]
    tried = [{t.task for t in arm} for arm in arms]
    done = [{(t.task, _conditions(t)) for t in arm} for arm in arms]
    chosen: dict[str, tuple[bool, str, Conditions]] = {}
    for trial in (*arms[0], *arms[1]):
        task, under = trial.task, _conditions(trial)
        shared = all(
            (task, under) in found for found, tasks in zip(done, tried, strict=True) if task in tasks
        )
        chosen[task] = max(chosen.get(task, (False, "", under)), (shared, trial.started, under))
    kept = [[t for t in arm if chosen[t.task][2] == _conditions(t)] for arm in arms]
    return kept[0], kept[1]


def _conditions(trial: Trial) -> Conditions:
    """What else an outcome depends on. Trials of earlier versions do not say their `settings`."""
    return trial.environment, trial.runtime, trial.settings


def pairs_of(arms: Arms) -> dict[str, tuple[Tally, Tally]]:
    """Tallies of both arms by task; empty if an arm has no trial of the task."""
    one, other = (tallies(arm) for arm in arms)
    return {task: (one.get(task, Tally()), other.get(task, Tally())) for task in sorted({*one, *other})}


def mean_tokens(trials: Iterable[Trial]) -> dict[str, float]:
    """Mean tokens of the scored trials of each task."""
    used: dict[str, list[int]] = {}
    for trial in trials:
        if trial.status != "missing":
            used.setdefault(trial.task, []).append((trial.usage + trial.side_usage).tokens)
    return {task: fmean(counts) for task, counts in used.items()}


def slowdown(arms: Arms) -> float | None:
    """How many times slower the model worked in the second arm than in the first: seconds for the same work.

    None where an arm has no scored trial, or calls too short to measure (under `MEASURABLE` seconds per trial).
    """
    factors = []
    for arm in arms:
        times = [trial.model_time for trial in arm if trial.status != "missing" and trial.model_time.work]
        seconds = sum(time.seconds for time in times)
        if not times or seconds < MEASURABLE * len(times):
            return None
        factors.append(seconds / sum(time.work for time in times))
    return factors[1] / factors[0]


def copies(trials: Iterable[Trial], folder: Path) -> Copies:
    """How many of these trials of one harness repeat another attempt at the same task, word for word.

    This happens at temperature 0 or with a cache before the model. `folder` holds the trials' folders. Missing trials,
    and trials without a readable trace, do not count.
    """
    seen: dict[tuple[str, str], set[str]] = {}
    tasks: set[str] = set()
    looked = 0
    for trial in trials:
        text = None if trial.status == "missing" else _model_output(folder / trial.id / "trajectory.json")
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


def _model_output(trajectory: Path) -> str | None:
    """A digest of the model's messages and calls in a trial, without ids, times or results.

    None without a readable trace.
    """
    try:
        whole: dict[str, Any] = json.loads(trajectory.read_bytes())
    except (OSError, ValueError):
        return None
    steps = [step for step in whole.get("steps", []) if step.get("source") == "agent"]
    output = [
        [
            step.get("message"),
            step.get("reasoning_content"),
            [[call.get("function_name"), call.get("arguments")] for call in step.get("tool_calls", [])],
        ]
        for step in steps
    ]
    return hashlib.sha256(json.dumps(output, sort_keys=True).encode()).hexdigest()
