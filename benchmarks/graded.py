"""Two more tables of `benchmarks.gate`, of the default gate: suites of partial scores, and edits that take more tokens.

Partial scores: what the gate keeps where it takes the rewards, and where it sees passes alone. A task of mean reward p
has `PARTS` tests; a rollout passes each with a chance drawn from Beta(4p, 4(1−p)), and its reward is the share passed.
So rewards of one task vary .36 times as much as passing or failing would. In `mixed` suites every other task is binary.

Tokens: a trial takes 20,000, give or take a quarter, so the difference that the gate sees is off by chance. The price
is that of `[gate] price`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from ahe.gate.bayes import BayesGate
from ahe.power.simulate import TOKENS, Arm, SimulationResult, simulate
from ahe.power.worlds import REAL, Edit, Rates, draw_rates
from ahe.records import Tally

PARTS, AGREEMENT = 5, 4.0
Suite = Literal["graded", "mixed", "binary"]
SUITES: tuple[Suite, ...] = ("graded", "mixed")
SIZES = ((89, 5.0), (40, 8.0), (12, 15.0))
PRICE, LONGER, TRIAL_SPREAD = 200.0, (0.0, 500.0, 1_000.0, 2_000.0), 0.25


@dataclass
class GradedArm(Arm):
    """An arm whose `rates` are mean rewards. With `passed_only` a reward below 1 counts 0."""

    suite: Suite = "graded"
    passed_only: bool = False

    def roll(self, task: int, upto: int, random: Random) -> int:
        had = self.tallies[task]
        count = max(0, upto - had.n)
        new = Tally.of(self._reward(task, random) for _ in range(count))
        self.tallies[task] = Tally(
            passes=had.passes + new.passes,
            n=upto if count else had.n,
            partial=had.partial + new.partial,
            between=had.between + new.between,
        )
        return count

    def _reward(self, task: int, random: Random) -> float:
        rate = self.rates[task]
        graded = self.suite == "graded" or (self.suite == "mixed" and task % 2)
        if not graded or rate in (0.0, 1.0):
            return float(random.random() < rate)
        chance = random.betavariate(AGREEMENT * rate, AGREEMENT * (1 - rate))
        reward = sum(random.random() < chance for _ in range(PARTS)) / PARTS
        return float(reward == 1) if self.passed_only else reward

    def edited(self, rates: Rates, tokens: float) -> Arm:
        return GradedArm(rates, defaultdict(Tally), tokens, self.suite, self.passed_only)


class Cell(NamedTuple):
    """One line of a table, to be computed in a process of its own. `longer` are the further tokens of a trial."""

    tasks: int
    suite: Suite
    edit: Edit
    runs: int
    rollouts: int
    seed: int
    passed_only: bool = False
    price: float = 0.0
    longer: float = 0.0


def graded_cells(sizes: Sequence[int], runs: int, rollouts: int, seed: int) -> list[Cell]:
    """Of each size an edit that does nothing, and good and bad ones; by passes alone, then by rewards."""
    return [
        Cell(tasks, suite, edit, runs, rollouts, seed, passed_only)
        for tasks, points in SIZES
        for suite in SUITES
        for edit in (Edit("noop"), *(Edit(shape, points) for shape in REAL), Edit("dense", -points))
        for passed_only in (True, False)
        if tasks in sizes
    ]


def price_cells(sizes: Sequence[int], runs: int, rollouts: int, seed: int) -> list[Cell]:
    """Edits on binary suites that take more tokens a trial, without a price and with one."""
    return [
        Cell(tasks, "binary", edit, runs, rollouts, seed, False, price, longer)
        for tasks, points in SIZES
        for edit in (Edit("noop"), *(Edit(shape, points) for shape in REAL))
        for price, longer in ((0.0, 0.0), *((PRICE, longer) for longer in LONGER))
        if tasks in sizes
    ]


def measure(cell: Cell) -> tuple[Cell, SimulationResult]:
    def draw(world: Random) -> Arm:
        rates = draw_rates(cell.tasks, world)
        return GradedArm(rates, suite=cell.suite, passed_only=cell.passed_only)

    # The trials of both arms are as many as there are tasks and plain rollouts.
    noise = TOKENS * TRIAL_SPREAD * math.sqrt(2 / (cell.tasks * cell.rollouts))
    found = simulate(
        BayesGate(price=cell.price),
        cell.edit,
        draw,
        rollouts=cell.rollouts,
        runs=cell.runs,
        seed=f"{cell.seed} {cell.edit} {cell.tasks} {cell.suite}",
        longer=(cell.longer, noise),
    )
    return cell, found


def table(rows: Sequence[tuple[Cell, SimulationResult]]) -> str:
    """The rows as a table; the further tokens and the price in place of the suite where the suites are binary."""
    priced = any(cell.price for cell, _ in rows)
    names = [
        "tasks",
        "edit",
        *(["further tokens", "price"] if priced else ["suite", "the gate sees"]),
        "kept",
    ]
    lines = [f"| {' | '.join([*names, 'rollouts'])} |", "|---" * (len(names) + 1) + "|"]
    for cell, found in rows:
        seen = "passes" if cell.passed_only else "rewards"
        price = f"{cell.price:g} a point" if cell.price else "none"
        own = [f"{cell.longer:+,.0f}" if cell.price else "any", price] if priced else [cell.suite, seen]
        cells = [cell.tasks, cell.edit, *own, f"{100 * found.kept:.1f} % ± {100 * found.kept_se:.1f}"]
        lines.append(f"| {' | '.join(map(str, cells))} | {found.rollouts:.0f} ± {found.rollouts_se:.0f} |")
    return "\n".join(lines)
