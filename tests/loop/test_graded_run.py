"""A run on a suite whose verifiers give half the reward for half the work."""

from __future__ import annotations

import json
from pathlib import Path

import world


def test_half_a_reward_is_half_a_gain_and_no_pass(tmp_path: Path) -> None:
    script = world.script()
    script["coder"] = {"*/*/0": "WRITE nonsense", "*": "Done."}
    root = world.write_project(tmp_path / "project", script, suite={"quick": True})
    for number, name in enumerate((*world.TRAIN, *world.HELDOUT)):
        half, none = ('{"reward": 0.5, "style": 0.9}', '{"reward": 0}') if number % 2 else ("0.5", "0")
        file = f"/logs/verifier/reward.{'json' if number % 2 else 'txt'}"
        judged = f"if [ -s /app/out.txt ]; then echo '{half}'; else echo '{none}'; fi > {file}"
        text = f"mkdir -p /logs/verifier\necho FAIL: /app/out.txt is not right\n{judged}\n"
        (root / "suite" / name / "tests" / "test.sh").write_text(text)
    world.ahe(root, "init")

    result = json.loads(world.ahe(root, "evolve", "--iterations", "2", "--json").stdout)
    kept, reverted = (each["verdict"] for each in result["iterations"])
    assert (kept["outcome"], kept["rewards"], kept["raw_delta"]) == ("kept", [0.0, 0.5], 0.5)
    assert (kept["incumbent_rate"], kept["candidate_rate"]) == (0.0, 0.0), "nothing passed"
    assert (reverted["outcome"], reverted["rewards"]) == ("reverted", [0.5, 0.0])
    assert {(t["status"], t["reward"]) for t in world.stored(root).values()} == {
        ("failed", 0.0),
        ("failed", 0.5),
    }

    log = world.git(root, "log")
    assert "Ahe-Rewards: 0.000 → 0.500" in log and "0/2 → 0/2 reward 0.000 → 0.500" in log
    report = (root / "runs" / "iterations" / "002" / "report.md").read_text()
    assert "mean pass rate 0.0%, mean reward 0.500, over 3 tasks" in report
    assert ", reward 0.50, " in report and "alpha-note: 0 of 2 (mean reward 0.50)" in report

    shown = world.ahe(root, "eval").stdout
    assert "pass rate 0.0 %, reward 0.500, the mean over 3 tasks" in " ".join(shown.split())
    compared = world.ahe(root, "compare", "HEAD~3", "HEAD").stdout
    assert "mean reward" in compared
    first = world.git(root, "log", "--format=%h", "--grep=turn written words").split()[-1]
    change = world.ahe(root, "show", first).stdout
    assert "0.000 → 0.500" in change and "0/2 (0.50)" in change
