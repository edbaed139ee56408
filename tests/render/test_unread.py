"""An edit that the project's agent would not read does not pass preflight."""

from __future__ import annotations

import shutil

import pytest
import world
from rendering import FILES, harness

from ahe.evaluate.suite import load_suite
from ahe.project.assemble import preflight


@pytest.mark.parametrize(
    ("agent", "path", "says"),
    [
        (
            "codex",
            "system_prompt.md",
            "codex does not read it: line 4: workdir is known only while a task runs",
        ),
        ("codex", "sub_agents/critic.md", "not tried with the agents of Codex"),
        ("mini-swe-agent", "skills/csv-files/SKILL.md", "has no skills"),
        ("claude-code", "tools/run.py", "left out here"),  # no program of ahe is in a trial's sandbox
        ("command", "system_prompt.md", ""),
        ("", "system_prompt.md", ""),
    ],
)
def test_preflight_refuses_what_the_agent_does_not_read(agent, path, says, tmp_path):
    suite, base = load_suite(world.write_suite(tmp_path / "suite")), harness(tmp_path / "base")
    root = tmp_path / "root"
    shutil.copytree(base, root)
    more = {"system_prompt.md": "\nYou are in {{ workdir }}.\n"}.get(path, "# more\n")
    (root / path).write_text(FILES[path] + more)
    problems = preflight(suite, agent).check(root, base)
    assert [each.where for each in problems] == ([path] if says else [])
    assert all(says in str(each) for each in problems)
    (root / path).write_text(FILES[path])
    (root / "memory.md").write_text("- Look before you act.\n- And after.\n")
    assert preflight(suite, agent).check(root, base) == []
