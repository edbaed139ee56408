"""Judges a candidate: the whole by the gate, and each of several commits by leaving it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ahe.errors import RevertConflict
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Notice
from ahe.gate.attribution import PROVE_BAD, PROVE_GOOD, AttributionQuestion, LeftOut, disputed, most_rollouts
from ahe.history import History
from ahe.loop.apart import AttributionRunner
from ahe.loop.leave_one_out import LeaveOneOutTrees
from ahe.loop.measurement import Measurement
from ahe.loop.state import WorkspaceState
from ahe.loop.verdicts import JudgedCandidate
from ahe.protocols import Watcher
from ahe.records import Verdict


@dataclass
class Candidate:
    """The pending commits of `state`. `measure` makes the comparison of a commit's harness with the incumbent's."""

    history: History
    state: WorkspaceState
    measure: Callable[[str], Measurement]
    version: Callable[[str], HarnessVersion]
    watcher: Watcher

    async def judge(self) -> JudgedCandidate:
        """Spend rollouts until there is a verdict on the whole and, of several commits, on each.

        Attribution comes before anything is reverted, and also where the whole would be kept. What remains of a
        whole that the gate would revert is put to the gate as a candidate of its own, held-out included.
        """
        measurement = self.measure(self.state.head)
        whole = self._of(await measurement.verdict(), self.state.head)
        pairs, concentration = measurement.pairs(), measurement.concentration
        judged = JudgedCandidate(self.state, whole, concentration)
        if len(self.state.pending) == 1 or whole.outcome not in ("kept", "reverted"):
            return judged
        leave = LeaveOneOutTrees(self.history, self.state.head, self.state.pending)
        judged = replace(judged, blocked=leave.blocked, no_op=leave.no_op)
        tasks = disputed(pairs, (*self.state.predicts, *self.state.risks), concentration)
        if not tasks or not self._can_be_told_apart(leave):
            return judged
        burden = PROVE_BAD if whole.outcome == "kept" else PROVE_GOOD
        question = AttributionQuestion(leave.pieces, tasks, len(pairs), burden, concentration=concentration)
        return await self._apart(judged, leave, measurement, question)

    async def _apart(
        self,
        judged: JudgedCandidate,
        leave: LeaveOneOutTrees,
        measurement: Measurement,
        question: AttributionQuestion,
    ) -> JudgedCandidate:
        def version(without: LeftOut) -> HarnessVersion:
            return self.version(leave.tree(without))

        apart = AttributionRunner(measurement.evaluator, measurement.suite, version)
        most = most_rollouts(len(question.pieces), len(question.tasks))
        self.watcher.emit(
            Notice(
                f"{len(question.pieces)} commits in one candidate: telling them apart on "
                f"{len(question.tasks)} disputed tasks, {most} rollouts at most"
            )
        )
        try:
            step = await apart.ask(question)
            harnesses = {tree: version(tree).id for s in step.verdicts for tree in (s.base, s.without)}
            rest_at = leave.tree(step.dropped)
        except RevertConflict as conflict:
            self.watcher.emit(Notice(f"the commits cannot be told apart: {conflict} collide"))
            return judged
        judged = replace(judged, step=step, harnesses=harnesses, spent=tuple(apart.fresh.values()))
        kept = len(step.verdicts) - len(step.dropped)
        if judged.whole.outcome == "kept" or not step.dropped or not kept:
            return judged
        self.watcher.emit(Notice(f"what remains without {len(step.dropped)} of them goes to the gate"))
        rest = self._of(await self.measure(rest_at).verdict(), rest_at)
        return replace(judged, rest=rest)

    def _can_be_told_apart(self, leave: LeaveOneOutTrees) -> bool:
        """False where no commit may leave, or one alone makes the whole difference to the incumbent."""
        if len(leave.pieces) > 1:
            return True
        incumbent = self.history.harness_id(self.state.incumbent)
        return any(
            self.history.harness_id(leave.tree(piece.builds_on_it | {piece.name})) != incumbent
            for piece in leave.pieces
        )

    def _of(self, verdict: Verdict, sha: str) -> Verdict:
        return verdict.model_copy(update={"incumbent": self.state.incumbent, "candidate": sha})
