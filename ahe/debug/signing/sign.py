"""Deterministic signatures of failures: verifier's cause, agent's last status, abstract mechanism.

The three parts follow Self-Harness (arXiv 2606.09498). Same trace, same signature; `unknown` is a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ahe.debug.finding import rank
from ahe.debug.finding.salience import candidates
from ahe.debug.readers.trace import Trace
from ahe.debug.signing.behaviour import actions, behaviour
from ahe.debug.signing.causes import cause
from ahe.debug.signing.vocabulary import FLAKY, INFRASTRUCTURE
from ahe.records import Signature

_ENDPOINT = re.compile(
    r"^\s*(?:API Error|Error code: (?:429|5\d\d)|(?:openai|anthropic)\.\w+Error|(?:APIConnection|RateLimit"
    r"|InternalServer|ServiceUnavailable)Error)\b"
)


def sign(trace: Trace, mechanism: str | None = None, passing: Collection[int] = ()) -> Signature:
    """The signature of a rollout that did not pass.

    `mechanism` is that of its most decisive line, as `rank.mechanism` names it; without it the rollout's own
    candidates decide. `passing` are the `actions` of the task's rollouts that passed: a rollout with
    the same calls as one of them failed by chance, and its cause is `flaky`. One that the machine broke
    (status missing, or the endpoint's error as its last word) has the cause `infrastructure`.
    """
    if mechanism is None:
        mechanism = rank.mechanism(rank.rank(candidates(trace))).mechanism
    return Signature(cause=_cause(trace, passing), status=behaviour(trace), mechanism=mechanism)


def passing_actions(traces: Iterable[Trace]) -> frozenset[int]:
    """The actions of rollouts that passed, for `sign`. One without a call proves nothing and is left out."""
    return frozenset(actions(trace) for trace in traces if trace.status == "passed") - {0}


def _cause(trace: Trace, passing: Collection[int]) -> str:
    if trace.status == "missing" or trace.ended == "broken" or _endpoint_failed(trace):
        return INFRASTRUCTURE
    if trace.status == "failed" and actions(trace) in passing:
        return FLAKY
    return cause(trace.verifier)


def _endpoint_failed(trace: Trace) -> bool:
    """Whether the trace ends with what an endpoint's client prints when it gives up."""
    if not trace.steps or trace.status == "passed":
        return False
    texts = [text for text in trace.steps[-1].texts if text.channel in ("message", "error", "injected")]
    return bool(texts) and _ENDPOINT.match(texts[-1].text) is not None
