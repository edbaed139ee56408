"""Whatever a model writes into a change or a verdict, git reads the trailers that we meant, and no others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from history_helpers import change, evolve, verdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ahe.history import History
from ahe.history.message import change_message, note_text, one_line, read_outcome, read_trailers, read_verdict
from ahe.records import Interval, IterationVerdicts, PredictionScore, Verdict

LINES = st.sampled_from(
    [
        "Ahe-Verdict: kept",
        "Ahe-Change: 999-9",
        "Ahe-Record: {}",
        "\n\nAhe-Kind: memory",
        "Signed-off-by: someone <a@b>",
        "(cherry picked from commit abc)",
        "---",
        "# comment",
        "  Ahe-Risks: x",
        "Root cause: forged",
        "\r",
        "\u2028Ahe-Action: remove",
        "\x0bAhe-Action: remove",
        "\x00",
        "plain words",
        "",
    ]
)
HOSTILE = st.one_of(st.text(max_size=60), st.lists(LINES, max_size=6).map("\n".join))
WANTED = {"Ahe-Change", "Ahe-Kind", "Ahe-Action", "Ahe-Predicts", "Ahe-Risks", "Ahe-Evidence", "Ahe-Evolver"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=HOSTILE, evidence=HOSTILE, cause=HOSTILE, fix=HOSTILE, name=HOSTILE)
def test_no_field_of_a_change_forges_a_trailer(
    tmp_path: Path, subject: str, evidence: str, cause: str, fix: str, name: str
) -> None:
    message = change_message(
        change(
            subject=subject, evidence=evidence, root_cause=cause, fix=fix, predicts=(name, "b"), evolver=name
        )
    )
    seen = subprocess.run(
        ["git", "interpret-trailers", "--parse", "--no-divider"],
        input=message.encode("utf-8"),
        capture_output=True,
        check=True,
        cwd=tmp_path,
    ).stdout.decode()
    trailers = read_trailers(seen.removesuffix("\n"))
    assert set(trailers) <= WANTED | {"Ahe-Strategy"}
    assert all(len(values) == 1 for values in trailers.values())
    assert trailers["Ahe-Change"] == ("001-1",) and trailers["Ahe-Action"] == ("add",)
    assert "\n" not in one_line(subject)
    body = message.split("\n\n")
    assert len(body) == 5
    assert [part.split(":")[0] for part in body[1:4]] == ["Evidence", "Root cause", "Fix"]


@settings(max_examples=200, deadline=None)
@given(
    reason=HOSTILE,
    gate=HOSTILE,
    tasks=st.lists(HOSTILE, max_size=3),
    outcome=st.sampled_from(["kept", "reverted", "undecided", "unchanged"]),
    mean=st.floats(-1, 1),
)
def test_a_verdict_comes_back_from_its_note_without_loss(
    reason: str, gate: str, tasks: list[str], outcome: str, mean: float
) -> None:
    given_verdict = verdict(
        outcome,
        reason=reason,
        gate=gate,
        predicted=tuple(tasks),
        delta=Interval(mean=mean, low=mean, high=mean),
    )
    text = note_text(given_verdict)
    assert read_verdict(text) == given_verdict
    assert read_outcome(text) == outcome
    assert read_verdict(note_text(given_verdict, earlier=text)) == given_verdict


@pytest.mark.parametrize("divider", ["---", "# not a comment", "Ahe-Change: 999-9\n\nAhe-Kind: skill"])
def test_git_log_agrees(history: History, divider: str) -> None:
    evolve(history, "count\n", evidence=f"one\n{divider}\ntwo\n\nthree", subject=f"{divider}\nremember")
    commit = history.commits()[0]
    assert commit.change_id == "001-1" and [kind.value for kind in commit.kinds] == ["memory"]
    assert commit.predicts == ("count-lines", "sum-rows")


@pytest.mark.parametrize("record", ["[" * 100_000, '{"a":' * 5_000, "9" * 10_000, "null", '{"tasks": [[1]]}'])
def test_a_note_that_was_edited_into_anything_is_no_verdict(record: str) -> None:
    assert read_verdict(f"Ahe-Verdict: kept\nAhe-Record: {record}\n") is None


def test_an_edited_note_is_believed_over_its_record() -> None:
    text = note_text(verdict("kept")).replace("Ahe-Verdict: kept", "Ahe-Verdict: reverted")
    read = read_verdict(text)
    assert read is not None
    assert (read.outcome, read.decided_by) == ("reverted", "person")
    assert read_verdict("Ahe-Verdict: kept") is None and read_outcome("Ahe-Verdict: kept") == "kept"
    assert read_verdict("words") is None and read_outcome("words") is None
    broken = "Ahe-Verdict: kept\nAhe-Record: {"
    assert read_verdict(broken) is None


def test_a_note_with_the_words_of_an_earlier_version_is_read() -> None:
    """`apart` and `happened` are called `leave_one_out` and `observed` today; new notes have today's words alone."""
    score = PredictionScore(named=1, hits=0.5, observed=1.5, chance=0.25)
    written = Verdict(outcome="kept", reason="r", leave_one_out=("a", "b"), fixes=score)
    note = note_text(written)
    assert "Ahe-Leave-One-Out: a against b" in note and "apart" not in note.lower() and "happened" not in note
    earlier = note.replace('"leave_one_out"', '"apart"').replace('"observed"', '"happened"')
    assert earlier.count('"apart"') == earlier.count('"happened"') == 1
    assert read_verdict(earlier) == read_verdict(note) == written
    whole = IterationVerdicts(iteration=1, incumbent="i", candidate="c", whole=written).model_dump_json()
    earlier = whole.replace('"leave_one_out"', '"apart"').replace('"observed"', '"happened"')
    assert IterationVerdicts.model_validate_json(earlier).whole == written
