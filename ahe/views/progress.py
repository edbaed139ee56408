"""What is known of long work while it runs: counts, what runs now, what was spent, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ahe.events import EvaluationStarted, Event, Spent, TrialFinished, TrialStarted
from ahe.records import Trial, Usage
from ahe.views.text import count, duration, money

MIN_FINISHED = 2
"""Before this many trials have finished, their rate says too little about the rest."""


@dataclass
class Progress:
    """Adds events up. `clock` gives seconds. The counts are of this evaluation's new trials."""

    clock: Callable[[], float] = time.monotonic
    label: str = ""
    total: int = 0
    known: int = 0
    passed: int = 0
    failed: int = 0
    missing: int = 0
    running: dict[tuple[str, int], float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    began: float = 0.0
    evaluation_began: float = 0.0

    def __post_init__(self) -> None:
        self.began = self.evaluation_began = self.clock()

    def take(self, event: Event) -> None:
        match event:
            case EvaluationStarted(label, total, known):
                self.label, self.total, self.known = label, total, known
                self.passed = self.failed = self.missing = 0
                self.running.clear()
                self.evaluation_began = self.clock()
            case TrialStarted(task, attempt):
                self.running[task, attempt] = self.clock()
            case TrialFinished(trial):
                self._finish(trial)
            case Spent(usage):
                self.usage = usage
            case _:
                pass

    def _finish(self, trial: Trial) -> None:
        self.running.pop((trial.task, trial.attempt), None)
        self.passed += trial.status == "passed"
        self.failed += trial.status == "failed"
        self.missing += trial.status == "missing"

    @property
    def fresh(self) -> int:
        """Trials that ran in this evaluation."""
        return self.passed + self.failed + self.missing

    @property
    def done(self) -> int:
        return self.known + self.fresh

    @property
    def elapsed(self) -> float:
        return self.clock() - self.began

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
        parts.append(duration(self.elapsed))
        left = self.left()
        if left is not None and self.done < self.total:
            parts.append(f"about {duration(left)} left")
        return " · ".join(parts)

    def now(self) -> str:
        """The trials that run, longest first."""
        moment = self.clock()
        running = self.running.items()
        return ", ".join(
            f"{task} #{attempt + 1} {duration(moment - start)}" for (task, attempt), start in running
        )
