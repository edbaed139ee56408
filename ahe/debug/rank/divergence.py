"""The first difference in what a failing and a passing rollout of one task changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from ahe.debug.rank.decisive import LINE, cite
from ahe.debug.signals.acts import Act
from ahe.debug.signals.outcome import Divergence
from ahe.records import Citation
from ahe.records.changes import CUT

Labelled = tuple[str, Sequence[Act]]
"""A rollout's label with its acts."""


def find_divergence(failing: Sequence[Labelled], passing: Sequence[Labelled]) -> Divergence | None:
    """The divergence of the pair with the longest common beginning; None if no pair differs.

    Acts that only look around do not count, nor do prompts, host names and temporary names. Two equal commands differ
    if one failed. A rollout that only stops earlier differs at its last act. If both sides change the same file, but
    at different times, those two changes are shown.
    """
    best: tuple[int, Divergence] | None = None
    for bad_label, bad in failing:
        for good_label, good in passing:
            found = _pair(bad_label, _work(bad), good_label, _work(good))
            if found and (best is None or found[0] > best[0]):
                best = found
    return best[1] if best else None


def _work(did: Sequence[Act]) -> list[Act]:
    return [act for act in did if act.kind in ("change", "run")]


def _pair(bad_label: str, bad: list[Act], good_label: str, good: list[Act]) -> tuple[int, Divergence] | None:
    if not bad and not good:
        return None
    if not bad or not good:
        first = [
            cite(label, did[0]) if did else None for label, did in ((bad_label, bad), (good_label, good))
        ]
        return 0, Divergence(*first)
    shared = 0
    for one, other in zip_longest(bad, good):
        if one is None or other is None or (one.key, one.failed) != (other.key, other.failed):
            break
        shared += 1
    if shared == len(bad) == len(good):
        return None
    left, right = bad[min(shared, len(bad) - 1)], good[min(shared, len(good) - 1)]
    if left.key == right.key and left.failed != right.failed:
        return shared, Divergence(failing=_printed(bad_label, left), passing=_printed(good_label, right))
    left, right = _same_target(bad[shared:], good[shared:]) or (left, right)
    return shared, Divergence(failing=cite(bad_label, left), passing=cite(good_label, right))


def _same_target(bad: list[Act], good: list[Act]) -> tuple[Act, Act] | None:
    """The first change of a file after the common beginning that the other side changes too, and how it does."""
    for act in bad:
        for target in act.targets:
            if other := next((each for each in good if target in each.targets and each.key != act.key), None):
                return act, other
    return None


def _printed(label: str, act: Act) -> Citation:
    """The last line that an act printed, or the act if it printed nothing."""
    lines = act.lines()
    if not lines:
        return cite(label, act)
    line = lines[-1].strip()
    return Citation(trial=label, step=act.result_step, quote=line[:LINE] + (CUT if len(line) > LINE else ""))
