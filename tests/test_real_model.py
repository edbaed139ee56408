"""A real, very small language model drives a whole iteration: server, boxes, verifier, evolver, verdict."""

from __future__ import annotations

import json
import os
import sqlite3
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
    result = json.loads(world.ahe(root, "evolve", "--json", timeout=900).stdout)
    (iteration,) = result["iterations"]
    assert iteration["rate"] is not None
    assert result["usage"]["output_tokens"] > 0
    with sqlite3.connect(root / "runs" / "ahe.sqlite") as db:
        trials = [json.loads(row[0]) for row in db.execute("SELECT record FROM trial")]
    assert {trial["task"] for trial in trials} >= set(world.TRAIN)
    assert all(trial["status"] in ("passed", "failed") for trial in trials)
    assert "ahe/iter-001" in world.git(root, "tag")
    assert (root / "runs" / "iterations" / "001" / "report.md").read_text().startswith("# Debug report")
    outcomes = {commit["outcome"] for commit in [iteration["verdict"]] if commit}
    assert outcomes <= {"kept", "reverted"}
