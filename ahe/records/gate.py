"""What a gate gets and returns, and the verdicts made from it. Differences of pass rates are in [-1, 1]."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import AliasChoices, Field

from ahe.records.conversation import Record, Sums, Usage
from ahe.records.trials import FRESH, RACE


class Interval(Record):
    """A mean with its 90 % interval: of a difference of pass rates, in [-1, 1], or of a pass rate."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


class Tally(Record):
    """Rollouts of one task: passes of n scored trials, and how many are missing.

    `partial` is the sum of the rewards r of those that did not pass, `between` the sum of r(1−r): both are 0 where
    every reward is 0 or 1.
    """

    passes: int = 0
    n: int = 0
    missing: int = 0
    partial: float = 0.0
    between: float = 0.0

    @classmethod
    def of(cls, credits: Iterable[float | None]) -> Tally:
        """The tally of rollouts by their `Trial.credit`; None: missing."""
        found = [*credits]
        scored = [float(each) for each in found if each is not None]
        return cls(
            passes=sum(each >= 1 for each in scored),
            n=len(scored),
            missing=len(found) - len(scored),
            partial=sum(each for each in scored if each < 1),
            between=sum(each * (1 - each) for each in scored),
        )

    @property
    def rate(self) -> float | None:
        return self.passes / self.n if self.n else None

    @property
    def reward(self) -> float:
        """Sum of the rewards, a pass counting 1."""
        return self.passes + self.partial

    @property
    def mean(self) -> float | None:
        """Mean reward."""
        return self.reward / self.n if self.n else None


class Ceiling(Record):
    """What the comparison of one candidate on train may cost; 0 means no limit."""

    rollouts: int = 0
    tokens: int = 0
    usd: float = 0.0


class Comparison(Record):
    """What a gate decides on: for each task the tallies of incumbent and candidate, in this order.

    `rollouts` is k, the configured attempts per task; `concentration` is α+β of the prior, fitted to earlier rollouts;
    `tokens` are the mean tokens of a trial, by arm; `grown` is the growth of the prompt in tokens; `spent`,
    `spent_tokens` and `spent_usd` are what this comparison has cost so far. `candidate` is the id of the harness under
    test: random choices are seeded with it, so that a killed comparison continues with the same tasks.
    """

    train: dict[str, tuple[Tally, Tally]]
    heldout: dict[str, tuple[Tally, Tally]] = Field(default_factory=dict)
    heldout_tasks: tuple[str, ...] = ()
    rollouts: int = 2
    spent: int = 0
    spent_tokens: int = 0
    spent_usd: float = 0.0
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    concentration: float = 1.0
    tokens: tuple[float, float] | None = None
    grown: int = 0
    candidate: str = ""


class RolloutRequest(Record):
    """Rollouts that a gate needs before it decides: bring the task to `n` attempts in this arm."""

    task: str
    arm: Literal["incumbent", "candidate"]
    n: int


class Decision(Record):
    """A gate's answer: an outcome with its numbers, or `more` with the rollouts that it needs first."""

    outcome: Literal["kept", "reverted", "undecided", "more"]
    reason: str
    requests: tuple[RolloutRequest, ...] = ()
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    heldout_delta: float | None = None


class TwoTries(Record):
    """One harness tried once and twice, over `tasks` tasks: mean pass rates (`twice` is pass@2) and tokens per task."""

    tasks: int
    once: float
    twice: float
    tokens_once: float
    tokens_twice: float

    def __str__(self) -> str:
        return (
            f"{self.twice:.1%} with two tries (pass@2) at {self.tokens_twice:,.0f} tokens a task, "
            f"{self.once:.1%} with one at {self.tokens_once:,.0f}"
        )


def tokens_text(tokens: tuple[float, float]) -> str:
    """Tokens per task before and after."""
    return f"{tokens[0]:,.0f} → {tokens[1]:,.0f} a task"


def rewards_text(rewards: tuple[float, float]) -> str:
    """Mean rewards before and after."""
    return f"{rewards[0]:.3f} → {rewards[1]:.3f}"


class Observed(Record):
    """One task: `b` of `n_b` rollouts passed before the change, `c` of `n_c` after it.

    `changed` is π_t, the posterior probability that the task's pass rate changed at all; None if an arm has no scored
    rollout, and then the task is not counted anywhere. `rewards` are the mean rewards before and after; None where
    every reward is 0 or 1.
    """

    task: str
    b: int
    n_b: int
    c: int
    n_c: int
    changed: float | None = None
    rewards: tuple[float, float] | None = None

    @property
    def step(self) -> float:
        """The change of the mean reward, which is c/n_c − b/n_b without partial ones; 0 without rollouts of an arm."""
        if self.rewards:
            return self.rewards[1] - self.rewards[0]
        return self.c / self.n_c - self.b / self.n_b if self.n_b and self.n_c else 0.0

    @property
    def up(self) -> float:
        """Probability that the task changed, if its pass rate went up; else 0."""
        return self.changed or 0.0 if self.step > 0 else 0.0

    @property
    def down(self) -> float:
        """Probability that the task changed, if its pass rate went down; else 0."""
        return self.changed or 0.0 if self.step < 0 else 0.0

    def __str__(self) -> str:
        known = "" if self.changed is None else f" (π {self.changed:.2f})"
        means = f" reward {rewards_text(self.rewards)}" if self.rewards else ""
        return f"{self.task} {self.b}/{self.n_b} → {self.c}/{self.n_c}{means}{known}"


