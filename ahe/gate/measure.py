"""Puts a gate's question to the evaluator: rollouts are spent until the gate has an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from ahe.evaluate.evaluation import Evaluator, pass_rate, tallies
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion, Planned
from ahe.gate.paired import measured
from ahe.protocols import Gate
from ahe.records import Ask, Comparison, Decision, Tally, Task, Trial, Usage, Verdict

Pairs = dict[str, tuple[Tally, Tally]]


@dataclass
class Measurement:
    """Candidate against incumbent. `train` and `heldout` name the tasks in use."""

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
    fresh: dict[str, Trial] = field(default_factory=dict)

    async def verdict(self) -> Verdict:
        """Ask the gate, run what it wants, ask again. Identical harnesses are decided without it.

        What broke in an earlier measurement is tried again first: else `undecided` would stay so for ever.
        """
        if self.incumbent.id == self.candidate.id:
            reason = "the same harness as before: nothing to measure"
            return Verdict(outcome="kept", reason=reason, gate=self.gate.name, delta=None, raw_delta=0.0)
        await self._run_again()
        while (decision := self.gate.decide(comparison := self._comparison())).outcome == "more":
            await self._run(decision.asks, decision.reason)
        return self._verdict(decision, comparison)

    async def _run_again(self) -> None:
        tasks = [self.suite.tasks[name] for name in (*self.train, *self.heldout)]
        again = [p for arm in (self.incumbent, self.candidate) for p in broken(self.evaluator, arm, tasks)]
        if again:
            trials = await self.evaluator.run("measuring: what broke before", again)
            self.fresh |= {trial.id: trial for trial in trials}

    async def _run(self, asks: tuple[Ask, ...], reason: str) -> None:
        wanted: list[Planned] = []
        for n in range(max(ask.n for ask in asks)):
            for ask in asks:
                if n < ask.n:
                    arm = self.incumbent if ask.arm == "incumbent" else self.candidate
                    wanted.append(self.evaluator.runner.plan(arm, self.suite.tasks[ask.task], n))
        known = self.evaluator.store.find([planned.id for planned in wanted])
        trials = await self.evaluator.run(f"measuring: {reason}", wanted)
        self.fresh |= {trial.id: trial for trial in trials if trial.id not in known}

    def _comparison(self) -> Comparison:
        return Comparison(
            train=self._pairs(self.train),
            heldout={t: pair for t, pair in self._pairs(self.heldout).items() if pair != (Tally(), Tally())},
            heldout_tasks=self.heldout,
            rollouts=self.rollouts,
            spent=len(self.fresh),
            predicts=self.predicts,
            risks=self.risks,
        )

    def _pairs(self, names: tuple[str, ...]) -> Pairs:
        tasks = [self.suite.tasks[name] for name in names]
        arms = [known(self.evaluator, arm, tasks) for arm in (self.incumbent, self.candidate)]
        return {name: (arms[0].get(name, Tally()), arms[1].get(name, Tally())) for name in names}

    def _verdict(self, decision: Decision, comparison: Comparison) -> Verdict:
        pairs = comparison.train
        rates = [pass_rate({task: pair[arm] for task, pair in pairs.items()}) for arm in (0, 1)]
        moved = {t: (c.rate or 0) - (b.rate or 0) for t, (b, c) in pairs.items() if b.n and c.n}
        usage = sum((t.usage + t.side_usage for t in self.fresh.values()), Usage())
        assert decision.outcome != "more"
        return Verdict(
            outcome=decision.outcome,
            reason=decision.reason,
            gate=self.gate.name,
            score=decision.score,
            delta=decision.delta,
            raw_delta=decision.raw_delta,
            incumbent_rate=rates[0],
            candidate_rate=rates[1],
            heldout_delta=decision.heldout_delta,
            rollouts=len(self.fresh),
            missing=sum(b.missing + c.missing for b, c in pairs.values()),
            usage=usage,
            predicted=self.predicts,
            observed_up=tuple(sorted(task for task, by in moved.items() if by > 0)),
            observed_down=tuple(sorted(task for task, by in moved.items() if by < 0)),
        )

    @staticmethod
    def score_of_known(
        evaluator: Evaluator, one: HarnessVersion, other: HarnessVersion, tasks: list[Task]
    ) -> float | None:
        """Score of `other` over `one` from trials that exist already; None where they share no task."""
        arms = [known(evaluator, arm, tasks) for arm in (one, other)]
        pairs = {t: (arms[0][t], arms[1][t]) for t in arms[0] if t in arms[1]}
        if one.id == other.id or not any(b.n and c.n for b, c in pairs.values()):
            return None
        return measured(pairs)[1]


def known(evaluator: Evaluator, harness: HarnessVersion, tasks: list[Task]) -> dict[str, Tally]:
    """Tallies of the trials that the store holds of a harness at these tasks, under the present setting."""
    return tallies(trial for _, trial in stored(evaluator, harness, tasks))


def broken(evaluator: Evaluator, harness: HarnessVersion, tasks: list[Task]) -> list[Planned]:
    """The trials among these that the infrastructure broke."""
    return [plan for plan, trial in stored(evaluator, harness, tasks) if trial.status == "missing"]


def stored(evaluator: Evaluator, harness: HarnessVersion, tasks: list[Task]) -> list[tuple[Planned, Trial]]:
    """The trials that the store holds of a harness at these tasks, under the present setting."""
    found = {trial.id: trial for trial in evaluator.store.of_harness(harness.id)}
    most = max((trial.attempt for trial in found.values()), default=-1)
    plans = [evaluator.runner.plan(harness, task, n) for n in range(most + 1) for task in tasks]
    return [(plan, found[plan.id]) for plan in plans if plan.id in found]
