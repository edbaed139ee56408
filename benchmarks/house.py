"""How large and how tangled the code of `ahe/` is, beside what we want.

    python -m benchmarks.house [--json] [--list]

It looks at the file tree, at the syntax trees and at what the command line does, and imports nothing of `ahe`, so
that two layouts of the package can be compared. The figures that need a definition:

- `lines` are of all `*.py` in `ahe/`, without `ahe/content/`; the other figures about files leave `__init__.py` out.
  `modules_at_top` are all `*.py` directly in `ahe/`, with `__init__.py` and `__main__.py`.
- The length of a function runs from `def` to its last line, with its docstring and what is defined inside it.
- `circles` are the strongly connected components, of two or more, of the graph of imports between modules, those
  inside functions included; `circles_typing` has the imports under `TYPE_CHECKING` too. `circles_packages` takes each
  child of `ahe/` as one node, `circles_folders` each child of a package, where one of the circle is a folder; both
  have the imports under `TYPE_CHECKING` too, but for those of `ahe/__init__.py`, which names the API for type
  checkers and loads it lazily. A parent package, imported in passing, does not count as imported.
- `trial_files` have a function that `ahe eval` calls when it has one trial to run, and does not call when it reads
  that trial from the store. The trial is real: scripted model over HTTP, bubblewrap, one tool call, verifier.
- `change_files` have a function that `ahe evolve -n 1` calls (one candidate of one commit, debugger and gate by
  default) and neither `ahe evolve -n 0` nor that `ahe eval`, and are not among `trial_files`.
- Both count functions called in the process of the command, in all its threads. Not counted: calls while a module
  is imported, and what runs in other processes, such as the files that serve inside a sandbox.
- `help_cpu`, `log_cpu`: user and system seconds of `ahe --help` (the least of 5 calls) and of `ahe log` after that
  iteration (of 3), with the processes they wait for. `log_seconds` is the time on the clock.

The project that is run is that of `tests/world.py`, so that the form of scripts and reports is known in one place.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ahe"
API = "ahe.__init__"
WANTED: dict[str, float] = {"lines": 28_000, "files": 220, "modules_at_top": 6, "trial_files": 35}
WANTED |= {"circles": 0, "circles_typing": 0, "circles_packages": 0, "circles_folders": 0}
WANTED |= {"help_cpu": 0.12, "log_seconds": 0.5}
"""At most this much."""

Trees = dict[str, ast.Module]  # by file below `ahe/`
Graph = dict[str, set[str]]
Function = tuple[str, str, int]  # file, qualified name, first line


def sizes(trees: Trees) -> dict[str, Any]:
    """Figures about files and functions."""
    lines = {file: len((PACKAGE / file).read_text("utf-8").splitlines()) for file in trees}
    own = {file: n for file, n in lines.items() if not file.endswith("__init__.py")}
    functions = {
        f"{file}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    file, function = max(own, key=own.__getitem__), max(functions, key=functions.__getitem__)
    return {
        "lines": sum(lines.values()),
        "files": len(own),
        "median_lines": statistics.median(own.values()),
        "files_under_60": sum(n < 60 for n in own.values()),
        "modules_at_top": sum("/" not in name for name in lines),
        "packages": len({name.split("/")[0] for name in lines if "/" in name}),
        "debug_lines": sum(n for name, n in lines.items() if name.startswith("debug/")),
        "largest_file": {"name": file, "lines": own[file]},
        "largest_function": {"name": function, "lines": functions[function]},
        "functions_over_60": sum(n > 60 for n in functions.values()),
    }


def imported(node: ast.AST, module: str, typing: bool) -> Iterator[str]:
    """Dotted names that the code below `node` imports; those under `TYPE_CHECKING` only where `typing`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            above = module.split(".")[: -child.level] if child.level else []
            base = ".".join([*above, *([child.module] if child.module else [])])
            yield from (f"{base}.{alias.name}" for alias in child.names)
        elif typing or not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from imported(child, module, typing)


def import_graph(trees: Trees, typing: bool) -> Graph:
    """Which module of `ahe` imports which; a package is the module `….__init__`."""
    modules = {".".join(["ahe", *Path(file).with_suffix("").parts]): tree for file, tree in trees.items()}

    def module_of(name: str) -> str | None:
        parent = name.rpartition(".")[0]  # of a name in a module
        tried = (name, f"{name}.__init__", parent, f"{parent}.__init__")
        return next((module for module in tried if module in modules), None)

    return {
        module: {f for name in imported(tree, module, typing and module != API) if (f := module_of(name))}
        - {module}
        for module, tree in modules.items()
    }


def merged(graph: Graph, words: int) -> Graph:
    """The graph between names of that many words, where the words before the last are the same."""

    def cut(name: str, to: int) -> str:
        return ".".join(name.split(".")[:to])

    nodes: Graph = {cut(module, words): set() for module in graph}
    for module, targets in graph.items():
        near = (other for other in targets if cut(other, words - 1) == cut(module, words - 1))
        nodes[cut(module, words)].update(cut(other, words) for other in near)
    return nodes


def circles(graph: Graph) -> list[list[str]]:
    """Strongly connected components of two or more nodes."""
    reach: Graph = {}
    for start in graph:
        found, waiting = set[str](), [start]
        while waiting:
            fresh = graph[waiting.pop()] - found
            found |= fresh
            waiting += fresh
        reach[start] = found
    components = {frozenset(other for other in reach[node] if node in reach[other]) for node in graph}
    return sorted(sorted(component) for component in components if len(component) > 1)


