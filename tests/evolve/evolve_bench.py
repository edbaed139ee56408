"""A workspace, a suite, made-up evidence of train trials, and a draft over them. All parts are real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_trials
import world

from ahe.debug.readers.read import read_trial
from ahe.environments.bwrap import BwrapEnvironment
from ahe.evaluate.suite import load_suite
from ahe.evolve.draft import Draft, Manifest
from ahe.evolve.editor import Evolver
from ahe.evolve.plays import Play
from ahe.evolve.smoke import SmokeTrial
from ahe.harness.preflight import Preflight
from ahe.history import History
from ahe.project.assemble import preflight
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.protocols import Executor, Model
from ahe.records import Brief, Citation, DebugReport

TRIAL, OTHER = "a" * 24, "b" * 24
QUOTE = "cat: report.txt: No such file or directory"
CITATION = Citation(trial=TRIAL, step=3, quote=QUOTE)
MANIFEST: dict[str, Any] = {
    "subject": "Look for files before reading them",
    "action": "add",
    "evidence": "It reads a file that is not there.",
    "root_cause": "It guesses names instead of listing them.",
    "fix": "A lesson in memory says so.",
    "predicts": [world.TRAIN[0]],
    "risks": [],
    "citations": [CITATION.model_dump()],
}


def manifest(**fields: Any) -> Manifest:
    return Manifest.model_validate({**MANIFEST, **fields})


@dataclass
class Bench:
    """`runs` holds the traces; `brief` is about two train trials, one failed, one passed."""

    history: History
    runs: Path
    preflight: Preflight
    check_in_box: SmokeTrial
    brief: Brief

    def make_draft(self, worktree: Path, folder: Path, brief: Brief) -> Draft:
        return Draft(worktree, folder, brief, self.history, self.preflight, self.check_in_box, "m", "ahe")

    @contextmanager
    def draft(self, changes: int = 1) -> Iterator[Draft]:
        brief = self.brief.model_copy(update={"changes": changes})
        with self.history.draft(brief.head) as worktree:
            yield self.make_draft(worktree, self.runs / "draft", brief)

    def evolver(
        self, model: Model, tool_calls: str | None, repairs: int, plays: tuple[Play, ...] = ()
    ) -> Evolver:
        return Evolver(
            self.history,
            self.make_draft,
            self.runs / "scratch",
            entry("evolver"),
            model,
            tool_calls,
            BwrapEnvironment,
            executor,
            repairs,
            plays,
        )


def executor() -> Executor:
    return make_executor(False)


def make_bench(folder: Path) -> Bench:
    history = History.create(folder / "workspace", entry("components"))
    suite = load_suite(world.write_suite(folder / "suite"))
    runs = folder / "runs"
    turns = [
        ("cat report.txt", f"{QUOTE}\n\n[exit code 1]"),
        ("ls", "\x1b[31mother.txt\x1b[0m\n[exit code 0]"),
    ]
    made_trials.trace(runs, TRIAL, turns, verifier="FAIL: /app/out.txt is missing")
    made_trials.trace(runs, OTHER, [("ls", "fine")])
    secret = runs / "trials" / ("c" * 24)
    secret.mkdir()
    (secret / "trajectory.json").write_text('{"steps": []}')
    trials = [
        made_trials.trial(TRIAL, world.TRAIN[0]),
        made_trials.trial(OTHER, world.TRAIN[1], "passed"),
    ]
    evidence = made_trials.evidence(runs, trials)
    report_folder = Path(evidence.folder)
    (report_folder / "detail").mkdir(parents=True)
    (report_folder / "report.md").write_text("The report.\n")
    (report_folder / "clusters.json").write_text("[]\n")
    (report_folder / "detail" / f"{world.TRAIN[0]}.md").write_text("Details.\n")
    assert len(read_trial(runs / "trials" / TRIAL).steps) == 5
    report = DebugReport(
        text=f"The report. At {CITATION}: “{QUOTE}”\n",
        tokens=20,
        clusters=(),
        citations=(CITATION, Citation(trial=TRIAL, step=4, quote="other.txt")),
        folder=str(report_folder),
    )
    brief = Brief(iteration=1, head=history.head(), report=report, evidence=evidence, history=(), changes=1)
    check_in_box = SmokeTrial(BwrapEnvironment, executor, runs / "scratch")
    return Bench(history, runs, preflight(suite), check_in_box, brief)
