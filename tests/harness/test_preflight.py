from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness_folders import FILES, pair
from task_writer import write_files

from ahe.harness.leaks import Secrets
from ahe.harness.preflight import Bounds, Preflight
from ahe.project.content import entry


def check(folder: Path, files: dict[str, str | None], **options: object) -> list[str]:
    """Rules broken when these files are written (None: removed), each once and in order."""
    root, base = pair(folder)
    for name, text in files.items():
        if text is None:
            (root / name).unlink()
        else:
            write_files(root, {name: text})
    preflight = Preflight(seed_prompt=FILES["system_prompt.md"])
    problems = preflight.check(root, base, **options)  # type: ignore[arg-type]
    assert all(str(problem) and "\n" not in str(problem) for problem in problems)
    return list(dict.fromkeys(problem.rule for problem in problems))


def test_a_good_change_passes(tmp_path: Path) -> None:
    assert check(tmp_path, {"memory.md": "- Look.\n- Count twice.\n"}) == []


def test_a_new_tool_is_one_change_of_two_files(tmp_path: Path) -> None:
    files = {
        "tools/peek.py": "async def peek(env, *, path, lines=5):\n    return await env.read(path)\n",
        "tool_descriptions/peek.yaml": (
            "name: peek\ndescription: Look.\nparameters:\n  type: object\n"
            "  properties: {path: {type: string}, lines: {type: integer, minimum: 1}}\n  required: [path]\n"
        ),
    }
    assert check(tmp_path, {**files}) == []


