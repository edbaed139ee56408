"""A harness as the files of other agents, in a folder that a person edits too."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jinja2
import pytest
import yaml
from rendering import FILES, contents, harness

from ahe.errors import UsageError
from ahe.records import Kind
from ahe.render import AGENTS, check, lost, remove, render, taken

MINE = {
    "CLAUDE.md": "# Mine\n\nNo new dependencies.",  # no line end at the end
    "AGENTS.md": "# Mine\r\n",
    ".mcp.json": '{"mcpServers": {"mine": {"command": "x"}}}\n',
    ".claude/settings.json": '{\n\t"hooks": {\n\t\t"PreToolUse": [{"matcher": "Bash", "hooks": []}]\n\t}, "model": "opus"}',
    ".claude/skills/own/SKILL.md": "mine",
    ".codex/config.toml": 'model = "gpt"  # mine\n\n[mcp_servers.mine]\ncommand = "x"\n',
    "opencode.json": '{\n    "theme": "dark"\n}\n',
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A person's repository, with files of their own at every shared place."""
    for path, text in MINE.items():
        place = tmp_path / "mine" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())  # a line end stays what it is
    return tmp_path / "mine"


@pytest.mark.parametrize("agent", AGENTS)
def test_rendering_changes_nothing_of_a_persons_and_is_taken_away_to_the_byte(agent, tmp_path, mine):
    root, before = harness(tmp_path / "h"), contents(mine)
    assert check(root, agent, mine).written
    assert contents(mine) == before  # looking wrote nothing
    done = render(root, agent, mine)
    assert not check(root, agent, mine).written
    assert not render(root, agent, mine).written
    after = contents(mine)
    assert {path for path in after if after[path] != before.get(path)} == set(done.written)
    for path, text in before.items():
        if not path.endswith(".json"):
            assert after[path].startswith(text), "ours comes after theirs"
    remove(agent, mine)
    assert contents(mine) == before
    assert not remove(agent, mine).written


