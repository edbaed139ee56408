"""Tasks made of what people have: lists of shell checks, folders with a `check`, tests of pytest.

Each becomes a task folder in Harbor's format that runs in bubblewrap and in Docker.
"""

import ast
import functools
import importlib.util
import io
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ahe.errors import TaskError, UsageError
from ahe.evaluate.support import BASE
from ahe.text import read_text

CHECKS = ("check", "check.sh", "check.py")
INSTRUCTIONS = (*("instruction.md", "TASK.md", "TASK.txt", "TASK", "README.md", "README.txt", "README"),)
SOLUTION = "solution.sh"
ROOTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")
IGNORED = shutil.ignore_patterns(".git", "__pycache__", "*.pyc", ".pytest_cache", ".venv", "node_modules")
GUARDED = ("conftest.py", "pytest.ini", ".pytest.ini", "sitecustomize.py", "usercustomize.py")
"""Files that pytest or Python reads by itself: the verifier takes away those that the agent made."""
PYTEST = (
    'PYTHONPATH="$lib" python3 -m pytest -q -o addopts= -p no:cacheprovider -p project_paths -rfE --tb=short '
    '--color=no --junitxml="$lib/report.xml"'
)
# Pytest's own imports must not find modules of the project, which may be called as Python's are.
PROJECT_PATHS = b"""\
import os
import sys

paths = [os.getcwd(), os.path.join(os.getcwd(), "src")]
sys.path[:0] = paths
os.environ["PYTHONPATH"] = os.pathsep.join([os.environ["PYTHONPATH"], *paths])
"""
# An exit code of 0 alone says little: a module of the project may have ended pytest.
PASSED = b"""\
import sys
from xml.etree import ElementTree

try:
    of = [suite.attrib for suite in ElementTree.parse(sys.argv[1]).iter("testsuite")]
except (OSError, ElementTree.ParseError):
    sys.exit("pytest ended before it wrote its report")
tests, skipped, failed = (sum(int(each[key]) for each in of) for key in ("tests", "skipped", "failures"))
failed += sum(int(each["errors"]) for each in of)
if failed or tests <= skipped:
    sys.exit(f"{tests} tests, {skipped} skipped, {failed} failed")
"""
_CARRIED = ("py.py", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
_COLOURING = ("lexers", "styles", "formatters")
_IMPORTED = ("__init__", "_mapping", "default", "diff", "python", "terminal")

TOML = """\
schema_version = "1.4"

[metadata]
made_by = "ahe tasks"
solution = "{solution}"

[agent]
timeout_sec = 600
network_mode = "no-network"

[verifier]
timeout_sec = 120
network_mode = "no-network"

[environment]
cpus = 1
memory_mb = 2048
network_mode = "no-network"
workdir = "/app"
"""
FILES = f"FROM {BASE}\nWORKDIR /app\nCOPY files/ /app/\n"
NOTHING = f"FROM {BASE}\nWORKDIR /app\nCOPY setup.sh /tmp/setup.sh\nRUN bash /tmp/setup.sh\n"
RESTORE = f"""\
find . \\( {" -o ".join(f"-name {name}" for name in (*GUARDED, "__pycache__"))} \\) -prune -exec rm -rf {{}} + &&
cp -R --remove-destination /tests/restored/. . &&
"""
PREPARE_PYTEST = """\
lib=$(mktemp -d) && (cd / && python3 -I -m zipfile -e /tests/pytest.zip "$lib") &&
export lib PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 &&
export PYTHONPATH="$lib:$PWD:$PWD/src" &&
"""
TEST = """\
#!/bin/bash
reward=0
{prepare}bash -e /tests/check.sh && reward=1
echo $reward > /logs/verifier/reward.txt
"""


@dataclass(frozen=True)
class NewTask:
    """A task to write. `check` are lines of bash that must all succeed in the work directory after the agent's work.

    The start state is the folder `files` without the paths in `hidden`. `tests` and `solution` are files of those
    folders; the verifier puts `restored` back into the work directory, whatever the agent left there.
    """

    name: str
    instruction: str
    check: str
    files: Path | None = None
    hidden: frozenset[str] = frozenset()
    tests: Mapping[str, bytes] = field(default_factory=dict)
    restored: Mapping[str, bytes] = field(default_factory=dict)
    solution: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def pytest(self) -> bool:
        """Whether the check runs pytest, which the verifier then brings along: the sandbox shows no installed one."""
        return "python3 -m pytest" in self.check


def write(task: NewTask, folder: Path) -> None:
    """Write the task to the new folder `folder`. Raises `UsageError` where pytest is needed and not installed."""
    start = folder / "environment" / "files"
    if task.files is not None:
        _copy(task.files, start, task.hidden)
    restored = dict(task.restored)
    for name in GUARDED if restored else ():
        found = {path.relative_to(start).as_posix(): path for path in start.rglob(name) if path.is_file()}
        restored = {where: path.read_bytes() for where, path in found.items()} | restored
    prepare = RESTORE * bool(restored)
    content = {
        "task.toml": TOML.format(solution="solve.sh" if task.solution else "unknown").encode(),
        "instruction.md": task.instruction.strip().encode() + b"\n",
        "tests/test.sh": TEST.format(prepare=prepare + PREPARE_PYTEST * task.pytest).encode(),
        "tests/check.sh": task.check.strip().encode() + b"\n",
        **{f"tests/{name}": data for name, data in task.tests.items()},
        **{f"tests/restored/{name}": data for name, data in restored.items()},
        **{f"solution/{name}": data for name, data in task.solution.items()},
    }
    if task.pytest:
        content |= {"tests/pytest.zip": _packed_pytest(), "tests/passed.py": PASSED}
    if any(start.glob("*")):
        content["environment/Dockerfile"] = FILES.encode()
    else:
        content |= {"environment/Dockerfile": NOTHING.encode(), "environment/setup.sh": b"#!/bin/bash\n"}
    for name, data in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if data.startswith(b"#!"):
            path.chmod(0o755)


def _copy(source: Path, target: Path, hidden: frozenset[str]) -> None:
    def ignored(at: str, names: list[str]) -> set[str]:
        place = Path(at).relative_to(source)
        return IGNORED(at, names) | {name for name in names if (place / name).as_posix() in hidden}

    shutil.copytree(source, target, symlinks=True, ignore=ignored)


@functools.cache
def _packed_pytest() -> bytes:
    """Pytest of this machine in a zip file, without what only colours its output."""
    found = importlib.util.find_spec("pytest")
    origin = found.origin if found else None
    if not origin and (python := shutil.which("python3")):
        asked = [python, "-c", "import pytest; print(pytest.__file__)"]
        origin = subprocess.run(asked, capture_output=True, text=True, cwd="/").stdout.strip()
    if not origin:
        raise UsageError(
            "pytest is not installed: run `pip install pytest` beside ahe. A task carries a copy of it, because the "
            "sandbox shows no installed packages"
        )
    root, packed = Path(origin).parent.parent, io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("project_paths.py"), PROJECT_PATHS, zipfile.ZIP_DEFLATED)
        for name in _CARRIED:
            for path in sorted((root / name).rglob("*.py")) or [root / name]:
                plain = path.parent.name not in _COLOURING or path.stem in _IMPORTED
                if path.is_file() and plain:
                    # Without a date, so that the same pytest gives the same task everywhere.
                    info = zipfile.ZipInfo(path.relative_to(root).as_posix())
                    file.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def run_pytest(tests: str) -> str:
    """Lines of bash that run these tests, given as arguments of pytest, and that its report says they passed."""
    return f'{PYTEST} {tests}\ncd /\npython3 -I /tests/passed.py "$lib/report.xml"'