TOOL = "async def run(env, command, timeout=10):\n    return command\n"
DESCRIPTION = (
    "name: run\ndescription: Run.\n"
    "parameters: {type: object, properties: {command: {type: string}}, required: [command]}\n"
)


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({}, "change"),
        ({"memory.md": "x\0y"}, "files"),
        ({"memory.md": "x" * 70_000}, "files"),
        ({"notes.txt": "mine"}, "files"),
        ({"skills/loose.md": "x"}, "files"),
        ({"tools/.git/config": "x"}, "files"),
        ({"harness.toml": "format = 2\n"}, "mounts"),
        ({"README.md": "mine"}, "mounts"),
        ({"system_prompt.md": FILES["system_prompt.md"] + "{% if %}\n"}, "template"),
        ({"system_prompt.md": FILES["system_prompt.md"] + "{{ " + "(" * 5000}, "template"),
        ({"system_prompt.md": "You work in a shell.\n{{ memory }}\n"}, "seed prompt"),
        ({"memory.md": "word " * 2_000}, "growth"),
        ({"tools/run.py": TOOL + "# words\n" * 4_000}, "growth"),
        ({"tools/extra.py": "async def extra(env):\n    return ''\n"}, "pairs"),
        ({"tool_descriptions/extra.yaml": DESCRIPTION.replace("run", "extra")}, "pairs"),
        ({"tool_descriptions/run.yaml": "name: [\n"}, "description"),
        ({"tool_descriptions/run.yaml": "- a\n"}, "description"),
        ({"tool_descriptions/run.yaml": DESCRIPTION + "x: &a [1]\ny: *a\n"}, "description"),
        ({"tool_descriptions/run.yaml": "[" * 3_000}, "description"),
        ({"tool_descriptions/run.yaml": DESCRIPTION.replace("name: run", "name: walk")}, "description"),
        ({"tool_descriptions/run.yaml": DESCRIPTION.replace("Run.", '""')}, "description"),
        ({"tool_descriptions/run.yaml": DESCRIPTION + "model: other\n"}, "description"),
        ({"tool_descriptions/run.yaml": DESCRIPTION.replace("type: object", "type: array")}, "schema"),
        ({"tool_descriptions/run.yaml": DESCRIPTION.replace("type: string", "type: text")}, "schema"),
        ({"tool_descriptions/run.yaml": DESCRIPTION.replace("[command]", "[path]")}, "schema"),
        (
            {"tool_descriptions/run.yaml": DESCRIPTION.replace("command: {", "path: {").replace("[c", "[p")},
            "schema",
        ),
        ({"tools/run.py": "async def run(env, command)\n    pass\n"}, "python"),
        ({"tools/run.py": "async def run(env, command):\n    yield 1\n    return 2\n"}, "python"),
        ({"tools/run.py": "x = " + "(" * 3_000}, "python"),
        ({"tools/run.py": "import requests\n" + TOOL}, "imports"),
        ({"tools/run.py": "from . import other\n" + TOOL}, "imports"),
        ({"tools/run.py": "import ahe.records\n" + TOOL}, "imports"),
        ({"skills/csv-files/SKILL.md": "Use csv.\n"}, "skill"),
        ({"skills/csv-files/SKILL.md": "---\nname: csv\ndescription: x\n---\nUse csv.\n"}, "skill"),
        ({"skills/csv-files/SKILL.md": "---\nname: csv-files\ndescription: x\n---\n"}, "skill"),
        ({"skills/csv-files/SKILL.md": "---\nname: csv-files\n---\nUse csv.\n"}, "skill"),
        ({"skills/csv-files/SKILL.md": None}, "skill"),
        ({"sub_agents/critic.md": "Be strict.\n"}, "sub_agent"),
        ({"sub_agents/critic.md": "---\ndescription: x\ntools: [fly]\n---\nBe.\n"}, "sub_agent"),
        ({"sub_agents/critic.md": "---\ndescription: x\ntools: run\n---\nBe.\n"}, "sub_agent"),
        ({"sub_agents/critic.md": "---\ndescription: x\nturns: 0\n---\nBe.\n"}, "sub_agent"),
        ({"sub_agents/critic.md": "---\ndescription: x\nmodel: big\n---\nBe.\n"}, "sub_agent"),
        ({"sub_agents/critic.md": "---\nturns: 1\n---\nBe.\n"}, "sub_agent"),
    ],
)
def test_each_rule_is_told_by_name(tmp_path: Path, files: dict[str, str | None], rule: str) -> None:
    assert check(tmp_path, files) == [rule]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            "sub_agents/critic.md",
            "---\ndescription: x\ntools: run\n---\nBe.\n",
            "tools: must be a list of tool names",
        ),
        (
            "sub_agents/critic.md",
            "---\ndescription: x\nmodel: big\n---\nBe.\n",
            "model: is not a field here; there are name, description, tools, turns",
        ),
        (
            "sub_agents/critic.md",
            "---\ndescription: x\nturns: 99\n---\nBe.\n",
            "turns: must be less than or equal to 50",
        ),
        ("sub_agents/critic.md", "---\nturns: 1\n---\nBe.\n", "description: is missing: add it"),
        ("sub_agents/critic.md", "---\nname:\ndescription: x\n---\nBe.\n", "name: must be text"),
        (
            "sub_agents/critic.md",
            "---\nname: ''\ndescription: x\n---\nBe.\n",
            "its name must be critic, like the file",
        ),
        (
            "tool_descriptions/run.yaml",
            DESCRIPTION + "timeout: 3\n",
            "timeout: is not a field here; there are name, description, parameters",
        ),
        (
            "tool_descriptions/run.yaml",
            DESCRIPTION.replace("Run.", '" "'),
            "description: must be text that is not empty",
        ),
    ],
)
def test_a_reason_says_what_to_change(tmp_path: Path, file: str, text: str, says: str) -> None:
    root, base = pair(tmp_path)
    write_files(root, {file: text})
    (problem,) = Preflight(seed_prompt=FILES["system_prompt.md"]).check(root, base)
    assert problem.text == says


def test_a_harness_has_a_prompt(tmp_path: Path) -> None:
    assert "prompt" in check(tmp_path / "a", {"system_prompt.md": " \n"})
    assert "prompt" in check(tmp_path / "b", {"system_prompt.md": None}, action="remove")


