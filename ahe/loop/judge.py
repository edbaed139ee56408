"""Judges a candidate: the gate decides on the whole, leave-one-out attribution on each of several commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ahe.errors import RevertConflict
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Notice
from ahe.gate import attribution as loo
from ahe.gate.attribution import LeftOut, Piece
from ahe.history import Commit, History
from ahe.loop.measurement import Measurement
from ahe.loop.state import WorkspaceState
from ahe.loop.verdicts import JudgedCandidate
from ahe.protocols import Watcher
from ahe.records import FRESH, Trial, Verdict


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

        Attribution comes before anything is reverted, and also where the whole would be kept. If the gate would revert
        the whole, the commits that attribution keeps go to the gate as a candidate of their own, held-out included.
        """
        measurement = self.measure(self.state.head)
        whole = self._with_commits(await measurement.verdict(), self.state.head)
        pairs, concentration = measurement.pairs(), measurement.concentration
        judged = JudgedCandidate(self.state, whole, concentration)
        if len(self.state.pending) == 1 or whole.outcome not in ("kept", "reverted"):
            return judged
        trees = LeaveOneOutTrees(self.history, self.state.head, self.state.pending)
        judged = replace(judged, blocked=trees.blocked, no_op=trees.no_op)
        tasks = loo.disputed(pairs, (*self.state.predicts, *self.state.risks), concentration)
        if not tasks or not self._can_be_attributed(trees):
            return judged
        # Of several removals that are missed together, each goes unless it is missed itself: the others are added back.
        bad = whole.outcome == "kept" or self.state.removals
        burden = loo.PROVE_BAD if bad else loo.PROVE_GOOD
        question = loo.AttributionQuestion(
            trees.pieces, tasks, len(pairs), burden, concentration=concentration
        )
        return await self._attribute(judged, trees, measurement, question)

    async def _attribute(
        self,
        judged: JudgedCandidate,
        trees: LeaveOneOutTrees,
        measurement: Measurement,
        question: loo.AttributionQuestion,
    ) -> JudgedCandidate:
        def version(without: LeftOut) -> HarnessVersion:
            return self.version(trees.tree(without))

        runner = AttributionRunner(measurement.evaluator, measurement.suite, version)
        most = loo.most_rollouts(len(question.pieces), len(question.tasks))
        self.watcher.emit(
            Notice(
                f"{len(question.pieces)} commits in one candidate: leave-one-out attribution on "
                f"{len(question.tasks)} disputed tasks, {most} rollouts at most"
            )
        )
        try:
            step = await runner.answer(question)
            harnesses = {
                tree: version(tree).id for each in step.verdicts for tree in (each.base, each.without)
            }
            rest_at = trees.tree(step.dropped)
        except RevertConflict as conflict:
            self.watcher.emit(Notice(f"no leave-one-out attribution: the commits conflict in {conflict}"))
            return judged
        judged = replace(judged, step=step, harnesses=harnesses, spent=tuple(runner.fresh.values()))
        kept = len(step.verdicts) - len(step.dropped)
        if judged.whole.outcome == "kept" or not step.dropped or not kept:
            return judged
        self.watcher.emit(Notice(f"what remains without {len(step.dropped)} of them goes to the gate"))
        rest = self._with_commits(await self.measure(rest_at).verdict(), rest_at)
        return replace(judged, rest=rest)

    def _can_be_attributed(self, trees: LeaveOneOutTrees) -> bool:
        """False where no commit can be left out, or one alone makes the whole difference to the incumbent."""
        if len(trees.pieces) > 1:
            return True
        incumbent = self.history.harness_id(self.state.incumbent)
        return any(
            self.history.harness_id(trees.tree(piece.builds_on_it | {piece.name})) != incumbent
            for piece in trees.pieces
        )

    def _with_commits(self, verdict: Verdict, sha: str) -> Verdict:
        return verdict.model_copy(update={"incumbent": self.state.incumbent, "candidate": sha})


@dataclass
class LeaveOneOutTrees:
    """The trees of a candidate with some commits left out, made by git beside the workspace.

    `pending` are the candidate's commits, newest first; pieces are named by their commit ids. A person's commit is
    not a piece: every tree contains it. `blocked` are commits that cannot be reverted while a person's later commit
    stays; leaving out one of `no_op` does not change the harness.
    """

    history: History
    head: str
    pending: Sequence[Commit]
    pieces: tuple[Piece, ...] = ()
    blocked: tuple[str, ...] = ()
    no_op: tuple[str, ...] = ()
    _made: dict[LeftOut, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole = self.history.harness_id(self.head)
        for place, commit in enumerate(self.pending):
            if commit.by_person:
                continue
            with_it = next(self._revertible_with(commit, self.pending[:place]), None)
            if with_it is None:
                self.blocked += (commit.sha,)
            elif self.history.harness_id(self.tree(with_it | {commit.sha})) == whole:
                self.no_op += (commit.sha,)
            else:
                self.pieces += (Piece(commit.sha, with_it),)

    def tree(self, without: LeftOut) -> str:
        """A commit with that tree, on no branch. Raises `RevertConflict` where git cannot make it."""
        if not without:
            return self.head
        if without not in self._made:
            leaving = [commit for commit in self.pending if commit.sha in without]
            self._made[without] = self.history.without(self.head, leaving)
        return self._made[without]

    def _revertible_with(self, commit: Commit, later: Sequence[Commit]) -> Iterator[LeftOut]:
        """Sets of later commits with which it reverts cleanly: none, each or all that touch its files, or all."""
        mine = set(self.history.changed_paths(commit.sha))
        movable = [other for other in later if not other.by_person]
        touching = [c.sha for c in movable if mine & set(self.history.changed_paths(c.sha))]
        sets = [[], *([sha] for sha in reversed(touching)), touching, [c.sha for c in movable]]
        for shas in dict.fromkeys(map(frozenset, sets)):
            try:
                self.tree(shas | {commit.sha})
            except RevertConflict:
                continue
            yield shas


@dataclass
class AttributionRunner:
    """Runs the rollouts that attribution requests. `version` gives the harness of a tree; `fresh` are those it ran.

    They are ordinary trials of the trees' own harness ids, with attempts from `FRESH` on. Every round asks for all its
    attempts again and the store answers for those that exist, so it continues after a kill where it stopped.
    """

    evaluator: Evaluator
    suite: Suite
    version: Callable[[LeftOut], HarnessVersion]
    fresh: dict[str, Trial] = field(default_factory=dict)

    async def answer(self, question: loo.AttributionQuestion) -> loo.AttributionStep:
        """The verdicts on the pieces. Raises `RevertConflict` where a tree cannot be made."""
        rolls: dict[LeftOut, dict[str, list[bool | None]]] = {}
        while (step := loo.attribute(replace(question, rolls=rolls))).requests:
            trials = await self._run(step.requests)
            for request in step.requests:
                made = trials[self.version(request.without).id, request.task]
                passed = [None if trial.status == "missing" else trial.status == "passed" for trial in made]
                rolls.setdefault(request.without, {})[request.task] = passed
        return step

    async def _run(self, requests: Sequence[loo.TreeRequest]) -> dict[tuple[str, str], list[Trial]]:
        """The trials by harness and task, in the order of attempts."""
        goals = [(self.version(r.without), self.suite.tasks[r.task], r.n) for r in requests]
        evaluation = await self.evaluator.in_turns("leave-one-out attribution", goals, FRESH)
        self.fresh |= evaluation.ran
        found: dict[tuple[str, str], list[Trial]] = {}
        for trial in evaluation.trials:
            found.setdefault((trial.harness, trial.task), []).append(trial)
        return found
