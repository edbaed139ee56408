"""The whole record, read with plain git from a clone, on a machine that has no ahe.

Nothing here imports ahe: what is read is what `git log`, `git notes`, `git tag` and `git show` print.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import final_world
import pytest
import world

FIELDS = {
    "sha": "%H",
    "subject": "%s",
    "change": "%(trailers:key=Ahe-Change,valueonly,separator=%x2C)",
    "kind": "%(trailers:key=Ahe-Kind,valueonly,separator=%x2C)",
    "predicts": "%(trailers:key=Ahe-Predicts,valueonly,separator=%x2C)",
    "evidence": "%(trailers:key=Ahe-Evidence,valueonly,separator=%x2C)",
    "reverts": "%(trailers:key=Ahe-Reverts,valueonly,separator=%x2C)",
    "refs": "%D",
    "note": "%N",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the workspace after a run with a kept and a reverted change, a look at test, a revert by hand."""
    root = final_world.write_project(tmp_path / "project", evolve={"rollouts": 3})
    world.ahe(root, "init")
    world.ahe(root, "evolve", "--iterations", "2")
    world.ahe(root, "final", "--rollouts", "2")
    for name, value in (("name", "Ada"), ("email", "ada@example.org")):
        world.git(root, "config", f"user.{name}", value)
    world.ahe(root, "revert", "001-1", "--reason", "it acts too soon")
    target = root.parent / "clone"
    run = ["git", "clone", "-q", "-c", "remote.origin.fetch=+refs/notes/*:refs/notes/*"]
    subprocess.run([*run, str(root / "workspace"), str(target)], check=True)
    return target


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rows(clone: Path) -> list[dict[str, str]]:
    """The log, newest first, as one command tells it."""
    form = "--format=" + "%x1f".join(FIELDS.values()) + "%x1e"
    output = git(clone, "log", "--notes=ahe", form)
    lines = [line.strip("\n").split("\x1f") for line in output.split("\x1e") if line.strip()]
    return [dict(zip(FIELDS, line, strict=True)) for line in lines]


def noted(note: str) -> dict[str, str]:
    """The lines of a note, or of a tag's message, by name."""
    return dict(re.findall(r"^(Ahe-[A-Za-z-]+): (.*)$", note, re.MULTILINE))


def kinds_hypotheses_and_verdicts(clone: Path) -> None:
    log = rows(clone)
    assert [(row["change"], row["kind"]) for row in log if row["change"]] == [
        ("002-1", "middleware"),
        ("001-1", "middleware"),
    ]
    bad, good = (next(row for row in log if row["change"] == name) for name in ("002-1", "001-1"))
    assert noted(bad["note"])["Ahe-Verdict"] == "reverted"
    assert good["predicts"] == "alpha-note"
    assert re.fullmatch(r"[0-9a-f]{24}#\d+", good["evidence"])
    body = git(clone, "show", "-s", "--format=%b", good["sha"])
    assert all(f"\n{title}: " in f"\n{body}" for title in ("Evidence", "Root cause", "Fix"))


def deltas_scores_rates_and_cost(clone: Path) -> None:
    note = noted(next(row["note"] for row in rows(clone) if row["change"] == "002-1"))
    assert re.fullmatch(r"-\d+\.\d points \[-\d+\.\d, [-+]\d+\.\d\]", note["Ahe-Delta"])
    assert note["Ahe-Raw-Delta"] == "-66.7 points (selected)"
    assert note["Ahe-Rates"] == "66.7 % → 0.0 %"
    assert 0 <= float(note["Ahe-Score"].removeprefix("P = ")) < 0.5
    assert int(note["Ahe-Rollouts"].split()[0]) == 9 and "tokens" in note["Ahe-Cost"]


def predicted_against_observed_with_the_random_baseline(clone: Path) -> None:
    log = {row["change"]: noted(row["note"]) for row in rows(clone) if row["change"]}
    good, bad = log["001-1"], log["002-1"]
    assert good["Ahe-Predicted"] == bad["Ahe-Predicted"] == "alpha-note"
    assert re.fullmatch(
        r"0\.8 of 1 came true \(precision 0\.\d\d, at random 0\.\d\d; recall 0\.50, at random 0\.33\)",
        good["Ahe-Fixes"],
    )
    assert bad["Ahe-Fixes"].startswith("0.0 of 1 came true")
    assert bad["Ahe-Regressions"].startswith("none named, ")
    assert re.search(r"alpha-note 0/3 → 3/3 \(π 0\.\d\d\)", good["Ahe-Observed-Up"])
    assert "gamma-note" not in good["Ahe-Observed-Up"]