def tangles(trees: Trees) -> dict[str, list[list[str]]]:
    """Circles of imports, between modules, packages and folders."""
    full = import_graph(trees, typing=True)
    children = circles(merged(full, 3))
    return {
        "circles": circles(import_graph(trees, typing=False)),
        "circles_typing": circles(full),
        "circles_packages": circles(merged(full, 2)),
        "circles_folders": [c for c in children if any((ROOT / n.replace(".", "/")).is_dir() for n in c)],
    }


def trace() -> None:
    """Run `ahe` with the arguments from the second on; write the functions called to the file named first."""
    out, *sys.argv[1:] = sys.argv[1:]
    start = f"{PACKAGE}{os.sep}"
    seen: set[Any] = set()

    def enter(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or code in seen or not code.co_filename.startswith(start):
            return
        outer: FrameType | None = frame
        while outer is not None:  # whatever runs while a module is imported comes from importlib
            if outer.f_code.co_filename.startswith("<frozen importlib"):
                return
            outer = outer.f_back
        seen.add(code)

    threading.setprofile(enter)
    sys.setprofile(enter)
    try:
        runpy.run_module("ahe", run_name="__main__", alter_sys=True)
    finally:
        sys.setprofile(None)
        names = [(c.co_filename.removeprefix(start), c.co_qualname, c.co_firstlineno) for c in seen]
        Path(out).write_text(json.dumps([name for name in names if name[1] != "<module>"]))


def call(folder: Path, *command: str) -> tuple[float, float]:
    """CPU seconds and seconds of a Python command; raises `RuntimeError` with its output where it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    env = {**kept, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=env, text=True, capture_output=True)
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode:
        raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds


def called(folder: Path, *arguments: str) -> set[Function]:
    """The functions that a command of `ahe` calls."""
    call(folder, "-c", "from benchmarks.house import trace; trace()", "called.json", *arguments)
    return {(file, name, line) for file, name, line in json.loads((folder / "called.json").read_text())}


def write_project(folder: Path) -> None:
    """The project of the tests, with the default debugger and gate; one task is solved by a tool call."""
    sys.path.insert(0, str(ROOT / "tests"))
    world = importlib.import_module("world")
    script = world.script()
    write = {"name": "run_shell_command", "arguments": {"command": "echo beta > /app/out.txt"}}
    script["coder"]["beta-note/*/0"] = {"tool_calls": [write]}
    script["debugger"] = {"*": "Nothing to add."}
    world.write_project(folder, script)
    settings = (folder / "ahe.toml").read_text().splitlines()
    kept = [line for line in settings if not line.startswith(("gate =", "debugger ="))]
    (folder / "ahe.toml").write_text("\n".join(kept) + "\n")


def runs() -> dict[str, Any]:
    """Figures about what runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        call(folder, "-m", "ahe", "init")
        nothing = called(folder, "evolve", "--iterations", "0")
        one = ("eval", "--task", "beta-note", "--rollouts", "1")
        trial, again = called(folder, *one), called(folder, *one)
        change = called(folder, "evolve", "--iterations", "1")
        log = ("git", "-C", str(folder / "workspace"), "log", "--format=%s")
        if "written words" not in subprocess.run(log, text=True, capture_output=True, check=True).stdout:
            raise RuntimeError("the scripted evolver committed nothing, so the figures would be too small")
        helps = [call(folder, "-m", "ahe", "--help") for _ in range(5)]
        logs = [call(folder, "-m", "ahe", "log") for _ in range(3)]
    trial_files = {file for file, _, _ in trial - again}
    change_files = {file for file, _, _ in change - nothing - trial} - trial_files
    return {
        "trial_files": sorted(trial_files),
        "change_files": sorted(change_files),
        "change_files_in_debug": sum(file.startswith("debug/") for file in change_files),
        "help_cpu": round(min(cpu for cpu, _ in helps), 3),
        "log_cpu": round(min(cpu for cpu, _ in logs), 3),
        "log_seconds": round(min(seconds for _, seconds in logs), 3),
    }


def line(name: str, value: Any, wanted: float | None) -> str:
    """One figure beside what is wanted, with a mark where it misses."""
    number = len(value) if isinstance(value, list) else value
    shown = f"{number['lines']:,}  {number['name']}" if isinstance(number, dict) else f"{number:,}"
    if wanted is None:
        return f"  {name:22}{shown}"
    return f"{'!' if number > wanted else ' '} {name:22}{shown:12}≤ {wanted:,}"


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value, lists as they are.")
@click.option("--list", "as_list", is_flag=True, help="Name the files and the circles.")
def main(as_json: bool, as_list: bool) -> None:
    files = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
    trees = {f: ast.parse((PACKAGE / f).read_text("utf-8")) for f in files if not f.startswith("content/")}
    figures = {**sizes(trees), **tangles(trees), **runs()}
    if as_json:
        print(json.dumps({**figures, "wanted": WANTED}, indent=1))
        return
    for name, value in figures.items():
        print(line(name, value, WANTED.get(name)))
        if as_list and isinstance(value, list):
            for item in value:
                print("     ", item if isinstance(item, str) else " ".join(item))


if __name__ == "__main__":
    main()