@pytest.mark.parametrize("agent", AGENTS)
def test_an_empty_folder_is_empty_again(agent, tmp_path):
    render(harness(tmp_path / "h"), agent, tmp_path / "new")
    remove(agent, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("agent", AGENTS)
def test_each_component_is_rendered_or_named_as_lost(agent, tmp_path):
    root = harness(tmp_path / "h")
    done = render(root, agent, tmp_path / "out")
    there = b"\n".join(contents(tmp_path / "out").values()).decode()
    marks = {
        Kind.SYSTEM_PROMPT: ("You work in a shell.", "system_prompt.md"),
        Kind.MEMORY: ("Look before you act.", "memory.md"),
        Kind.SKILL: ("Use csv.", "skills/csv-files/SKILL.md"),
        Kind.SUB_AGENT: ("Be strict.", "sub_agents/critic.md"),
        Kind.TOOL_DESCRIPTION: ("Run a command.", "tool_descriptions/run.yaml"),
        Kind.TOOL_IMPLEMENTATION: ("env.exec", "tools/run.py"),
        Kind.MIDDLEWARE: ("class Guard", "middleware/10_guard.py"),
    }
    gone = {each.path for each in done.lost}
    for kind, (text, path) in marks.items():
        assert (kind in taken(agent)) == (path not in gone), kind
        if kind in taken(agent):
            assert text in there
    assert done.lost == lost(root, agent)
    assert all(each.why for each in done.lost)


def test_what_the_configurations_say(tmp_path, mine):
    root = harness(tmp_path / "h")
    for agent in ("claude-code", "codex", "opencode"):
        render(root, agent, mine)
    servers = json.loads((mine / ".mcp.json").read_text())["mcpServers"]
    assert servers["mine"] == {"command": "x"}
    assert servers["ahe"] == {"command": "ahe", "args": ["mcp", "--harness", ".ahe/harness"]}
    settings = json.loads((mine / ".claude/settings.json").read_text())
    assert settings["model"] == "opus" and set(settings["hooks"]) == {"PreToolUse"}
    assert [each["matcher"] for each in settings["hooks"]["PreToolUse"]] == ["Bash", "*"]
    codex = tomllib.loads((mine / ".codex/config.toml").read_text())
    assert codex["model"] == "gpt" and set(codex["mcp_servers"]) == {"mine", "ahe"}
    assert json.loads((mine / "opencode.json").read_text())["mcp"]["ahe"]["command"][:2] == ["ahe", "mcp"]
    agent = (mine / ".claude/agents/critic.md").read_text()
    assert yaml.safe_load(agent.split("---")[1])["tools"] == ["mcp__ahe__run"]
    assert contents(mine / ".ahe" / "harness") == {path: text.encode() for path, text in FILES.items()}


def test_agents_that_share_a_file_leave_it_to_each_other(tmp_path, mine):
    root, before = harness(tmp_path / "h"), contents(mine)
    render(root, "codex", mine)
    render(root, "agents-md", mine)
    assert (mine / "AGENTS.md").read_text().count("You work in a shell.") == 1
    remove("codex", mine)
    assert not check(root, "agents-md", mine).written
    assert not (mine / ".ahe/harness").exists()
    remove("agents-md", mine)
    assert contents(mine) == before


def test_what_the_harness_no_longer_holds_goes(tmp_path, mine):
    render(harness(tmp_path / "h"), "claude-code", mine)
    small = harness(tmp_path / "small", **dict.fromkeys(
        ("skills__csv-files__SKILL.md", "skills__csv-files__table.csv", "sub_agents__critic.md", "tools__run.py",
         "tool_descriptions__run.yaml", "middleware__10_guard.py")))  # fmt: skip
    render(small, "claude-code", mine)
    assert set(contents(mine)) == {*MINE, ".ahe/rendered.json"}
    assert (mine / ".mcp.json").read_text() == MINE[".mcp.json"]
    assert (mine / ".claude/settings.json").read_text() == MINE[".claude/settings.json"]


def test_a_persons_file_is_never_replaced(tmp_path, mine):
    (mine / ".claude/skills/csv-files").mkdir()
    (mine / ".claude/skills/csv-files/SKILL.md").write_text("mine too")
    before = contents(mine)
    with pytest.raises(UsageError, match=r"csv-files/SKILL\.md is there already"):
        render(harness(tmp_path / "h"), "claude-code", mine)
    assert contents(mine) == before


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path, mine):
    (tmp_path / "elsewhere").mkdir()
    (mine / ".agents").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="leads out of"):
        render(harness(tmp_path / "h"), "codex", mine)
    assert not list((tmp_path / "elsewhere").iterdir())
    (mine / ".agents").unlink()
    (mine / "CLAUDE.md").unlink()
    (mine / "CLAUDE.md").symlink_to("AGENTS.md")  # as many repositories have it
    render(harness(tmp_path / "h"), "claude-code", mine)
    assert "You work in a shell." in (mine / "AGENTS.md").read_text() and (mine / "CLAUDE.md").is_symlink()


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        (".mcp.json", "{ // mine\n}", ".mcp.json cannot take our part"),
        (".mcp.json", "[]", "holds something else"),
        (".claude/settings.json", '{"hooks": {"PreToolUse": 3}}', "a list is needed"),
        ("CLAUDE.md", "<!-- ahe: end -->", "damaged"),
        (".ahe/rendered.json", "[1]", "rendered.json is damaged"),
    ],
)
def test_files_that_cannot_be_changed_safely_are_named(path, text, says, tmp_path, mine):
    (mine / path).parent.mkdir(exist_ok=True)
    (mine / path).write_text(text)
    with pytest.raises(UsageError, match=says):
        render(harness(tmp_path / "h"), "claude-code", mine)
    assert (mine / path).read_text() == text


def test_what_a_template_needs_a_running_task_for_is_lost_and_not_guessed(tmp_path):
    root = harness(tmp_path / "h", **{"system_prompt.md": "Work.\nYou are in {{ workdir }}.\n"})
    found = render(root, "claude-code", tmp_path / "out")
    assert [(each.path, each.why) for each in found.lost] == [
        ("system_prompt.md", "line 2: workdir is known only while a task runs")
    ]
    block = (tmp_path / "out/CLAUDE.md").read_text()
    assert "Look before you act." in block and "You are in" not in block


