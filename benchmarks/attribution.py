"""Candidates of three commits, one good, one that does nothing, one bad: which of them are kept, and what that takes.

    python -m benchmarks.attribution [--runs 1000] [--csv FILE] [--json]

The good and the bad one are sparse or dense, the third churn or a no-op. First the default gate compares the whole
with the incumbent (`whole`), then leave-one-out trees are rolled on the disputed tasks (`fresh`), then what remains
of a whole that was not to be kept is compared (`again`): as in the loop. `points` is the true gain of what stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

from ahe.gate.attribution import (
    PROVE_BAD,
    PROVE_GOOD,
    AttributionQuestion,
    AttributionStep,
    LeftOut,
    Piece,
    attribute,
    disputed,
)
from ahe.gate.bayes import BayesGate
from ahe.power import worlds
from ahe.power.simulate import Arm, SimulatedComparison, mean_se
from ahe.power.worlds import REAL, Edit, Rates, apply, draw_rates, predictions, read_matrix
from ahe.protocols import Gate
from ahe.records import Record

SIZES = ((89, 5.0), (40, 15.0), (40, 8.0), (12, 25.0), (12, 15.0))
GOOD, NULL, BAD = "good", "null", "bad"


class AttributionResult(Record):
    """Of `runs` candidates: the share of the commits kept by what they do, and what that took.

    `whole_kept` is how often the gate would keep all three together. `points` is the true gain of what stays,
    `whole_points` what would stay if all three shared the gate's verdict; `plain` are the rollouts of comparing the
    whole, `fresh` those of attribution, `again` those of comparing what remains where the gate would have
    reverted the whole. All with standard errors.
    """

    tasks: int
    size: float
    good: tuple[float, float]
    null: tuple[float, float]
    bad: tuple[float, float]
    whole_kept: tuple[float, float]
    points: tuple[float, float]
    whole_points: tuple[float, float]
    plain: tuple[float, float]
    fresh: tuple[float, float]
    again: tuple[float, float]
    runs: int


class CandidateResult(NamedTuple):
    """One candidate: which commits stayed, whether the gate kept the whole, true points and rollouts."""

    kept: frozenset[str]
    whole_kept: bool
    points: float
    whole_points: float
    plain: int
    fresh: int
    again: int


class World:
    """Pass rates without and with each commit. Several commits add up, within 0 and 1."""

    def __init__(self, before: Rates, size: float, random: Random) -> None:
        edits = {
            GOOD: Edit(random.choice(REAL), size),
            NULL: Edit(random.choice(worlds.NULL)),
            BAD: Edit(random.choice(REAL), -size),
        }
        self.before = before
        self.after = {name: apply(edit, before, random) for name, edit in edits.items()}

    def rates(self, without: LeftOut = frozenset()) -> Rates:
        """Of the tree that lacks these commits."""
        moves = [after for name, after in self.after.items() if name not in without]
        return tuple(
            min(1.0, max(0.0, p + sum(after[t] - p for after in moves))) for t, p in enumerate(self.before)
        )

    def gained(self, without: LeftOut) -> float:
        """True points of the tree over the incumbent."""
        return 100 * (sum(self.rates(without)) - sum(self.before)) / len(self.before)


def simulate_attribution(
    make: Callable[[], Gate],
    *,
    tasks: int,
    size: float,
    rollouts: int = 2,
    runs: int = 500,
    seed: int = 0,
    matrix: Sequence[float] = (),
) -> AttributionResult:
    """Candidates of three commits through a gate as a whole and then through attribution, as in the loop."""
    gate = make()
    candidates = [
        _candidate(gate, tasks, size, rollouts, Random(f"{seed} {tasks} {size} {run}"), matrix)
        for run in range(runs)
    ]
    kept = {name: mean_se([float(name in one.kept) for one in candidates]) for name in (GOOD, NULL, BAD)}
    return AttributionResult(
        tasks=tasks,
        size=size,
        good=kept[GOOD],
        null=kept[NULL],
        bad=kept[BAD],
        whole_kept=mean_se([float(one.whole_kept) for one in candidates]),
        points=mean_se([one.points for one in candidates]),
        whole_points=mean_se([one.whole_points for one in candidates]),
        plain=mean_se([float(one.plain) for one in candidates]),
        fresh=mean_se([float(one.fresh) for one in candidates]),
        again=mean_se([float(one.again) for one in candidates]),
        runs=runs,
    )


def _candidate(
    gate: Gate, tasks: int, size: float, rollouts: int, random: Random, matrix: Sequence[float]
) -> CandidateResult:
    world = World(draw_rates(tasks, random, matrix), size, random)
    incumbent, candidate = Arm(world.before), Arm(world.rates())
    for task in range(tasks):
        incumbent.roll(task, rollouts, random)
    predicts, risks = predictions(world.before, world.rates(), random)
    whole = SimulatedComparison(
        incumbent, candidate, tasks, rollouts, predicts, risks, name=str(random.random())
    )
    decision, plain = whole.decide(gate, random)
    kept = decision.outcome == "kept"
    train = whole.comparison(plain).train
    named = [f"{task:04d}" for task in (*predicts, *risks)]
    question = AttributionQuestion(
        pieces=tuple(Piece(name) for name in (GOOD, NULL, BAD)),
        tasks=disputed(train, named),
        train_tasks=tasks,
        burden=PROVE_BAD if kept else PROVE_GOOD,
    )
    step, fresh = _attribute(question, world, random)
    everything, dropped, again = frozenset((GOOD, NULL, BAD)), step.dropped, 0
    if not kept and dropped and dropped != everything:  # what remains of a reverted whole goes to the gate
        rest = Arm(world.rates(dropped))
        second = SimulatedComparison(
            incumbent, rest, tasks, rollouts, predicts, risks, name=str(random.random())
        )
        decision, again = second.decide(gate, random)
        dropped = dropped if decision.outcome == "kept" else everything
    return CandidateResult(
        kept=everything - dropped,
        whole_kept=kept,
        points=world.gained(dropped),
        whole_points=world.gained(frozenset()) if kept else 0.0,
        plain=plain,
        fresh=fresh,
        again=again,
    )


def _attribute(question: AttributionQuestion, world: World, random: Random) -> tuple[AttributionStep, int]:
    """Roll out what attribution requests until every commit has a verdict. Returns it with the rollouts run."""
    rolls: dict[LeftOut, dict[str, list[bool | None]]] = {}
    spent = 0
    while (step := attribute(replace(question, rolls=rolls))).requests:
        rates = {without: world.rates(without) for without in {request.without for request in step.requests}}
        for request in step.requests:
            made = rolls.setdefault(request.without, {}).setdefault(request.task, [])
            more = request.n - len(made)
            made += [random.random() < rates[request.without][int(request.task)] for _ in range(more)]
            spent += more
    return step, spent


def measure(size: tuple[int, float], runs: int, seed: int, matrix: tuple[float, ...]) -> AttributionResult:
    """One line of the table: `size` is the number of tasks, and the points of the good and the bad edit."""
    tasks, points = size
    return simulate_attribution(BayesGate, tasks=tasks, size=points, runs=runs, seed=seed, matrix=matrix)


def table(rows: list[AttributionResult]) -> str:
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
