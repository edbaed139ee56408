"""The same trials on an idle and on a busy machine, from the stores of two projects.

    python -m benchmarks.busy IDLE BUSY [--json]

Both projects have run the same harness with the same model: what has the same harness, task and attempt is compared.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from ahe.project.project import open_project
from ahe.records import Trial
from ahe.views.text import table

Key = tuple[str, int]


def seed_trials(folder: Path) -> dict[Key, Trial]:
    """The scored trials of the project's seed by task and attempt."""
    project = open_project(folder)
    history = project.history()
    with closing(project.store()) as store:
        found = store.of_harness(history.harness_id(history.root()))
    return {(trial.task, trial.attempt): trial for trial in found if trial.status != "missing"}


@click.command(help=__doc__)
@click.argument("idle", type=click.Path(exists=True, path_type=Path))
@click.argument("busy", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def main(idle: Path, busy: Path, as_json: bool) -> None:
    one, other = seed_trials(idle), seed_trials(busy)
    both = sorted(one.keys() & other.keys())
    rows = [
        (
            f"{task} #{attempt + 1}",
            one[task, attempt].status,
            other[task, attempt].status,
            f"{one[task, attempt].model_time.seconds:.0f}",
            f"{other[task, attempt].model_time.seconds:.0f}",
            f"{one[task, attempt].model_time.work:.0f}",
            f"{other[task, attempt].model_time.work:.0f}",
        )
        for task, attempt in both
    ]
    passed = [sum(trials[key].status == "passed" for key in both) for trials in (one, other)]
    late = [sum(trials[key].ended == "seconds" for key in both) for trials in (one, other)]
    if as_json:
        print(json.dumps({"trials": len(both), "passed": passed, "ended_by_seconds": late}))
        return
    headers = ("trial", "idle", "busy", "idle-s", "busy-s", "idle-work", "busy-work")
    print(table(headers, rows, None, right="idle-s busy-s idle-work busy-work"))
    print(
        f"\n{len(both)} trials: {passed[0]} passed idle, {passed[1]} busy; ended by time: {late[0]}, {late[1]}"
    )


if __name__ == "__main__":
    main()
