"""Candidates of three commits, one good, one that does nothing, one bad: which of them stay, and what that takes.

    python -m benchmarks.attribution [--runs 1000] [--csv FILE] [--json]

The good and the bad one are sparse or dense, the third churn or a no-op. First the default gate compares the whole
with the incumbent (`whole`), then leave-one-out trees are rolled on the disputed tasks (`fresh`), then what remains
of a whole that was not to be kept is compared (`again`): as in the loop. `points` is the true gain of what stays.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from ahe.gate.bayes import BayesGate
from ahe.power.worlds import read_matrix
from benchmarks.simulate_attribution import Told, tell_apart

SIZES = ((89, 5.0), (40, 15.0), (40, 8.0), (12, 25.0), (12, 15.0))


def measure(size: tuple[int, float], runs: int, seed: int, matrix: tuple[float, ...]) -> Told:
    """One line of the table: so many tasks, edits of plus and minus so many points."""
    tasks, points = size
    return tell_apart(BayesGate, tasks=tasks, size=points, runs=runs, seed=seed, matrix=matrix)


def table(rows: list[Told]) -> str:
    lines = [
        "| tasks | ± points | good kept | null kept | bad kept | whole | fresh | again | points | as one |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        shares = " | ".join(f"{100 * m:.1f} % ± {100 * se:.1f}" for m, se in (row.good, row.null, row.bad))
        costs = " | ".join(f"{m:.0f} ± {se:.0f}" for m, se in (row.plain, row.fresh, row.again))
        gains = " | ".join(f"{m:+.1f} ± {se:.1f}" for m, se in (row.points, row.whole_points))
        lines.append(f"| {row.tasks} | {row.size:g} | {shares} | {costs} | {gains} |")
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--runs", default=1000, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--csv", "matrix", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def main(runs: int, seed: int, matrix: Path | None, as_json: bool) -> None:
    rates = tuple(read_matrix(matrix)) if matrix else ()
    rows = [measure(size, runs, seed, rates) for size in SIZES]
    print(json.dumps([row.model_dump() for row in rows], indent=1) if as_json else table(rows))


if __name__ == "__main__":
    main()
