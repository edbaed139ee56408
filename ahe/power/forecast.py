"""What a run is likely to cost in rollouts: its iterations are simulated with the gate on the tasks at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from ahe.gate.decisions import tried
from ahe.power.detectable import Beliefs
from ahe.power.simulate import TOKENS, Arm, SimulatedComparison, candidate_tokens
from ahe.power.worlds import apply, draw_edit, predictions
from ahe.protocols import Gate
from ahe.records import Tally

WORK = 8_000
FEWEST, MOST = 10, 100
SIMULATED = 10
"""Iterations that are simulated; a longer run is taken to continue at the same cost."""


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
    runs: int

    @property
    def total(self) -> float:
        return self.baseline + self.train + self.heldout


def forecast(
    gate: Gate, known: Beliefs, tallies: Sequence[Tally], *, train: int, rollouts: int, iterations: int
) -> Forecast:
    """Simulate the iterations, with a quarter of the edits good, a quarter bad and half null (`draw_edit`).

    `known` and the incumbent's `tallies` are by task: the first `train` are on train, the others held out. A kept edit
    becomes the incumbent with its rollouts, as in the loop. Takes a second, or three at 500 tasks.
    """
    steps = min(iterations, SIMULATED)
    more = iterations / steps if steps else 0.0
    runs = max(FEWEST, min(MOST, WORK // max(1, len(tallies) * steps)))
    baseline = sum(max(0, rollouts - tried(tally)) for tally in tallies[:train])
    outcomes = [
        _simulate_run(gate, known, tallies, train, rollouts, steps, Random(f"run {n}")) for n in range(runs)
    ]
    totals = sorted(baseline + more * sum(costs) for costs in outcomes)
    cut = runs // 10
    return Forecast(
        baseline=baseline,
        train=more * fmean(on_train for on_train, _ in outcomes),
        heldout=more * fmean(on_heldout for _, on_heldout in outcomes),
        low=totals[cut],
        high=totals[-1 - cut],
        runs=runs,
    )


def _simulate_run(
    gate: Gate,
    known: Beliefs,
    tallies: Sequence[Tally],
    train: int,
    rollouts: int,
    iterations: int,
    random: Random,
) -> tuple[int, int]:
    """One run. Returns the rollouts of its comparisons on train and on held-out tasks."""
    head = Arm(known.draw(random), [tally.passes for tally in tallies], [tally.n for tally in tallies])
    for task in range(train):
        head.roll(task, rollouts, random)
    tokens, on_train, spent = TOKENS, 0, 0
    for number in range(iterations):
        after = apply(draw_edit(random), head.rates, random)
        named = predictions(head.rates, after, random)
        new_tokens = candidate_tokens(random, tokens)
        name = f"{number} {random.random()}"
        simulated = SimulatedComparison(head, Arm(after), train, rollouts, *named, (tokens, new_tokens), name)
        before = sum(head.n[:train])
        decision, cost = simulated.decide(gate, random)
        on_train += sum(head.n[:train]) - before + sum(simulated.candidate.n[:train])
        spent += cost
        if decision.outcome == "kept":
            head, tokens = simulated.candidate, new_tokens
    return on_train, spent - on_train
