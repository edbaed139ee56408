"""`ahe final` on real trials: fresh rollouts, one look, no second one, and a killed look that goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import final_world
import killing
import pytest
import world
import yaml

from ahe.project.project import open_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose best is not the seed: a person committed what makes the coder act, and tagged it."""
    root = final_world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    act(root)
    return root


def act(root: Path) -> None:
    (root / "workspace" / "middleware" / "10_act.py").write_text(world.ACT)
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "middleware: act")
    world.git(root, "tag", "ahe/best")


def trials(root: Path) -> list[dict[str, Any]]:
    return list(world.stored(root).values())


def final(root: Path, *arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(world.ahe(root, "final", "--json", *arguments).stdout)
    return result


def test_a_first_look_is_kept_and_a_second_refused_unless_a_reason_is_given(project: Path) -> None:
    world.ahe(project, "eval", "--split", "test", "--rollouts", "1")
    result = final(project, "--rollouts", "2")
    assert (result["seed_rate"], result["best_rate"]) == (0.0, pytest.approx(2 / 3))
    assert result["given_tasks"]["mean"] == pytest.approx(2 / 3)
    assert result["over_tasks"]["low"] < result["given_tasks"]["low"]
    assert (result["plan"]["first"], result["plan"]["seen"], result["plan"]["again"]) == (1, 3, "")
    used = [(t["task"], t["attempt"]) for t in trials(project) if t["attempt"] > 0]
    assert sorted(set(used)) == [(task, n) for task in final_world.TEST for n in (1, 2)]
    assert len(used) == 12
    before = len(trials(project))

    refused = world.ahe(project, "final", check=2)
    assert "looked at already: +66.7 points" in refused.stderr and "--again" in refused.stderr
    # Neither does a lost `runs/` buy a fresh first look: the tag stands.
    shutil.move(project / "runs" / "final", project / "moved")
    assert "looked at already" in world.ahe(project, "final", check=2).stderr
    assert len(trials(project)) == before

    again = final(project, "--rollouts", "1", "--again", "the tasks were mended")
    assert again["plan"]["look"] == 2 and again["plan"]["again"] == "the tasks were mended"
    assert again["plan"]["first"] == 3
    assert "Ahe-Again: the tasks were mended" in world.git(project, "tag", "-l", "-n99", "ahe/final-002")


def test_a_killed_look_goes_on_with_the_same_attempts(project: Path) -> None:
    process = killing.start(project, "final", "--rollouts", "3")
    assert killing.killed_after(process, project, steps=1), "it ended before it could be killed"
    done = trials(project)
    assert 0 < len(done) < 18
    assert not (project / "runs" / "final" / "001" / "result.json").exists()
    kept = {trial["id"]: trial["started"] for trial in done}

    # Other wishes do not change a look that was begun.
    finished = world.ahe(project, "final", "--rollouts", "5", "--json")
    assert "continuing look 1" in finished.stderr
    result = json.loads(finished.stdout)
    assert (result["plan"]["look"], result["plan"]["rollouts"], result["plan"]["again"]) == (1, 3, "")
    after = {trial["id"]: trial["started"] for trial in trials(project)}
    assert len(after) == 18
    assert {key: after[key] for key in kept} == kept

    # Killed between result and tag: the tag is completed from the result, and nothing runs.
    world.git(project, "tag", "-d", "ahe/final-001")
    assert final(project) == result
    assert len(trials(project)) == 18
    assert world.git(project, "tag", "-l", "ahe/final-*").split() == ["ahe/final-001"]


def test_the_best_is_the_seed_and_nothing_is_spent(tmp_path: Path) -> None:
    root = final_world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    assert "nothing was spent" in world.ahe(root, "final").stdout
    assert final(root) == {"same": True}
    # A commit that changes no component is the same harness.
    (root / "workspace" / "README.md").write_text("mine\n")
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "A README")
    world.git(root, "tag", "ahe/best")
    assert final(root) == {"same": True}
    assert not trials(root) and not (root / "runs" / "final").exists()
    assert "final" not in world.git(root, "tag")


def test_a_suite_without_a_test_split_says_how_to_make_one(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    act(root)
    said = world.ahe(root, "final", check=2).stderr
    assert "no test split" in said and "suite.toml" in said and "test = [" in said
    assert not trials(root)


@pytest.mark.parametrize("another", ["name", "address"])
def test_a_look_begun_with_one_model_is_not_finished_with_another(project: Path, another: str) -> None:
    name = "another" if another == "name" else open_project(project).config.model_spec("coder").name
    plan = {
        "look": 1,
        "seed": world.git(project, "rev-parse", "HEAD~1").strip(),
        "best": world.git(project, "rev-parse", "HEAD").strip(),
        "suite": "world",
        "tasks": list(final_world.TEST),
        "first": 0,
        "rollouts": 1,
        "model": name,
        "fingerprint": "" if another == "name" else "that of the same name elsewhere",
    }
    folder = project / "runs" / "final" / "001"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps(plan))
    said = world.ahe(project, "final", check=2).stderr
    assert repr(name) in said and "not over" in said and "at the same address" in said
    assert not trials(project)


def test_a_budget_that_runs_out_is_no_look(project: Path) -> None:
    said = world.ahe(project, "final", "--rollouts", "2", "--tokens", "300", check=2)
    assert "budget" in said.stderr
    assert "final" not in world.git(project, "tag")
    assert final(project)["plan"]["rollouts"] == 2


def test_where_too_much_is_missing_there_is_no_result_and_the_look_is_not_over(project: Path) -> None:
    """The endpoint refuses two of three test tasks as soon as the harness acts, which only the best does."""
    answers = final_world.script()
    whole = (project / "script.yaml").read_text()
    refused = {"status": 401, "content": "no such key"}
    answers["coder"] = {**{f"{name}/*/1": refused for name in final_world.TEST[:2]}, **answers["coder"]}
    (project / "script.yaml").write_text(yaml.safe_dump(answers, sort_keys=False))
    said = world.ahe(project, "final", "--rollouts", "2", check=2).stderr
    assert "no result: too many trials are missing (incumbent 0%, candidate 67%)" in said
    assert "This look is not over" in said and "Traceback" not in said
    assert "final" not in world.git(project, "tag")
    assert not (project / "runs" / "final" / "001" / "result.json").exists()
    scored = {t["id"]: t["started"] for t in trials(project) if t["status"] != "missing"}
    assert len(scored) == 8

    (project / "script.yaml").write_text(whole)
    result = final(project)
    assert (result["plan"]["look"], result["plan"]["first"], result["missing"]) == (1, 0, 0)
    assert result["best_rate"] == pytest.approx(2 / 3)
    after = {trial["id"]: trial["started"] for trial in trials(project)}
    assert len(after) == 12 and scored.items() <= after.items(), "what was scored did not run again"