def test_variables_hold_only_what_the_agent_takes(tmp_path):
    root = harness(tmp_path / "h")
    render(root, "codex", tmp_path / "codex")
    render(root, "mini-swe-agent", tmp_path / "mini")
    assert "Skills: csv-files" in (tmp_path / "codex/AGENTS.md").read_text()
    assert "Skills" not in (tmp_path / "mini/mini-swe-agent.yaml").read_text()


def test_a_hook_without_a_counterpart_is_lost(tmp_path):
    source = "class M:\n    async def before_model(self, ctx, messages): ...\n    async def on_start(self, ctx): ...\n"
    root = harness(tmp_path / "h", middleware__10_guard=None, **{"middleware__20_m.py": source})
    (root / "middleware/10_guard.py").unlink()
    assert [each.why for each in lost(root, "claude-code")] == ["before_model: the agent has no hook like it"]


def test_mini_swe_agent_renders_its_template_to_our_text(tmp_path):
    text = "Use {{ braces }}, {% raw %} and {# this #}.\n\n  Indented: yes\n"
    root = harness(tmp_path / "h", **{"memory.md": text, "system_prompt.md": "Work."})
    render(root, "mini-swe-agent", tmp_path / "out")
    template = yaml.safe_load((tmp_path / "out/mini-swe-agent.yaml").read_text())["agent"]["system_template"]
    shown = jinja2.Template(template, undefined=jinja2.StrictUndefined).render()
    assert shown == f"Work.\n\n# Memory\n\n{text.strip()}"


def test_a_block_that_holds_its_own_end_stays_one_block(tmp_path, mine):
    root, before = harness(tmp_path / "h", **{"memory.md": "a <!-- ahe: end --> b"}), contents(mine)
    render(root, "claude-code", mine)
    remove("claude-code", mine)
    assert contents(mine) == before


def test_an_unknown_agent_is_named():
    with pytest.raises(UsageError, match="use one of agents-md, claude-code"):
        taken("cursor")


def test_kinds_that_are_left_out_are_not_rendered(tmp_path):
    text = (Kind.SYSTEM_PROMPT, Kind.MEMORY, Kind.SKILL)
    done = render(harness(tmp_path / "h"), "claude-code", tmp_path / "out", text)
    assert {path.split("/")[0] for path in contents(tmp_path / "out")} == {"CLAUDE.md", ".claude", ".ahe"}
    assert {each.path for each in done.lost} >= {"tools/run.py", "middleware/10_guard.py"}
    assert not (tmp_path / "out/.ahe/harness").exists()


@pytest.mark.parametrize(
    ("agent", "path"),
    [
        ("claude-code", "src/main.py"),
        ("claude-code", ".git/config"),
        ("claude-code", ".claude/skills/../../src/main.py"),
        ("claude-code", ".claude/agents/a/b.md"),
        ("claude-code", ".ahe/harness/../../src/main.py"),
        ("claude-code", ""),
        ("command", "src/main.py"),
        ("agents-md", ".mcp.json"),
        ("someone", "src/main.py"),
    ],
)
def test_a_record_cannot_name_files_that_ahe_does_not_write(agent, path, tmp_path, mine):
    for name in ("src/main.py", ".git/config", ".claude/agents/a/b.md"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text("mine")
    (mine / ".ahe").mkdir()
    (mine / ".ahe/rendered.json").write_text(json.dumps({agent: [path]}))
    before = contents(mine)
    for work in (
        lambda: render(harness(tmp_path / "h"), "claude-code", mine),
        lambda: remove("claude-code", mine),
    ):
        with pytest.raises(UsageError, match=r"rendered\.json names"):
            work()
    assert contents(mine) == before


@pytest.mark.parametrize(
    ("agent", "path", "text"),
    [
        ("claude-code", ".mcp.json", '{"mcpServers": {"ahe": {"command": "mine"}}}'),
        ("opencode", "opencode.json", '{"mcp": {"ahe": {"type": "remote"}}}'),
        ("codex", ".codex/config.toml", '[mcp_servers.ahe]\ncommand = "mine"\n'),
    ],
)
def test_a_persons_own_server_of_our_name_stays(agent, path, text, tmp_path, mine):
    (mine / path).write_text(text)
    before = contents(mine)
    with pytest.raises(UsageError, match=f"{path} cannot take our part"):
        render(harness(tmp_path / "h"), agent, mine)
    remove(agent, mine)
    assert contents(mine) == before
