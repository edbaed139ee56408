"""A real, very small language model drives a whole iteration: server, boxes, verifier, evolver, verdict."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import world

from ahe.models.weights import known, path_of


@pytest.mark.model
def test_one_iteration_on_a_real_small_model(tmp_path: Path) -> None:
    weights = known("local:tiny")
    assert weights is not None
    if not path_of(weights).is_file() and not os.environ.get("AHE_REQUIRE_MODEL"):
        pytest.skip("the weights are not here: `ahe models pull tiny` fetches them")
    root = world.write_project(
        tmp_path / "project",
        model={"name": "local:tiny"},
        evolve={"iterations": 1, "rollouts": 1, "jobs": 2},
        limits={"turns": 2, "reply_tokens": 48, "seconds": 240.0},
    )
    world.ahe(root, "init")
    done = world.ahe(root, "evolve", "--json", timeout=900)
    result = json.loads(done.stdout)
    (iteration,) = result["iterations"]
    assert iteration["rate"] is not None
    assert result["usage"]["output_tokens"] > 0
    trials = world.stored(root).values()
    assert {trial["task"] for trial in trials} >= set(world.TRAIN)
    assert all(trial["status"] in ("passed", "failed") for trial in trials)
    assert world.rows(root, "SELECT digest FROM answer WHERE role = 'evolver'"), "the evolver said something"
    assert "ahe/iter-001" in world.git(root, "tag")
    assert (root / "runs" / "iterations" / "001" / "report.md").read_text().startswith("# Debug report")
    notes = world.git(root, "log", "--notes=ahe", "--format=%N").count("Ahe-Verdict: ")
    if iteration["commits"]:
        assert iteration["verdict"]["outcome"] in ("kept", "reverted")
        assert notes == len(iteration["commits"])
    else:  # so small a model may not manage to write a change that holds; then that is said
        assert "no change passed preflight" in done.stderr
        assert (iteration["verdict"], notes) == (None, 0)
        assert iteration["new_rate"] == iteration["rate"]