def name_of(text: str, taken: set[str]) -> str:
    """A folder's name made of a text, which is then taken."""
    plain = "-".join(re.findall(r"[a-z0-9]+", text.lower()))
    start = plain[:48].rpartition("-")[0] if len(plain) > 48 and "-" in plain[:48] else plain[:48]
    start = start or "task"
    name = next(n for n in (start, *(f"{start}-{i}" for i in range(2, 10**6))) if n not in taken)
    taken.add(name)
    return name


# -------------------------------------------------------------------------------------------------------- shell checks


def read_checks(source: Path, files: Path | None) -> tuple[list[NewTask], dict[str, str]]:
    """The tasks of a list of checks, and why others are none. `files` is the start state of those that name none.

    Text: an instruction, then its commands, each in a line that begins with `$ `. YAML: a list of `instruction` and
    `check`, with `name`, `files` (a folder beside the list) and `solution` (commands) where wanted.
    """
    text = read_text(source)
    rows = _yaml_rows(source, text) if source.suffix in (".yaml", ".yml") else [*_text_rows(text)]
    taken: set[str] = set()
    tasks, left_out = [], {}
    for number, row in enumerate(rows, 1):
        said, check, solution = (
            str(row.get(key) or "").strip() for key in ("instruction", "check", "solution")
        )
        start = (source.parent / str(row["files"])) if row.get("files") else files
        missing = "instruction" if not said else "check" if not check else ""
        if missing or (start and not start.is_dir()):
            why = f"it has no {missing}" if missing else f"there is no folder {start}"
            left_out[f"check {number}"] = f"{why} ({(said or check)[:60]!r})"
            continue
        name = name_of(str(row.get("name") or said), taken)
        tasks.append(NewTask(name, said, check, start, solution=_commands(solution)))
    return tasks, left_out


