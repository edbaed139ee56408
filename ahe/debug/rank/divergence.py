"""The first action in which a failing rollout differs from a passing one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from ahe.debug.rank.rank import Candidate
from ahe.debug.readers.trace import Channel, Step, Trace
from ahe.debug.signals.outcome import Divergence
from ahe.records import Citation
from ahe.records.changes import CUT

QUOTE = 240


class Action(NamedTuple):
    """What an agent did in a step: calls if `called`, else a message. `quote` is its first contiguous part."""

    step: int
    did: str
    quote: str
    called: bool


def find_divergence(
    failing: Sequence[tuple[str, Trace]], passing: Sequence[tuple[str, Trace]]
) -> Divergence | None:
    """The divergence of the pair with the longest common beginning; None if no pair differs. Pairs are (label, trace).

    Actions are compared, not outputs: a harness can change what an agent does. A rollout that only stops earlier
    diverges at its last action.
    """
    best: tuple[int, Divergence] | None = None
    for bad_label, bad in failing:
        for good_label, good in passing:
            found = _pair(bad_label, actions(bad), good_label, actions(good))
            if found and (best is None or found[0] > best[0]):
                best = found
    return best[1] if best else None


def actions(trace: Trace) -> list[Action]:
    """Each step of the agent: its calls, or its message if it called nothing."""
    return [_action(step) for step in trace.steps if step.source == "agent"]


def _action(step: Step) -> Action:
    channel: Channel = "call" if any(text.channel == "call" for text in step.texts) else "message"
    did = [text.text for text in step.texts if text.channel == channel]
    from_first = itertools.dropwhile(lambda text: text.channel != channel, step.texts)
    first = itertools.takewhile(lambda text: text.channel == channel, from_first)
    return Action(step.id, "\n".join(did), "\n".join(text.text for text in first), channel == "call")


def _pair(
    bad_label: str, bad: list[Action], good_label: str, good: list[Action]
) -> tuple[int, Divergence] | None:
    if not bad or not good:
        return None
    shared = 0
    for one, other in zip(bad, good, strict=False):
        if _plain(one.did) != _plain(other.did):
            break
        shared += 1
    if shared == len(bad) == len(good):
        return None
    left, right = bad[min(shared, len(bad) - 1)], good[min(shared, len(good) - 1)]
    return shared, Divergence(failing=_cite(bad_label, left), passing=_cite(good_label, right))


def last_action(label: str, trace: Trace) -> Citation | None:
    """The agent's last call, or its last message if it never called anything."""
    did = actions(trace)
    calls = [action for action in did if action.called and action.did.strip()] or did
    return _cite(label, calls[-1]) if calls else None


def ran(label: str, trace: Trace, candidate: Candidate) -> Citation | None:
    """The command that printed a line; None if the line is not the output of a command."""
    if candidate.channel not in ("result", "error"):
        return None
    for step in reversed(trace.steps):
        if step.id <= candidate.step and step.source == "agent" and (action := _action(step)).called:
            return _cite(label, action) if action.quote.strip() else None
    return None


def _cite(label: str, action: Action) -> Citation:
    """The action, lines kept; a long one is cut with a mark, at the end of a line if possible."""
    quote = "\n".join(line.rstrip() for line in action.quote.strip().split("\n"))
    if len(quote) > QUOTE:
        whole = quote.rfind("\n", QUOTE // 2, QUOTE)
        quote = quote[: whole if whole > 0 else QUOTE].rstrip() + CUT
    return Citation(trial=label, step=action.step, quote=quote)


def _plain(action: str) -> str:
    return " ".join(action.split())
