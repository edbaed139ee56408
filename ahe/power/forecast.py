"""What a run is likely to cost in rollouts: its iterations are simulated with the gate on the tasks at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from ahe.gate.decisions import tried
from ahe.power.detectable import Beliefs
from ahe.power.simulate import Arm, try_edit
from ahe.power.worlds import NULL, REAL, Edit
from ahe.protocols import Gate
from ahe.records import Tally

WORK = 8_000
FEWEST, MOST = 10, 100
SIMULATED = 10
"""Iterations that are simulated; a longer run is taken to continue at the same cost."""
SIZE = 5.0
"""Points of a good or a bad edit."""


@dataclass(frozen=True)
class Forecast:
    """Rollouts of a run. `baseline` is exact, the others are means over simulated runs.

    `train` and `heldout` are those of all comparisons; `low` and `high` hold the middle 80 % of the totals.
    """

    baseline: int
    train: float
    heldout: float
    low: float
    high: float


def forecast(
    gate: Gate, known: Beliefs, tallies: Sequence[Tally], *, train: int, rollouts: int, iterations: int
) -> Forecast:
    """Simulate the iterations, with a quarter of the edits good, a quarter bad and half null.

    `known` and the incumbent's `tallies` are by task: the first `train` are on train, the others held out. A kept edit
    becomes the incumbent with its rollouts, as in the loop. Takes a second, or three at 500 tasks.
    """
    steps = min(iterations, SIMULATED)
    more = iterations / steps if steps else 0.0
    runs = max(FEWEST, min(MOST, WORK // max(1, len(tallies) * steps)))
    scored = {task: Tally(passes=tally.passes, n=tally.n) for task, tally in enumerate(tallies)}
    on_train, on_heldout = [0] * runs, [0] * runs
    for run in range(runs):
        random = Random(f"run {run}")
        head = Arm(known.draw(random), dict(scored))
        for step in range(steps):
            compared = try_edit(
                _draw_edit(random), head, random, train=train, rollouts=rollouts, name=f"{run} {step}"
            )
            arms = head, compared.candidate
            before = sum(arm.tallies[task].n for arm in arms for task in range(train))
            decision, cost = compared.decide(gate, random)
            rolled = sum(arm.tallies[task].n for arm in arms for task in range(train)) - before
            on_train[run] += rolled
            on_heldout[run] += cost - rolled
            if decision.outcome == "kept":
                head = compared.candidate
    baseline = sum(max(0, rollouts - tried(tally)) for tally in tallies[:train])
    totals = sorted(baseline + more * sum(costs) for costs in zip(on_train, on_heldout, strict=True))
    cut = runs // 10
    return Forecast(baseline, more * fmean(on_train), more * fmean(on_heldout), totals[cut], totals[-1 - cut])


def _draw_edit(random: Random) -> Edit:
    """A quarter good, a quarter bad, half null, each of its shapes equally likely."""
    draw = random.random()
    if draw < 0.5:
        return Edit(random.choice(REAL), SIZE if draw < 0.25 else -SIZE)
    return Edit(random.choice(NULL))