def every_task_with_its_rollouts_and_the_way_to_its_trials(clone: Path) -> None:
    note = noted(next(row["note"] for row in rows(clone) if row["change"] == "001-1"))
    tasks = {row[0]: row[1:] for row in json.loads(note["Ahe-Record"])["tasks"]}
    assert set(tasks) == set(world.TRAIN)
    assert tasks["alpha-note"][:4] == [0, 3, 3, 3] and tasks["gamma-note"][:4] == [0, 3, 0, 3]
    assert all(0 < changed < 1 for *_, changed in tasks.values())
    files = [json.loads(path.read_text()) for path in clone.parent.glob("project/runs/trials/*/result.json")]
    for harness, column in zip(note["Ahe-Harnesses"].split(" → "), (1, 3), strict=True):
        for task, row in tasks.items():
            found = [each for each in files if (each["harness"], each["task"]) == (harness, task)]
            assert len(found) >= row[column]


def reverts_by_the_machine_and_by_a_person(clone: Path) -> None:
    log = rows(clone)
    by_change = {row["change"]: row for row in log if row["change"]}
    reverts = [row for row in log if row["reverts"]]
    assert [row["reverts"] for row in reverts] == [by_change["001-1"]["sha"], by_change["002-1"]["sha"]]
    assert all(row["subject"].startswith('Revert "middleware: ') for row in reverts)
    names = git(clone, "log", "-1", "--format=%an <%ae>", reverts[0]["sha"]).strip()
    assert names == "Ada <ada@example.org>"
    note = noted(git(clone, "notes", "--ref=ahe", "show", by_change["001-1"]["sha"]))
    assert (note["Ahe-Verdict"], note["Ahe-Decided-By"]) == ("reverted", "person")
    assert note["Ahe-Reason"] == "it acts too soon"
    assert note["Ahe-Rates"] == "0.0 % → 66.7 %", "the numbers of the measurement stay"
    assert git(clone, "ls-files", "middleware").split() == ["middleware/.gitkeep"]


def iterations_and_best_are_tags(clone: Path) -> None:
    assert git(clone, "tag", "-l", "ahe/*").split() == [
        "ahe/best",
        "ahe/final-001",
        "ahe/iter-001",
        "ahe/iter-002",
    ]
    best = git(clone, "rev-parse", "ahe/best^{commit}").strip()
    assert best == rows(clone)[-1]["sha"], "a person took the only good change back"
    assert git(clone, "rev-parse", "ahe/iter-001^{commit}").strip() == looked_at(clone)
    assert "10_act.py" in git(clone, "ls-tree", "-r", "--name-only", "ahe/iter-001")


def looked_at(clone: Path) -> str:
    """The best at the time of the look at test."""
    return noted(git(clone, "for-each-ref", "--format=%(contents)", "refs/tags/ahe/final-001"))["Ahe-Best"]


def the_look_at_the_test_split_is_an_annotated_tag(clone: Path) -> None:
    assert git(clone, "cat-file", "-t", "ahe/final-001").strip() == "tag"
    said = git(clone, "for-each-ref", "--format=%(contents)", "refs/tags/ahe/final-001")
    told = noted(said)
    assert said.startswith("Test split: +66.7 points [")
    assert told["Ahe-Rates"] == "0.0 % → 66.7 %"
    assert told["Ahe-Best"] == next(row["sha"] for row in rows(clone) if row["change"] == "001-1")
    assert told["Ahe-Seed"] == git(clone, "rev-list", "--max-parents=0", "HEAD").strip()
    assert re.fullmatch(r"\+66\.7 points \[\+\d+\.\d, \+\d+\.\d\]", told["Ahe-Delta-Given-Tasks"])
    assert "Ahe-Delta-Over-Tasks" in told and "Ahe-Again" not in told
    assert "Ahe-Task: kappa-note 0/2 → 2/2" in said


def test_the_whole_record_is_read_with_plain_git(clone: Path) -> None:
    """One run serves all the checks: it takes the longest."""
    kinds_hypotheses_and_verdicts(clone)
    deltas_scores_rates_and_cost(clone)
    predicted_against_observed_with_the_random_baseline(clone)
    every_task_with_its_rollouts_and_the_way_to_its_trials(clone)
    reverts_by_the_machine_and_by_a_person(clone)
    iterations_and_best_are_tags(clone)
    the_look_at_the_test_split_is_an_annotated_tag(clone)
