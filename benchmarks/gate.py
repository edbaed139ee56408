"""What each gate keeps, and what that costs: simulated edits of known size, all gates side by side.

    python -m benchmarks.gate [--runs 2000] [--gate NAME …] [--tasks N …] [--attribution 500] [--no-drift]
        [--beta .3 .7] [--csv FILE] [--jobs N] [--json]
    python -m benchmarks.gate --only graded|price [--runs 500] [--tasks N …] [--jobs N]

Tasks have pass rates Beta(.7, .3), another Beta's, or those of a CSV `task,trial,resolved`, resampled.
`ahe/power/worlds.py` defines the edits. The incumbent has its two rollouts of every task, as in the loop;
`rollouts` counts what comparing costs beyond them. No task is held out, but for `strict`, which holds out half
of the same number.
For the default gate there are also candidates of three commits (`benchmarks/attribution.py`).
At 89 tasks a second table has an endpoint that moves right after the incumbent's plain rollouts.
`--only` prints another table (`benchmarks/graded.py`): suites of partial scores, or a price on tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

from ahe.power.simulate import Arm, SimulationResult, simulate
from ahe.power.worlds import ALPHA, BETA, Edit, Rates, Shape, draw_rates, logit_shift, read_matrix, shifted
from benchmarks import attribution, graded
from benchmarks.fixed_bounds import GATES

LARGE, SMALL = (5.0, 2.0, -2.0, -5.0), (25.0, 15.0, 8.0, -8.0, -15.0, -25.0)
HEADLINE = 89
BOTH: tuple[Shape, ...] = ("sparse", "dense")
DRIFTS = (-15.0, -5.0, -2.0, 2.0, 5.0, 15.0)
DRIFTING = (Edit("dense", 5.0), Edit("noop"))


class Cell(NamedTuple):
    """One line of the table, to be computed in a process of its own."""

    gate: str
    tasks: int
    edit: Edit
    runs: int
    rollouts: int
    seed: int
    matrix: tuple[float, ...]
    beta: tuple[float, float] = (ALPHA, BETA)
    drift: float = 0.0

    @property
    def heldout(self) -> int:
        return self.tasks // 2 if self.gate == "strict" else 0

    def draw(self, world: Random) -> Arm:
        """An incumbent. With a drift the mean pass rate of all harnesses has moved by so many points, with the same
        shift of every logit, after its plain rollouts on train."""
        if self.beta != (ALPHA, BETA):
            before: Rates = tuple(world.betavariate(*self.beta) for _ in range(self.tasks))
        else:
            before = draw_rates(self.tasks, world, self.matrix)
        moved = shifted(before, logit_shift(before, self.drift / 100)) if self.drift else before
        return Drifted(moved, before=before[: self.tasks - self.heldout])


@dataclass
class Drifted(Arm):
    """An arm whose first rollouts of each task were made at the pass rates `before`."""

    before: Rates = ()

    def roll(self, task: int, upto: int, random: Random) -> int:
        if self.tallies[task].n or task >= len(self.before):
            return super().roll(task, upto, random)
        now, self.rates = self.rates, self.before
        count = super().roll(task, upto, random)
        self.rates = now
        return count


class Row(SimulationResult):
    """A line of a table. `drift` is the points by which the endpoint moved after the incumbent's plain rollouts."""

    drift: float


def edits(tasks: int) -> list[Edit]:
    """The edits of one table: large suites see smaller ones."""
    sizes = LARGE if tasks > 40 else SMALL
    return [*(Edit(shape, size) for size in sizes for shape in BOTH), Edit("churn"), Edit("noop")]


def measure(cell: Cell) -> Row:
    found = simulate(
        GATES[cell.gate](),
        cell.edit,
        cell.draw,
        heldout=cell.heldout,
        rollouts=cell.rollouts,
        runs=cell.runs,
        seed=f"{cell.seed} {cell.edit} {cell.tasks}",
    )
    return Row(**found.model_dump(), drift=cell.drift)


