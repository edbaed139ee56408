"""`ahe ablate` and `ahe transfer` on real trials: which part carries the gain, and where it does harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import killing
import pytest
import world
import worth_world
from worth_world import by_person


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Beside what carries the gain and what is null a skill that was reverted, and a README, which is no harness."""
    root = worth_world.write_project(tmp_path / "project")
    by_person(root, "skills/read/SKILL.md", "---\nname: read\ndescription: Read\n---\nRead.\n", "skill: read")
    world.by_hand(root, "revert", "--no-edit", "HEAD")
    by_person(root, "README.md", "Mine.\n", "a README")
    return root


def result(root: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.ahe(root, *arguments, "--json").stdout)
    return found


def arms(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The arms by each of their names without the commits' ids."""
    return {
        f"without ({name.split('(')[1]}" if "(" in name else name: arm
        for arm in found["study"]["arms"]
        for name in arm["names"]
    }


def test_the_commit_that_carries_the_gain_and_the_one_that_is_null(project: Path) -> None:
    found = result(project, "ablate", "--rollouts", "4")
    by_name = arms(found)
    assert found["skipped"] == []
    # The seed with middleware alone is HEAD without the memory and without the commit that made it.
    assert [len(arm["names"]) for arm in found["study"]["arms"]] == [1, 2, 3, 3]
    assert set(by_name) == {
        "seed",
        "HEAD",
        *("seed + middleware", "HEAD without middleware", "seed + memory", "HEAD without memory"),
        *("without (middleware: act)", "without (memory: be kind)", "without (a README)"),
    }
    act, kind = by_name["without (middleware: act)"], by_name["without (memory: be kind)"]
    assert act["to_rev"]["mean"] == pytest.approx(-2 / 3) and act["to_rev"]["high"] < 0
    assert kind["to_rev"]["low"] < kind["to_rev"]["mean"] == 0 < kind["to_rev"]["high"]
    assert act is by_name["seed + memory"] and act["to_seed"]["mean"] == 0
    assert kind is by_name["seed + middleware"] and kind["to_seed"]["low"] > 0
    assert by_name["HEAD"] is by_name["without (a README)"]
    assert by_name["HEAD"]["rate"]["low"] < by_name["HEAD"]["rate"]["mean"] == pytest.approx(2 / 3)
    assert by_name["HEAD"]["tokens"] > by_name["seed"]["tokens"] > 0
    assert (found["study"]["ran"], len(world.stored(project))) == (48, 48)

    asked = (project / "requests.jsonl").read_text()
    again = world.ahe(project, "ablate", "--rollouts", "4").stdout
    assert "0 of 48 trials new, no model call" in again and "--fresh runs others" in again
    assert "HEAD without memory = HEAD without" in again
    fewer = result(project, "ablate", "--rollouts", "2", "--commits")
    assert set(arms(fewer)) == {name for name in by_name if name in ("seed", "HEAD") or "(" in name}
    assert set(arms(result(project, "ablate", "--kinds", "--rollouts", "1"))) == {
        name for name in by_name if "(" not in name
    }
    assert (project / "requests.jsonl").read_text() == asked, "nothing is measured twice"
    assert world.git(project, "status", "--porcelain") == ""
    assert world.git(project, "worktree", "list").count("\n") == 1


def test_a_dry_run_runs_nothing_and_says_what_it_would_take(project: Path) -> None:
    found = result(project, "ablate", "--dry-run", "--rollouts", "2", "--max-rollouts", "20")
    assert found["study"]["cost"]["rollouts"] == 24 and found["study"]["short"] == ["20 rollouts"]
    assert not (project / "requests.jsonl").exists() and world.stored(project) == {}
    said = world.ahe(project, "ablate", "--dry-run", "--max-rollouts", "20").stdout
    assert "24 of 24 trials to run" in said and "budget of 20 rollouts does not cover it" in said
    assert "seed + middleware = HEAD without memory" in said


def test_a_stopped_ablation_goes_on_and_repeats_nothing(project: Path) -> None:
    stopped = world.ahe(project, "ablate", "--rollouts", "2", "--max-rollouts", "5", check=2)
    assert "the budget of 5 rollouts is spent" in stopped.stderr
    first = world.stored(project)
    assert len(first) == 5
    process = killing.start(project, "ablate", "--rollouts", "2")
    assert killing.killed_after(process, project, steps=3), "it ended before it could be killed"
    assert first.items() <= world.stored(project).items()
    kept = world.stored(project)
    found = result(project, "ablate", "--rollouts", "2")
    assert found["study"]["ran"] == 24 - len(kept) > 0
    assert kept.items() <= world.stored(project).items() and len(world.stored(project)) == 24


def test_what_git_cannot_revert_and_what_is_not_a_harness_is_named(project: Path) -> None:
    by_person(project, "memory.md", "Be brief.\n", "memory: be brief")
    tool = "name: look\ndescription: Look.\nparameters: {type: object, properties: {}}\n"
    by_person(project, "tool_descriptions/look.yaml", tool, "tool: say what look does")
    by_person(project, "tools/look.py", "def look():\n    return 1\n", "tool: look")
    found = result(project, "ablate", "--dry-run")
    why = {each["name"].split(" without ")[-1].split(" (")[-1]: each["why"] for each in found["skipped"]}
    assert why.pop("memory: be kind)") == (
        "it cannot be reverted: later commits changed the same lines of memory.md"
    )
    assert set(why) == {
        *("seed + tool_description", "seed + tool_implementation"),
        *("tool_description", "tool_implementation", "tool: say what look does)", "tool: look)"),
    }
    assert all("not a whole harness: " in each and "look" in each for each in why.values())
    assert "left out: " in world.ahe(project, "ablate", "--dry-run").stdout


def test_fresh_rollouts_are_a_series_of_their_own(project: Path) -> None:
    world.ahe(project, "ablate", "--commits", "--rollouts", "1")
    found = result(project, "ablate", "--commits", "--rollouts", "1", "--fresh")
    assert found["study"]["ran"] == 12 and found["study"]["first"] == 2_100_000
    assert result(project, "ablate", "--commits", "--rollouts", "1", "--fresh")["study"]["ran"] == 0
    compared = result(project, "compare", world.git(project, "rev-list", "--max-parents=0", "HEAD").strip())
    assert {each["n_b"] for each in compared["tasks"]} == {1}, "they are not pooled with plain ones"


def test_the_seed_is_made_of_nothing(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    for command in (("ablate",), ("transfer", "--temperature", "0")):
        said = world.ahe(root, *command, check=2).stderr
        assert "HEAD has the harness of the seed" in said


def test_the_test_split_is_looked_at_after_the_claim_and_with_a_reason(project: Path) -> None:
    ask = ("ablate", "--split", "test", "--rollouts", "1", "--commits")
    assert "`ahe final` first" in world.ahe(project, *ask, check=2).stderr
    cold = ("transfer", "--temperature", "0", "--split", "test", "--again", "cold")
    assert "`ahe final` first" in world.ahe(project, *cold, check=2).stderr
    world.git(project, "tag", "ahe/best")
    world.ahe(project, "final", "--rollouts", "2")
    before = len(world.stored(project))
    assert "--again" in world.ahe(project, *ask, check=2).stderr
    assert len(world.stored(project)) == before and "look" not in world.git(project, "tag")
    dry = result(project, *ask, "--again", "which part", "--dry-run")
    assert dry["study"]["first"] == 2 and "look" not in world.git(project, "tag")
    found = result(project, *ask, "--again", "which part")
    assert found["study"]["first"] == 2 and found["study"]["ran"] == 12, "fresh attempts alone"
    assert "Ahe-Again: which part" in world.git(project, "tag", "-l", "-n99", "ahe/look-001")
    same = result(project, *ask, "--again", "which part")
    assert same["study"]["ran"] == 0 and "look-002" not in world.git(project, "tag")
    assert {**same["study"], "ran": 12, "usage": None} == {**found["study"], "usage": None}
    # Another look has other attempts, also where the store was lost; and the next claim knows of both.
    shutil.move(project / "runs", project / "moved")
    other = result(project, "ablate", "--split", "test", "--rollouts", "2", "--kinds", "--again", "kinds")
    assert other["study"]["first"] == 3
    claim = result(project, "final", "--rollouts", "1", "--again", "a check")
    assert claim["plan"]["first"] == 5 and claim["plan"]["seen"] == 24


def test_harm_on_another_suite_and_nothing_with_another_model(project: Path) -> None:
    worth_world.write_elsewhere(project)
    other = f"scripted:{project / 'silent.yaml'}"
    given = ("transfer", "--suite", "other", "--model", other, "--temperature", "0", "--rollouts", "3")
    found = result(project, *given)
    model, temperature, suite = found["places"]
    assert [place["place"] for place in found["places"]] == [
        f"model {other}",
        "temperature 0",
        f"suite {project / 'other'}",
    ]
    (rev,) = (arm for arm in suite["arms"] if arm["names"] == ["HEAD"])
    assert rev["to_seed"]["mean"] == -1 and rev["to_seed"]["high"] < 0
    assert model["model"] == other and model["arms"][1]["to_seed"]["mean"] == 0
    assert temperature["arms"][1]["to_seed"]["mean"] == pytest.approx(2 / 3)
    assert temperature["model"] != other and temperature["suite"] == "world" != suite["suite"]

    count = len(world.stored(project))
    assert count == sum(place["ran"] for place in found["places"])
    said = world.ahe(project, *given).stdout
    assert len(world.stored(project)) == count, "nothing is measured twice"
    head, *table = said.splitlines()[:4]
    assert head.split() == ["where", "seed", "HEAD", "HEAD", "less", "the", "seed", "tokens", "a", "task"]
    assert [line.split()[:2] for line in table] == [
        ["model", other],
        ["temperature", "0"],
        ["suite", suite["place"][6:]],
    ]
    assert [next((w for w in ("harm", "gain") if f"  {w}  " in line), "") for line in table] == [
        "",
        "gain",
        "harm",
    ]
    assert said.count("0 of ") == 3
    dry = result(project, *given, "--dry-run", "--split", "heldout")
    assert all(place["cost"]["rollouts"] > 0 for place in dry["places"])
    assert len(world.stored(project)) == count


def test_transfer_wants_a_place(project: Path) -> None:
    assert "say where" in world.ahe(project, "transfer", check=2).stderr
    said = world.ahe(project, "transfer", "--suite", "nowhere", check=2).stderr
    assert "there is no suite at" in said and "Traceback" not in said
