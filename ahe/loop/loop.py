"""The loop: evaluate, debug, evolve, preflight, evaluate again, decide, tag; and the rules that stop it.

Its state is derived from the workspace's commits, notes and tags and from the trial store; there is no journal. After
a kill at any point, the next run continues with the first thing that is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from ahe.errors import BudgetExceeded, NothingLeft
from ahe.evaluate.evaluation import pass_rate, tallies
from ahe.events import Notice
from ahe.loop.state import next_iteration
from ahe.loop.steps import Steps
from ahe.records import Record, Verdict


class IterationResult(Record):
    """What one iteration did. `rate` and `new_rate` are the pass rates of HEAD on train before it and after.

    `new_rate` is None for an undecided candidate: too few trials were scored for a rate.
    """

    number: int
    rate: float | None = None
    commits: tuple[str, ...] = ()
    verdict: Verdict | None = None
    new_rate: float | None = None

    @property
    def outcome(self) -> str:
        """The outcome of the verdict; empty without one."""
        return self.verdict.outcome if self.verdict else ""


@dataclass(frozen=True)
class StopRules:
    """When a run ends: after `iterations`, at the pass rate `target` on train (inf: at none), or after `patience`
    iterations in a row that kept nothing (0: no such limit)."""

    iterations: int
    target: float
    patience: int

    def reason(self, results: Sequence[IterationResult]) -> str:
        """Why the run ends after these iterations; empty while it continues."""
        if [result.outcome for result in results[-2:]] == ["undecided", "undecided"]:
            assert results[-1].verdict is not None
            return (
                f"the candidate is undecided for the second time: {results[-1].verdict.reason}. Nothing is reverted; "
                "the trials that broke say why (`ahe trace ID`). Fix that and run the same command again"
            )
        rate = results[-1].new_rate if results else None
        if rate is not None and rate >= self.target:
            return f"the target of {self.target:.0%} on train is reached"
        fruitless = len(list(takewhile(lambda result: result.outcome != "kept", reversed(results))))
        if self.patience and fruitless >= self.patience:
            return f"{fruitless} iterations in a row kept nothing"
        if len(results) >= self.iterations:
            return f"{self.iterations} iteration{'' if self.iterations == 1 else 's'} done"
        return ""


@dataclass
class Loop:
    """One run of `ahe evolve`."""

    steps: Steps
    stop: StopRules

    async def run(self) -> tuple[tuple[IterationResult, ...], str]:
        """Iterate until a rule or the budget stops it. Returns the iterations and why it stopped.

        A spent budget is a clean stop: all work is kept, and a later run continues.
        """
        results: list[IterationResult] = []
        try:
            while not (reason := self.stop.reason(results)):
                results.append(await self.iterate())
        except (BudgetExceeded, NothingLeft) as error:
            reason = str(error)
        return tuple(results), reason

    async def iterate(self) -> IterationResult:
        """One iteration; it continues one that was interrupted."""
        steps = self.steps
        steps.history.require_clean()
        if (finished := steps.finish_interrupted()) is not None:
            return IterationResult(number=finished)
        state = steps.state()
        number, rate = next_iteration(state), None
        if not state.pending:
            trials = await steps.evaluate(state.head, f"iteration {number}: HEAD on train")
            rate = pass_rate(tallies(trials))
            await steps.evolve(await steps.debug(number, state, trials))
            state = steps.state()
        if not state.pending:
            steps.watcher.emit(Notice("no change passed preflight: nothing to measure"))
            steps.tag(number)
            return IterationResult(number=number, rate=rate, new_rate=rate)
        judged = await steps.judge(state)
        steps.decide(number, judged)
        steps.tag(number)
        steps.move_best()
        verdict = judged.overall()
        rates = {"undecided": None, "reverted": verdict.incumbent_rate}
        return IterationResult(
            number=number,
            rate=verdict.incumbent_rate,
            commits=tuple(commit.sha for commit in state.pending),
            verdict=verdict,
            # Of HEAD as it is now.
            new_rate=rates.get(verdict.outcome, verdict.candidate_rate),
        )
