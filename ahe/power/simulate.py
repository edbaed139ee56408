"""Simulates comparisons: a gate decides on edits of known effect through the same `decide` as in a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from ahe.power.worlds import ALPHA, BETA, Edit, Rates, apply, draw_rates, logit_shift, predictions, shifted
from ahe.protocols import Gate
from ahe.records import Comparison, Decision, Record, RolloutRequest, Tally

TOKENS = 20_000.0
TOKEN_SPREAD = 0.05


class SimulationResult(Record):
    """Of `runs` comparisons: the share kept, rollouts, and the true change in points, with standard errors.

    `rollouts` are those of the comparison: the incumbent's plain rollouts exist already, as in the loop.
    `both` counts them too. `drift` is the points by which the endpoint moved right after those.
    """

    gate: str
    tasks: int
    edit: str
    drift: float = 0.0
    true_points: float
    kept: float
    kept_se: float
    rollouts: float
    rollouts_se: float
    both: float
    runs: int


@dataclass
class Arm:
    """The rollouts of one harness version: true pass rates, and passes of n by task."""

    rates: Rates
    passes: list[int] = field(default_factory=list)
    n: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.passes = self.passes or [0] * len(self.rates)
        self.n = self.n or [0] * len(self.rates)

    def roll(self, task: int, upto: int, random: Random) -> int:
        """Bring a task to `upto` rollouts. Returns how many that took."""
        count = max(0, upto - self.n[task])
        self.passes[task] += sum(random.random() < self.rates[task] for _ in range(count))
        self.n[task] += count
        return count

    def tally(self, task: int) -> Tally:
        return _tally(self.passes[task], self.n[task])

    def raw(self, tasks: int) -> float:
        """Mean measured pass rate of the first `tasks` tasks, all of which have rollouts."""
        return sum(self.passes[t] / self.n[t] for t in range(tasks)) / tasks


@dataclass(frozen=True)
class SimulatedComparison:
    """Two arms over the same tasks: the first `train` are on train, the others held out."""

    incumbent: Arm
    candidate: Arm
    train: int
    rollouts: int
    predicts: Sequence[int] = ()
    risks: Sequence[int] = ()
    tokens: tuple[float, float] | None = None
    name: str = ""

    def decide(self, gate: Gate, random: Random, limit: float = math.inf) -> tuple[Decision, int]:
        """Run what the gate requests until it decides. Returns the decision and the rollouts that it took.

        Stops at `limit` rollouts, with the gate's `more` as the decision.
        """
        spent = 0
        while (decision := gate.decide(self.comparison(spent))).outcome == "more":
            for request in decision.requests:
                if spent >= limit:
                    return decision, spent
                spent += self._roll(request, random)
        return decision, spent

    def _roll(self, request: RolloutRequest, random: Random) -> int:
        arm = self.incumbent if request.arm == "incumbent" else self.candidate
        return arm.roll(int(request.task), request.n, random)

    def comparison(self, spent: int) -> Comparison:
        tasks = len(self.incumbent.rates)
        pairs = [(_name(task), self._pair(task)) for task in range(tasks)]
        heldout = pairs[self.train :]
        return Comparison.model_construct(
            train=dict(pairs[: self.train]),
            heldout={name: pair for name, pair in heldout if pair[0].n or pair[1].n},
            heldout_tasks=tuple(name for name, _ in heldout),
            rollouts=self.rollouts,
            spent=spent,
            predicts=tuple(_name(t) for t in self.predicts if t < self.train),
            risks=tuple(_name(t) for t in self.risks if t < self.train),
            tokens=self.tokens,
            concentration=1.0,
            grown=0,
            candidate=self.name,
        )

    def _pair(self, task: int) -> tuple[Tally, Tally]:
        return self.incumbent.tally(task), self.candidate.tally(task)


@cache
def _tally(passes: int, n: int) -> Tally:
    return Tally(passes=passes, n=n)


@cache
def _name(task: int) -> str:
    return f"{task:04d}"


def candidate_tokens(random: Random, tokens: float = TOKENS) -> float:
    """Tokens per trial of an edited harness: the incumbent's, times a log-normal factor of about 5 %."""
    return tokens * random.lognormvariate(0.0, TOKEN_SPREAD)


def decide_on_edit(
    gate: Gate,
    edit: Edit,
    before: Rates,
    random: Random,
    *,
    train: int,
    rollouts: int,
    name: str,
    drift: float = 0.0,
    limit: float = math.inf,
) -> tuple[Decision, int, float]:
    """One comparison: the decision, the rollouts that it took, and the true change in points.

    The incumbent gets its plain rollouts on train. Then the endpoint drifts by `drift` points, and the gate decides
    with `limit` rollouts at most.
    """
    now = shifted(before, logit_shift(before, drift / 100)) if drift else before
    after = apply(edit, now, random)
    named = predictions(now, after, random)
    tokens = (TOKENS, candidate_tokens(random))
    incumbent = Arm(before)
    for task in range(train):
        incumbent.roll(task, rollouts, random)
    incumbent.rates = now
    simulated = SimulatedComparison(incumbent, Arm(after), train, rollouts, *named, tokens, name)
    decision, spent = simulated.decide(gate, random, limit)
    return decision, spent, 100 * (sum(after) - sum(now)) / len(now)


def simulate(
    make: Callable[[], Gate],
    edit: Edit,
    *,
    tasks: int,
    heldout: int = 0,
    rollouts: int = 2,
    runs: int = 2000,
    seed: int = 0,
    matrix: Sequence[float] = (),
    drift: float = 0.0,
    beta: tuple[float, float] = (ALPHA, BETA),
) -> SimulationResult:
    """Let the gate decide on `runs` edits, each on newly drawn pass rates; every gate gets the same ones.

    `heldout` of the `tasks` are held out. The incumbent starts with its plain rollouts on train. Then the endpoint
    drifts: the mean pass rate of all harnesses moves by `drift` points, with the same shift of every logit.
    """
    gate = make()
    kept, spent, true = [], [], []
    for run in range(runs):
        world = Random(f"{seed} {edit} {tasks} {run}")
        before, train = draw_rates(tasks, world, matrix, beta), tasks - heldout
        decision, cost, points = decide_on_edit(
            gate, edit, before, world, train=train, rollouts=rollouts, name=str(run), drift=drift
        )
        kept.append(float(decision.outcome == "kept"))
        spent.append(float(cost))
        true.append(points)
    share, share_se = mean_se(kept)
    cost_mean, cost_se = mean_se(spent)
    return SimulationResult(
        gate=gate.name,
        tasks=tasks,
        edit=str(edit),
        drift=drift,
        true_points=mean_se(true)[0],
        kept=share,
        kept_se=share_se,
        rollouts=cost_mean,
        rollouts_se=cost_se,
        both=cost_mean + rollouts * (tasks - heldout),
        runs=runs,
    )


def mean_se(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return mean, math.sqrt(variance / len(values))
