"""Candidates of three commits (one good, one that does nothing, one bad) told apart on made worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

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
from ahe.power.simulate import Arm, SimulatedComparison, mean_se
from ahe.power.worlds import Edit, Rates, Shape, apply, draw_rates, predictions
from ahe.protocols import Gate
from ahe.records import Record

GOOD, NULL, BAD = "good", "null", "bad"
REAL: tuple[Shape, ...] = ("sparse", "dense")
DOING_NOTHING: tuple[Shape, ...] = ("churn", "noop")


class Told(Record):
    """Of `runs` candidates: the share of the commits kept by what they do, and what that took.

    `whole_kept` is how often the gate would keep all three together. `points` is the true gain of what stays,
    `whole_points` what would stay if all three shared the gate's verdict; `plain` are the rollouts of comparing the
    whole, `fresh` those of telling it apart, `again` those of comparing what remains where the gate would have
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


class Outcome(NamedTuple):
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
            NULL: Edit(random.choice(DOING_NOTHING)),
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


def tell_apart(
    make: Callable[[], Gate],
    *,
    tasks: int,
    size: float,
    rollouts: int = 2,
    runs: int = 500,
    seed: int = 0,
    matrix: Sequence[float] = (),
) -> Told:
    """Candidates of three commits through a gate as a whole and then through attribution, as in the loop."""
    gate = make()
    seen = [
        _candidate(gate, tasks, size, rollouts, Random(f"{seed} {tasks} {size} {run}"), matrix)
        for run in range(runs)
    ]
    kept = {name: mean_se([float(name in one.kept) for one in seen]) for name in (GOOD, NULL, BAD)}
    return Told(
        tasks=tasks,
        size=size,
        good=kept[GOOD],
        null=kept[NULL],
        bad=kept[BAD],
        whole_kept=mean_se([float(one.whole_kept) for one in seen]),
        points=mean_se([one.points for one in seen]),
        whole_points=mean_se([one.whole_points for one in seen]),
        plain=mean_se([float(one.plain) for one in seen]),
        fresh=mean_se([float(one.fresh) for one in seen]),
        again=mean_se([float(one.again) for one in seen]),
        runs=runs,
    )


def _candidate(
    gate: Gate, tasks: int, size: float, rollouts: int, random: Random, matrix: Sequence[float]
) -> Outcome:
    world = World(draw_rates(tasks, random, matrix), size, random)
    incumbent, candidate = Arm(world.before), Arm(world.rates())
    for task in range(tasks):
        incumbent.roll(task, rollouts, random)
    predicts, risks = predictions(world.before, world.rates(), random)
    whole = SimulatedComparison(
        incumbent, candidate, tasks, rollouts, predicts, risks, name=str(random.random())
    )
    decision, plain = whole.ask(gate, random)
    kept = decision.outcome == "kept"
    train = whole.comparison(plain).train
    named = [f"{task:04d}" for task in (*predicts, *risks)]
    question = AttributionQuestion(
        pieces=tuple(Piece(name) for name in (GOOD, NULL, BAD)),
        tasks=disputed(train, named),
        of=tasks,
        burden=PROVE_BAD if kept else PROVE_GOOD,
    )
    step, fresh = _ask(question, world, random)
    everything, dropped, again = frozenset((GOOD, NULL, BAD)), step.dropped, 0
    if not kept and dropped and dropped != everything:  # what remains of a reverted whole goes to the gate
        rest = Arm(world.rates(dropped))
        second = SimulatedComparison(
            incumbent, rest, tasks, rollouts, predicts, risks, name=str(random.random())
        )
        decision, again = second.ask(gate, random)
        dropped = dropped if decision.outcome == "kept" else everything
    return Outcome(
        kept=everything - dropped,
        whole_kept=kept,
        points=world.gained(dropped),
        whole_points=world.gained(frozenset()) if kept else 0.0,
        plain=plain,
        fresh=fresh,
        again=again,
    )


def _ask(question: AttributionQuestion, world: World, random: Random) -> tuple[AttributionStep, int]:
    """Ask until every commit has its verdict. Returns it with the fresh rollouts that were run."""
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
