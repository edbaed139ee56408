"""Whole simulated runs: edit after edit through a gate until a budget of rollouts is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from ahe.gate.claims import gain
from ahe.gate.posterior import Pairs
from ahe.power.forecast import SIZE
from ahe.power.simulate import Arm, mean_se, try_edit
from ahe.power.worlds import NULL, REAL, Edit, Rates, Shape, draw_rates, logit_shift, shifted
from ahe.protocols import Gate
from ahe.records import Record


class TrajectoryResult(Record):
    """Means over `runs` whole runs, in points, with standard errors.

    `true` is the gain of the last HEAD over the seed, `reported` what the run claims (`ahe.gate.claims`), `error` their
    mean difference, `raw_error` that of the plain difference of all rollouts; `harmful` counts the bad edits that
    were kept, `kept` all, `edits` all that were judged.
    """

    gate: str
    true: float
    true_se: float
    reported: float
    reported_se: float
    error: float
    error_se: float
    raw_error: float
    raw_error_se: float
    harmful: float
    harmful_se: float
    kept: float
    edits: float
    runs: int


@dataclass
class Run:
    """One run: the arms of HEAD and of the seed with their pass rates, and what was judged on the way."""

    head: Arm
    rates: Rates
    seed: Arm
    start: Rates
    harmful: int = 0
    kept: int = 0
    edits: int = 0


def simulate_run(
    gate: Gate,
    random: Random,
    *,
    tasks: int,
    heldout: int,
    rollouts: int,
    budget: int,
    matrix: Sequence[float],
    shapes: tuple[Shape, ...] = REAL,
    size: float = SIZE,
    drift: float = 0.0,
) -> Run:
    """One run from a seed that is measured first. The comparison that the budget cuts off keeps nothing.

    A kept edit becomes the incumbent with its rollouts; after a reverted one the incumbent keeps its own. So rollouts
    are pooled as in the trial store. During each comparison the endpoint is off by a normal amount of `drift` points,
    the same for both harnesses.
    """
    rates = draw_rates(tasks, random, matrix)
    head = Arm(rates)
    train = tasks - heldout
    spent = sum(head.roll(task, rollouts, random) for task in range(train))
    run = Run(head, rates, head, rates)
    while spent < budget:
        edit = draw_edit(random, size, shapes)
        run.head.rates = run.rates
        compared = try_edit(edit, run.head, random, train=train, rollouts=rollouts, name="")
        candidate, after = compared.candidate, compared.candidate.rates
        off = logit_shift(run.rates, random.gauss(0, drift) / 100) if drift else 0.0
        run.head.rates, candidate.rates = shifted(run.rates, off), shifted(after, off)
        named = replace(compared, name=str(random.random()))
        decision, cost = named.decide(gate, random, limit=budget - spent)
        spent += cost
        run.edits += decision.outcome != "more"
        if decision.outcome == "kept":
            run.head, run.rates = candidate, after
            run.kept += 1
            run.harmful += edit.points < 0
    return run


def draw_edit(random: Random, size: float, shapes: tuple[Shape, ...]) -> Edit:
    """A quarter good, a quarter bad, half null, each of its shapes equally likely. At size 0 all are null."""
    draw = random.random()
    if size and draw < 0.5:
        return Edit(random.choice(shapes), size if draw < 0.25 else -size)
    return Edit(random.choice(NULL))


def raw(arm: Arm, tasks: int) -> float:
    """Mean measured pass rate of the first `tasks` tasks, all of which have rollouts."""
    return sum(arm.tallies[t].passes / arm.tallies[t].n for t in range(tasks)) / tasks


def claimed(pairs: Pairs) -> float:
    """The gain that a run reports: 0 where the seed is still HEAD, as its two tallies are equal then."""
    found = gain(pairs)
    return found.mean if found else 0.0


def trajectory(
    make: Callable[[], Gate],
    *,
    tasks: int = 89,
    heldout: int = 0,
    rollouts: int = 2,
    budget: int = 3560,
    runs: int = 200,
    seed: int = 0,
    matrix: Sequence[float] = (),
    shapes: tuple[Shape, ...] = REAL,
    size: float = SIZE,
    drift: float = 0.0,
) -> TrajectoryResult:
    """Means over whole runs of one gate."""
    gate = make()
    simulated = [
        simulate_run(
            gate,
            Random(f"{seed} {run}"),
            tasks=tasks,
            heldout=heldout,
            rollouts=rollouts,
            budget=budget,
            matrix=matrix,
            shapes=shapes,
            size=size,
            drift=drift,
        )
        for run in range(runs)
    ]
    true = [100 * (sum(run.rates) - sum(run.start)) / tasks for run in simulated]
    pairs = [
        [(run.seed.tallies[t], run.head.tallies[t]) for t in range(tasks - heldout)] for run in simulated
    ]
    claims = [100 * claimed(dict(zip(map(str, range(len(both))), both, strict=True))) for both in pairs]
    raws = [100 * (raw(run.head, tasks - heldout) - raw(run.seed, tasks - heldout)) for run in simulated]
    gained, reported = mean_se(true), mean_se(claims)
    error = mean_se([claim - real for claim, real in zip(claims, true, strict=True)])
    raw_error = mean_se([raw - real for raw, real in zip(raws, true, strict=True)])
    harmful = mean_se([float(run.harmful) for run in simulated])
    return TrajectoryResult(
        gate=gate.name,
        true=gained[0],
        true_se=gained[1],
        reported=reported[0],
        reported_se=reported[1],
        error=error[0],
        error_se=error[1],
        raw_error=raw_error[0],
        raw_error_se=raw_error[1],
        harmful=harmful[0],
        harmful_se=harmful[1],
        kept=mean_se([float(run.kept) for run in simulated])[0],
        edits=mean_se([float(run.edits) for run in simulated])[0],
        runs=runs,
    )
