"""The loop: evaluate, debug, evolve, preflight, evaluate again, decide, tag.

Its state is derived from the workspace's commits, notes and tags and from the trial store; there is no
journal. Kill it anywhere and run it again: it goes on from the first missing piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.errors import RevertConflict
from ahe.evaluate.evaluation import Evaluator, pass_rate, tallies
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Committed, Decided, Notice
from ahe.evolve.editor import history_lines
from ahe.gate.choose import NotedGate
from ahe.history import Commit, History
from ahe.loop.judge import Candidate
from ahe.loop.measurement import Measurement, probability_of_known
from ahe.loop.state import WorkspaceState, next_iteration, without_reverted, workspace_state
from ahe.loop.verdicts import JudgedCandidate, stays
from ahe.protocols import Debugger, Editor, Gate, Watcher
from ahe.records import Brief, Evidence, Record, Tally, Trial, Verdict

BEST = 0.93


class IterationResult(Record):
    """What one iteration did. `rate` and `new_rate` are the pass rates of HEAD on train before it and after.

    `new_rate` is None for an undecided candidate: the few trials that were scored are no rate.
    """

    number: int
    rate: float | None
    commits: tuple[str, ...]
    verdict: Verdict | None
    new_rate: float | None


@dataclass
class Loop:
    """One run of `ahe evolve`. `train` and `heldout` name the tasks in use; `rollouts` is k.

    The editor makes at most `changes` commits in a candidate.
    """

    history: History
    suite: Suite
    train: tuple[str, ...]
    heldout: tuple[str, ...]
    evaluator: Evaluator
    debugger: Debugger
    editor: Editor
    gate: Gate
    watcher: Watcher
    runs: Path
    rollouts: int
    changes: int
    report_tokens: int

    async def iterate(self) -> IterationResult:
        """One iteration, from wherever the last one was left."""
        self.history.require_clean()
        if closed := self.finish_interrupted():
            return closed
        state = workspace_state(self.history.commits())
        number = next_iteration(state)
        trials: list[Trial] = []
        if not state.pending:
            trials = await self.evaluate(state.head, f"iteration {number}: HEAD on train")
            await self.edit(number, state, trials)
            state = workspace_state(self.history.commits())
        if not state.pending:
            self.watcher.emit(Notice("no change passed preflight: nothing to measure"))
            self.tag(number)
            rate = pass_rate(tallies(trials))
            return IterationResult(number=number, rate=rate, commits=(), verdict=None, new_rate=rate)
        judged = await self.candidate(state).judge()
        self.decide(number, judged)
        self.tag(number)
        self.move_best()
        verdict = judged.overall()
        return IterationResult(
            number=number,
            rate=verdict.incumbent_rate,
            commits=tuple(commit.sha for commit in state.pending),
            verdict=verdict,
            new_rate=_rate_of_head(verdict),
        )

    def finish_interrupted(self) -> IterationResult | None:
        """Complete what a killed run left: a note without its revert, a decided HEAD without its tag.

        The iteration that is closed so, if one is: it counts as one. What a person decided is tagged and is none.
        """
        self.history.recover()
        state = workspace_state(self.history.commits())
        for commit in state.unreverted:
            self.watcher.emit(Notice(f"completing the revert of {commit.sha[:10]}"))
            self.revert(commit)
        state = workspace_state(self.history.commits())
        if state.pending or not state.untagged:
            return None
        number, person = next_iteration(state), state.commits[0].by_person
        self.tag(number)
        if person:
            return None
        self.move_best()
        return IterationResult(number=number, rate=None, commits=(), verdict=None, new_rate=None)

    async def evaluate(self, sha: str, label: str) -> list[Trial]:
        tasks = [self.suite.tasks[name] for name in self.train]
        return await self.evaluator.measure(label, self.version(sha), tasks, self.rollouts)

    async def edit(self, number: int, state: WorkspaceState, trials: Sequence[Trial]) -> None:
        """Debug the evaluation and let the editor commit; its draft becomes HEAD in one step."""
        evidence = self.evidence(number, state, trials)
        self.watcher.emit(Notice("debugging: traces to report"))
        report = await self.debugger.explain(evidence)
        self.watcher.emit(Notice(f"evolving: the report has {report.tokens} tokens"))
        brief = Brief(
            iteration=number,
            head=state.head,
            report=report,
            evidence=evidence,
            history=evidence.history,
            changes=self.changes,
        )
        commits = await self.editor.edit(brief)
        if commits:
            self.history.require_clean()
            self.history.advance(commits[-1])
            for commit in self.history.commits(limit=len(commits))[::-1]:
                self.watcher.emit(Committed(commit.sha, commit.subject))

    def evidence(self, number: int, state: WorkspaceState, trials: Sequence[Trial]) -> Evidence:
        return Evidence(
            iteration=number,
            harness=self.history.harness_id(state.head),
            trials=tuple(trials),
            instructions={name: self.suite.tasks[name].instruction for name in self.train},
            history=history_lines(state.commits),
            folder=str(self.folder(number)),
            traces=str(self.runs / "trials"),
            budget=self.report_tokens,
            before=tuple(self.trials_before(state)),
            heldout=self.heldout_count(state),
        )

    def trials_before(self, state: WorkspaceState) -> list[Trial]:
        """The trials on train of the harness before the last change that was kept."""
        verdict = next((c.verdict for c in state.commits if c.verdict and c.verdict.outcome == "kept"), None)
        if verdict is None or not verdict.incumbent:
            return []
        tasks = [self.suite.tasks[name] for name in self.train]
        return stored_trials(self.evaluator, self.version(verdict.incumbent), tasks)

    def heldout_count(self, state: WorkspaceState) -> Tally:
        """Passes and rollouts of HEAD on held-out, as far as they were measured: no names, no traces."""
        tasks = [self.suite.tasks[name] for name in self.heldout]
        counted = tallies(stored_trials(self.evaluator, self.version(state.head), tasks)).values()
        return Tally(passes=sum(tally.passes for tally in counted), n=sum(tally.n for tally in counted))

    def candidate(self, state: WorkspaceState) -> Candidate:
        """The pending commits, ready to be judged."""

        def measure(sha: str) -> Measurement:
            measurement = Measurement(
                self.gate,
                self.evaluator,
                self.suite,
                incumbent=self.version(state.incumbent),
                candidate=self.version(sha),
                train=self.train,
                heldout=self.heldout,
                rollouts=self.rollouts * (1 + state.undecided),
                predicts=state.predicts,
                risks=state.risks,
                before=state.pending_since,
            )
            # What a person decided stays, whatever more rollouts would say; a known harness needs none to be noted.
            noted = state.by_person and measurement.was_measured()
            return replace(measurement, gate=NotedGate()) if noted else measurement

        return Candidate(self.history, state, measure, self.version, self.watcher)

    def decide(self, number: int, judged: JudgedCandidate) -> None:
        """Note the verdicts, all in one step, then revert where they say so, newest first."""
        verdicts, folder = judged.each(), self.folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        record = judged.record(number).model_dump_json(indent=1)
        (folder / "verdicts.json").write_text(record + "\n", "utf-8")
        self.history.note_all(verdicts)
        for commit in judged.state.pending:
            self.watcher.emit(Decided(commit.sha, commit.subject, verdicts[commit.sha]))
        for commit in workspace_state(self.history.commits()).unreverted:
            self.revert(commit)

    def revert(self, commit: Commit) -> None:
        """Revert what its note says to revert. Where a later commit builds on it both stay, and the note says so."""
        reason = commit.verdict.reason if commit.verdict else ""
        try:
            self.history.revert(commit.sha, f"Ahe-Verdict: reverted ({reason})")
        except RevertConflict as conflict:
            if commit.verdict is None:
                raise
            self.watcher.emit(Notice(f"{conflict}\nTaken: both stay"))
            self.history.note(commit.sha, stays(commit.verdict))

    def tag(self, number: int) -> None:
        self.history.tag(f"ahe/iter-{number:03d}", self.history.head())

    def move_best(self) -> None:
        """Move `ahe/best` to HEAD when the trials at hand say that it is better and held-out does not object.

        A best that holds what was taken back since gives way first, to what stood before.
        """
        log = self.history.commits()
        best, head = self.history.tags().get("ahe/best", log[-1].sha), log[0].sha
        best = without_reverted(log, best)
        self.history.tag("ahe/best", best, force=True)
        train, heldout = ([self.suite.tasks[name] for name in names] for names in (self.train, self.heldout))
        arms = self.version(best), self.version(head)
        score = probability_of_known(self.evaluator, *arms, train, heldout)
        if score is not None and score >= BEST:
            self.history.tag("ahe/best", head, force=True)

    def folder(self, number: int) -> Path:
        return self.runs / "iterations" / f"{number:03d}"

    def version(self, sha: str) -> HarnessVersion:
        root = self.history.export(sha, self.runs / "harnesses")
        return HarnessVersion(id=self.history.harness_id(sha), root=str(root))


def _rate_of_head(verdict: Verdict) -> float | None:
    if verdict.outcome == "undecided":
        return None
    return verdict.incumbent_rate if verdict.outcome == "reverted" else verdict.candidate_rate
