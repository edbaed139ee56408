"""How hard a suite is for the configured model with the seed harness, the first commit of the workspace.

    python -m benchmarks.difficulty [--tries 5] [--first 0] [--json] [-C PROJECT] [TASK …]

`--first` numbers the first try, so that tasks selected by tries 0–4 can be measured again on 5–9. Trials are
kept in the project's `runs/`; a second call reads them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from ahe.evaluate.evaluation import pass_rate, tallies
from ahe.jobs.known import version
from ahe.project.assemble import assemble
from ahe.project.project import Project, open_project
from ahe.records import Tally
from ahe.views.progress import watcher


async def measure(project: Project, names: tuple[str, ...], first: int, tries: int) -> dict[str, Tally]:
    """Tallies by task of the tries `first` … `first + tries - 1` with the seed harness."""
    with watcher(sys.stderr) as seen:
        async with assemble(project, seen) as parts:
            tasks = [parts.suite.tasks[name] for name in names or sorted(parts.suite.tasks)]
            history = project.history()
            harness = version(project, history, history.commits()[-1].sha)
            goals = [(harness, task, tries) for task in tasks]
            found = await parts.evaluator.in_turns(f"seed harness, {tries} tries", goals, first)
            return tallies(found.trials)


@click.command(help=__doc__)
@click.option("--tries", default=5, show_default=True)
@click.option("--first", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.option("-C", "folder", type=click.Path(path_type=Path), default=Path())
@click.argument("tasks", nargs=-1)
def main(tries: int, first: int, as_json: bool, folder: Path, tasks: tuple[str, ...]) -> None:
    counted = asyncio.run(measure(open_project(folder), tasks, first, tries))
    mixed = sum(0 < tally.passes < tally.n for tally in counted.values())
    mean = pass_rate(counted)
    if as_json:
        rows = {name: tally.model_dump() for name, tally in counted.items()}
        print(json.dumps({"mean": mean, "mixed": mixed, "tasks": len(counted), "tallies": rows}, indent=1))
        return
    for name, tally in sorted(counted.items(), key=lambda item: (item[1].rate or 0, item[0])):
        print(f"{tally.passes} of {tally.n}  {name}")
    print(f"mean {mean:.1%} over {len(counted)} tasks; {mixed} neither always nor never solved")


if __name__ == "__main__":
    main()
