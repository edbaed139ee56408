"""The Python API: which names it has, that importing it does nothing, and that its documentation runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import world

NAMES = [
    *("Debugger", "Editor", "Environment", "Executor", "Gate", "Harness", "Host", "MakeEnvironment", "Model"),
    *(
        "NullWatcher",
        "Task",
        "Trial",
        "Verdict",
        "Watcher",
        "compare",
        "debug",
        "evaluate",
        "evolve",
        "open_project",
    ),
]
FUNCTIONS = ("compare", "debug", "evaluate", "evolve", "open_project")
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def python(code: str, folder: Path) -> str:
    """What a program prints that runs in a folder with `ahe` installed and nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_names_are_these_and_each_can_be_loaded(tmp_path: Path) -> None:
    code = "import ahe, json\nprint(json.dumps([ahe.__all__, [type(getattr(ahe, n)).__name__ for n in ahe.__all__]]))"
    names, kinds = json.loads(python(code, tmp_path))
    assert names == NAMES
    assert [kind for name, kind in zip(names, kinds, strict=True) if name in FUNCTIONS] == ["function"] * 5


def test_importing_loads_nothing(tmp_path: Path) -> None:
    code = "import sys\nimport ahe\nprint(sorted(name for name in sys.modules if name.startswith('ahe')))"
    assert python(code, tmp_path) == "['ahe']\n"


def test_a_function_is_not_shadowed_by_the_package_of_its_name(tmp_path: Path) -> None:
    code = (
        "import ahe.evolve.editor, ahe.debug.debugger, ahe.evaluate.store\n"
        "from ahe.evolve.draft import Draft\n"
        "from ahe import debug, evaluate, evolve\n"
        "print(all(callable(each) for each in (debug, evaluate, evolve, ahe.evolve)), Draft.__name__)"
    )
    assert python(code, tmp_path) == "True Draft\n"


def test_a_name_that_is_not_there_is_named(tmp_path: Path) -> None:
    code = "import ahe\ntry:\n    ahe.nothing\nexcept AttributeError as error:\n    print(error)"
    assert python(code, tmp_path) == "module 'ahe' has no attribute 'nothing'\n"


def test_the_package_is_typed() -> None:
    assert (world.ROOT / "ahe" / "py.typed").is_file()


def test_the_examples_run(tmp_path: Path) -> None:
    """All code of docs/api.md as one program, in a project of the scripted world."""
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    blocks = CODE.findall((world.ROOT / "docs" / "api.md").read_text("utf-8"))
    assert len(blocks) == 8
    printed = python("\n".join(blocks), root)
    assert re.match(r"0% over 3 tasks, \d+ tokens\n", printed)
    assert "kept middleware: turn written words into a command: +2.0 tasks" in printed
    assert "reverted middleware: block every call to be safe: -2.0 tasks" in printed
    assert re.search(r"67% with [1-9]\d* commands", printed)
    assert "# Debug report" in printed or "failed" in printed
    assert "no-such-version" in printed.splitlines()[-1]
    notes = world.git(root, "log", "--notes=ahe", "--format=%N")
    assert notes.count("two-more-wins") >= 2
