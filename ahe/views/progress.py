"""Progress: a line for everything that happens, and in a terminal the counts of what is still running below them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from ahe import events
from ahe.protocols import Watcher
from ahe.records import Trial, Usage
from ahe.views.studies import estimate_lines
from ahe.views.text import brief, count, duration, fit, money, visible

MIN_FINISHED = 2
"""Before this many trials have finished, their rate says too little about the rest."""
SMALL = 60
"""Without a terminal, evaluations up to this many trials print each; larger ones a line for every twentieth part."""
PARTS, DOWNLOAD_PARTS = 20, 10
STYLES = {
    **{"passed": "green", "failed": "red", "missing": "yellow"},
    **{"kept": "bold green", "reverted": "bold red", "undecided": "bold yellow", "unchanged": "bold"},
}
BAR_COLUMNS = 60


@dataclass
class Progress:
    """Adds events up. `clock` gives seconds. The counts are of this evaluation's new trials."""

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    known: int = 0
    passed: int = 0
    failed: int = 0
    missing: int = 0
    active: bool = False
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self.began = self.evaluation_began = self.clock()

    def take(self, event: events.Event) -> None:
        match event:
            case events.EvaluationStarted(_, total, known):
                self.total, self.known = total, known
                self.passed = self.failed = self.missing = 0
                self.active, self.evaluation_began = True, self.clock()
            case events.TrialFinished(trial):
                self.passed += trial.status == "passed"
                self.failed += trial.status == "failed"
                self.missing += trial.status == "missing"
            case events.EvaluationFinished():
                self.active = False
            case events.Spent(usage):
                self.usage = usage
            case _:
                pass

    @property
    def fresh(self) -> int:
        """Trials that ran in this evaluation."""
        return self.passed + self.failed + self.missing

    @property
    def done(self) -> int:
        return self.known + self.fresh

    def left(self) -> float | None:
        """Seconds until this evaluation is finished, from the rate so far; None while too few have finished."""
        if self.fresh < MIN_FINISHED:
            return None
        return (self.total - self.done) * (self.clock() - self.evaluation_began) / self.fresh

    def counts(self) -> str:
        """`31 of 48 (12 known) · 14 passed, 5 failed`: the words count new trials, where some were known."""
        known = f" ({self.known} known)" if self.known else ""
        missing = f", {self.missing} missing" if self.missing else ""
        return f"{self.done} of {self.total}{known} · {self.passed} passed, {self.failed} failed{missing}"

    def costs(self) -> str:
        """Tokens, money where there is any, time gone and time left."""
        parts = [f"{count(self.usage.tokens)} tokens"]
        if self.usage.calls and (self.usage.usd is None or self.usage.usd > 0):
            parts.append(money(self.usage.usd))
        parts.append(duration(self.clock() - self.began))
        left = self.left()
        if left is not None and self.done < self.total:
            parts.append(f"about {duration(left)} left")
        return " · ".join(parts)


def sentence(event: events.Event) -> str | None:
    """What an event says on a line of its own, None for events that only change counts."""
    match event:
        case events.Notice(text):
            return brief(text)
        case events.Estimated(estimate):
            return brief("\n".join(estimate_lines(estimate))) or None
        case events.EvaluationStarted(label, total, known):
            known_part = f", {known} of them known already" if known else ""
            return f"{visible(label)}: {total} trials{known_part}"
        case events.EvaluationFinished(label, passed, failed, missing):
            missing_part = f", {missing} missing" if missing else ""
            return f"{visible(label)}: {passed} passed, {failed} failed{missing_part}"
        case events.Committed(sha, subject):
            return f"committed {sha[:8]} {visible(subject)}"
        case events.Decided(sha, subject, verdict):
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


def download_line(event: events.Downloading) -> str:
    whole = f" of {event.total / 1e6:.0f}" if event.total else ""
    return f"downloading {visible(event.name)}: {event.done / 1e6:.0f}{whole} MB"


class Lines:
    """A watcher that writes lines to `stream`. It needs no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress = Progress()
        self._parts: dict[str, int] = {}

    def emit(self, event: events.Event) -> None:
        self._progress.take(event)
        if line := self._line(event):
            print(line, file=self._stream, flush=True)

    def _line(self, event: events.Event) -> str | None:
        progress = self._progress
        match event:
            case events.TrialFinished(trial) if progress.total <= SMALL:
                return f"{trial_line(trial)} · {progress.done} of {progress.total}"
            case events.TrialFinished():
                part = PARTS * progress.done // progress.total
                return f"  {progress.counts()} · {progress.costs()}" if self._is_new("trials", part) else None
            case events.Downloading(name, done, total):
                part = DOWNLOAD_PARTS * done // total if total else 0
                return download_line(event) if self._is_new(f"download {name}", part) else None
            case events.EvaluationStarted():
                self._parts["trials"] = 0
        return sentence(event)

    def _is_new(self, what: str, part: int) -> bool:
        before, self._parts[what] = self._parts.get(what), part
        return part != before


class Screen:
    """A watcher for a terminal: lines scroll by above, the counts are redrawn below. A context manager, so that the
    terminal is always restored."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress()
        self._download: events.Downloading | None = None
        self._live = Live(
            console=console,
            get_renderable=self._draw,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def emit(self, event: events.Event) -> None:
        self._progress.take(event)
        match event:
            case events.Downloading(_, done, total):
                self._download = event if done < total or not total else None
            case events.TrialFinished(trial):
                self._console.print(Text(trial_line(trial), STYLES[trial.status]))
            case events.Decided(_, _, verdict):
                self._console.print(Text(sentence(event) or "", STYLES[verdict.outcome]))
            case _:
                if line := sentence(event):
                    self._console.print(Text(line))

    def _draw(self) -> RenderableType:
        progress = self._progress
        if self._download:
            done, total, lines = self._download.done, self._download.total, [download_line(self._download)]
        elif progress.active:
            done, total, lines = progress.done, progress.total, [progress.counts(), progress.costs()]
        else:
            return Text(progress.costs(), "dim")
        # A wrapped line would make the drawing jump. The bar comes last: it does not end its line.
        texts = [Text(line, overflow="ellipsis", no_wrap=True) for line in lines]
        return Group(*texts, ProgressBar(total or None, done, BAR_COLUMNS))


@contextmanager
def watcher(stream: TextIO) -> Iterator[Watcher]:
    """A watcher that shows its events on `stream`; however it ends, the terminal is restored."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield Lines(stream)
        return
    with Screen(Console(file=stream, highlight=False)) as screen:
        yield screen
