"""The results of `ahe calibrate`, of the estimate before a run, and of `ahe final`.

Differences are in points of the mean pass rate, except those of `Final`, which are in [-1, 1].
"""

from __future__ import annotations

from typing import Literal

from ahe.records.conversation import ModelTime, Pace, Record, Usage
from ahe.records.gate import Interval, Observed, TwoTries


class Copies(Record):
    """Of `trials` that were compared, `distinct` counts those that differ in task or in the model's output.

    `tasks` have copies among their rollouts; at `disagreeing` ones equal output both passed and failed.
    """

    trials: int
    distinct: int
    tasks: tuple[str, ...] = ()
    disagreeing: tuple[str, ...] = ()

    @property
    def copied(self) -> int:
        return self.trials - self.distinct


class Spread(Record):
    """A against A: `points` is the standard deviation over random splits, `expected` that of independent rollouts.

    `parity` and `halves` are two splits that would show a drift, in points and (`_z`) in standard deviations.
    """

    tasks: int
    points: float
    expected: float
    parity: float
    parity_z: float
    halves: float
    halves_z: float


class Needed(Record):
    """What is needed to detect a rise of `points`: `rollouts` per task with these tasks, or `tasks` with the present k.

    `rollouts` is None if no number that was tried is enough, or the suite's pass rate cannot rise that much.
    """

    points: float
    rollouts: int | None
    tasks: int


class Sensitivity(Record):
    """What the gate detects with k = `rollouts`, `limit` rollouts a comparison at most.

    `points` is the smallest rise that it keeps in 80 % of cases, None if it detects none; `null` is the share of edits
    without effect that it keeps, `cost` the mean rollouts of such a comparison.
    """

    gate: str
    rollouts: int
    limit: int | None
    points: float | None
    null: float
    cost: float
    needed: tuple[Needed, ...] = ()


class Calibration(Record):
    """A harness measured against itself on train. `ran` rollouts were new; `usage` is what they cost.

    `model_time` is summed over all of them, `pace` the speed by which its work is counted (embedded models only).
    """

    rev: str
    harness: str
    model: str
    tasks: int
    rollouts: int
    missing: int
    ran: int
    rate: float | None
    never: int
    always: int
    sometimes: int
    untried: int
    concentration: float
    fitted: bool
    spread: Spread | None
    copies: Copies
    seen: Sensitivity | None
    usage: Usage = Usage()
    model_time: ModelTime = ModelTime()
    pace: Pace | None = None
    warnings: tuple[str, ...] = ()


Part = Literal["baseline", "race", "comparisons", "attribution", "held-out", "debugger", "evolver"]


class Cost(Record):
    """One part of a run: rollouts, tokens, dollars (None: unknown), seconds; `basis` says where they come from."""

    part: Part | Literal["total"]
    rollouts: float = 0.0
    tokens: float = 0.0
    usd: float | None = 0.0
    seconds: float = 0.0
    basis: str = ""

    def times(self, number: float, part: Part) -> Cost:
        """What `number` of these cost, as a part of the run."""
        return Cost(
            part=part,
            rollouts=self.rollouts * number,
            tokens=self.tokens * number,
            usd=0.0 if not number else None if self.usd is None else self.usd * number,
            seconds=self.seconds * number,
            basis=self.basis,
        )


class Estimate(Record):
    """What `iterations` are likely to cost. 80 % of the simulated runs take `low` to `high` rollouts.

    `covered` is how many iterations the budget pays for, None if no limit would be reached; `limit` names the limit.
    `points` is about the smallest rise that the gate detects.
    """

    iterations: int
    tasks: int
    heldout: int
    rollouts: int
    jobs: int
    gate: str
    measured: bool
    costs: tuple[Cost, ...]
    total: Cost
    low: float
    high: float
    covered: float | None = None
    limit: str = ""
    points: float | None = None
    warnings: tuple[str, ...] = ()


class FinalPlan(Record):
    """The plan of a look at the test split. A look that has begun is finished as it was planned.

    It runs attempts `first` to `first + rollouts − 1` of each task and arm, which were not used before. `again` is the
    reason for a look after the first. `seen` counts rollouts on these tasks that were made before this look.
    `fingerprint` is that of the model `model`; empty in plans of earlier versions.
    """

    look: int
    seed: str
    best: str
    suite: str
    tasks: tuple[str, ...]
    first: int
    rollouts: int
    model: str
    fingerprint: str = ""
    again: str = ""
    seen: int = 0
    begun: str = ""


class Final(Record):
    """The result of a look. `given_tasks` is the headline: the mean difference on exactly these tasks.

    `over_tasks` generalises to similar tasks, None if there is only one. Both are 90 % intervals of best − seed.
    `score` is P(best is better on these tasks). `twice` is the seed tried once and twice, the bar for the best;
    `tokens` are the means per task of seed and best. Finals of earlier versions have neither. `rewards` are the mean
    rewards of seed and best where some lie between 0 and 1: then the differences are of these.
    """

    plan: FinalPlan
    tasks: tuple[Observed, ...]
    seed_rate: float
    best_rate: float
    given_tasks: Interval
    over_tasks: Interval | None
    score: float
    missing: int
    usage: Usage
    ended: str = ""
    twice: TwoTries | None = None
    tokens: tuple[float, float] | None = None
    rewards: tuple[float, float] | None = None
