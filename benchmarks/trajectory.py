"""Whole runs at a fixed budget of rollouts: what each gate truly gains, claims to have gained, and lets in.

    python -m benchmarks.trajectory [--runs 500] [--budget 3560] [--gate NAME …] [--shape sparse|dense] [--size 5]
        [--drift 3] [--csv FILE] [--jobs N] [--json]

Of the edits a quarter is good (+5 points), a quarter bad (−5), half does nothing in the mean; sparse and dense,
churn and no-op are equally frequent. The seed's rollouts are paid from the budget. The reported gain is that of
`ahe.gate.claims`, over all rollouts that HEAD and the seed have at the end; `raw − true` is the error of their plain
difference. No task is held out, but for `strict`, which holds out half of the same number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import click

from ahe.power.forecast import SIZE
from ahe.power.worlds import REAL, Shape, read_matrix
from benchmarks.fixed_bounds import GATES
from benchmarks.runs import TrajectoryResult, trajectory


class Cell(NamedTuple):
    """One gate, to be computed in a process of its own."""

    gate: str
    tasks: int
    budget: int
    runs: int
    rollouts: int
    seed: int
    matrix: tuple[float, ...]
    shapes: tuple[Shape, ...]
    size: float
    drift: float


def measure(cell: Cell) -> TrajectoryResult:
    return trajectory(
        GATES[cell.gate],
        tasks=cell.tasks,
        heldout=cell.tasks // 2 if cell.gate == "strict" else 0,
        rollouts=cell.rollouts,
        budget=cell.budget,
        runs=cell.runs,
        seed=cell.seed,
        matrix=cell.matrix,
        shapes=cell.shapes,
        size=cell.size,
        drift=cell.drift,
    )


def table(rows: Iterable[TrajectoryResult]) -> str:
    lines = [
        "| gate | true gain | reported gain | reported − true | raw − true | harmful kept | kept | edits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.gate} | {r.true:+.1f} ± {r.true_se:.1f} | {r.reported:+.1f} ± {r.reported_se:.1f} "
        f"| {r.error:+.1f} ± {r.error_se:.1f} | {r.raw_error:+.1f} ± {r.raw_error_se:.1f} "
        f"| {r.harmful:.2f} ± {r.harmful_se:.2f} | {r.kept:.1f} | {r.edits:.1f} |"
        for r in rows
    ]
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--runs", default=500, show_default=True)
@click.option("--budget", default=3560, show_default=True)
@click.option("--gate", "gates", multiple=True, type=click.Choice(list(GATES)), help="all by default")
@click.option("--tasks", default=89, show_default=True)
@click.option("--rollouts", default=2, show_default=True, help="k, the plain rollouts of a task")
@click.option("--seed", default=0, show_default=True)
@click.option("--shape", type=click.Choice(REAL), help="of the good and bad edits; both by default")
@click.option(
    "--size", default=SIZE, show_default=True, help="points of the good and bad edits; 0: all are null"
)
@click.option(
    "--drift",
    default=0.0,
    show_default=True,
    help="points by which the endpoint is off during a comparison (1 sd)",
)
@click.option("--csv", "matrix", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--json", "as_json", is_flag=True)
def main(
    runs: int,
    budget: int,
    gates: tuple[str, ...],
    tasks: int,
    rollouts: int,
    seed: int,
    shape: Shape | None,
    size: float,
    drift: float,
    matrix: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    rates = tuple(read_matrix(matrix)) if matrix else ()
    shapes = (shape,) if shape else REAL
    cells = [
        Cell(gate, tasks, budget, runs, rollouts, seed, rates, shapes, size, drift) for gate in gates or GATES
    ]
    with ProcessPoolExecutor(jobs) as pool:
        rows = list(pool.map(measure, cells))
    print(json.dumps({row.gate: row.model_dump() for row in rows}, indent=1) if as_json else table(rows))


if __name__ == "__main__":
    main()