def test_links_executables_and_binaries_are_refused(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    secret = tmp_path / "secret.md"
    secret.write_text("a secret")
    (root / "memory.md").unlink()
    (root / "memory.md").symlink_to(secret)
    (root / "skills/linked").symlink_to(tmp_path)
    os.chmod(root / "tools/run.py", 0o755)
    (root / "skills/csv-files/table.md").write_bytes(b"\xff\xfe")
    found = {p.where: p.text for p in Preflight().check(root, base) if p.rule == "files"}
    assert set(found) == {"memory.md", "skills/linked", "tools/run.py", "skills/csv-files/table.md"}
    assert "a secret" not in str(found)


def test_the_desk_may_lack_what_is_not_the_evolvers(tmp_path: Path) -> None:
    assert check(tmp_path, {"harness.toml": None, "memory.md": "- Count.\n"}) == []


def test_a_removal_may_take_lines_from_the_seed_prompt(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"system_prompt.md": "You work in a shell.\n"}
    assert check(tmp_path, files, action="remove") == []


def test_a_line_that_a_person_took_away_is_not_demanded_back(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    for place in (root, base):
        write_files(place, {"system_prompt.md": "You work in a shell.\n"})
    write_files(root, {"memory.md": "- Count.\n"})
    assert Preflight(seed_prompt=FILES["system_prompt.md"]).check(root, base) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "type: string",
            "type: text",
            "parameters.properties.command.type: 'text' is not a type; there are array",
        ),
        ("type: string", "type: [string, text]", "is not a type; there are array"),
        (
            "type: string",
            "minLength: -1",
            "parameters.properties.command.minLength: -1 is less than the minimum",
        ),
        (
            "type: string",
            "enum: []",
            "parameters.properties.command.enum: must be a list of at least one value",
        ),
        (
            "type: string",
            "anyOf: [{type: 3}]",
            "parameters.properties.command.anyOf[0].type: 3 is not a type",
        ),
        ("type: string", "items: 3", "parameters.properties.command.items: 3 is not of type"),
        (
            "type: string",
            "description: [a]",
            "parameters.properties.command.description: ['a'] is not of type",
        ),
        ("command: {type: string}", "1: {type: string}", "parameters.properties: the key 1 must be text"),
        ("[command]", "[path]", "parameters.required: path is not among the properties"),
        ("[command]", "[[path]]", "parameters.required[0]: ['path'] is not of type 'string'"),
        ("{type: object,", "{type: object, $ref: 3,", "parameters['$ref']: 3 is not of type 'string'"),
        ("{type: object", "{type: [object]", "parameters: its type must be object"),
    ],
)
def test_a_wrong_schema_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    root, base = pair(tmp_path)
    write_files(root, {"tool_descriptions/run.yaml": DESCRIPTION.replace(old, new)})
    assert any(said in problem.text for problem in Preflight().check(root, base)), said


def test_no_reference_of_a_schema_is_followed(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    remote = "{$ref: 'http://127.0.0.1:9/none', default: {required: [x], properties: {}}}"
    write_files(root, {"tool_descriptions/run.yaml": DESCRIPTION.replace("{type: string}", remote)})
    assert Preflight().check(root, base) == []


def test_the_bounds_can_be_set_and_what_is_too_long_already_may_shrink(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    write_files(base, {"memory.md": "word " * 400})
    write_files(root, {"memory.md": "word " * 300})
    assert Preflight(bounds=Bounds(prompt=100)).check(root, base) == []
    write_files(root, {"memory.md": "word " * 500})
    (problem,) = Preflight(bounds=Bounds(prompt=100)).check(root, base)
    assert problem.rule == "growth"


def test_what_belongs_to_tasks_is_found_only_in_what_is_new(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    secrets = Secrets(["sum-paid-north"], ["assert grand_total == 48213.77 for the northern branch\n"], [])
    write_files(base, {"memory.md": "- From sum-paid-north.\n"})
    write_files(
        root, {"memory.md": "- From sum-paid-north.\n- The grand_total == 48213.77 for the northern branch\n"}
    )
    (problem,) = Preflight(secrets).check(root, base)
    assert (problem.rule, problem.where) == ("task text", "memory.md:2")
    assert "sum-paid-north" not in str(problem)


def test_the_seed_itself_passes() -> None:
    root = entry("components")
    assert [problem.rule for problem in Preflight().check(root, root)] == ["change"]


def test_what_the_coder_does_not_read_is_not_edited(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    preflight = Preflight(unread=lambda root: {"memory.md": "it has no memory", "tools/run.py": "nor tools"})
    write_files(root, {"memory.md": "- Look.\n"})
    assert [str(each) for each in preflight.check(root, base)] == ["memory.md: it has no memory [unread]"]
    write_files(
        root, {"memory.md": FILES["memory.md"], "system_prompt.md": FILES["system_prompt.md"] + "More.\n"}
    )
    assert preflight.check(root, base) == []
