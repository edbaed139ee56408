"""The clusters in the report: large ones with examples, small ones grouped by the verifier's cause.

A cluster is large if it covers several tasks, or too many rollouts of one task to be an accident. A change of the
harness can target those; each small cluster has one line, so that none is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ahe.debug.report.compose import Part
from ahe.debug.report.quote import (
    best_citation,
    best_finding,
    cite,
    cite_finding,
    context_block,
    hanging,
    indented,
)
from ahe.debug.signals.outcome import Rollout
from ahe.records import Cluster

NAMES = 12
TASKS, ROLLOUTS = 2, 3
"""A cluster with at least this many tasks, or rollouts, is large."""

LEGEND = (
    "What the verifier found / how the rollout ended / what went wrong on the way"
    " (`none`: nothing stands out, `unknown`: no word for it).\n"
)

Rollouts = Mapping[str, Rollout]
"""Rollouts by trial id."""


def cluster_parts(clusters: Sequence[Cluster], rollouts: Rollouts) -> Iterator[Part]:
    """The clusters as parts, the large ones first, otherwise in the given order."""
    if clusters:
        yield Part(LEGEND, 98)
    large = [cluster for cluster in clusters if _large(cluster)]
    for rank, cluster in enumerate(large):
        name = f"- **{cluster.signature}**: {_size(cluster)} ({names(cluster.tasks)})"
        yield Part(name, 100 - min(rank, 40) / 2)
        members = [rollouts[trial] for trial in cluster.trials if trial in rollouts]
        for nth, rollout in enumerate(examples(members)):
            yield Part(indented(_example(rollout)), 90 - rank - 20 * nth)
    yield from _gathered([cluster for cluster in clusters if not _large(cluster)], rollouts, bool(large))


def names(given: Sequence[str], most: int = NAMES) -> str:
    more = f" and {len(given) - most} more" if len(given) > most else ""
    return ", ".join(given[:most]) + more


def _large(cluster: Cluster) -> bool:
    return len(cluster.tasks) >= TASKS or len(cluster.trials) >= ROLLOUTS


def _gathered(clusters: Sequence[Cluster], rollouts: Rollouts, after: bool) -> Iterator[Part]:
    """The small clusters below their causes, most rollouts first. A line is cut before its cause is."""
    groups: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        groups.setdefault(cluster.signature.cause, []).append(cluster)
    if groups and after:
        yield Part("\nSmaller ones, each of one task, by what the verifier found:", 89.5)
    ranked = sorted(groups.items(), key=lambda item: (-_trials(item[1]), item[0]))
    for rank, (cause, members) in enumerate(ranked):
        tasks = {task for cluster in members for task in cluster.tasks}
        total = f"{_count(_trials(members), 'rollout')} of {_count(len(tasks), 'task')}"
        yield Part(f"- **{cause}**: {total}", 89 - rank / 100)
        for nth, cluster in enumerate(members):
            yield Part(indented(_line(cluster, rollouts)), 80 - min(20 * nth + rank, 400) / 10)


def _line(cluster: Cluster, rollouts: Rollouts) -> str:
    """A small cluster in one line, with its best finding."""
    sign = cluster.signature
    phrase = f" “{sign.phrase}”" if sign.phrase else ""
    line = f"- {sign.status} / {sign.mechanism}{phrase}: {len(cluster.trials)} of {names(cluster.tasks)}"
    members = [rollouts[trial] for trial in cluster.trials if trial in rollouts]
    for rollout in examples(members)[:1]:
        if found := best_finding(rollout):
            return f"{line}; {hanging(cite_finding(found))}"
        if rollout.last is not None:
            return f"{line}; last done {hanging(cite(rollout.last))}"
    return line


def examples(members: Sequence[Rollout]) -> list[Rollout]:
    """The member with the best finding, and one that shows something else, preferably with another verdict."""
    ranked = sorted(members, key=lambda r: (-(found.score if (found := best_finding(r)) else 0.0), r.label))
    others = [rollout for rollout in ranked if _shows(rollout) != _shows(ranked[0])]
    others.sort(key=lambda rollout: rollout.verdict == ranked[0].verdict)
    return [*ranked[:1], *others[:1]]


def _shows(rollout: Rollout) -> str:
    found = best_citation(rollout)
    return found.words if found else ""


def _example(rollout: Rollout) -> str:
    lines = []
    if found := best_finding(rollout):
        lines += [f"ran {cite(found.ran)}"] if found.ran else []
        lines += [cite_finding(found), *filter(None, [context_block(found)])]
    elif rollout.last is not None:
        lines.append(f"last done {cite(rollout.last)}")
    if rollout.verdict:
        lines.append(f"verifier of {rollout.label}: {rollout.verdict}")
    return "\n".join(lines) or f"{rollout.label} shows nothing that stands out"


def _trials(clusters: Sequence[Cluster]) -> int:
    return sum(len(cluster.trials) for cluster in clusters)


def _size(cluster: Cluster) -> str:
    return f"{_count(len(cluster.trials), 'rollout')} of {_count(len(cluster.tasks), 'task')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
