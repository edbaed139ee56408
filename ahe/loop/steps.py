"""The steps of an iteration. `ahe.loop.loop` runs them in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.errors import ContextOverflow, RevertConflict
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Committed, Decided, Notice
from ahe.evolve.editor import history_lines, verdict_line
from ahe.gate.choose import NotedGate
from ahe.history import Commit, History
from ahe.loop.judge import Candidate
from ahe.loop.measurement import Measurement, probability_of_known
from ahe.loop.state import WorkspaceState, next_iteration, without_reverted, workspace_state
from ahe.loop.variants import Variants
from ahe.loop.verdicts import JudgedCandidate, both_stay
from ahe.protocols import Debugger, Editor, Gate, Watcher
from ahe.records import Brief, EarlierCandidate, Evidence, Surfaces, Tally, Task, Trial

BEST = 0.93


@dataclass
class Steps:
    """What a run works with. `train` and `heldout` name the tasks in use; `rollouts` is k.

    The editor makes at most `changes` commits in a candidate, each within `surfaces`; of several `variants` the best
    goes to the gate. Enumerated removals go to `removal_gate`. With `show_candidates` the editor gets all earlier
    candidates. `runs` is the folder of trials and iterations.
    """

    history: History
    suite: Suite
    train: tuple[str, ...]
    heldout: tuple[str, ...]
    evaluator: Evaluator
    debugger: Debugger
    editor: Editor
    gate: Gate
    removal_gate: Gate
    watcher: Watcher
    runs: Path
    rollouts: int
    changes: int
    surfaces: Surfaces
    show_candidates: bool
    report_tokens: int
    variants: int = 1

    def state(self) -> WorkspaceState:
        return workspace_state(self.history.commits())

    def finish_interrupted(self) -> int | None:
        """Complete what a killed run left: a note without its revert, a decided HEAD without its tag.

        Returns the number of the iteration that this ends, if any. A person's commit at HEAD gets a tag, but does not
        count as an iteration.
        """
        self.history.recover()
        for commit in self.state().unreverted:
            self.watcher.emit(Notice(f"completing the revert of {commit.sha[:10]}"))
            self.revert(commit)
        state = self.state()
        if state.pending or not state.untagged:
            return None
        number = next_iteration(state)
        self.tag(number)
        if state.commits[0].by_person:
            return None
        self.move_best()
        return number

    async def evaluate(self, sha: str, label: str) -> list[Trial]:
        return await self.evaluator.measure(label, self.version(sha), self.tasks(self.train), self.rollouts)

    async def debug(self, number: int, state: WorkspaceState, trials: Sequence[Trial]) -> Brief:
        """Explain the trials of HEAD. Returns what the editor gets."""
        evidence = Evidence(
            iteration=number,
            harness=self.history.harness_id(state.head),
            trials=tuple(trials),
            instructions={task.name: task.instruction for task in self.tasks(self.train)},
            history=history_lines(state.commits),
            folder=str(self.folder(number)),
            traces=str(self.runs / "trials"),
            budget=self.report_tokens,
            before=tuple(self.trials_before(state)),
            heldout=self.heldout_count(state),
            earlier=self.earlier(state) if self.show_candidates else (),
        )
        self.watcher.emit(Notice("debugging: traces to report"))
        report = await self.debugger.explain(evidence)
        for note in report.notes:
            self.watcher.emit(Notice(f"debugger: {note}"))
        return Brief(
            iteration=number,
            head=state.head,
            report=report,
            evidence=evidence,
            history=evidence.history,
            changes=self.changes,
            surfaces=self.surfaces,
        )

    def trials_before(self, state: WorkspaceState) -> list[Trial]:
        """Trials on train of the harness before the last kept change."""
        verdict = next((c.verdict for c in state.commits if c.verdict and c.verdict.outcome == "kept"), None)
        if verdict is None or not verdict.incumbent:
            return []
        return stored_trials(self.evaluator, self.version(verdict.incumbent), self.tasks(self.train))

    def earlier(self, state: WorkspaceState) -> tuple[EarlierCandidate, ...]:
        """The seed and every harness whose last commit has a verdict, oldest first, with their trials on train."""
        found: dict[str, EarlierCandidate] = {}
        for commit in reversed(state.commits):
            seed = commit is state.commits[-1]
            if not seed and commit.verdict is None:
                continue
            version = self.version(commit.sha)
            candidate = EarlierCandidate(
                name="seed" if seed else f"{commit.change_id or 'commit'}-{commit.sha[:8]}",
                said="- the seed" if seed else verdict_line(commit),
                root=version.root,
                trials=tuple(stored_trials(self.evaluator, version, self.tasks(self.train))),
            )
            found.setdefault(version.id, candidate)
        return tuple(found.values())

    def heldout_count(self, state: WorkspaceState) -> Tally:
        """Passes and rollouts of HEAD on held-out so far: counts only, no names and no traces."""
        trials = stored_trials(self.evaluator, self.version(state.head), self.tasks(self.heldout))
        statuses = [trial.status for trial in trials]
        return Tally(passes=statuses.count("passed"), n=len(statuses) - statuses.count("missing"))

    async def evolve(self, brief: Brief) -> None:
        """Let the editor commit what passes preflight; its draft, or the best of them, becomes HEAD in one step."""
        self.watcher.emit(Notice(f"evolving: the report has {brief.report.tokens} tokens"))
        if self.variants == 1:
            commits = await self.edit(brief)
        else:
            parts = self.evaluator, self.suite, self.train, self.watcher
            commits = await Variants(self.variants, self.history, self.edit, self.version, *parts).best(brief)
        if commits:
            self.history.require_clean()
            self.history.advance(commits[-1])
            for commit in self.history.commits(limit=len(commits))[::-1]:
                self.watcher.emit(Committed(commit.sha, commit.subject))

    async def edit(self, brief: Brief) -> list[str]:
        """The editor's commits, oldest first."""
        try:
            return await self.editor.edit(brief)
        except ContextOverflow as error:
            # The next iteration's report may be shorter, so the run continues.
            self.watcher.emit(Notice(str(error)))
            return []

    async def judge(self, state: WorkspaceState) -> JudgedCandidate:
        """Measure the pending commits against the incumbent."""
        gate = self.removal_gate if state.removals else self.gate

        def measure(sha: str) -> Measurement:
            measurement = Measurement(
                gate,
                self.evaluator,
                self.suite,
                incumbent=self.version(state.incumbent),
                candidate=self.version(sha),
                train=self.train,
                heldout=self.heldout,
                rollouts=self.rollouts * (1 + state.undecided),
                predicts=state.predicts,
                risks=state.risks,
            )
            # A person's decision stays whatever more rollouts would show, so a measured harness needs no more of them.
            noted = state.by_person and measurement.was_measured()
            return replace(measurement, gate=NotedGate()) if noted else measurement

        return await Candidate(self.history, state, measure, self.version, self.watcher).judge()

    def decide(self, number: int, judged: JudgedCandidate) -> None:
        """Note the verdicts, all in one step, then revert where they say so, newest first."""
        verdicts, folder = judged.each(), self.folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        record = judged.record(number).model_dump_json(indent=1)
        (folder / "verdicts.json").write_text(record + "\n", "utf-8")
        self.history.note_all(verdicts)
        for commit in judged.state.pending:
            self.watcher.emit(Decided(commit.sha, commit.subject, verdicts[commit.sha]))
        for commit in self.state().unreverted:
            self.revert(commit)

    def revert(self, commit: Commit) -> None:
        """Revert a commit whose note says so. If a later commit builds on it both stay, and the note says that."""
        reason = commit.verdict.reason if commit.verdict else ""
        try:
            self.history.revert(commit.sha, f"Ahe-Verdict: reverted ({reason})")
        except RevertConflict as conflict:
            if commit.verdict is None:
                raise
            self.watcher.emit(Notice(f"{conflict}\nahe keeps both"))
            self.history.note(commit.sha, both_stay(commit.verdict))

    def tag(self, number: int) -> None:
        self.history.tag(f"ahe/iter-{number:03d}", self.history.head())

    def move_best(self) -> None:
        """Move `ahe/best` to HEAD if it is better by the existing trials and held-out does not veto.

        A best that contains a change that was reverted since first moves back to a version without it.
        """
        log = self.history.commits()
        best, head = self.history.tags().get("ahe/best", log[-1].sha), log[0].sha
        best = without_reverted(log, best)
        self.history.tag("ahe/best", best, force=True)
        train, heldout = self.tasks(self.train), self.tasks(self.heldout)
        arms = self.version(best), self.version(head)
        score = probability_of_known(self.evaluator, *arms, train, heldout)
        if score is not None and score >= BEST:
            self.history.tag("ahe/best", head, force=True)

    def tasks(self, names: tuple[str, ...]) -> list[Task]:
        return [self.suite.tasks[name] for name in names]

    def folder(self, number: int) -> Path:
        return self.runs / "iterations" / f"{number:03d}"

    def version(self, sha: str) -> HarnessVersion:
        """The harness of a commit, exported to a folder that trials can mount."""
        root = self.history.export(sha, self.runs / "harnesses")
        return HarnessVersion(id=self.history.harness_id(sha), root=str(root))