class PredictionScore(Sums):
    """How well predictions of one direction came true, in expected tasks. A run's score is the sum over its changes.

    `named` is the number of predicted tasks that both arms scored, `hits` = Σ π_t over those of them that moved in the
    predicted direction, `observed` = Σ π_t over all tasks that moved in it, and `chance` = named · observed / tasks is
    the mean of `hits` for the same number of tasks named at random. Earlier versions wrote `observed` as `happened`,
    which is still read.
    """

    named: int = 0
    hits: float = 0.0
    observed: float = Field(default=0.0, validation_alias=AliasChoices("observed", "happened"))
    chance: float = 0.0

    def __str__(self) -> str:
        """Precision is the share of the predictions that came true, recall the share of the changes predicted."""
        if not self.named:
            return f"none named, {self.observed:.1f} observed"

        def shares(whole: float) -> str:
            found, chance = (f"{part / whole:.2f}" if whole else "–" for part in (self.hits, self.chance))
            return f"{found}, at random {chance}"

        score = f"precision {shares(self.named)}; recall {shares(self.observed)}"
        return f"{self.hits:.1f} of {self.named} came true ({score})"


SLOW = 1.5
"""A slow-down between the arms from this size on is said beside the verdict."""


def slower(times: float | None, arms: tuple[str, str]) -> str:
    """In words that the model worked `times` slower for the second arm; "" if that is small or unknown."""
    if times is None or 1 / SLOW < times < SLOW:
        return ""
    arm, times = (arms[1], times) if times > 1 else (arms[0], 1 / times)
    return f"the model worked {times:.1f} times slower for {arm}"


VerdictOutcome = Literal["kept", "reverted", "undecided", "unchanged", "lost"]


class Verdict(Record):
    """The decision about a commit with its numbers; written as a git note.

    `unchanged`: the harness is the same as before, so there was nothing to keep or to revert. `lost`: another variant
    won the race, so the gate was not asked. `tasks` are the train tasks that any arm has tried; `fixes` and
    `regressions` score the change's own predictions. `harnesses` are the harness ids of incumbent and candidate, as in
    their trials. `leave_one_out` holds two harness ids, without and with
    the change, if leave-one-out attribution judged it: then `tasks` and the deltas come from fresh rollouts of those
    two, on the disputed tasks only. Earlier versions wrote it as `apart`, which is still read. `slowdown` is how many
    times slower the model worked for the candidate than for the incumbent; `side_by_side` is `Trial.series` of
    the rollouts that decided, if both arms were measured again because of it, else 0. `tokens` are the means per task,
    before and after; None in verdicts of earlier versions. `rewards` are the mean rewards of both arms over the tasks
    that both scored; None where every reward is 0 or 1.
    """

    outcome: VerdictOutcome
    reason: str
    decided_by: Literal["gate", "person"] = "gate"
    gate: str = ""
    incumbent: str = ""
    candidate: str = ""
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    incumbent_rate: float | None = None
    candidate_rate: float | None = None
    heldout_delta: float | None = None
    rollouts: int = 0
    missing: int = 0
    usage: Usage = Usage()
    predicted: tuple[str, ...] = ()
    observed_up: tuple[str, ...] = ()
    observed_down: tuple[str, ...] = ()
    tasks: tuple[Observed, ...] = ()
    harnesses: tuple[str, str] | None = None
    leave_one_out: tuple[str, str] | None = Field(
        default=None, validation_alias=AliasChoices("leave_one_out", "apart")
    )
    fixes: PredictionScore | None = None
    regressions: PredictionScore | None = None
    slowdown: float | None = None
    side_by_side: int = 0
    tokens: tuple[float, float] | None = None
    rewards: tuple[float, float] | None = None

    @property
    def series(self) -> int:
        """`Trial.series` of the rollouts that decided."""
        return RACE if self.outcome == "lost" else FRESH if self.leave_one_out else self.side_by_side

    @property
    def pace(self) -> str:
        """The slow-down between the arms in words; "" if it is small or unknown."""
        text = slower(self.slowdown, ("the incumbent", "the candidate"))
        return text and text + ("; both were measured again side by side" if self.side_by_side else "")

    @property
    def basis(self) -> Literal["selected", "fresh"]:
        """Whether the raw difference comes from rollouts that also selected the change (then it is biased upwards), or
        from fresh ones."""
        return "fresh" if self.leave_one_out else "selected"


class CommitVerdict(Record):
    """The verdict on one commit, as it is in the note."""

    commit: str
    change: str
    subject: str
    verdict: Verdict


class IterationVerdicts(Record):
    """All verdicts of one iteration. `whole` is that on the whole candidate; `rest` that on its remaining commits, if
    the gate was asked about them. `commits` are ordered oldest first."""

    iteration: int
    incumbent: str
    candidate: str
    whole: Verdict
    rest: Verdict | None = None
    commits: tuple[CommitVerdict, ...] = ()
