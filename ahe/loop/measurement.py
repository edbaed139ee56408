"""Measures a candidate against the incumbent: runs the rollouts that the gate requests until it decides."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import fmean

from ahe.evaluate.evaluation import Evaluator, pass_rate
from ahe.evaluate.stored import Arms, mean_tokens, pairs_of, slowdown, stored_trials
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.decisions import tried, vetoes
from ahe.gate.posterior import Pairs, fit_concentration, posterior
from ahe.gate.predictions import with_tasks
from ahe.harness.inventory import prompt_tokens
from ahe.protocols import Gate
from ahe.records import (
    Comparison,
    Decision,
    RolloutRequest,
    Tally,
    Task,
    Trial,
    Usage,
    Verdict,
    side_by_side_series,
)

AGAIN = 2.0
"""Arms are measured again side by side if the model worked this many times slower for one of them."""


@dataclass
class Measurement:
    """Candidate against incumbent. `train` and `heldout` name the tasks in use.

    The prior is fitted once, when the two are first compared on these tasks, to all earlier trials, and kept in the
    store: the comparison's own trials must not move it while they come in, or a killed one would continue differently.
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
    series: int = field(default=0, init=False)
    fresh: dict[str, Trial] = field(default_factory=dict)
    concentration: float = field(init=False)

    def __post_init__(self) -> None:
        store, model = self.evaluator.store, self.evaluator.runner.model.fingerprint
        tasks = sha256("\n".join(sorted(self.train)).encode()).hexdigest()[:12]
        name = f"concentration {self.incumbent.id} {self.candidate.id} {model} {tasks}"
        fitted = store.fact(name)
        if not isinstance(fitted, float):
            fitted = fit_concentration([row for row in store.tallies(model) if row[0] in self.train])
            store.put_fact(name, fitted)
        self.concentration = fitted

    async def verdict(self) -> Verdict:
        """Ask the gate, run the rollouts that it requests, and ask again until it decides.

        Identical harnesses are `unchanged` without asking it. Missing trials of an earlier measurement are run again
        first: otherwise `undecided` could never change.
        """
        if self.incumbent.id == self.candidate.id:
            reason = "the same harness as before: nothing to measure"
            return Verdict(outcome="unchanged", reason=reason, gate=self.gate.name, delta=None, raw_delta=0.0)
        if self._stored(self.candidate, self.train, self._own_series):
            self.series = self._own_series
        await self._retry_missing()
        while True:
            decision = self.gate.decide(comparison := self._comparison())
            decided = decision.outcome != "more"
            if not self.series and (decided or self.was_measured()) and self._too_uneven():
                self.series = self._own_series
            elif decided:
                return self._verdict(decision, comparison)
            else:
                await self._run(decision.requests, decision.reason)

    def _too_uneven(self) -> bool:
        """Whether the model worked so much slower for one arm that both are measured again side by side.

        It depends on stored rollouts only, so that a killed comparison decides it as before. A paced model's outcomes
        do not depend on its speed.
        """
        uneven = self.slowdown
        paced = self.evaluator.runner.model.spec.pace is not None
        return uneven is not None and not paced and not 1 / AGAIN < uneven < AGAIN

    @property
    def slowdown(self) -> float | None:
        """How many times slower the model worked for the candidate, by the plain rollouts that both arms have."""
        arms = [self._stored(arm, self.train, 0) for arm in (self.incumbent, self.candidate)]
        scored = [
            {(t.task, t.attempt): t for t in arm if t.status != "missing" and t.attempt < self.rollouts}
            for arm in arms
        ]
        both = scored[0].keys() & scored[1].keys()
        return slowdown(([scored[0][key] for key in both], [scored[1][key] for key in both]))

    @property
    def _own_series(self) -> int:
        return side_by_side_series(self.incumbent.id, self.candidate.id)

    def was_measured(self) -> bool:
        """Whether the candidate already has all its first rollouts on train."""
        return all(tried(candidate) >= self.rollouts for _, candidate in self.pairs().values())

    def pairs(self) -> Pairs:
        """The existing rollouts of both arms on train: the plain ones, or those that were run side by side."""
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
        """The trials on train that this comparison paid for, also before a kill: all of the candidate, those that were
        run side by side, and of the incumbent's plain ones those that this process ran."""
        own = [
            trial
            for series in (0, self._own_series)
            for trial in self._stored(self.candidate, self.train, series)
        ]
        own += self._stored(self.incumbent, self.train, self._own_series)
        mine = {t.id: t for t in self.fresh.values() if t.task in self.train}
        return [*(mine | {trial.id: trial for trial in own}).values()]

    def _tokens(self) -> tuple[float, float] | None:
        """Tokens per trial of either arm: the mean over the train tasks that both arms have scored."""
        one, other = (mean_tokens(self._stored(arm, self.train)) for arm in (self.incumbent, self.candidate))
        both = one.keys() & other.keys()
        return (fmean(one[t] for t in both), fmean(other[t] for t in both)) if both else None

    def _pairs(self, names: tuple[str, ...]) -> Pairs:
        found = pairs_of((self._stored(self.incumbent, names), self._stored(self.candidate, names)))
        return {name: found.get(name, (Tally(), Tally())) for name in names}

    def _stored(self, arm: HarnessVersion, names: tuple[str, ...], series: int | None = None) -> list[Trial]:
        tasks = [self.suite.tasks[name] for name in names]
        return stored_trials(self.evaluator, arm, tasks, self.series if series is None else series)

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
            side_by_side=self.series,
            tokens=comparison.tokens,
        )
        return with_tasks(measured, pairs, self.concentration)


def probability_of_known(
    evaluator: Evaluator, one: HarnessVersion, other: HarnessVersion, train: list[Task], heldout: list[Task]
) -> float | None:
    """P that `other` is better than `one` on train, from existing trials; 0 where held-out vetoes.

    None for the same harness, where they have no scored task in common, and where the model worked so much slower for
    one of them that only rollouts run side by side could be compared, which do not exist.
    """
    if one.id == other.id:
        return None
    uneven = slowdown(_arms(evaluator, one, other, train)) or 1.0
    series = 0
    if evaluator.runner.model.spec.pace is None and not 1 / AGAIN < uneven < AGAIN:
        series = side_by_side_series(one.id, other.id)
    on_train, on_heldout = (
        posterior(pairs_of(_arms(evaluator, one, other, tasks, series))) for tasks in (train, heldout)
    )
    if on_train is None:
        return None
    return 0.0 if on_heldout and vetoes(on_heldout) else on_train.above()


def _arms(
    evaluator: Evaluator, one: HarnessVersion, other: HarnessVersion, tasks: list[Task], series: int = 0
) -> Arms:
    return stored_trials(evaluator, one, tasks, series), stored_trials(evaluator, other, tasks, series)
