from __future__ import annotations

import subprocess
import sys

import click
import pytest

from ahe.cli.app import COMMANDS, FILES, ahe

HEAVY = (
    "openai",
    "docker",
    "git",
    "rich",
    "pydantic",
    "yaml",
    "jinja2",
    "asyncio",
    "xllamacpp",
    "ahe.project.config",
)
NAMES = [name for part in COMMANDS.values() for name in part]
PAIRS = [
    ("tasks", "list"),
    ("tasks", "check"),
    ("tasks", "from"),
    ("models", "list"),
    ("models", "pull"),
    ("models", "test"),
    ("gate", "simulate"),
]


def test_the_help_imports_nothing_heavy():
    code = f"import sys, ahe.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_commands_imports_no_heavy_part():
    modules = "; ".join(f"import ahe.cli.{FILES.get(name, name)}" for name in NAMES)
    heavy = ("openai", "docker", "git", "rich", "xllamacpp")
    code = f"import sys; {modules}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_groups_the_commands(ahe):
    done = ahe("--help")
    assert done.returncode == 0
    assert [part for part in ("Everyday:", "Look:", "Study:") if part in done.stdout] == [
        "Everyday:",
        "Look:",
        "Study:",
    ]
    assert all(f"  {name} " in done.stdout for name in NAMES)
    assert ahe().stdout == done.stdout


@pytest.mark.parametrize("path", [(name,) for name in NAMES] + PAIRS, ids=" ".join)
def test_every_command_has_help_with_an_example(path):
    command: click.Command = ahe
    context = click.Context(ahe, info_name="ahe")
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(context, name)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    text = command.get_help(context)
    assert f"Example:\n  ahe {path[0]}" in text
    assert isinstance(command, click.Group) or "--json" in text


def test_the_version(ahe):
    assert ahe("--version").stdout.startswith("ahe ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("evl",), "did you mean `ahe eval`?"),
        (("zzz",), "`ahe --help` lists the commands"),
        (("log", "--nonsense"), "--nonsense"),
        (("-C", "/nowhere", "log"), "/nowhere"),
        (("log",), "ahe init"),
        (("show", "x"), "ahe init"),
        (("evolve", "--iterations", "many"), "many"),
        (("models", "tset"), "did you mean `ahe models test`?"),
        (("models", ""), "`ahe models --help` lists the commands"),
        (("show",), "`ahe show --help`"),
        (("-C", "", "log"), "the path is empty"),
        (("log", "-C", ""), "the path is empty"),
        (("init", ""), "the path is empty"),
        (("best", "--export", ""), "the path is empty"),
        (("trace", "x", "--in", ""), "the path is empty"),
        (("run", "x", "--project", ""), "the path is empty"),
        (("run", "x", "-C", ""), "the path is empty"),
        (("debug", ""), "a path is empty"),
        (("tasks", "list", "--suite", ""), "path is empty"),
        (("calibrate", "--csv", "/nowhere/x.csv"), "/nowhere is not a folder"),
    ],
)
def test_a_wrong_call_is_one_line_that_names_the_fix(ahe, arguments, says):
    done = ahe(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.startswith("ahe: ") and done.stderr.count("\n") == 1


def test_a_broken_configuration_names_the_key(ahe, project):
    (project / "ahe.toml").write_text("[evolve]\njobs = 0\n")
    done = ahe("log", cwd=project)
    assert done.returncode == 2
    assert "evolve.jobs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_no_error(ahe, project):
    command = f"{sys.executable} -m ahe --help | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
