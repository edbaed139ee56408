"""What a suite can show: its noise, measured on one harness, and the smallest effect that a gate detects on it.

The effect is found by simulated edits on the suite's tasks, with pass rates drawn from what is known of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, pstdev

from ahe.gate.posterior import CONCENTRATION, MEAN_FROM, MEAN_TO
from ahe.power.simulate import decide_on_edit
from ahe.power.worlds import ALPHA, BETA, REAL, Edit, Rates
from ahe.protocols import Gate
from ahe.records import Tally

TARGET_POWER = 0.8
"""An effect is detectable where the gate keeps this share of edits of that size."""
RUNS = 100
MOST_NULL = 0.6
REACH, HALVINGS = 2.5, 5
UNSURE = 1.7
DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
SPLITS = 1_000

Outcomes = Sequence[Sequence[bool]]
"""By task, whether each attempt passed, in the order of the attempts."""


@dataclass(frozen=True)
class DetectableEffect:
    """The smallest effect in points that a gate detects, the share that it keeps of edits that do nothing, and the
    mean rollouts of comparing such an edit. `points` is None where it detects no effect."""

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

    Without any rollout it is the Beta(.7, .3) of the simulations, and `measured` is False. The posterior is used and
    not the measured rate, because a task that passed 4 of 4 times does not always pass.
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
    """Share of simulated edits that the gate keeps, and the mean rollouts of a comparison.

    The incumbent has its plain rollouts. A comparison that is cut off at `limit` rollouts keeps nothing. All edits are
    tried on the same pass rates, so that results differ by the edit alone. No task is held out.
    """
    kept, spent = 0, 0
    for run in range(runs):
        world = Random(f"power {run}")
        before = known.draw(world)
        decision, cost, _ = decide_on_edit(
            gate, edit, before, world, train=len(before), rollouts=rollouts, name=str(run), limit=limit
        )
        kept += decision.outcome == "kept"
        spent += cost
    return kept / runs, spent / runs


def power_at(
    gate: Gate, points: float, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> float:
    """The power for this effect: the share kept of edits of this size, sparse and dense ones alike."""
    return fmean(
        share_kept(gate, Edit(shape, points), known, rollouts, limit=limit, runs=runs)[0] for shape in REAL
    )


def detectable_effect(
    gate: Gate, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> DetectableEffect:
    """What this gate detects on this suite with k plain rollouts, `limit` rollouts a comparison at most.

    A gate that keeps most edits that do nothing detects nothing: `points` is None then.
    """
    null, spent = share_kept(gate, Edit("noop"), known, rollouts, limit=limit, runs=runs)
    points = None if null > MOST_NULL else smallest_effect(gate, known, rollouts, limit=limit, runs=runs)
    return DetectableEffect(points, null, spent)


def smallest_effect(
    gate: Gate, known: Beliefs, rollouts: int, *, limit: float = math.inf, runs: int = RUNS
) -> float | None:
    """The smallest rise in points of which the gate keeps 80 %, to within 10 % of its size.

    Searched around `approximate_effect`. None where the gate keeps fewer of every rise that the suite has room for.
    """
    room, guess = 100 * (1 - known.mean), approximate_effect(known, rollouts)
    low, high = guess / REACH, min(room, guess * REACH)
    if low >= room:
        return None
    while power_at(gate, high, known, rollouts, limit=limit, runs=runs) < TARGET_POWER:
        if high >= room:
            return None
        low, high = high, min(room, high * REACH)
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        if power_at(gate, middle, known, rollouts, limit=limit, runs=runs) < TARGET_POWER:
            low = middle
        else:
            high = middle
    return high


def rollouts_for(gate: Gate, points: float, known: Beliefs, *, runs: int = RUNS) -> int | None:
    """Plain rollouts a task with which the gate keeps 80 % of rises of this size: one of `DEPTHS`.

    None where the highest is not enough, or the suite has no room for such a rise.
    """

    def enough(place: int) -> bool:
        return power_at(gate, points, known, DEPTHS[place], runs=runs) >= TARGET_POWER

    if points > 100 * (1 - known.mean):
        return None
    last = len(DEPTHS) - 1
    place = next((n for n, depth in enumerate(DEPTHS) if approximate_effect(known, depth) <= points), last)
    if enough(place):
        while place and enough(place - 1):
            place -= 1
        return DEPTHS[place]
    while place < last:
        place += 1
        if enough(place):
            return DEPTHS[place]
    return None


def approximate_effect(known: Beliefs, rollouts: int, most: float = math.inf) -> float:
    """A fast approximation of `smallest_effect`, in points: (1 + 1/T) standard errors of an A-A difference.

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


@dataclass(frozen=True)
class Noise:
    """Differences of mean pass rates between two arms of one harness, in [-1, 1].

    `spread` is their standard deviation over random splits, `expected` that of rollouts that are independent of
    each other. `parity` compares even attempts with odd ones, `halves` the later half with the earlier.
    """

    tasks: int
    spread: float
    expected: float
    parity: float
    halves: float

    @property
    def parity_z(self) -> float:
        """The parity difference in standard deviations of random splits; 0 where nothing varies."""
        return self.parity / self.spread if self.spread else 0.0

    @property
    def halves_z(self) -> float:
        return self.halves / self.spread if self.spread else 0.0


def noise(outcomes: Outcomes, variance: float, splits: int = SPLITS) -> Noise | None:
    """The noise over the tasks that were tried at least twice; None where there is no such task.

    `variance` is the expected p(1−p) of a task, of one rollout: arms of m_t and m'_t independent attempts differ
    by a standard deviation of √(variance · Σ(1/m_t + 1/m'_t))/T.
    """
    split = [list(each) for each in outcomes if len(each) > 1]
    if not split:
        return None
    random = Random("splits")
    drawn = []
    for _ in range(splits):
        for each in split:
            random.shuffle(each)
        drawn.append(_difference(split))
    # With an odd number of attempts it does not matter which arm gets the larger part.
    shares = [1 / (len(each) // 2) + 1 / (len(each) - len(each) // 2) for each in split]
    ordered = [each for each in outcomes if len(each) > 1]
    by_parity = [[*each[1::2], *each[0::2]] for each in ordered]
    return Noise(
        tasks=len(split),
        spread=pstdev(drawn),
        expected=math.sqrt(variance * sum(shares)) / len(split),
        parity=-_difference(by_parity),
        halves=-_difference(ordered),
    )


def _difference(split: Outcomes) -> float:
    """Mean over tasks: pass rate of the first half of the attempts less that of the others."""
    parts = [(each[: len(each) // 2], each[len(each) // 2 :]) for each in split]
    return fmean(sum(one) / len(one) - sum(other) / len(other) for one, other in parts)
