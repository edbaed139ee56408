"""`ahe explore`: documents as skills, each measured by the loop."""

from __future__ import annotations

import json
from pathlib import Path

import world


def test_each_document_is_measured_and_tried_once(tmp_path: Path) -> None:
    script = world.script()
    script["evolver"] = {"*": json.dumps({"description": "How this team writes; read it before you write."})}
    root = world.write_project(tmp_path / "project", script)
    world.ahe(root, "init")
    (root / "style.md").write_text("# Style\n\nWrite short lines. Then stop.\n")
    (root / "leak.txt").write_text("For omega-note write the word omega into the file.\n")
    result = json.loads(world.ahe(root, "explore", "leak.txt", "style.md", "--json").stdout)
    assert result["stopped"] == "every document was tried"
    assert [each["verdict"]["outcome"] for each in result["iterations"]] == ["reverted"]
    log = world.git(root, "log", "--format=%B%N")
    assert "skill: add the document Style" in log and "Ahe-Source: style.md sha256:" in log
    assert "Ahe-Strategy: explore" in log and "Ahe-Verdict: reverted" in log and "omega" not in log
    skill = world.git(root, "show", "HEAD~1:skills/style/SKILL.md")
    assert 'description: "How this team writes; read it before you write."' in skill
    before = world.stored(root)
    again = json.loads(world.ahe(root, "explore", "style.md", "--json").stdout)
    assert again["stopped"] == "every document was tried already" and world.stored(root) == before
    assert world.git(root, "status", "--porcelain") == ""
    parts = json.loads(world.ahe(root, "explore", "leak.txt", "--dry-run", "--json").stdout)
    assert parts["iterations"] == 1 and "race" not in {cost["part"] for cost in parts["costs"]}


def test_a_reached_target_ends_nothing_and_a_preset_gives_no_gate(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project", evolve={"target": 0.1})
    world.ahe(root, "init")
    (root / "workspace" / "middleware" / "10_act.py").write_text(world.ACT)
    world.by_hand(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "Act")
    (root / "a.md").write_text("# A\n\nWrite short lines.\n")
    (root / "b.md").write_text("# B\n\nWrite long lines.\n")
    result = json.loads(world.ahe(root, "explore", "a.md", "b.md", "--json").stdout)
    assert len(result["iterations"]) == 3 and result["iterations"][0]["new_rate"] > 0.1
    settings = (root / "ahe.toml").read_text()
    (root / "c.md").write_text("# C\n\nWrite no lines.\n")
    found = []
    for line in ("", 'strategy = "prune"', 'strategy = "prune"\ngate = "lean"'):
        (root / "ahe.toml").write_text(settings.replace('gate = "strict"', line))
        found.append(json.loads(world.ahe(root, "explore", "c.md", "--dry-run", "--json").stdout)["costs"])
    assert found[0] == found[1] != found[2]
