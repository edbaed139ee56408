"""Where a failing rollout leaves a passing one: the first action that differs."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.debug.outcome import Parting
from ahe.debug.trace import Trace
from ahe.records import Citation

QUOTE = 240


def part(failing: Sequence[tuple[str, Trace]], passing: Sequence[tuple[str, Trace]]) -> Parting | None:
    """The parting of the pair that goes together longest; None where no pair parts. Pairs are (label, trace).

    Actions are compared, not outputs: what an agent did differently is what a harness can change. A rollout
    that merely stops earlier parts at its last action.
    """
    best: tuple[int, Parting] | None = None
    for bad_label, bad in failing:
        for good_label, good in passing:
            found = _pair(bad_label, actions(bad), good_label, actions(good))
            if found and (best is None or found[0] > best[0]):
                best = found
    return best[1] if best else None


def actions(trace: Trace) -> list[tuple[int, str]]:
    """Step id and action of each of the agent's steps: its calls, or what it said where it called nothing."""
    found = []
    for step in trace.steps:
        if step.source == "agent":
            calls = [text.text for text in step.texts if text.channel == "call"]
            said = calls or [text.text for text in step.texts if text.channel == "message"]
            found.append((step.id, "\n".join(said)))
    return found


def _pair(
    bad_label: str, bad: list[tuple[int, str]], good_label: str, good: list[tuple[int, str]]
) -> tuple[int, Parting] | None:
    if not bad or not good:
        return None
    together = 0
    for (_, one), (_, other) in zip(bad, good, strict=False):
        if _plain(one) != _plain(other):
            break
        together += 1
    if together == len(bad) == len(good):
        return None
    left, right = bad[min(together, len(bad) - 1)], good[min(together, len(good) - 1)]
    return together, Parting(failing=_cite(bad_label, left), passing=_cite(good_label, right))


def last_action(label: str, trace: Trace) -> Citation | None:
    """The last thing that the agent did, or said where it never did anything."""
    did = [
        (step.id, "\n".join(text.text for text in step.texts if text.channel == "call"))
        for step in trace.steps
        if step.source == "agent"
    ]
    calls = [action for action in did if action[1].strip()] or actions(trace)
    return _cite(label, calls[-1]) if calls else None


def _cite(label: str, action: tuple[int, str]) -> Citation:
    """The action on one line; a long one is cut at its end."""
    return Citation(trial=label, step=action[0], quote=_plain(action[1])[:QUOTE])


def _plain(action: str) -> str:
    return " ".join(action.split())
