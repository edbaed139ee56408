from __future__ import annotations

from ahe.events import EvaluationStarted, Spent, TrialFinished
from ahe.records import Trial, Usage
from ahe.views.progress import Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def trial(task: str = "t", attempt: int = 0, status: str = "passed", cause: str = "") -> Trial:
    return Trial(
        id=f"{task}{attempt}", harness="h", task=task, task_digest="d", environment="bwrap", model="m",
        attempt=attempt, status=status, reward=None, ended="answered", cause=cause, seconds=3,
    )  # fmt: skip


def test_time_left_follows_from_the_rate_of_new_trials_only():
    clock = Clock()
    progress = Progress(clock)
    progress.take(EvaluationStarted("train", total=20, known=10))
    assert progress.left() is None
    for number in range(2):
        clock.now += 5
        progress.take(TrialFinished(trial(attempt=number)))
    assert progress.done == 12
    assert progress.left() == 8 * 5
    assert "about 40s left" in progress.costs()


def test_counts_by_outcome():
    progress = Progress(Clock())
    progress.take(EvaluationStarted("train", total=4, known=0))
    for number, status in enumerate(("passed", "failed", "missing")):
        progress.take(TrialFinished(trial(attempt=number, status=status)))
    assert progress.counts() == "3 of 4 · 1 passed, 1 failed, 1 missing"


def test_a_free_model_shows_no_money_and_an_unpriced_one_says_so():
    progress = Progress(Clock())
    progress.take(Spent(Usage(calls=1, input_tokens=5, usd=0.0)))
    assert "$" not in progress.costs()
    progress.take(Spent(Usage(calls=1, input_tokens=5)))
    assert "price unknown" in progress.costs()


def test_a_new_evaluation_starts_its_counts_again():
    progress = Progress(Clock())
    progress.take(EvaluationStarted("a", total=1, known=0))
    progress.take(TrialFinished(trial()))
    progress.take(EvaluationStarted("b", total=3, known=1))
    assert progress.counts() == "1 of 3 (1 known) · 0 passed, 0 failed"
