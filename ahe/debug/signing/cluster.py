"""Clusters of failures: equal signatures together."""

from __future__ import annotations

from collections.abc import Iterable

from ahe.records import Cluster, Signature

Signed = tuple[str, str, Signature]
"""A trial's id, its task, its signature."""


def clusters(signed: Iterable[Signed]) -> tuple[Cluster, ...]:
    """Equal signatures together, most tasks first, then most trials, then by name. Order plays no part.

    Flaky tasks and a broken machine have causes, and so clusters, of their own: `vocabulary.kind` tells.
    """
    groups: dict[str, list[Signed]] = {}
    for one in sorted(signed, key=lambda each: (each[0], each[1])):
        groups.setdefault(str(one[2]), []).append(one)
    found = [
        Cluster(
            signature=members[0][2],
            trials=tuple(trial for trial, _, _ in members),
            tasks=tuple(sorted({task for _, task, _ in members})),
        )
        for members in groups.values()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.tasks), -len(c.trials), str(c.signature))))
