"""The layer of the harness at which a failure has its earliest bottleneck (Life-Harness, arXiv 2605.22166).

Decided by the words of the signature, in the order of `LAYERS`: a run that goes in circles because no call of it could
be executed failed at the first. What none of them explains is `RESIDUAL`: the model's reasoning, which no edit of the
harness answers.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ahe.debug.signals.vocabulary import names
from ahe.records import Cluster, Signature


class Layer(NamedTuple):
    """`words` are endings and mechanisms; `causes` count where the agent itself ended its work (`answered`)."""

    name: str
    meaning: str
    words: frozenset[str]
    causes: frozenset[str] = frozenset()


LAYERS: Final = (
    Layer(
        "action realization",
        "what it meant to do was not executed as written",
        names(
            "no_action malformed_call crashed bad_request shell_syntax command_not_found usage_error edit_refused"
        )
        | names("interactive_prompt"),
    ),
    Layer(
        "contract mismatch",
        "it did not know what the environment has, allows or asks for",
        names(
            "asked_back no_such_path permission_denied missing_dependency version_conflict git_state auth_failed"
        )
        | names("in_use network_error"),
        names("missing_output leftover damaged_input repository_state service_down"),
    ),
    Layer(
        "trajectory degeneration",
        "it repeated itself, ran out of its limits or gave up",
        names("looping out_of_turns out_of_tokens out_of_time context_overflow gave_up answered_after_error")
        | names("command_timeout"),
    ),
)
RESIDUAL: Final = Layer("residual reasoning", "not the harness's to repair", frozenset())
NO_LAYER: Final = ("flaky", "infrastructure")
"""Causes that no layer explains, whatever else the signature says."""


def layer(signature: Signature) -> Layer:
    """The earliest layer that explains a failure with this signature."""
    said = {signature.status, signature.mechanism}
    ended_itself = signature.status == "answered"
    for each in LAYERS if signature.cause not in NO_LAYER else ():
        if not said.isdisjoint(each.words) or (ended_itself and signature.cause in each.causes):
            return each
    return RESIDUAL


def in_layers(clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    """Those clusters that an edit may answer, earliest layer first; within a layer in the given order."""
    ranked = [(layer(cluster.signature), cluster) for cluster in clusters]
    return tuple(cluster for wanted in LAYERS for found, cluster in ranked if found is wanted)
