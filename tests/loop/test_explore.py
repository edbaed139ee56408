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
