"""How the failed rollouts ended, counted: what a reader wants to know before any single cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ahe.debug.outcome import TaskOutcome
from ahe.debug.signing.vocabulary import STATUSES

MOST = 8
"""Endings and causes that are named; the rest is summed up."""

DONE = ("answered", "answered_after_error")
ABSENT = ("missing_output", "empty_output")


def endings(tasks: Sequence[TaskOutcome]) -> str:
    """The counts as a list, by the words of the signatures; empty where no rollout failed."""
    return "\n".join(_lines(tasks))


def _lines(tasks: Sequence[TaskOutcome]) -> Iterator[str]:
    failed = [
        (task.task, rollout, rollout.signature)
        for task in tasks
        for rollout in task.rollouts
        if rollout.status == "failed" and rollout.signature is not None
    ]
    if not failed:
        return
    yield f"- how the {len(failed)} failed rollouts ended:"
    statuses = Counter(signature.status for _, _, signature in failed)
    for status, count in _ranked(statuses)[:MOST]:
        yield f"  - {count} {status}: {STATUSES.get(status, status)}"
    if (rest := _rest(statuses)) > 0:
        yield f"  - {rest} otherwise"
    if few := sum(rollout.calls <= 1 for _, rollout, _ in failed):
        none = sum(rollout.calls == 0 for _, rollout, _ in failed)
        yield f"  - {few} of them after at most one command" + (f", {none} after none" if none else "")
    if unseen := sum(s.status in DONE and (s.cause in ABSENT or s.status != DONE[0]) for _, _, s in failed):
        yield (
            f"  - {unseen} of them answered although the output was missing or empty, or their last command had"
            " failed: a check before the answer could catch these"
        )
    causes = Counter(signature.cause for _, _, signature in failed)
    spread = Counter(cause for cause, _ in {(signature.cause, task) for task, _, signature in failed})
    named = [f"{count} {cause} (tasks: {spread[cause]})" for cause, count in _ranked(causes)[:MOST]]
    more = [f"{rest} otherwise"] if (rest := _rest(causes)) > 0 else []
    yield f"- what the verifier found: {', '.join(named + more)}"


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _rest(counts: Counter[str]) -> int:
    return sum(count for _, count in _ranked(counts)[MOST:])