def table(rows: Iterable[Row], *, drifting: bool = False) -> str:
    """The rows as a table; with by how much the endpoint moved where it does."""
    names = ["gate", "tasks", "edit", *(["drift"] if drifting else []), "true points", "kept", "rollouts"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for r in rows:
        cells = [r.gate, r.tasks, r.edit, *([f"{r.drift:+g}"] if drifting else []), f"{r.true_points:+.1f}"]
        cells += [f"{100 * r.kept:.1f} % ± {100 * r.kept_se:.1f}", f"{r.rollouts:.0f} ± {r.rollouts_se:.0f}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--runs", default=2000, show_default=True)
@click.option("--gate", "gates", multiple=True, type=click.Choice(list(GATES)), help="all by default")
@click.option("--tasks", "sizes", multiple=True, type=int, help="89, 40 and 12 by default")
@click.option("--rollouts", default=2, show_default=True, help="k, the plain rollouts of a task")
@click.option(
    "--attribution",
    "candidates",
    default=500,
    show_default=True,
    help="candidates of three commits; 0, or another --beta: none",
)
@click.option("--only", type=click.Choice(["graded", "price"]), help="another table alone, of the gate bayes")
@click.option("--drift/--no-drift", default=True, show_default=True, help="the table of a drifting endpoint")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--beta", type=(float, float), default=(ALPHA, BETA), show_default=True, help="of the pass rates"
)
@click.option("--csv", "matrix", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--json", "as_json", is_flag=True)
def main(
    runs: int,
    gates: tuple[str, ...],
    sizes: tuple[int, ...],
    rollouts: int,
    candidates: int,
    only: str | None,
    drift: bool,
    seed: int,
    beta: tuple[float, float],
    matrix: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    drawn_otherwise = beta != (ALPHA, BETA)
    if matrix and drawn_otherwise:
        raise click.UsageError("pass rates come from --csv or from --beta, not from both")
    rates = tuple(read_matrix(matrix)) if matrix else ()
    sizes = sizes or (HEADLINE, 40, 12)
    if only:
        make = graded.graded_cells if only == "graded" else graded.price_cells
        with ProcessPoolExecutor(jobs) as pool:
            print(graded.table(list(pool.map(graded.measure, make(sizes, runs, rollouts, seed)))))
        return
    cells = [
        Cell(gate, tasks, edit, runs, rollouts, seed, rates, beta)
        for tasks in sizes
        for gate in gates or GATES
        for edit in edits(tasks)
    ]
    cells += [
        Cell(gate, HEADLINE, edit, runs, rollouts, seed, rates, beta, by)
        for gate in gates or GATES
        for edit in DRIFTING
        for by in DRIFTS
        if drift and HEADLINE in sizes
    ]
    wants_attribution = candidates and "bayes" in (gates or GATES) and not drawn_otherwise
    wanted = [each for each in attribution.SIZES if each[0] in sizes and wants_attribution]
    with ProcessPoolExecutor(jobs) as pool:
        rows = list(pool.map(measure, cells))
        attributed = list(
            pool.map(attribution.measure, wanted, repeat(candidates), repeat(seed), repeat(rates))
        )
    if not as_json:
        still, moved = ([row for row in rows if bool(row.drift) is drifts] for drifts in (False, True))
        tables = [
            table(still),
            table(moved, drifting=True) if moved else "",
            attribution.table(attributed) if attributed else "",
        ]
        print("\n\n".join(filter(None, tables)))
        return
    default = [row for row in rows if (row.gate, row.tasks, row.drift) == ("bayes", HEADLINE, 0)]
    mean = sum(row.rollouts for row in default) / len(default) if default else None
    kept = {row.edit: row.kept for row in default}
    print(
        json.dumps(
            {
                "rollouts_mean": mean,
                "kept": kept,
                "rows": [r.model_dump() for r in rows],
                "attribution": [row.model_dump() for row in attributed],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
