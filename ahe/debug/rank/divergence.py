"""The first difference in what a failing and a passing rollout of one task changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from ahe.debug.rank.decisive import LINE, cite
from ahe.debug.signals.acts import Act
from ahe.debug.signals.outcome import Divergence
from ahe.records import Citation
from ahe.text import cut

Labelled = tuple[str, Sequence[Act]]
"""A rollout's label with its acts."""


def find_divergence(failing: Sequence[Labelled], passing: Sequence[Labelled]) -> Divergence | None:
    """The divergence of the pair with the longest common beginning; None if no pair differs.

    Acts that only look around do not count, nor do prompts, host names and temporary names. Two equal commands differ
    if one failed. A rollout that only stops earlier differs at its last act. If both sides change the same file, but
    at different times, those two changes are shown.
    """
    pairs = (_pair(*bad, *good) for bad in failing for good in passing)
    found = [pair for pair in pairs if pair is not None]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _pair(
    bad_label: str, bad_did: Sequence[Act], good_label: str, good_did: Sequence[Act]
) -> tuple[int, Divergence] | None:
    """The number of acts that two rollouts share, and where they part."""
    bad, good = ([act for act in did if act.kind in ("change", "run")] for did in (bad_did, good_did))
    shared = 0
    for one, other in zip_longest(bad, good):
        if one is None or other is None or (one.key, one.failed) != (other.key, other.failed):
            break
        shared += 1
    if shared == len(bad) == len(good):
        return None
    if not bad or not good:
        sides = (
            cite(label, did[0]) if did else None for label, did in ((bad_label, bad), (good_label, good))
        )
        return 0, Divergence(*sides)
    left, right = bad[min(shared, len(bad) - 1)], good[min(shared, len(good) - 1)]
    if left.key == right.key and left.failed != right.failed:
        return shared, Divergence(_printed(bad_label, left), _printed(good_label, right))
    left, right = _same_target(bad[shared:], good[shared:]) or (left, right)
    return shared, Divergence(cite(bad_label, left), cite(good_label, right))


def _same_target(bad: Sequence[Act], good: Sequence[Act]) -> tuple[Act, Act] | None:
    """The first change of a file after the common beginning that the other side changes too, and how it does."""
    pairs = (
        (act, other) for act in bad for target in act.targets for other in good if target in other.targets
    )
    return next(((act, other) for act, other in pairs if act.key != other.key), None)


def _printed(label: str, act: Act) -> Citation:
    """The last line that an act printed, or the act if it printed nothing."""
    lines = act.lines()
    if not lines:
        return cite(label, act)
    return Citation(trial=label, step=act.result_step, quote=cut(lines[-1].strip(), LINE))
