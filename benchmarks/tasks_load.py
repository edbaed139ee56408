"""Time to read and validate Harbor tasks, and to print them as `ahe tasks list` does.

    python -m benchmarks.tasks_load [--tasks 3566] [--json]

The tasks are written first (so they are in the page cache): several generations of the format, with the files that
public tasks have, about one in a hundred with an error that it is left out for. `seconds` is the wall time of reading
them in one process, `list_seconds` that of `ahe tasks list` on a terminal of 120 columns, a process of its own with its
imports. Where Harbor is installed (it needs Python 3.12), `harbor_seconds` is its loader on the same tasks.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import click

from ahe.evaluate.suite import load_suite

TASKS = 3_566
HEADS = (
    'version = "1.0"\n[metadata]\nauthor_name = "A. Writer"\ndifficulty = "medium"\ntags = ["files", "text"]\n',
    'schema_version = "1.1"\n[metadata]\ncategory = "data"\nexpert_time_estimate_min = 20.0\n',
    'schema_version = "1.4"\n[task]\nname = "org/made"\ndescription = "Made for a measurement."\n',
)
ENVIRONMENTS = (
    'build_timeout_sec = 600.0\ncpus = 1\nmemory = "2G"\nstorage = "10G"\n',
    'docker_image = "registry.example/made:1"\ncpus = 2\nmemory_mb = 4096\nstorage_mb = 10240\n',
    'cpus = 0.5\nmemory = "512M"\nallow_internet = false\n',
    'network_mode = "no-network"\nsetup_scripts = ["setup.sh"]\nenv = { LEVEL = "3", PORT = "${PORT:-80}" }\n',
    "gpus = 1\n",
)
WORDS = (
    "the",
    "file",
    "directory",
    "write",
    "read",
    "each",
    "line",
    "must",
    "output",
    "script",
    "data",
    "return",
)
_HARBOR = """
import sys, time
from pathlib import Path
from harbor.models.task.task import Task
folders, began, failed = sorted(Path(sys.argv[1]).iterdir()), time.perf_counter(), 0
for folder in folders:
    try:
        Task(folder)
    except Exception:
        failed += 1
print(time.perf_counter() - began, failed)
"""


def write_tasks(root: Path, tasks: int, seed: int = 0) -> None:
    """Tasks in folders `made-0000`, … below `root`."""
    random = Random(seed)
    for number in range(tasks):
        for name, content in _files(random).items():
            path = root / f"made-{number:04d}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _files(random: Random) -> dict[str, bytes]:
    timeouts = f"[agent]\ntimeout_sec = {random.randint(2, 60)}0.0\n[verifier]\ntimeout_sec = 180.0\n"
    toml = random.choice(HEADS) + timeouts + "[environment]\n" + random.choice(ENVIRONMENTS)
    steps = "".join(
        f"RUN mkdir -p /srv/{n} && \\\n    echo {n} > /srv/{n}/id\n" for n in range(random.randint(0, 9))
    )
    files = {
        "task.toml": toml.encode(),
        "instruction.md": _prose(random, random.randint(30, 600)),
        "environment/Dockerfile": f"FROM ubuntu:24.04\nWORKDIR /app\n{steps}COPY data /app/data\n".encode(),
        "solution/solve.sh": b"#!/bin/bash\n" + _prose(random, 80),
        "tests/test.sh": b"#!/bin/bash\npytest /tests && echo 1 > /logs/verifier/reward.txt\n",
        "tests/test_outputs.py": _prose(random, random.randint(100, 800)),
    }
    files |= {f"environment/data/{n}.txt": _prose(random, 50) for n in range(random.randint(1, 4))}
    if random.random() < 0.01:
        files["task.toml"] = random.choice((b"[agent", b"\xff\xfe", b"[agent]\ntimeout_sec = -1\n"))
    return files


def _prose(random: Random, words: int) -> bytes:
    text = random.choices(WORDS, k=words)
    return "".join(word + (".\n" if n % 12 == 11 else " ") for n, word in enumerate(text)).encode()


def seconds_to_list(suite: Path) -> float:
    """Wall time of `ahe tasks list` on a terminal, until its last byte."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "ahe", "tasks", "list", "--suite", str(suite)]
    began = time.perf_counter()
    environment = {**os.environ, "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=end, stderr=end, cwd=suite, env=environment) as process:
        os.close(end)
        try:
            while os.read(terminal, 1 << 16):
                pass
        except OSError:  # Linux reports the end of a terminal as an error
            pass
        os.close(terminal)
        if process.wait():
            raise click.ClickException(f"`ahe tasks list` ended with exit code {process.returncode}")
    return time.perf_counter() - began


def harbor_seconds(suite: Path) -> float | None:
    """The same tasks through Harbor's own loader; None where it is not installed."""
    if importlib.util.find_spec("harbor") is None:
        return None
    done = subprocess.run(
        [sys.executable, "-c", _HARBOR, str(suite)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[0])


@click.command(help=__doc__)
@click.option("--tasks", default=TASKS, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(tasks: int, as_json: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="ahe-tasks-") as folder:
        suite = Path(folder)
        write_tasks(suite, tasks)
        began = time.perf_counter()
        found = load_suite(suite)
        seconds = time.perf_counter() - began
        listing, harbor = seconds_to_list(suite), harbor_seconds(suite)
    if as_json:
        figures = {"seconds": seconds, "list_seconds": listing, "harbor_seconds": harbor, "tasks": tasks}
        print(json.dumps({**figures, "left_out": tasks - len(found.tasks)}))
        return
    print(
        f"{tasks} tasks read in {seconds:.2f} s ({tasks - len(found.tasks)} left out), listed in {listing:.2f} s"
    )
    print(
        "Harbor: " + (f"{harbor:.2f} s" if harbor else "not installed here (it needs Python 3.12 or newer)")
    )


if __name__ == "__main__":
    main()
