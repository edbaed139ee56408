"""Deterministic signatures of failures (verifier's cause, ending, mechanism), and their clusters.

The three parts follow Self-Harness (arXiv 2606.09498). A trace always gets the same signature; `unknown` is a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.debug.signals.causes import cause
from ahe.debug.signals.endings import Ending
from ahe.debug.signals.mechanisms import Shown
from ahe.debug.signals.vocabulary import FLAKY, HARNESS, INFRASTRUCTURE, NONE, NOTHING_DONE, THE_HARNESS
from ahe.debug.verifiers.failure import Failure
from ahe.records import Cluster, Signature

Signed = tuple[str, str, Signature]
"""A trial's id, its task, its signature."""
Actions = tuple[str, ...]


def sign(
    trace: Trace,
    did: Sequence[Act],
    said: Sequence[Failure],
    end: Ending,
    found: Shown | None,
    passing: Collection[Actions] = (),
) -> Signature:
    """The signature of a rollout that did not pass: its acts, the verifier's failures, its ending, what it shows.

    `passing` are the `actions` of the task's passing rollouts: a rollout with the same calls failed by chance, and its
    cause is `flaky`. The cause is `infrastructure` if the ending says that the agent could not work at all, and
    `harness` if it says that the harness's own code failed.
    """
    if end.word in THE_HARNESS:
        word = HARNESS
    elif trace.status == "missing" or end.word in NOTHING_DONE:
        word = INFRASTRUCTURE
    elif trace.status == "failed" and actions(did) in passing:
        word = FLAKY
    else:
        word = cause(said)
    return Signature(cause=word, status=end.word, mechanism=found.mechanism if found else NONE)


def actions(did: Sequence[Act]) -> Actions:
    """All of the agent's calls in order, without what differs between two runs of the same."""
    return tuple(act.key for act in did)


def passing_actions(passing: Iterable[Sequence[Act]]) -> frozenset[Actions]:
    """The actions of passing rollouts, for `sign`. Rollouts without calls prove nothing and are left out."""
    return frozenset(map(actions, passing)) - {()}


def clusters(signed: Iterable[Signed]) -> tuple[Cluster, ...]:
    """Clusters of equal signatures: most tasks first, then most trials, then by name, in any order of `signed`."""
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
