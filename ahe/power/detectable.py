"""What a suite can show: its noise, measured on one harness, and the smallest effect that a gate detects on it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean, pstdev

from ahe.gate.posterior import CONCENTRATION, MEAN_FROM, MEAN_TO
from ahe.power.simulate import Arm, SimulationResult, simulate
from ahe.power.worlds import ALPHA, BETA, REAL, Edit, Rates
from ahe.protocols import Gate
from ahe.records import Spread, Tally

TARGET_POWER = 0.8
"""An effect is detectable where the gate keeps this share of edits of that size."""
MOST_NULL = 0.6
FIRST, STEP = 0.5, 1.15
UNSURE = 1.7
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
SPLITS = 1_000

Outcomes = Sequence[Sequence[bool]]
"""By task, whether each attempt passed, in the order of the attempts."""


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

    Without any rollout it is the Beta(.7, .3) of the simulations, and `measured` is False. The posterior is used and
    not the measured rate, because a task that passed 4 of 4 times does not always pass.
    """
    own = [tallies.get(task, Tally()) for task in tasks]
    rates = [tally.rate for tally in own if tally.rate is not None]
    if not rates:
        return Beliefs(((ALPHA, BETA),) * len(own), measured=False)
    mean = min(MEAN_TO, max(MEAN_FROM, fmean(rates)))
    return Beliefs(
        tuple((concentration * mean + t.passes, concentration * (1 - mean) + t.n - t.passes) for t in own),
        measured=True,
    )


@dataclass(frozen=True)
class Power:
    """A gate on these tasks, with k plain `rollouts` a task and at most `limit` rollouts a comparison.

    Every size is tried in `runs` simulated edits, on the same pass rates. No task is held out.
    """

    gate: Gate
    known: Beliefs
    rollouts: int
    limit: float = math.inf
    runs: int = 100

    def simulate(self, edit: Edit) -> SimulationResult:
        return simulate(
            self.gate,
            edit,
            lambda random: Arm(self.known.draw(random)),
            rollouts=self.rollouts,
            limit=self.limit,
            runs=self.runs,
            seed="power",
        )

    def detects(self, points: float) -> bool:
        """Whether the gate keeps 80 % of the edits of this size, sparse and dense ones alike."""
        return fmean(self.simulate(Edit(shape, points)).kept for shape in REAL) >= TARGET_POWER

    def smallest_effect(self) -> float | None:
        """The smallest rise in points that the gate detects, of sizes that differ by 15 %.

        None where it detects no rise that the suite has room for, or keeps most edits that do nothing.
        """
        if self.simulate(Edit("noop")).kept > MOST_NULL:
            return None
        room, points = 100 * (1 - self.known.mean), FIRST * approximate_effect(self.known, self.rollouts)
        while points < room:
            if self.detects(points):
                return points
            points *= STEP
        return None

    def rollouts_for(self, points: float) -> int | None:
        """Plain rollouts a task with which the gate detects a rise of this size, without a limit: one of `DEPTHS`.

        None where the highest is not enough, or the suite has no room for such a rise.
        """
        if points > 100 * (1 - self.known.mean):
            return None
        likely = [depth for depth in DEPTHS if FIRST * approximate_effect(self.known, depth) <= points]
        enough = (k for k in likely if replace(self, rollouts=k, limit=math.inf).detects(points))
        return next(enough, None)


def approximate_effect(known: Beliefs, rollouts: int, most: float = math.inf) -> float:
    """A fast approximation of `Power.smallest_effect`: (1 + 1/T) standard errors of an A-A difference.

    `most` is the ceiling of a comparison in rollouts. If it allows none beyond the plain ones, the gate must decide
    while it is unsure, and the effect must be larger by the factor `UNSURE`.
    Not derived, but fitted to simulations of `bayes`, `strict` and `greedy` with 3 to 89 tasks and k from 1 to 8, where
    it is wrong by a third at most. It does not hold for `pareto` and `flips`.
    """
    count = len(known.tasks)
    arms = 1 / (rollouts * count) + 1 / min(rollouts * count, most)
    unsure = UNSURE if most <= rollouts * count else 1.0
    return 100 * (1 + 1 / count) * unsure * math.sqrt(known.noise * arms)


def tasks_for(points: float, known: Beliefs, rollouts: int) -> int:
    """How many tasks like these bring `approximate_effect` down to this many points."""
    wanted = 2 * known.noise / rollouts * (100 / points) ** 2
    return math.ceil(wanted + 2)


def noise(outcomes: Outcomes, variance: float) -> Spread | None:
    """The noise over the tasks that were tried at least twice; None where there is no such task.

    `variance` is the expected p(1−p) of a task, of one rollout: arms of m_t and m'_t independent attempts differ
    by a standard deviation of √(variance · Σ(1/m_t + 1/m'_t))/T.
    """
    split = [list(each) for each in outcomes if len(each) > 1]
    if not split:
        return None
    # With an odd number of attempts it does not matter which arm gets the larger part.
    shares = [1 / (len(each) // 2) + 1 / (len(each) - len(each) // 2) for each in split]
    halves = -_difference(split)
    parity = -_difference([[*each[1::2], *each[0::2]] for each in split])
    random, drawn = Random("splits"), []
    for _ in range(SPLITS):
        for each in split:
            random.shuffle(each)
        drawn.append(_difference(split))
    spread = pstdev(drawn)
    return Spread(
        tasks=len(split),
        points=spread,
        expected=100 * math.sqrt(variance * sum(shares)) / len(split),
        parity=parity,
        parity_z=parity / spread if spread else 0.0,
        halves=halves,
        halves_z=halves / spread if spread else 0.0,
    )


def _difference(split: Outcomes) -> float:
    """Mean over tasks, in points: pass rate of the first half of the attempts less that of the others."""
    parts = [(each[: len(each) // 2], each[len(each) // 2 :]) for each in split]
    return 100 * fmean(sum(one) / len(one) - sum(other) / len(other) for one, other in parts)
