"""The arrows of the design, held by reading the imports; and importing does nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import world

PACKAGE = world.ROOT / "ahe"
CONTENT = ("components", "debugger", "evolver", "evals", "workspace")

LAYERS: tuple[tuple[str, ...], ...] = (
    ("records", "protocols", "errors", "events", "content", "tokens", "mounts", "jsontext"),
    ("harness", "environments", "models", "history"),
    ("runtime",),
    ("evaluate",),
    ("debug", "evolve", "gate"),
    ("standing", "leaveouts", "verdicts", "candidate", "loop", "views"),
    ("settings",),
    ("config",),
    ("project", "boxes"),
    ("assemble",),
    ("jobs", "person", "folderdiff"),
    ("cli", "__main__"),
)
RANK = {name: number for number, names in enumerate(LAYERS) for name in names}

BOTTOM = set(LAYERS[0])
MAY_NOT: dict[str, set[str]] = {
    "harness": {"environments", "models", "history", "runtime"},
    "environments": {"harness", "models", "history", "runtime"},
    "models": {"harness", "environments", "history", "runtime"},
    "history": {"harness", "environments", "models", "runtime"},
    "runtime": {"environments", "models", "history"},
    "debug": {"evolve", "gate", "environments", "models", "history"},
    "gate": {"evolve", "debug", "environments", "models", "history"},
    "evolve": {"gate", "environments", "models", "evaluate"},
    "views": {"evolve", "gate", "debug", "runtime", "environments", "models", "loop"},
}
"""Parts of one layer stand beside each other; these stand apart although the order would allow it."""


def modules() -> list[Path]:
    return sorted(
        path for path in PACKAGE.rglob("*.py") if "content" not in path.relative_to(PACKAGE).parts[:-1]
    )


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and part of everything of `ahe` that a file imports."""
    for line, name in imports(path):
        words = name.split(".")
        if words[0] == "ahe" and len(words) > 1 and words[1] in RANK:
            yield line, words[1]


def test_every_part_has_its_place() -> None:
    placed = set(RANK) | {"__init__"}
    assert {part(path) for path in modules()} == placed


def test_arrows_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(world.ROOT)}:{line}: {part(path)} imports {name}"
        for path in modules()
        if part(path) != "__init__"
        for line, name in own_imports(path)
        if name != part(path) and (RANK[name] > RANK[part(path)] or name in MAY_NOT.get(part(path), ()))
    ]
    assert wrong == []


def test_only_one_module_imports_git() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for _, name in imports(path)
        if name.split(".")[0] in ("git", "gitdb")
    }
    assert found == {"history/git.py"}


def test_the_box_stands_alone() -> None:
    for path in (PACKAGE / "runtime" / "box.py", *sorted((PACKAGE / "environments" / "inside").glob("*.py"))):
        foreign = {
            name
            for _, name in imports(path)
            if name.split(".")[0] not in sys.stdlib_module_names
            and not name.startswith(("jinja2", "ahe.environments.inside."))
        }
        assert not foreign, path


def test_nothing_imports_content() -> None:
    wrong = [
        f"{path}:{line}: {name}"
        for path in modules()
        for line, name in imports(path)
        if name.split(".")[0] in CONTENT or name.startswith("ahe.content.")
        if name != "ahe.content.entry" and name != "ahe.content.installation"
    ]
    assert wrong == []


HEAVY = ("openai", "docker", "git", "rich", "pydantic", "jinja2", "yaml", "xllamacpp")


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after the statement."""
    code = (
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=world.environment(), capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded_by("import ahe.cli") & set(HEAVY)


def test_no_module_loads_what_only_some_runs_need() -> None:
    """Clients of endpoints, daemons and weights are imported where they are used."""
    names = [".".join(path.relative_to(world.ROOT).with_suffix("").parts) for path in modules()]
    wanted = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    statement = "\n".join(f"import {name}" for name in wanted if ".inside" not in name)
    assert not loaded_by(statement) & {"openai", "docker", "xllamacpp"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_package_files_hold_a_docstring_and_cheap_names_only(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), f"{path} says nothing about itself"
    if path.name == "__init__.py":
        allowed = (ast.Expr, ast.ImportFrom, ast.Assign, ast.FunctionDef)
        assert all(isinstance(node, allowed) for node in tree.body), path


def test_test_modules_have_names_of_their_own() -> None:
    """Without packages in tests/, two modules of one name cannot be collected together."""
    names: dict[str, list[str]] = {}
    for path in (world.ROOT / "tests").rglob("*.py"):
        if path.name != "conftest.py":
            names.setdefault(path.name, []).append(str(path))
    assert [paths for paths in names.values() if len(paths) > 1] == []
