"""Deterministic signatures of failures (verifier's cause, agent's last status, mechanism), and their clusters.

The three parts follow Self-Harness (arXiv 2606.09498). A trace always gets the same signature; `unknown` is a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.behaviour import actions, behaviour
from ahe.debug.signals.causes import cause
from ahe.debug.signals.vocabulary import FLAKY, INFRASTRUCTURE, UNKNOWN
from ahe.records import Cluster, Signature

_ENDPOINT = re.compile(
    r"^\s*(?:API Error|Error code: (?:429|5\d\d)|(?:openai|anthropic)\.\w+Error|(?:APIConnection|RateLimit"
    r"|InternalServer|ServiceUnavailable)Error)\b"
)
Signed = tuple[str, str, Signature]
"""A trial's id, its task, its signature."""


def sign(trace: Trace, passing: Collection[int] = ()) -> Signature:
    """The signature of a rollout that did not pass.

    Its mechanism is `unknown`, because naming it needs the other tasks (`rank.mechanism`). `passing` are the `actions`
    of the task's passing rollouts: a rollout with the same calls failed by chance, and its cause is `flaky`. The cause
    is `infrastructure` if the machine failed (status missing, or the trace ends with an endpoint's error).
    """
    return Signature(cause=_cause(trace, passing), status=behaviour(trace), mechanism=UNKNOWN)


def passing_actions(traces: Iterable[Trace]) -> frozenset[int]:
    """The actions of passing rollouts, for `sign`. Rollouts without calls prove nothing and are left out."""
    return frozenset(actions(trace) for trace in traces if trace.status == "passed") - {0}


def _cause(trace: Trace, passing: Collection[int]) -> str:
    if trace.status == "missing" or trace.ended == "broken" or _endpoint_failed(trace):
        return INFRASTRUCTURE
    if trace.status == "failed" and actions(trace) in passing:
        return FLAKY
    return cause(trace.verifier)


def _endpoint_failed(trace: Trace) -> bool:
    """Whether the trace ends with the error of an endpoint's client."""
    if not trace.steps or trace.status == "passed":
        return False
    texts = [text for text in trace.steps[-1].texts if text.channel in ("message", "error", "injected")]
    return bool(texts) and _ENDPOINT.match(texts[-1].text) is not None


def clusters(signed: Iterable[Signed]) -> tuple[Cluster, ...]:
    """Clusters of equal signatures: most tasks first, then most trials, then by name, in any order of `signed`.

    Flaky tasks and infrastructure failures have causes, and therefore clusters, of their own.
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
