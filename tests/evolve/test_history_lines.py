"""What the evolver is told about its earlier changes."""

from __future__ import annotations

from ahe.evolve.editor import history_lines
from ahe.gate.predictions import scored
from ahe.history import Commit
from ahe.history.message import note_text
from ahe.records import Observed, Verdict

TASKS = (
    Observed(task="up", b=0, n_b=4, c=4, n_c=4, changed=0.9),
    Observed(task="still", b=2, n_b=4, c=2, n_c=4, changed=0.1),
)


def commit(
    name: str, predicts: str = "", risks: str = "", *, outcome: str = "kept", person: bool = False
) -> Commit:
    whole = Verdict.model_validate({"outcome": outcome, "reason": "r", "tasks": TASKS})
    split = [tuple(part for part in text.split(", ") if part) for text in (predicts, risks)]
    trailers = {"Ahe-Change": (name,), "Ahe-Predicts": (predicts,), "Ahe-Risks": (risks,)}
    return Commit(
        sha=name,
        parents=("p",),
        tree="t",
        author="a",
        email="person@example.org" if person else "ahe@localhost",
        date="",
        subject=f"memory: {name}",
        body="",
        trailers={} if person else trailers,
        note=note_text(scored(whole, *split)),
        tags=(),
    )


def test_its_own_record_comes_first_then_each_change_with_what_it_foretold() -> None:
    own, newest, oldest = history_lines(
        [commit("002-1", "still", "up", outcome="reverted"), commit("001-1", "up")]
    )
    assert "fixes 0.9 of 2 came true (precision 0.45, at random 0.45" in own
    assert "regressions 0.0 of 1 came true" in own
    assert newest.startswith("- memory: 002-1: reverted (r); predicted up: still 2/4 → 2/4 (π 0.10)")
    assert newest.endswith("; feared: up 0/4 → 4/4 (π 0.90)")
    assert oldest.endswith("predicted up: up 0/4 → 4/4 (π 0.90)")


def test_a_persons_commit_is_told_and_not_counted() -> None:
    assert history_lines([commit("by-hand", person=True)]) == ("- memory: by-hand: kept (r)",)


def test_without_predictions_there_is_no_record_to_tell() -> None:
    assert history_lines([commit("001-1")]) == ("- memory: 001-1: kept (r)",)
    assert history_lines([]) == ()
