"""Failures by layer: the earliest bottleneck counts, and what no layer explains is left to nobody."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from made_trials import evidence, trace, trial

from ahe.debug.debugger import AgentDebugger
from ahe.debug.signals.layers import LAYERS, NO_LAYER, RESIDUAL, in_layers, layer
from ahe.debug.signals.vocabulary import WORDS
from ahe.records import Cluster, Signature

ACTION, CONTRACT, TRAJECTORY = LAYERS


@pytest.mark.parametrize(
    ("signature", "wanted"),
    [
        ("wrong_value answered shell_syntax", ACTION),
        ("missing_output no_action none", ACTION),
        ("missing_output looping shell_syntax", ACTION),  # it goes in circles because of it
        ("wrong_value answered no_such_path", CONTRACT),
        ("wrong_value out_of_turns no_such_path", CONTRACT),
        ("missing_output answered none", CONTRACT),
        ("missing_output out_of_turns none", TRAJECTORY),  # it never came to the end, so nothing is there
        ("wrong_value looping none", TRAJECTORY),
        ("code_error answered_after_error exception", TRAJECTORY),
        ("wrong_value answered none", RESIDUAL),
        ("code_error answered exception", RESIDUAL),
        ("flaky looping shell_syntax", RESIDUAL),
        ("infrastructure endpoint_refused none", RESIDUAL),
    ],
)
def test_the_earliest_bottleneck_decides(signature: str, wanted: object) -> None:
    cause, status, mechanism = signature.split()
    assert layer(Signature(cause=cause, status=status, mechanism=mechanism)) is wanted


def test_layers_are_made_of_the_debuggers_words_and_share_none() -> None:
    assert {*NO_LAYER}.union(*(each.words | each.causes for each in LAYERS)) <= WORDS
    assert not any(one.words & other.words for one, other in combinations(LAYERS, 2))


def test_clusters_come_in_the_order_of_layers_without_the_residual_ones() -> None:
    def cluster(cause: str, status: str) -> Cluster:
        return Cluster(signature=Signature(cause=cause, status=status, mechanism="none"), trials=(), tasks=())

    large, small = cluster("wrong_value", "looping"), cluster("wrong_value", "no_action")
    assert in_layers([large, cluster("wrong_value", "answered"), small]) == (small, large)


async def test_a_layered_report_names_layers_and_withholds_residual_failures(tmp_path: Path) -> None:
    turn = [("echo 5 > out.txt", "\n[exit code 0]")]
    trace(tmp_path, "r1", turn, verifier="expected 4, got 5")
    trace(tmp_path, "c1", turn, verifier="FAIL: /app/other.txt is missing")
    given = evidence(tmp_path, [trial("r1", "task-a"), trial("c1", "task-b")])
    report = await AgentDebugger(layered=True).explain(given)
    assert "**contract mismatch**" in report.text and "**residual reasoning**" in report.text
    assert [cluster.trials for cluster in report.clusters] == [("c1",)]
    assert report.residual == ("r1",) and {citation.trial for citation in report.citations} == {"c1"}
    dumped = json.loads((Path(report.folder) / "clusters.json").read_text("utf-8"))
    assert {each["layer"] for each in dumped} == {"contract mismatch", "residual reasoning"}
    assert report.notes == ()

    (alone,) = [await AgentDebugger(layered=True).explain(evidence(tmp_path, [trial("r1", "task-a")]))]
    assert alone.clusters == () and "no edit of the harness answers them" in alone.notes[0]