def _commands(lines: str) -> dict[str, bytes]:
    return {"solve.sh": f"#!/bin/bash\nset -e\n{lines}\n".encode()} if lines else {}


def _text_rows(text: str) -> Iterator[dict[str, Any]]:
    said: list[str] = []
    check: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("$ "):
            check.append(line[2:])
        elif check and line.strip():
            yield {"instruction": "\n".join(said), "check": _each_must_succeed(check)}
            said, check = [line], []
        else:
            said.append(line)
    if "".join((*said, *check)).strip():
        yield {"instruction": "\n".join(said), "check": _each_must_succeed(check)}


def _each_must_succeed(lines: list[str]) -> str:
    """The lines as a script for `bash -e`, which by itself goes on after a failed `! a` or `a && b`."""
    script: list[str] = []
    open_: list[str] = []
    for line in lines:
        open_.append(line)
        known = subprocess.run(["bash", "-n"], input="\n".join(open_), capture_output=True, text=True)
        if known.returncode == 0 and not known.stderr and not line.endswith("\\"):
            script += [*open_, *["[ $? = 0 ] || exit 1"] * (len(open_) == 1)]
            open_ = []
    return "\n".join(script + open_)


def _yaml_rows(source: Path, text: str) -> list[dict[str, Any]]:
    try:
        found = yaml.safe_load(text)
    except Exception as error:  # PyYAML raises any kind for an odd value
        raise UsageError(f"{source} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise UsageError(
            f"{source} is not a list of checks: each is `- instruction: …` with `check: …` below it"
        )
    return found


# ------------------------------------------------------------------------------------------------ folders with a check


def folders_with_check(root: Path) -> list[Path]:
    """The folders in `root` that hold a check, or `root` itself."""
    return [f for f in (root, *sorted(root.iterdir())) if any((f / name).is_file() for name in CHECKS)]


def read_folder(folder: Path) -> NewTask:
    """The task of a folder: its files are the start state, `check` is the verifier. Raises `TaskError`."""
    check = next(name for name in CHECKS if (folder / name).is_file())
    about = next((name for name in INSTRUCTIONS if (folder / name).is_file()), "")
    if not about or not (said := read_text(folder / about).strip()):
        raise TaskError(f"{folder} has no instruction: write one into instruction.md, TASK.md or README.md")
    data = (folder / check).read_bytes()
    runs = "" if data.startswith(b"#!") else "python3 " if check.endswith(".py") else "bash -e "
    solution = folder / SOLUTION
    return NewTask(
        name_of(folder.name, set()),
        said,
        f"{runs}/tests/{'own-' * (check == 'check.sh')}{check}",
        folder,
        frozenset({check, about, SOLUTION}),
        {f"{'own-' * (check == 'check.sh')}{check}": data},
        solution={"solve.sh": solution.read_bytes()} if solution.is_file() else {},
    )


# -------------------------------------------------------------------------------------------------------------- pytest


def code_around(test: Path) -> Path:
    """The project that a file of tests belongs to: the nearest folder that looks like one, else its own."""
    return next((f for f in test.parents if any((f / name).exists() for name in ROOTS)), test.parent)


def read_tests(code: Path, path: str) -> list[NewTask]:
    """A task for each test in the file `path` of the folder `code`. The tests are read, not imported."""
    file = code / path
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{file} is not Python: {error}") from None
    restored = {path: file.read_bytes()}
    taken: set[str] = set()
    return [
        NewTask(
            name_of("-".join(names), taken),
            f"A test of the code in this folder fails: `{'::'.join((path, *names))}`. Repair the code so that it "
            f"passes. The test itself is not here; it runs when you are done.\n\n{about}",
            run_pytest(shlex.quote("::".join((path, *names)))),
            code,
            frozenset({path}),
            restored=restored,
        )
        for names, about in _tests(tree.body)
    ]


def _tests(body: list[ast.stmt], within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names that lead to each test, and its docstring."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield (*within, node.name), ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base) for base in node.bases]
            if node.name.startswith("Test") or any(base.endswith("TestCase") for base in bases):
                yield from _tests(node.body, (*within, node.name))
