"""A project with a suite, a workspace, and trials put into its store by hand, as if a model had made them.

`PYTHONPATH=.:tests python tests/jobs/made_project.py DIR` makes the one of docs/calibration.md.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import made_trials
import world

from ahe.history import History
from ahe.jobs.known import reader, version
from ahe.project.content import entry
from ahe.project.project import Project, open_project
from ahe.records import Usage

USAGE = Usage(calls=5, input_tokens=9_000, output_tokens=1_000)


def make(root: Path, tasks: int, heldout: int = 0, **tables: Mapping[str, Any]) -> Project:
    """A project whose suite has tasks t00, t01 … on train and h00 … held out."""
    names = [f"t{n:02d}" for n in range(tasks)], [f"h{n:02d}" for n in range(heldout)]
    for name in (*names[0], *names[1]):
        world.write_task(root / "suite" / name, "word")
    (root / "script.yaml").write_text('coder: {"*": "Done."}\n')
    splits = f"[splits]\ntrain = {json.dumps(names[0])}\nheldout = {json.dumps(names[1])}\ntest = []\n"
    (root / "suite" / "suite.toml").write_text(f'name = "made"\n{splits}')
    History.create(root / "workspace", entry("components"))
    settings: dict[str, dict[str, Any]] = {
        "model": {"name": f"scripted:{root / 'script.yaml'}"},
        "suite": {"path": "suite"},
        "evolve": {"debugger": "none"},
        "environment": {"kind": "bwrap"},
    }
    for name, table in tables.items():
        settings.setdefault(name, {}).update(table)
    lines = [
        line
        for name, table in settings.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()))
    ]
    (root / "ahe.toml").write_text("\n".join(lines) + "\n")
    return open_project(root)


def fill(
    project: Project, outcomes: Mapping[str, Sequence[bool]], *, copies: bool = False, **fields: str
) -> None:
    """Put trials of HEAD into the store, by task and attempt; with `copies` the model says the same every time."""
    store, history = project.store(), project.history()
    found = reader(project, store)
    assert found is not None

    harness, tasks = version(project, history, "HEAD"), project.suite().tasks
    for task, passed in outcomes.items():
        for attempt, good in enumerate(passed):
            planned = found.runner.plan(harness, tasks[task], attempt)
            made_trials.trace(
                project.config.runs, planned.id, (), answer="Done." if copies else f"Done {attempt}."
            )
            trial = made_trials.trial(
                planned.id,
                task,
                "passed" if good else "failed",
                attempt,
                harness=harness.id,
                task_digest=tasks[task].digest,
                model=found.runner.model.fingerprint,
                usage=USAGE,
                seconds=8.0,
                **fields,
            )
            store.put(trial)
    store.close()


def documented(root: Path) -> None:
    """40 train tasks with 4 rollouts each, from pass rates like Beta(.7, .3); 20 held out; a priced model."""
    root.mkdir(parents=True)
    prices = {"usd_per_million_input": 0.25, "usd_per_million_output": 2.0}
    project = make(root, 40, 20, model=prices, budget={"usd": 2.0})
    draw = random.Random(0)
    rates = [draw.betavariate(0.7, 0.3) for _ in range(40)]
    fill(project, {f"t{n:02d}": [draw.random() < rate for _ in range(4)] for n, rate in enumerate(rates)})


if __name__ == "__main__":
    documented(Path(sys.argv[1]))
