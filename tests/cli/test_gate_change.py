"""A proposed change: the rules, the gate's answer as an exit code, and nothing decided in the workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import world


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose seed fails everywhere, and two branches: one helps, one does harm."""
    root = world.write_project(tmp_path / "project", evolve={"gate": "bayes"})
    world.ahe(root, "init")
    for branch, name, text in (("good", "10_act", world.ACT), ("bad", "20_block", world.BLOCK)):
        world.git(root, "checkout", "-q", "-b", branch)
        (root / "workspace/middleware" / f"{name}.py").write_text(text)
        world.git(root, "add", "-A")
        world.by_hand(root, "commit", "-qm", branch)
    return root


def state(root: Path) -> str:
    return world.git(root, "for-each-ref") + world.git(root, "status", "--porcelain=v2", "--branch")


def test_a_better_change_a_worse_one_and_none(root: Path) -> None:
    before = state(root)
    better = world.ahe(root, "gate-change", "good", "--base", "good~1", "--quick")
    assert better.stdout.startswith("### Harness: better\n")
    assert "| alpha-note | 0/" in better.stdout and "P(better) = " in better.stdout
    assert "with 90 %" in better.stdout and "tokens " in better.stdout
    worse = world.ahe(root, "gate-change", "bad", "--quick", "--json", check=1)
    assert json.loads(worse.stdout)["verdict"]["outcome"] == "reverted"
    same = world.ahe(root, "gate-change", "good", "--base", "good", check=0)
    assert "### Harness: no change" in same.stdout
    assert state(root) == before, "nothing is noted, tagged or moved"


def test_a_budget_that_cannot_decide(root: Path) -> None:
    few = world.ahe(root, "gate-change", "good", "--max-rollouts", "90", check=2)
    assert "do not pay for the held-out veto, which takes up to 96" in few.stderr
    none = world.ahe(root, "gate-change", "good", "--quick", "--max-rollouts", "9", check=2)
    assert "### Harness: not measured" in none.stdout
    assert len(world.stored(root)) <= 9


def test_a_harness_that_breaks_the_rules_is_not_measured(root: Path) -> None:
    assert world.ahe(root, "check").stdout == "no problems\n"
    (root / "workspace/middleware/30_odd.py").write_text("def (\n")
    broken = world.ahe(root, "check", check=1)
    assert "middleware/30_odd.py" in broken.stdout
    assert world.ahe(root / "workspace", "check", "--json", check=1).stdout.startswith("[")
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "odd")
    refused = world.ahe(root, "gate-change", check=2)
    assert "HEAD breaks the rules: middleware/30_odd.py" in refused.stderr
    assert not world.stored(root)
    assert "holds no harness" in world.ahe(root, "check", "suite", check=2).stderr
