"""What a gate can see on the user's own suite: made edits on its tasks, with the pass rates that are likely there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean

from ahe.gate.posterior import CONCENTRATION, MEAN_FROM, MEAN_TO
from ahe.power.simulate import TOKENS, Arm, SimulatedComparison, candidate_tokens
from ahe.power.worlds import ALPHA, BETA, Edit, Rates, Shape, apply, predictions
from ahe.protocols import Gate
from ahe.records import Tally

TARGET_POWER = 0.8
"""An effect is visible where the gate keeps an edit of that size so often."""
SHAPES: tuple[Shape, ...] = ("sparse", "dense")
RUNS = 100
MOST_NULL = 0.6
REACH, HALVINGS = 2.5, 5
UNSURE = 1.7
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


@dataclass(frozen=True)
class DetectableEffect:
    """What a gate sees: the smallest effect in points, the share of edits kept that do nothing, and the mean
    rollouts of comparing such an edit. `points` is None where nothing is seen."""

    points: float | None
    null: float
    rollouts: float


@dataclass(frozen=True)
class Beliefs:
    """What is known of the tasks' pass rates: a Beta(a, b) for each. `measured` says whether from rollouts."""

    tasks: tuple[tuple[float, float], ...]
    measured: bool

    def draw(self, random: Random) -> Rates:
        return tuple(random.betavariate(a, b) for a, b in self.tasks)

    @property
    def mean(self) -> float:
        """Expected pass rate of the suite."""
        return fmean(a / (a + b) for a, b in self.tasks)

    @property
    def noise(self) -> float:
        """Expected variance of one rollout given its task: the mean of p(1−p) over tasks."""
        return fmean(a * b / ((a + b) * (a + b + 1)) for a, b in self.tasks)


def beliefs(
    tasks: Iterable[str], tallies: Mapping[str, Tally], concentration: float = CONCENTRATION
) -> Beliefs:
    """A Beta for each task: the suite's mean with the concentration, updated with the task's own rollouts.

    Where no task has a rollout it is the Beta(.7, .3) of the made worlds, and `measured` is False. The posterior
    and not the measured rate: a task that passed 4 of 4 is not one that always passes.
    """
    rates = [tally.rate for tally in tallies.values() if tally.rate is not None]
    if not rates:
        return Beliefs(tuple((ALPHA, BETA) for _ in tasks), measured=False)
    mean = min(MEAN_TO, max(MEAN_FROM, fmean(rates)))
    own = [tallies.get(task, Tally()) for task in tasks]
    return Beliefs(
        tuple((concentration * mean + t.passes, concentration * (1 - mean) + t.n - t.passes) for t in own),
        measured=True,
    )


def share_kept(
    gate: Gate, edit: Edit, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> tuple[float, float]:
    """Share of made edits that the gate keeps, and the mean rollouts of a comparison.

    The incumbent has its plain rollouts. A comparison that `limit` rollouts cut short keeps nothing. The same
    worlds for every edit, so that two sizes differ by their size. No task is held out.
    """
    kept, spent = 0, 0
    for run in range(runs):
        world = Random(f"power {run}")
        before = known.draw(world)
        after = apply(edit, before, world)
        named = predictions(before, after, world)
        tokens = (TOKENS, candidate_tokens(world))
        question = SimulatedComparison(
            Arm(before), Arm(after), len(before), rollouts, *named, tokens, str(run)
        )
        for task in range(len(before)):
            question.incumbent.roll(task, rollouts, world)
        decision, cost = question.ask(gate, world, limit)
        kept += decision.outcome == "kept"
        spent += cost
    return kept / runs, spent / runs


def seen(
    gate: Gate, points: float, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> float:
    """Share kept of edits of this size, sparse and dense ones alike."""
    return fmean(
        share_kept(gate, Edit(shape, points), known, rollouts, limit=limit, runs=runs)[0] for shape in SHAPES
    )


def detectable_effect(
    gate: Gate, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> DetectableEffect:
    """What this gate sees on this suite with k plain rollouts, `limit` rollouts a comparison at most.

    A gate that keeps most of what does nothing sees nothing, whatever else it keeps.
    """
    null, spent = share_kept(gate, Edit("noop"), known, rollouts, limit=limit, runs=runs)
    blind = null > MOST_NULL
    points = None if blind else smallest_effect(gate, known, rollouts, limit=limit, runs=runs)
    return DetectableEffect(points, null, spent)


def smallest_effect(
    gate: Gate, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> float | None:
    """The smallest rise in points of which the gate keeps 80 %, within a tenth of itself.

    Looked for around `about`. None where the gate does not keep so many of any rise that the suite has room for.
    """
    room, guess = 100 * (1 - known.mean), about(known, rollouts)
    low, high = guess / REACH, min(room, guess * REACH)
    if low >= room:
        return None
    while seen(gate, high, known, rollouts, limit=limit, runs=runs) < TARGET_POWER:
        if high >= room:
            return None
        low, high = high, min(room, high * REACH)
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        if seen(gate, middle, known, rollouts, limit=limit, runs=runs) < TARGET_POWER:
            low = middle
        else:
            high = middle
    return high


def rollouts_for(gate: Gate, points: float, known: Beliefs, *, runs: int = RUNS) -> int | None:
    """Plain rollouts a task with which the gate keeps 80 % of rises of this size: one of `DEPTHS`.

    None where the most are too few, or the suite has no room for such a rise.
    """

    def enough(place: int) -> bool:
        return seen(gate, points, known, DEPTHS[place], runs=runs) >= TARGET_POWER

    if points > 100 * (1 - known.mean):
        return None
    last = len(DEPTHS) - 1
    place = next((n for n, depth in enumerate(DEPTHS) if about(known, depth) <= points), last)
    if enough(place):
        while place and enough(place - 1):
            place -= 1
        return DEPTHS[place]
    while place < last:
        place += 1
        if enough(place):
            return DEPTHS[place]
    return None


def about(known: Beliefs, rollouts: int, most: float = math.inf) -> float:
    """What `smallest_effect` finds, in points and at once: (1 + 1/T) standard errors of an A-A difference.

    `most` is the ceiling of a comparison in rollouts. Where it leaves none beyond the plain ones the gate must decide
    while it is unsure, and sees less by the factor `UNSURE`.
    Not derived: read off simulations of `bayes`, `strict` and `greedy` from 3 to 89 tasks and k from 1 to 8, and off
    by a third at most there. `pareto` and `flips` have no such number.
    """
    count = len(known.tasks)
    arms = 1 / (rollouts * count) + 1 / min(rollouts * count, most)
    unsure = UNSURE if most <= rollouts * count else 1.0
    return 100 * (1 + 1 / count) * unsure * math.sqrt(known.noise * arms)


def tasks_for(points: float, known: Beliefs, rollouts: int) -> int:
    """Tasks like these, at which `about` comes down to this many points."""
    wanted = 2 * known.noise / rollouts * (100 / points) ** 2
    return math.ceil(wanted + 2)
