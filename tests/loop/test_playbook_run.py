"""Runs without an evolver's model: plays from the playbook, and a suite of questions and answers."""

import json
from pathlib import Path

import world

PLAYBOOK = ("--strategy", "playbook", "--iterations", "1")
HEAD = """---
title: made for a test of whole runs
kinds: [middleware]
fits: [missing_output]
source: this test
---

The agent says what it would write and never acts, so nothing is there in the end.
"""


def write_play(root: Path, name: str, file: str, code: str) -> None:
    folder = root / "playbook" / name
    (folder / "files" / "middleware").mkdir(parents=True)
    (folder / "PLAY.md").write_text(HEAD)
    (folder / "files" / "middleware" / file).write_text(code)


def test_plays_are_tried_best_fit_first_and_each_is_judged(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    write_play(root, "act", "10_act.py", world.ACT)
    write_play(root, "block", "20_block.py", world.BLOCK)
    world.ahe(root, "init")
    before = json.loads(world.ahe(root, "plays", "--json").stdout)
    assert {"act", "block", "missing-file"} <= {each["play"]["name"] for each in before["plays"]}
    assert {each["fit"] for each in before["plays"]} == {None}

    arguments = ("evolve", "--strategy", "playbook", "--iterations", "2", "--json")
    result = json.loads(world.ahe(root, *arguments).stdout)
    assert [each["verdict"]["outcome"] for each in result["iterations"]] == ["kept", "reverted"]
    log = world.git(root, "log", "--format=%B")
    assert "Ahe-Play: act@" in log and "Ahe-Play: block@" in log and "Ahe-Strategy: playbook" in log
    assert "Ahe-Evolver" not in log, "no model wrote it"
    requests = [json.loads(line) for line in (root / "requests.jsonl").read_text().splitlines()]
    assert {request["role"] for request in requests} == {"coder"}

    listed = {
        each["play"]["name"]: each for each in json.loads(world.ahe(root, "plays", "--json").stdout)["plays"]
    }
    assert listed["act"]["outcome"] == "kept" and "already" in listed["act"]["obstacle"]
    assert listed["block"]["outcome"] == "reverted" and listed["missing-file"]["fit"] == 1.0
    text = world.ahe(root, "plays").stdout
    assert "in place" in text or "kept" in text
    assert "never acts" in world.ahe(root, "plays", "act").stdout
    assert "there is no play 'acr'" in world.ahe(root, "plays", "acr", check=2).stderr


def test_named_plays_are_tried_in_their_order_and_no_others(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    write_play(root, "act", "10_act.py", world.ACT)
    write_play(root, "block", "20_block.py", world.BLOCK)
    world.ahe(root, "init")
    assert "no play 'acr'" in world.ahe(root, "evolve", "--play", "acr", check=2).stderr
    assert "no play 'acr'" in world.ahe(root, "evolve", "--play", "acr", "--dry-run", check=2).stderr
    for more in ((), ("--dry-run",)):
        other = world.ahe(root, "evolve", "--strategy", "prune", "--play", "act", *more, check=2)
        assert "--play has no effect here" in other.stderr
    names = ("--play", "last-turns", "--play", "act", "--iterations", "2", "--json")
    result = json.loads(world.ahe(root, "evolve", *names).stdout)
    assert [each["verdict"]["outcome"] for each in result["iterations"]] == ["reverted", "kept"]
    said = [line for line in world.git(root, "log", "--format=%B").splitlines() if "Ahe-Play" in line]
    assert [line.split()[1].split("@")[0] for line in said if "Revert" not in line] == ["act", "last-turns"]


def test_a_suite_of_rows_needs_no_folder_and_no_shell(tmp_path: Path) -> None:
    script = {"log": "requests.jsonl", "coder": {"*": "It belongs to billing."}}
    root = world.write_project(tmp_path / "project", script)
    rows = [{"text": f"Bill {n} is wrong", "team": "billing" if n % 2 else "accounts"} for n in range(40)]
    (root / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--question", "text", "--answer", "team", "--scorer", "label", "--out", "tickets")
    assert "40 rows" in world.ahe(root, "tasks", "from", "tickets.jsonl", *options).stdout
    (root / "tickets" / "seed").mkdir()
    (root / "tickets" / "seed" / "system_prompt.md").write_text("You answer questions.\n")
    config = (root / "ahe.toml").read_text()
    (root / "ahe.toml").write_text(config.replace('path = "suite"', 'path = "tickets"'))
    world.ahe(root, "init")
    world.ahe(root, "eval", "--rollouts", "1")
    trials = world.stored(root).values()
    train = (root / "tickets" / "train.jsonl").read_text().splitlines()
    right = sum('"billing"' in line for line in train)
    assert len(trials) == len(train) and sum(trial["status"] == "passed" for trial in trials) == right
    assert {trial["environment"] for trial in trials} == {"none"}
    failed = next(trial for trial in trials if trial["status"] == "failed")
    said = (root / "runs" / "trials" / failed["id"] / "verifier" / "test-stdout.txt").read_text()
    assert said == "FAIL: answered 'It belongs to billing.', expected 'accounts'\n"

    # The labelled rows go in as data, so the model still has no tool, and an answer without a call is an answer.
    world.ahe(root, "evolve", "--rollouts", "1", *PLAYBOOK)
    assert "Ahe-Play: likely-label@" in world.git(root, "log", "--all", "--format=%B")
    report = next(root.glob("runs/iterations/001/report.md")).read_text()
    assert "wrong_value" in report and "no_action" not in report
    asked = [json.loads(line)["payload"] for line in (root / "requests.jsonl").read_text().splitlines()]
    assert any("The answer is probably: " in str(each["messages"]) for each in asked)
    assert not any(each.get("tools") or "use_skill" in str(each["messages"]) for each in asked)
