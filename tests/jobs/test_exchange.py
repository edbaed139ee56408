"""Harnesses out of the workspace and into it, by the real commands."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import world
import yaml
from task_writer import write_files

from ahe.jobs.importing import read


@pytest.fixture(scope="module")
def evolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which one change was kept and one reverted."""
    root = world.write_project(tmp_path_factory.mktemp("evolved") / "project")
    world.ahe(root, "init")
    world.ahe(root, "evolve")
    return root


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def exported(root: Path, *arguments: str) -> list[str]:
    environment = {**world.environment(), **world.PERSON}
    command = [sys.executable, "-m", "ahe", "export", *arguments, "--json"]
    done = subprocess.run(command, cwd=root, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    made: list[str] = json.loads(done.stdout)["made"]
    return made


def test_a_bundle_begins_another_project_with_the_record(evolved: Path, tmp_path: Path) -> None:
    exported(evolved, "--bundle", str(tmp_path / "mine.bundle"))
    world.ahe(tmp_path, "init", "again", "--from", "mine.bundle")
    assert "1 kept, 1 reverted" in world.ahe(tmp_path / "again", "log").stdout
    twice = world.ahe(evolved, "export", "--bundle", str(tmp_path / "mine.bundle"), check=2)
    assert "exists already" in twice.stderr


def test_a_branch_has_a_commit_for_each_kept_change(evolved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_files(
        other, {"code.py": "1\n", "agent/harness/old.txt": "old\n", "agent/harness/system_prompt.md": "x"}
    )
    git(tmp_path, "init", "-q", str(other))
    for command in (("add", "-A"), ("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "Code")):
        git(other, *command)
    before = git(other, "status", "--porcelain=v2", "--branch")
    subjects = exported(evolved, "--branch", "better", "--repo", str(other), "--path", "agent/harness")
    assert subjects == ["Harness: the seed", "middleware: turn written words into a command"]
    assert git(other, "status", "--porcelain=v2", "--branch") == before
    assert git(other, "log", "--format=%s", "better").splitlines() == [*subjects[::-1], "Code"]
    paths = git(other, "ls-tree", "-r", "--name-only", "better").splitlines()
    assert "code.py" in paths and "agent/harness/middleware/10_act.py" in paths
    assert "agent/harness/old.txt" not in paths
    assert git(other, "show", "better:agent/harness/middleware/10_act.py") == world.ACT
    body = git(other, "log", "-1", "--format=%an%n%b", "better")
    assert body.startswith("Ada\n") and "Measured by ahe: +" in body and "Ahe-" not in body
    again = world.ahe(evolved, "export", "--branch", "better", "--repo", str(other), check=2)
    assert "has a branch better already" in again.stderr
    for path in ("code.py", "agent", "code.py/harness", "./agent"):
        arguments = ("--branch", "other", "--repo", str(other), "--path", path)
        assert world.ahe(evolved, "export", *arguments, check=2).stderr
        assert "other" not in git(other, "branch", "--list", "other")


class FakeEnvironment:
    """What Harbor's environments offer an agent, on a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def exec(self, command, cwd=None, env=None, timeout_sec=None, user=None):
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", command.replace("/app", str(self.root))),
            cwd=(cwd or str(self.root)).replace("/app", str(self.root)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), timeout_sec)
        return SimpleNamespace(stdout=out.decode(), stderr=err.decode(), return_code=process.returncode)

    async def upload_file(self, source_path, target_path):
        Path(str(target_path).replace("/app", str(self.root))).write_bytes(Path(source_path).read_bytes())

    async def download_file(self, source_path, target_path):
        Path(target_path).write_bytes(Path(str(source_path).replace("/app", str(self.root))).read_bytes())


def test_an_agent_for_harbor_works_in_harbors_environment(
    evolved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_files(tmp_path / "mine", {"ahe_agent.py": "mine\n"})
    assert "not from ahe" in world.ahe(evolved, "export", "--harbor", str(mine), check=2).stderr
    assert [path.name for path in mine.iterdir()] == ["ahe_agent.py"]
    assert (mine / "ahe_agent.py").read_text() == "mine\n"
    exported(evolved, "--harbor", str(tmp_path / "agent"))
    (tmp_path / "agent" / "harness").rename(tmp_path / "agent" / "old")
    exported(evolved, "--harbor", str(tmp_path / "agent"))  # ours is replaced
    spec = importlib.util.spec_from_file_location("ahe_agent", tmp_path / "agent" / "ahe_agent.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("logs", "box"):
        (tmp_path / name).mkdir()
    script = {"coder": {"*/0": "WRITE alpha", "*": "Done."}}
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
    monkeypatch.setenv("PYTHONPATH", str(world.ROOT))
    model = f"scripted:{tmp_path / 'script.yaml'}"
    agent = module.AheAgent(logs_dir=tmp_path / "logs", model_name=model, tool_calls="native", unknown=1)
    history = world.git(evolved, "rev-parse", "ahe/best").strip()
    assert history and agent.name() == "ahe" and agent.version().startswith("harness-")

    async def play() -> SimpleNamespace:
        context, environment = SimpleNamespace(), FakeEnvironment(tmp_path / "box")
        await agent.setup(environment)
        await agent.run("Write the word alpha into /app/out.txt.", environment, context)
        return context

    context = asyncio.run(play())
    log = (tmp_path / "logs" / "ahe.log").read_text()
    assert (tmp_path / "box" / "out.txt").read_text() == "alpha\n", log
    assert context.n_input_tokens > 0 and context.metadata["ended"] == "answered"
    assert context.metadata["harness"] == agent.version().removeprefix("harness-")
    assert json.loads((tmp_path / "logs" / "trajectory.json").read_text())["schema_version"].startswith(
        "ATIF"
    )


CLAUDE = {
    "AGENTS.md": "# Project\n\nUse {{ tabs }}.\n<!-- ahe: begin (x) -->\nRun the tests.\n<!-- ahe: end -->\n",
    "CLAUDE.md": "@AGENTS.md\n@docs/style.md\nBe brief.\n",
    ".claude/skills/Make Release/SKILL.md": "---\nname: Make Release\ndescription: How to release\n---\nTag it.\n",
    ".claude/skills/Make Release/notes.md": "Notes.\n",
    ".claude/skills/empty/other.md": "no skill\n",
    ".claude/agents/reviewer.md": "---\nname: reviewer\ndescription: Reviews\nmodel: opus\n---\nLook at ${x} and {{ y }}.\n",
    ".claude/agents/broken.md": "no front matter\n",
    ".claude/settings.json": json.dumps(
        {
            "permissions": {"allow": ["Bash"]},
            "hooks": {
                "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": './x.sh "a"'}]}]
            },
        }
    ),
    ".claude/commands/fix.md": "Fix.\n",
    ".mcp.json": "{}\n",
}


def bring_in(root: Path, source: Path, check: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {**world.environment(), **world.PERSON}
    command = [sys.executable, "-m", "ahe", "import", str(source)]
    done = subprocess.run(command, cwd=root, env=environment, text=True, capture_output=True)
    assert done.returncode == check, done.stdout + done.stderr
    return done


def test_a_folder_of_claude_code(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    source = write_files(tmp_path / "mine", CLAUDE)
    done = bring_in(root, source)
    workspace = root / "workspace"
    assert (
        workspace / "memory.md"
    ).read_text() == "# Project\n\nUse {{ tabs }}.\nRun the tests.\n\nBe brief.\n"
    assert "name: make-release" in (workspace / "skills/make-release/SKILL.md").read_text()
    assert (workspace / "skills/make-release/notes.md").is_file()
    assert "Look at ${x} and {{ y }}." in (workspace / "sub_agents/reviewer.md").read_text()
    for line in (
        "CLAUDE.md: @docs/style.md: files that a text includes are not followed",
        ".claude/skills/empty: it has no SKILL.md",
        ".claude/agents/reviewer.md: model: ",
        ".claude/agents/broken.md: must begin with YAML front matter",
        ".claude/settings.json: permissions: ",
        '.claude/settings.json: PreToolUse ./x.sh "a": a hook is a command here',
        ".claude/commands: ",
        ".mcp.json: ",
    ):
        assert f"no counterpart: {line}" in done.stdout
    log = world.git(root, "log", "-1", "--format=%an%n%B")
    assert log.startswith("Ada\nImport mine\n") and f"Ahe-Source: {source}" in log
    assert "there already" in bring_in(root, source, 2).stderr
    world.ahe(root, "eval", "--task", "alpha-note", "--rollouts", "1")
    nothing = write_files(tmp_path / "nothing", {"a.txt": ""})
    assert "holds nothing to import" in bring_in(root, nothing, 2).stderr


NEXAU = {
    "code_agent.yaml": (
        "type: agent\nname: a\nsystem_prompt: ./systemprompt.md\nllm_config: {model: x}\ntools:\n"
        "- {name: run_shell_command, yaml_path: ./tool_descriptions/run_shell_command.tool.yaml, binding: 'tools.shell:run'}\n"
        "- {name: glob, yaml_path: ./tool_descriptions/glob.tool.yaml, binding: 'tools.files:glob'}\n"
        "middlewares:\n- {import: 'middleware.hints:Hints'}\n"
    ),
    "systemprompt.md": "You work.\nDate: {{ date }}\nIn {{ working_directory }}.\n",
    "LongTermMEMORY.md": "Remember.\n",
    "ShortTermMEMORY.md": "Now.\n",
    "tool_descriptions/run_shell_command.tool.yaml": yaml.safe_dump(
        {
            "type": "tool",
            "name": "run_shell_command",
            "description": "Runs it. " * 600,
            "input_schema": {
                "type": "object",
                "properties": {"command": {"type": "string"}, "dir_path": {"type": "string"}},
                "required": ["command"],
                "additionalProperties": False,
                "$schema": "http://json-schema.org/draft-07/schema#",
            },
        }
    ),
    "tool_descriptions/glob.tool.yaml": "type: tool\nname: glob\ndescription: g\ninput_schema: {type: object}\n",
    "skills/plan/SKILL.md": "---\nname: plan\ndescription: Plan first\n---\nPlan.\n",
}


def test_a_workspace_of_nexau(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    done = bring_in(root, write_files(tmp_path / "agent", NEXAU))
    workspace = root / "workspace"
    assert (workspace / "system_prompt.md").read_text() == "You work.\nIn {{ workdir }}.\n"
    assert (workspace / "memory.md").read_text() == "Remember.\n"
    assert sorted(path.name for path in (workspace / "tools").glob("*.py")) == ["run_shell_command.py"]
    for line in (
        "systemprompt.md: Date: {{ date }}: the prompt has no variable date",
        "ShortTermMEMORY.md: ",
        "tool_descriptions/run_shell_command.tool.yaml: description: it was cut to 4,096 characters",
        "tool_descriptions/glob.tool.yaml: its implementation tools.files:glob needs NexAU",
        "middleware/hints.py: it is written for the hooks of NexAU",
        "code_agent.yaml: llm_config: ",
    ):
        assert f"no counterpart: {line}" in done.stdout
    found = world.ahe(root, "eval", "--task", "alpha-note", "--rollouts", "1", "--json")
    assert json.loads(found.stdout)["tallies"]["alpha-note"]["missing"] == 0


def test_reading_executes_and_follows_nothing(tmp_path: Path) -> None:
    files = {"code_agent.yaml": "tools: 5\nmiddlewares: [a]\n", "tool_descriptions/x.tool.yaml": "- 1\n"}
    found = read(write_files(tmp_path, files))
    assert [each.path for each in found.left_out] == ["a.py"]


@pytest.mark.parametrize("nexau", [False, True])
def test_nothing_outside_of_the_folder_comes_in(tmp_path: Path, nexau: bool) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("---\ndescription: d\nname: run_shell_command\n---\nSECRET\n")
    whole = write_files(tmp_path / "outside", {"SKILL.md": "---\nname: o\ndescription: d\n---\nSECRET\n"})
    files = {"skills/plan/SKILL.md": "---\nname: plan\ndescription: Plan first\n---\nPlan.\n"}
    if nexau:
        prompts = f"system_prompt: {secret}\ntools: [{{name: t, yaml_path: ../secret.txt}}]\n"
        files |= {"code_agent.yaml": prompts, "tool_descriptions/x.tool.yaml": "{}\n"}
    source = write_files(tmp_path / "mine", files)
    (source / ".claude" / "agents").mkdir(parents=True)
    (source / "skills" / "bare").mkdir()
    links = {"skills/plan/notes.md", "skills/bare/SKILL.md", "LongTermMEMORY.md" if nexau else "AGENTS.md"}
    links |= set() if nexau else {".claude/agents/a.md", ".claude/settings.json"}
    for name in links:
        (source / name).symlink_to(secret)
    (source / "skills" / "linked").symlink_to(whole)
    (source / "skills" / "plan" / "same.md").symlink_to("SKILL.md")
    found = read(source)
    assert "skills/plan/same.md" in found.files, "a link inside of the folder is followed"
    assert not [name for name, data in found.files.items() if b"SECRET" in data]
    outside = {each.path for each in found.left_out if "leads out of the folder" in each.why}
    assert outside == links | {"skills/linked"} | ({str(secret), "../secret.txt"} if nexau else set())


def test_memory_of_the_workspace_stays_and_what_is_replaced_is_named(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    (root / "workspace" / "memory.md").write_text("Look first.\n")
    world.by_hand(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "memory")
    source = write_files(tmp_path / "agent", {**NEXAU, "LongTermMEMORY.md": "Remember.\n"})
    done = bring_in(root, source)
    assert (root / "workspace" / "memory.md").read_text() == "Look first.\n\nRemember.\n"
    assert "system_prompt.md: what the workspace had there was replaced" in done.stdout
    assert "memory.md: what" not in done.stdout
    (source / "LongTermMEMORY.md").write_text("")
    assert "there already" in bring_in(root, source, 2).stderr
