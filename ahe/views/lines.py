"""Progress as plain lines, for logs and pipes; the live view in a terminal shows the same sentences above itself."""

from __future__ import annotations

from typing import TextIO

from ahe.events import (
    Committed,
    Decided,
    Downloading,
    Estimated,
    EvaluationFinished,
    EvaluationStarted,
    Event,
    Notice,
    TrialFinished,
)
from ahe.records import Trial
from ahe.views.progress import Progress
from ahe.views.studies import estimate_lines
from ahe.views.text import brief, duration, fit, visible

SMALL = 60
"""Evaluations up to this many trials print each; larger ones a line for every twentieth part."""
PARTS = 20
DOWNLOAD_PARTS = 10


def sentence(event: Event) -> str | None:
    """What an event says on a line of its own, None for events that only change counts."""
    match event:
        case Notice(text):
            return brief(text)
        case Estimated(estimate):
            return brief("\n".join(estimate_lines(estimate))) or None
        case EvaluationStarted(label, total, known):
            known_part = f", {known} of them known already" if known else ""
            return f"{visible(label)}: {total} trials{known_part}"
        case EvaluationFinished(label, passed, failed, missing):
            missing_part = f", {missing} missing" if missing else ""
            return f"{visible(label)}: {passed} passed, {failed} failed{missing_part}"
        case Committed(sha, subject):
            return f"committed {sha[:8]} {visible(subject)}"
        case Decided(sha, subject, verdict):
            delta = f" {verdict.delta}" if verdict.delta else ""
            return f"{verdict.outcome} {sha[:8]} {visible(subject)}:{delta} {visible(verdict.reason)}"
        case _:
            return None


def trial_line(trial: Trial) -> str:
    """One finished trial: its outcome, task and attempt, and why it did not pass."""
    cause = "" if trial.status == "passed" else fit(trial.cause, 100)
    why = f" ({cause})" if cause else ""
    waited = trial.model_time.waited
    queued = f", {duration(waited)} of it waiting for the endpoint" if waited >= 1 else ""
    took = f"{duration(trial.seconds)}{queued}"
    return f"  {trial.status:7} {visible(trial.task)} #{trial.attempt + 1} {took}{why}"


class Lines:
    """A watcher that writes lines to `stream`. It needs no terminal."""

    def __init__(self, stream: TextIO, progress: Progress | None = None) -> None:
        self._stream = stream
        self.progress = progress or Progress()
        self._part = 0
        self._downloaded: dict[str, int] = {}

    def emit(self, event: Event) -> None:
        self.progress.take(event)
        line = sentence(event)
        if isinstance(event, EvaluationStarted):
            self._part = 0
        elif isinstance(event, TrialFinished):
            line = self._trial(event.trial)
        elif isinstance(event, Downloading):
            line = self._download(event)
        if line:
            self._write(line)

    def _trial(self, trial: Trial) -> str | None:
        progress = self.progress
        if progress.total <= SMALL:
            return f"{trial_line(trial)} · {progress.done} of {progress.total}"
        part = PARTS * progress.done // progress.total
        if part == self._part:
            return None
        self._part = part
        return f"  {progress.counts()} · {progress.costs()}"

    def _download(self, event: Downloading) -> str | None:
        part = DOWNLOAD_PARTS * event.done // event.total if event.total else 0
        if self._downloaded.get(event.name) == part:
            return None
        self._downloaded[event.name] = part
        whole = f" of {event.total / 1e6:.0f}" if event.total else ""
        return f"downloading {visible(event.name)}: {event.done / 1e6:.0f}{whole} MB"

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
