"""Measures a candidate against the incumbent: runs the rollouts that the gate requests until it decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from ahe.evaluate.evaluation import Evaluator, pass_rate
from ahe.evaluate.stored import mean_tokens, pairs_of, slowdown, stored_trials
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.decisions import tried, vetoes
from ahe.gate.posterior import Pairs, fit_concentration, posterior
from ahe.gate.predictions import with_tasks
from ahe.harness.inventory import prompt_tokens
from ahe.protocols import Gate
from ahe.records import (
    SIDE_BY_SIDE,
    Comparison,
    Decision,
    RolloutRequest,
    Tally,
    Task,
    Trial,
    Usage,
    Verdict,
)

AGAIN = 2.0
"""Arms are measured again side by side if the model worked this many times slower for one of them."""


@dataclass
class Measurement:
    """Candidate against incumbent. `train` and `heldout` name the tasks in use.

    The prior is fitted to trials that started before `before`, when the candidate was made: its own trials must not
    move the prior while they come in, or a killed comparison would continue differently.
    """

    gate: Gate
    evaluator: Evaluator
    suite: Suite
    incumbent: HarnessVersion
    candidate: HarnessVersion
    train: tuple[str, ...]
    heldout: tuple[str, ...]
    rollouts: int
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    before: str = ""
    series: int = field(default=0, init=False)
    slowdown: float | None = field(default=None, init=False)
    fresh: dict[str, Trial] = field(default_factory=dict)
    concentration: float = field(init=False)

    def __post_init__(self) -> None:
        rows = self.evaluator.store.tallies(self.evaluator.runner.model.fingerprint, self.before)
        self.concentration = fit_concentration([row for row in rows if row[0] in self.train])

    async def verdict(self) -> Verdict:
        """Ask the gate, run the rollouts that it requests, and ask again until it decides.

        Identical harnesses are `unchanged` without asking it. Missing trials of an earlier measurement are run again
        first: otherwise `undecided` could never change.
        """
        if self.incumbent.id == self.candidate.id:
            reason = "the same harness as before: nothing to measure"
            return Verdict(outcome="unchanged", reason=reason, gate=self.gate.name, delta=None, raw_delta=0.0)
        await self._retry_missing()
        self._look_at_pace()
        if self.series:
            await self._retry_missing()
        while (decision := self.gate.decide(comparison := self._comparison())).outcome == "more":
            await self._run(decision.requests, decision.reason)
            self._look_at_pace()
        return self._verdict(decision, comparison)

    def _look_at_pace(self) -> None:
        """Compare how fast the model worked for both arms, once each has its first `rollouts`; if one was `AGAIN` times
        slower, only rollouts that are run side by side from now on count.

        What decides are stored rollouts whose number is fixed, so a killed comparison decides it again as before.
        """
        measured = all(tried(arm) >= self.rollouts for pair in self.pairs().values() for arm in pair)
        if self.slowdown is not None or not measured:
            return
        arms = [self._stored(arm, self.train) for arm in (self.incumbent, self.candidate)]
        first = [[trial for trial in arm if trial.attempt < self.rollouts] for arm in arms]
        self.slowdown = slowdown((first[0], first[1]))
        if self.slowdown is not None and not 1 / AGAIN < self.slowdown < AGAIN:
            self.series = SIDE_BY_SIDE

    def was_measured(self) -> bool:
        """Whether the candidate already has all its plain rollouts on train."""
        return all(tried(candidate) >= self.rollouts for _, candidate in self.pairs().values())

    def pairs(self) -> Pairs:
        """The existing plain rollouts of both arms on train."""
        return self._pairs(self.train)

    async def _retry_missing(self) -> None:
        found = {
            arm: self._stored(arm, (*self.train, *self.heldout)) for arm in (self.incumbent, self.candidate)
        }
        if any(trial.status == "missing" for trials in found.values() for trial in trials):
            plan = self.evaluator.runner.plan
            wanted = [plan(arm, self.suite.tasks[t.task], t.attempt) for arm, ts in found.items() for t in ts]
            self.fresh |= (await self.evaluator.evaluate("measuring: what broke before", wanted)).ran

    async def _run(self, requests: tuple[RolloutRequest, ...], reason: str) -> None:
        arms = {"incumbent": self.incumbent, "candidate": self.candidate}
        goals = [(arms[r.arm], self.suite.tasks[r.task], r.n) for r in requests]
        again = " again, side by side" if self.series else ""
        self.fresh |= (await self.evaluator.in_turns(f"measuring{again}: {reason}", goals, self.series)).ran

    def _comparison(self) -> Comparison:
        return Comparison(
            train=self._pairs(self.train),
            heldout={t: pair for t, pair in self._pairs(self.heldout).items() if pair != (Tally(), Tally())},
            heldout_tasks=self.heldout,
            rollouts=self.rollouts,
            spent=len(paid := self._paid()),
            spent_tokens=sum((trial.usage + trial.side_usage).tokens for trial in paid),
            spent_usd=sum((trial.usage + trial.side_usage).usd or 0.0 for trial in paid),
            grown=prompt_tokens(Path(self.candidate.root)) - prompt_tokens(Path(self.incumbent.root)),
            predicts=self.predicts,
            risks=self.risks,
            concentration=self.concentration,
            tokens=self._tokens(),
            candidate=self.candidate.id,
        )

    def _paid(self) -> list[Trial]:
        """The trials on train that this comparison paid for, also before a kill: all of the candidate, and those of the
        incumbent that this process ran."""
        own = {trial.id: trial for trial in self._stored(self.candidate, self.train)}
        return [*({t.id: t for t in self.fresh.values() if t.task in self.train} | own).values()]

    def _tokens(self) -> tuple[float, float] | None:
        """Tokens per trial of either arm: the mean over the train tasks that both arms have scored."""
        one, other = (mean_tokens(self._stored(arm, self.train)) for arm in (self.incumbent, self.candidate))
        both = one.keys() & other.keys()
        return (fmean(one[t] for t in both), fmean(other[t] for t in both)) if both else None

    def _pairs(self, names: tuple[str, ...]) -> Pairs:
        found = pairs_of((self._stored(self.incumbent, names), self._stored(self.candidate, names)))
        return {name: found.get(name, (Tally(), Tally())) for name in names}

    def _stored(self, arm: HarnessVersion, names: tuple[str, ...]) -> list[Trial]:
        return stored_trials(self.evaluator, arm, [self.suite.tasks[name] for name in names], self.series)

    def _verdict(self, decision: Decision, comparison: Comparison) -> Verdict:
        pairs = comparison.train
        rates = [pass_rate({task: pair[arm] for task, pair in pairs.items()}) for arm in (0, 1)]
        usage = sum((t.usage + t.side_usage for t in self.fresh.values()), Usage())
        assert decision.outcome != "more"
        measured = Verdict(
            outcome=decision.outcome,
            reason=decision.reason,
            gate=self.gate.name,
            harnesses=(self.incumbent.id, self.candidate.id),
            score=decision.score,
            delta=decision.delta,
            raw_delta=decision.raw_delta,
            incumbent_rate=rates[0],
            candidate_rate=rates[1],
            heldout_delta=decision.heldout_delta,
            rollouts=len(self.fresh),
            usage=usage,
            predicted=self.predicts,
            slowdown=self.slowdown,
            side_by_side=bool(self.series),
        )
        return with_tasks(measured, pairs, self.concentration)


def probability_of_known(
    evaluator: Evaluator, one: HarnessVersion, other: HarnessVersion, train: list[Task], heldout: list[Task]
) -> float | None:
    """P that `other` is better than `one` on train, from existing trials; 0 where held-out vetoes.

    None for the same harness, and where they have no scored task in common.
    """
    if one.id == other.id:
        return None
    on_train, on_heldout = (
        posterior(pairs_of((stored_trials(evaluator, one, tasks), stored_trials(evaluator, other, tasks))))
        for tasks in (train, heldout)
    )
    if on_train is None:
        return None
    return 0.0 if on_heldout and vetoes(on_heldout) else on_train.above()
