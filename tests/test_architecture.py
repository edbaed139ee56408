"""The arrows of the design, held by reading the imports; and importing does nothing."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import world

PACKAGE = world.ROOT / "ahe"
CONTENT = ("components", "debugger", "evolver", "evals", "workspace")

LAYERS: tuple[tuple[str, ...], ...] = (
    ("records", "protocols", "errors", "events", "text", "files"),
    ("harness", "environments", "models", "history"),
    ("render", "runtime"),
    ("agents", "testing"),
    ("evaluate", "debug", "evolve", "gate", "power"),
    ("loop",),
    ("project",),
    ("jobs",),
    ("views",),
    ("cli", "__main__"),
)
"""Lowest first: a part imports its own layer and the layers below, never one above."""
RANK = {name: number for number, names in enumerate(LAYERS) for name in names}

MAY_NOT: dict[str, set[str]] = {
    "harness": {"environments", "models", "history"},
    "environments": {"harness", "models", "history"},
    "models": {"harness", "environments", "history"},
    "history": {"environments", "models"},
    "runtime": {"environments", "models", "history", "render"},
    "render": {"environments", "models", "history", "runtime"},
    "evaluate": {"debug", "evolve", "gate", "power"},
    "debug": {"evaluate", "evolve", "gate", "power", "environments", "models", "history"},
    "evolve": {"evaluate", "gate", "power", "environments", "models"},
    "gate": {"evaluate", "debug", "evolve", "power", "environments", "models", "history"},
    "power": {"evaluate", "debug", "evolve", "environments", "models", "history"},
    "loop": {"power", "environments", "models"},
}
"""Parts of one layer stand beside each other; these stand apart although the order would allow it."""

FOLDERS: dict[str, tuple[str, ...]] = {
    "debug": ("readers", "clean", "verifiers", "signals", "rank", "report", "ask", ""),
    "environments": ("inside", ""),
}
"""Folders inside a package, lowest first; the empty name stands for the files beside them."""
AT_TOP = {"__init__", "__main__", "errors", "events", "files", "protocols", "text"}


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
    assert {part(path) for path in modules()} <= placed


def test_arrows_point_one_way() -> None:
    wrong = [
        f"{path.relative_to(world.ROOT)}:{line}: {part(path)} imports {name}"
        for path in modules()
        if part(path) != "__init__"
        for line, name in own_imports(path)
        if name != part(path) and (RANK[name] > RANK[part(path)] or name in MAY_NOT.get(part(path), ()))
    ]
    assert wrong == []


def test_arrows_between_the_folders_of_a_package_point_one_way() -> None:
    wrong = []
    for package, order in FOLDERS.items():
        assert {p.name for p in (PACKAGE / package).iterdir() if (p / "__init__.py").is_file()} == {
            *order
        } - {""}
        for path in sorted((PACKAGE / package).rglob("*.py")):
            mine = folder_in(path, package)
            for line, name in imports(path):
                words = name.split(".")
                if words[:2] != ["ahe", package] or len(words) < 3:
                    continue
                theirs = words[2] if words[2] in order else ""
                if order.index(theirs) > order.index(mine):
                    wrong.append(f"{path.relative_to(world.ROOT)}:{line}: imports {name}")
    assert wrong == []


def folder_in(path: Path, package: str) -> str:
    parts = path.relative_to(PACKAGE / package).parts
    return parts[0] if len(parts) > 1 else ""


def test_no_circle_between_files() -> None:
    assert circles(file_imports()) == []


def file_imports() -> dict[str, set[str]]:
    """For each module of `ahe` the modules that it imports, also inside functions and for types alone.

    The API in `ahe/__init__.py` imports for types alone, and everything may ask it for the version.
    """
    names = {".".join(path.relative_to(world.ROOT).with_suffix("").parts): path for path in modules()}
    known = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        wanted = {found if found in known else found.rpartition(".")[0] for _, found in imports(path)}
        graph[name] = (wanted & set(known)) - {name, "ahe"}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """What is left of a graph after all that imports nothing more of it is taken away, again and again."""
    left = {name: set(wanted) for name, wanted in graph.items()}
    while done := {name for name, wanted in left.items() if not wanted & set(left)}:
        left = {name: wanted for name, wanted in left.items() if name not in done}
    reached = [name for name in left if any(name in wanted for wanted in left.values())]
    return [[name, *sorted(left[name] & set(left))] for name in sorted(reached)]


def test_few_modules_stand_at_the_top() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == AT_TOP


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
        if name.split(".")[0] in CONTENT or name.startswith("ahe.project.content.")
        if name != "ahe.project.content.entry"
    ]
    assert wrong == []


HEAVY = ("openai", "httpx2", "docker", "git", "rich", "pydantic", "jinja2", "yaml", "xllamacpp")


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
    assert not loaded_by(statement) & {"openai", "httpx2", "docker", "jsonschema", "xllamacpp"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_package_files_hold_a_docstring_and_cheap_names_only(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), f"{path} says nothing about itself"
    if path.name == "__init__.py":
        allowed: tuple[type[ast.stmt], ...] = (ast.Expr, ast.ImportFrom, ast.Assign, ast.FunctionDef)
        if (
            path.parent == PACKAGE
        ):  # the API: PEP 562, and a class that keeps its functions from being shadowed
            allowed = (*allowed, ast.Import, ast.ClassDef)
        for node in tree.body:
            for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            assert for_types or isinstance(node, allowed), f"{path}:{node.lineno}"


def test_test_modules_have_names_of_their_own() -> None:
    """Without packages in tests/, two modules of one name cannot be collected together."""
    names: dict[str, list[str]] = {}
    for path in (world.ROOT / "tests").rglob("*.py"):
        if path.name != "conftest.py":
            names.setdefault(path.name, []).append(str(path))
    assert [paths for paths in names.values() if len(paths) > 1] == []


def test_files_that_the_documents_name_are_there() -> None:
    pages = [*world.ROOT.glob("*.md"), *(world.ROOT / "docs").glob("*.md")]
    named = re.compile(r"\b(?:ahe|tests|benchmarks|docs)/[\w/]+\.(?:py|md)\b")
    found = [(page.name, path) for page in pages for path in named.findall(page.read_text("utf-8"))]
    assert len(found) > 50
    assert [(page, path) for page, path in found if not (world.ROOT / path).exists()] == []
