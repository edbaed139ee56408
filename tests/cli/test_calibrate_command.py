"""`ahe calibrate` and `ahe evolve --dry-run`, as a user calls them, on a scripted model and real sandboxes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import world


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    root = world.write_project(tmp_path / "scripted")
    world.ahe(root, "init")
    return root


def test_calibrate_tops_up_once_and_finds_the_copies_of_a_scripted_model(scripted: Path) -> None:
    world.ahe(scripted, "eval", "--rollouts", "1")
    first = world.ahe(scripted, "calibrate", "--rollouts", "2", "--csv", "matrix.csv")
    assert "3 tasks, 6 rollouts, 3 of them new" in first.stdout
    assert "warning: 3 of 6 rollouts are copies" in first.stdout
    assert "3 of them known already" in first.stderr and "passed" in first.stderr
    assert (scripted / "matrix.csv").read_text().count("\n") == 7
    asked = (scripted / "requests.jsonl").read_text()
    again = json.loads(world.ahe(scripted, "calibrate", "--rollouts", "2", "--json").stdout)
    assert again["ran"] == 0 and again["copies"]["distinct"] == 3 and again["usage"]["calls"] == 0
    assert (scripted / "requests.jsonl").read_text() == asked
    assert len(world.stored(scripted)) == 6


def test_a_dry_run_asks_nothing_and_its_rollouts_are_about_right(scripted: Path) -> None:
    table = world.ahe(scripted, "evolve", "--dry-run").stdout
    assert "baseline" in table and "evolver" in table and "2 iterations with gate strict" in table
    estimate = json.loads(world.ahe(scripted, "evolve", "--dry-run", "--json").stdout)
    assert not (scripted / "requests.jsonl").exists() and len(world.stored(scripted)) == 0
    run = world.ahe(scripted, "evolve")
    lines = run.stderr.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("estimate: 2 iterations"))
    assert first < next(n for n, line in enumerate(lines) if "HEAD on train" in line)
    wanted = estimate["total"]["rollouts"]
    assert wanted / 2 <= len(world.stored(scripted)) <= 2 * wanted
    rest = json.loads(world.ahe(scripted, "evolve", "--dry-run", "-n", "1", "--json").stdout)
    assert rest["costs"][0]["rollouts"] == 0, "HEAD is measured"


def test_a_budget_in_rollouts_stops_at_it_and_the_run_goes_on_after_it(scripted: Path) -> None:
    stopped = world.ahe(scripted, "evolve", "-n", "1", "--max-rollouts", "4")
    assert "the budget of 4 rollouts is spent" in stopped.stdout
    assert "does not cover one iteration" in stopped.stderr
    assert len(world.stored(scripted)) == 4, "what was begun is finished, and nothing beyond is begun"
    world.ahe(scripted, "evolve", "-n", "1", "--max-rollouts", "60")
    assert "Ahe-Verdict: kept" in world.git(scripted, "log", "-1")
