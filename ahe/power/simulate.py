"""Simulates comparisons: a gate decides on edits of known effect through the same `decide` as in a run."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from ahe.power.worlds import Edit, Rates, apply, draw_rates, predictions
from ahe.protocols import Gate
from ahe.records import Comparison, Decision, Record, Tally

TOKENS = 20_000.0
TOKEN_SPREAD = 0.05


class SimulationResult(Record):
    """Of `runs` comparisons: the share kept, rollouts, and the true change in points, with standard errors.

    `rollouts` are those of the comparison: the incumbent's plain rollouts exist already, as in the loop.
    """

    gate: str
    tasks: int
    edit: str
    true_points: float
    kept: float
    kept_se: float
    rollouts: float
    rollouts_se: float
    runs: int


@dataclass
class Arm:
    """One harness version: its true pass rates and rollouts by task, and the mean tokens of a trial."""

    rates: Rates
    tallies: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    tokens: float = TOKENS

    def roll(self, task: int, upto: int, random: Random) -> int:
        """Bring a task to `upto` rollouts. Returns how many that took."""
        had = self.tallies[task]
        count = max(0, upto - had.n)
        passes = had.passes + sum(random.random() < self.rates[task] for _ in range(count))
        self.tallies[task] = Tally(passes=passes, n=had.n + count)
        return count

    def edited(self, rates: Rates, tokens: float) -> "Arm":
        """An arm without rollouts, with these rates."""
        return Arm(rates, tokens=tokens)


Draw = Callable[[Random], Arm]
"""Draws an incumbent."""


def incumbents(tasks: int, matrix: Sequence[float] = ()) -> Draw:
    """Incumbents without rollouts, on tasks from a Beta or from a matrix's task rates (`draw_rates`)."""
    return lambda random: Arm(draw_rates(tasks, random, matrix))


@dataclass(frozen=True)
class SimulatedComparison:
    """Two arms over the same tasks: the first `train` are on train, the others held out."""

    incumbent: Arm
    candidate: Arm
    train: int
    rollouts: int
    predicts: Sequence[int] = ()
    risks: Sequence[int] = ()
    name: str = ""

    def decide(self, gate: Gate, random: Random, limit: float = math.inf) -> tuple[Decision, int]:
        """Run what the gate requests until it decides. Returns the decision and the rollouts that it took.

        Stops at `limit` rollouts, with the gate's `more` as the decision.
        """
        arms, spent = {"incumbent": self.incumbent, "candidate": self.candidate}, 0
        while (decision := gate.decide(self.comparison(spent))).outcome == "more":
            for request in decision.requests:
                if spent >= limit:
                    return decision, spent
                spent += arms[request.arm].roll(int(request.task), request.n, random)
        return decision, spent

    def comparison(self, spent: int) -> Comparison:
        tasks, one, other = range(len(self.incumbent.rates)), self.incumbent.tallies, self.candidate.tallies
        pairs = [(_name(task), (one[task], other[task])) for task in tasks]
        heldout = pairs[self.train :]
        return Comparison.model_construct(
            train=dict(pairs[: self.train]),
            heldout={name: pair for name, pair in heldout if pair[0].n or pair[1].n},
            heldout_tasks=tuple(name for name, _ in heldout),
            rollouts=self.rollouts,
            spent=spent,
            predicts=tuple(_name(t) for t in self.predicts if t < self.train),
            risks=tuple(_name(t) for t in self.risks if t < self.train),
            tokens=(self.incumbent.tokens, self.candidate.tokens),
            concentration=1.0,
            grown=0,
            candidate=self.name,
        )


@cache
def _name(task: int) -> str:
    return f"{task:04d}"


def try_edit(
    edit: Edit, incumbent: Arm, random: Random, *, train: int, rollouts: int, name: str
) -> SimulatedComparison:
    """The comparison of the incumbent with an edit of it. The incumbent gets the plain rollouts that it lacks on train.

    The edit changes the tokens of a trial by a log-normal factor of about 5 %.
    """
    after = apply(edit, incumbent.rates, random)
    named = predictions(incumbent.rates, after, random)
    candidate = incumbent.edited(after, incumbent.tokens * random.lognormvariate(0.0, TOKEN_SPREAD))
    for task in range(train):
        incumbent.roll(task, rollouts, random)
    return SimulatedComparison(incumbent, candidate, train, rollouts, *named, name)


def simulate(
    gate: Gate,
    edit: Edit,
    draw: Draw,
    *,
    heldout: int = 0,
    rollouts: int = 2,
    limit: float = math.inf,
    runs: int = 2000,
    seed: str = "0",
    longer: tuple[float, float] | None = None,
) -> SimulationResult:
    """Let the gate decide on `runs` edits, each on a newly drawn incumbent; the last `heldout` tasks are held out.

    A comparison that is cut off at `limit` rollouts keeps nothing. `longer` are mean and standard deviation of
    the further tokens that the candidate is measured to take. With the same seed every edit and every gate gets the
    same incumbents, so that results differ by edit and gate alone.
    """
    kept, spent, true, tasks = [], [], [], 0
    for run in range(runs):
        world = Random(f"{seed} {run}")
        incumbent = draw(world)
        tasks = len(incumbent.rates)
        compared = try_edit(edit, incumbent, world, train=tasks - heldout, rollouts=rollouts, name=str(run))
        if longer is not None:
            compared.candidate.tokens = incumbent.tokens + Random(f"{seed} {run} tokens").gauss(*longer)
        decision, cost = compared.decide(gate, world, limit)
        kept.append(float(decision.outcome == "kept"))
        spent.append(float(cost))
        true.append(100 * (sum(compared.candidate.rates) - sum(incumbent.rates)) / tasks)
    (share, share_se), (mean, se) = mean_se(kept), mean_se(spent)
    return SimulationResult(
        gate=gate.name,
        tasks=tasks,
        edit=str(edit),
        true_points=mean_se(true)[0],
        kept=share,
        kept_se=share_se,
        rollouts=mean,
        rollouts_se=se,
        runs=runs,
    )


def mean_se(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return mean, math.sqrt(variance / len(values))
