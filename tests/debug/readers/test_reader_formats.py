"""Every known format, in the shape that its tool writes, comes out whole and in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_fixtures import ATIF, CAST, CLAUDE, CODEX, MINI, SCRIPT, SWE, WRAPPED, Made
from session_fixtures import EVERY

from ahe.debug.readers.find import find
from ahe.debug.readers.formats import READERS
from ahe.debug.readers.read import read
from ahe.debug.readers.trace import Trace


def only(folder: Path, made: Made) -> Trace:
    path = folder / made.name
    path.write_bytes(made.data)
    (source,) = find([folder])
    trace = read(source)
    return trace


def test_every_reader_has_a_fixture():
    assert {made.form for made in EVERY} == set(READERS)


@pytest.mark.parametrize("made", EVERY, ids=lambda made: f"{made.form}-{made.name}")
def test_every_text_comes_out_in_order(tmp_path: Path, made: Made):
    trace = only(tmp_path, made)
    assert trace.format == made.form
    found = tuple((step.source, text.channel, text.text) for step in trace.steps for text in step.texts)
    assert found == made.texts
    assert [step.id for step in trace.steps] == list(range(1, len(trace.steps) + 1))
    assert made.name == "codex.txt" or not trace.damage


@pytest.mark.parametrize("made", [made for made in EVERY if made is not SCRIPT], ids=lambda made: made.name)
def test_a_results_tool_is_named(tmp_path: Path, made: Made):
    texts = [text for step in only(tmp_path, made).steps for text in step.texts]
    names = [text.name for text in texts if text.channel == "call"]
    assert all(names) and len(names) == [channel for _, channel, _ in made.texts].count("call")


def test_what_the_recording_says_of_itself(tmp_path: Path):
    def facts(made: Made) -> tuple[str, str, int, float]:
        folder = tmp_path / made.name
        folder.mkdir()
        trace = only(folder, made)
        return trace.status, trace.ended, trace.tokens, trace.seconds

    assert facts(ATIF) == ("unknown", "", 15, 0.0)
    assert facts(WRAPPED)[0] == "failed"
    assert facts(MINI)[1] == "Submitted"
    assert facts(SWE)[1:3] == ("submitted", 7)
    assert facts(CODEX)[1:3] == ("task_complete", 99)
    assert facts(CAST)[3] == 0.4
    assert facts(SCRIPT)[1] == "exit 2"


def test_blocks_of_one_message_are_one_step(tmp_path: Path):
    trace = only(tmp_path, CLAUDE)
    assert [text.channel for text in trace.steps[3].texts] == ["reasoning", "message", "call"]
    assert trace.steps[3].time == "2026-01-01T00:00:00Z"


def test_a_log_is_a_recording_where_a_person_names_it(tmp_path: Path):
    path = tmp_path / "notes"
    path.write_text("make: *** [all] Error 1\n")
    assert find([tmp_path]) == []
    (source,) = find([path])
    trace = read(source)
    assert trace.task == "notes" and trace.steps[0].raw == "make: *** [all] Error 1\n"


def test_progress_in_a_log_stays_as_it_was_written(tmp_path: Path):
    raw = "fetching\r 10%\r100%\ndone\x1b[K\n"
    (tmp_path / "build.log").write_bytes(raw.encode())
    trace = read(find([tmp_path])[0])
    assert "".join(step.raw for step in trace.steps) == raw
