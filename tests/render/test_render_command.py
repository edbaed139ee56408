"""`ahe render` as a person runs it, and the page that shows its table."""

from __future__ import annotations

import json

import pytest
import world

from ahe.history import History
from ahe.project.content import entry
from ahe.records import Kind
from ahe.render import AGENTS, tables, taken
from ahe.views.render import agents_table


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "ahe.toml").write_text("")
    History.create(root / "workspace", entry("components"))
    return root


def test_render_check_and_remove(project, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "AGENTS.md").write_text("# Mine\n")
    to = ("--to", "codex", str(mine))
    stale = world.ahe(project, "render", *to, "--check", check=1)
    assert "differs: AGENTS.md" in stale.stdout and (mine / "AGENTS.md").read_text() == "# Mine\n"
    done = world.ahe(project, "render", *to, "--json")
    assert "AGENTS.md" in json.loads(done.stdout)["written"]
    assert "You solve tasks in a Linux shell." in (mine / "AGENTS.md").read_text()
    assert world.ahe(project, "render", *to, "--check").stdout == "up to date\n"
    (project / "workspace/memory.md").write_text("- Look first.\n")
    world.by_hand(project, "commit", "-qam", "memory")
    assert "differs: AGENTS.md" in world.ahe(project, "render", *to, "--check", check=1).stdout
    assert world.ahe(project, "render", *to, "--rev", "HEAD~1", "--check").stdout == "up to date\n"
    world.ahe(tmp_path, "render", *to, "--remove")
    assert [path.name for path in mine.iterdir()] == ["AGENTS.md"]
    assert (mine / "AGENTS.md").read_text() == "# Mine\n"


def test_the_page_shows_the_table_of_the_data():
    assert agents_table() in (world.ROOT / "docs/own-agent.md").read_text("utf-8")


@pytest.mark.parametrize("agent", AGENTS)
def test_a_table_says_of_each_kind_where_it_goes_or_why_nowhere(agent):
    table = next(each for each in tables() if each.name == agent)
    for kind, place in table.places.items():
        places = (place.target, place.lost, place.like, place.whole)
        assert sum(map(bool, places)) == 1, kind
    both = {Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION}
    assert both <= taken(agent) or not both & taken(agent)
    served = both <= taken(agent) or Kind.MIDDLEWARE in taken(agent)
    assert served == bool(table.harness)
