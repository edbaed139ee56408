"""However a file is mangled, reading it raises nothing and keeps everything before the damage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_fixtures import CHAT_LINES, CLAUDE, CODEX, ITEM_LINES, Made
from session_fixtures import EVERY

from ahe.debug.readers.find import find
from ahe.debug.readers.read import read
from ahe.debug.readers.trace import Trace

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LINES = (CHAT_LINES, CLAUDE, CODEX, ITEM_LINES)


def traces(name: str, data: bytes) -> list[Trace]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return [read(source) for source in find([path])]


@st.composite
def mangled(draw: st.DrawFn) -> tuple[Made, bytes]:
    made = draw(st.sampled_from(EVERY))
    data = bytearray(made.data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["cut", "drop", "put", "swap"]))
        piece = draw(
            st.sampled_from(
                [b"\0", b'"', b"{", b"]", b"\n", b"\xff\xfe", b"\\", b"\\u12", b",", b"null", b"9" * 5000]
            )
        )
        width = draw(st.integers(1, 60))
        data[at : at + (0 if how == "put" else len(data) if how == "cut" else width)] = (
            b"" if how in ("cut", "drop") else piece
        )
    return made, bytes(data)


@QUICK
@given(mangled())
def test_nothing_raises_and_every_step_can_be_pointed_into(case: tuple[Made, bytes]):
    made, data = case
    for trace in traces(made.name, data):
        for step in trace.steps:
            raw = step.raw.encode("utf-8", "surrogateescape")
            assert raw.decode("utf-8", "surrogateescape") == step.raw


@QUICK
@given(st.sampled_from(LINES), st.data())
def test_lines_before_and_after_a_damaged_line_are_kept(made: Made, data: st.DataObject):
    lines = made.data.splitlines(keepends=True)
    at = data.draw(st.integers(1, len(lines)))
    junk = data.draw(
        st.binary(min_size=1, max_size=80).map(lambda raw: b"%" + raw.replace(b"\n", b"") + b"\n")
    )
    whole, hurt = traces(made.name, made.data), traces(made.name, b"".join([*lines[:at], junk, *lines[at:]]))
    assert [trace.steps for trace in hurt] == [trace.steps for trace in whole]
    assert hurt[0].damage


LATER = ("nexau", "gemini", "inspect", "opencode", "openhands")
"""Formats in which later fields of a record decide what it adds."""
IN_ORDER = [made for made in EVERY if made.name.endswith(".json") and made.form not in LATER]


@QUICK
@given(st.sampled_from(IN_ORDER), st.data())
def test_a_cut_loses_nothing_before_it(made: Made, data: st.DataObject):
    first = data.draw(st.integers(len(made.data) // 2, len(made.data) - 2))
    second = data.draw(st.integers(first, len(made.data) - 2))
    (whole,) = traces(made.name, made.data)
    counts = []
    for cut in (first, second):
        steps = [step for trace in traces(made.name, made.data[:cut]) for step in trace.steps]
        assert steps[:-1] == list(whole.steps[: len(steps) - 1])
        counts.append(len(steps))
    # A step that was cut may turn out to belong to the one before it.
    assert counts[1] >= counts[0] - 1
