from __future__ import annotations

import io

import pytest
from rich.console import Console

from ahe.events import (
    Committed,
    Decided,
    Downloading,
    EvaluationFinished,
    EvaluationStarted,
    Event,
    Notice,
    TrialFinished,
    TrialStarted,
)
from ahe.records import Interval, Trial, Verdict
from ahe.views.progress import Lines, Screen, watcher


def finished(number: int, status: str = "passed", cause: str = "") -> TrialFinished:
    trial = Trial(
        id=str(number), harness="h", task=f"task-{number}", task_digest="d", environment="bwrap", model="m",
        attempt=0, status=status, reward=None, ended="answered", cause=cause, seconds=3,
    )  # fmt: skip
    return TrialFinished(trial)


def lines(*events: Event) -> list[str]:
    stream = io.StringIO()
    seen = Lines(stream)
    for event in events:
        seen.emit(event)
    return stream.getvalue().splitlines()


def test_a_small_evaluation_prints_every_trial_with_why_it_failed():
    said = lines(
        EvaluationStarted("HEAD on train", 2, 0),
        finished(0),
        finished(1, "failed", "FAIL: total.txt is missing\nmore"),
        EvaluationFinished("HEAD on train", 1, 1, 0),
    )
    assert said == [
        "HEAD on train: 2 trials",
        "  passed  task-0 #1 3s · 1 of 2",
        "  failed  task-1 #1 3s (FAIL: total.txt is missing more) · 2 of 2",
        "HEAD on train: 1 passed, 1 failed",
    ]


def test_a_large_evaluation_prints_a_line_for_every_twentieth_part():
    said = lines(EvaluationStarted("all", 2000, 0), *(finished(n) for n in range(2000)))
    assert len(said) == 21
    assert said[-1].strip().startswith("2000 of 2000 · 2000 passed, 0 failed")


def test_verdicts_and_commits_have_their_line():
    verdict = Verdict(outcome="kept", reason="score 0.97", delta=Interval(mean=0.1, low=0.02, high=0.18))
    said = lines(Notice("hello"), Committed("a" * 40, "memory: x"), Decided("a" * 40, "memory: x", verdict))
    assert said == [
        "hello",
        "committed aaaaaaaa memory: x",
        "kept aaaaaaaa memory: x: +10.0 points [+2.0, +18.0] score 0.97",
    ]


def test_a_download_prints_a_line_for_every_tenth():
    said = lines(*(Downloading("w.gguf", done, 1_000_000_000) for done in range(0, 1_000_000_001, 1_000_000)))
    assert len(said) == 11
    assert said[-1] == "downloading w.gguf: 1000 of 1000 MB"


@pytest.mark.parametrize("columns", [20, 80])
def test_the_live_view_shows_the_counts_and_gives_the_terminal_back(columns: int):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=columns, height=30)
    with Screen(console) as screen:
        screen.emit(EvaluationStarted("train", 3, 0))
        screen.emit(TrialStarted("a-task-with-a-long-name", 0))
        screen.emit(Downloading("w", 5, 10))
        screen.emit(Downloading("w", 10, 10))
        screen.emit(finished(0))
        screen.emit(finished(1, "missing", "endpoint"))
    text = stream.getvalue()
    assert "2 of 3" in text
    assert "task-0" in text
    assert "\x1b[?25h" in text.rpartition("2 of 3")[2]  # the cursor is shown again


def test_without_a_terminal_there_are_only_plain_lines():
    stream = io.StringIO()
    with watcher(stream) as seen:
        seen.emit(Notice("one \x1b[31mtwo"))
    assert stream.getvalue() == "one ␛[31mtwo\n"
