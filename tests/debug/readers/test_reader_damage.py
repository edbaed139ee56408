"""Damage is named and the rest is read; nothing raises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reader_fixtures import ATIF, CLAUDE, MESSAGES, Made, jsonl
from session_fixtures import EVERY

from ahe.debug.readers import files
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.find import find
from ahe.debug.readers.formats import READERS, sniff_json
from ahe.debug.readers.lenient_json import salvage
from ahe.debug.readers.read import read, task_name
from ahe.debug.readers.trace import Trace


def one(path: Path, data: bytes) -> Trace:
    path.write_bytes(data)
    (source,) = find([path])
    trace = read(source)
    return trace


def texts(trace: Trace) -> list[str]:
    return [text.text for step in trace.steps for text in step.texts]


@pytest.mark.parametrize(
    "made", [made for made in EVERY if made.form != "terminal"], ids=lambda made: made.name
)
def test_what_stands_before_a_cut_is_read(tmp_path: Path, made: Made):
    cut = len(made.data) * 4 // 5
    trace = one(tmp_path / made.name, made.data[:cut])
    whole = [text for _, _, text in made.texts]
    found = texts(trace)
    assert trace.damage
    assert found and found[0] == whole[0]
    if made.form not in ("nexau", "swe-agent", "inspect"):  # these say things in another order than the file
        assert found[:-1] == whole[: len(found) - 1]


def test_a_string_that_is_cut_keeps_its_beginning(tmp_path: Path):
    data = json.dumps({"messages": [*MESSAGES[:2], {"role": "assistant", "content": "long \\ story" * 50}]})
    trace = one(tmp_path / "a.json", data[:-40].encode())
    assert texts(trace)[-1].startswith("long \\ storylong")
    assert trace.damage[0].what == "cut here"


def test_a_document_is_read_up_to_the_damage(tmp_path: Path):
    steps = [{"step_id": n, "source": "agent", "message": f"message {n}"} for n in range(1, 9)]
    value: dict[str, Any] = {"schema_version": "ATIF-v1.7", "steps": steps, "extra": {"ended": "turns"}}
    data = json.dumps(value).encode().replace(b'"message 3"', b'"mess"age 3"')
    trace = one(tmp_path / "a.json", data)
    assert texts(trace) == ["message 1", "message 2", "mess"]
    assert len(trace.damage) == 1 and "byte" in trace.damage[0].where


def test_damaged_lines_are_named_by_number(tmp_path: Path):
    lines = jsonl(MESSAGES).splitlines(keepends=True)
    data = b"".join([lines[0], b"oops\n", b"again\n", *lines[1:3], b'{"role": "user", "con\n', *lines[3:]])
    trace = one(tmp_path / "a.jsonl", data)
    assert texts(trace)[-1] == "Two."
    places = [damage.where.rpartition(": ")[2] for damage in trace.damage]
    assert sorted(places) == ["line 2, 3", "line 6"]
    assert {damage.what.split(" at ")[0] for damage in trace.damage} == {"not JSON", "cut here"}


def test_a_huge_line_is_stepped_over_and_named(tmp_path: Path):
    lines = jsonl(MESSAGES).splitlines(keepends=True)
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.writelines(lines[:2])
        start = file.tell()
        file.write(b'{"role": "user", "content": "')
        for _ in range(files.LIMIT >> 20):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n')
        end = file.tell()
        file.writelines(lines[2:])
    (source,) = find([path])
    trace = read(source)
    assert texts(trace) == [
        text.text for step in one(tmp_path / "b.jsonl", jsonl(MESSAGES)).steps for text in step.texts
    ]
    assert [damage.where for damage in trace.damage] == [f"{path}: bytes {start}-{end}"]


def test_bytes_that_are_no_utf8_survive(tmp_path: Path):
    data = jsonl(MESSAGES).replace(b"one\\ntwo", b"on\xe9\\ntwo")
    trace = one(tmp_path / "a.jsonl", data)
    step = next(step for step in trace.steps if step.texts[0].channel == "result")
    assert step.raw.encode("utf-8", "surrogateescape") == b"on\xe9\ntwo"
    assert "not UTF-8" in trace.damage[0].what and "4" in trace.damage[0].where


def test_half_characters_do_not_survive(tmp_path: Path):
    trace = one(tmp_path / "a.json", b'[{"role": "user", "content": "a\\ud800b \\udc41 c"}]')
    raw = trace.steps[0].raw
    assert raw.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize("made", [ATIF, CLAUDE], ids=lambda made: made.form)
def test_marks_and_line_ends_change_nothing(tmp_path: Path, made: Made):
    whole = texts(one(tmp_path / made.name, made.data))
    assert texts(one(tmp_path / made.name, b"\xef\xbb\xbf" + made.data)) == whole
    assert texts(one(tmp_path / made.name, made.data.replace(b"\n", b"\r\n"))) == whole
    assert texts(one(tmp_path / made.name, made.data.decode().encode("utf-16"))) == whole


def test_nul_bytes_are_named(tmp_path: Path):
    lines = jsonl(MESSAGES).splitlines(keepends=True)
    trace = one(tmp_path / "a.jsonl", b"".join([*lines[:2], b"\0" * 40 + b"\n", *lines[2:]]) + b"\0" * 9)
    assert texts(trace)[-1] == "Two."
    assert {damage.what for damage in trace.damage} == {"NUL bytes"}


WRONG = [None, 3, "text", [], {}, [[]], [None], {"a": None}, True]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_types_anywhere_are_no_error(wrong: Any):
    for made in EVERY:
        if made.form == "terminal" or made.name == "codex.txt":
            continue
        lines = _lines(made)
        value = [json.loads(line) for line in made.data.splitlines()] if lines else json.loads(made.data)
        for mutant in _mutants(value, wrong):
            sniff_json(json.dumps(mutant))
            draft = Draft("here")
            READERS[made.form][1](mutant, draft)
            assert task_name(draft) is not None and all(isinstance(step.raw, str) for step in draft.steps)


def _lines(made: Made) -> bool:
    return made.name.endswith((".jsonl", ".cast", ".txt"))


def _mutants(value: Any, wrong: Any) -> list[Any]:
    """The value with one place in it replaced, for each place."""
    if isinstance(value, dict):
        return [{**value, key: new} for key, each in value.items() for new in [wrong, *_mutants(each, wrong)]]
    if isinstance(value, list):
        return [
            [*value[:at], new, *value[at + 1 :]]
            for at, each in enumerate(value)
            for new in [wrong, *_mutants(each, wrong)]
        ]
    return []


def test_json_nested_too_deeply_is_a_damage(tmp_path: Path):
    trace = one(
        tmp_path / "a.jsonl", jsonl(MESSAGES) + b'{"role": "user", "content": ' + b"[" * 50_000 + b"\n"
    )
    assert texts(trace)[-1] == "Two." and trace.damage


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"a": [1, 2, {"b": "c', {"a": [1, 2, {"b": "c"}]}),
        ('{"a": 1, "b', {"a": 1}),
        ('{"a": 1, "b":', {"a": 1}),
        ('{"a": "x\\', {"a": "x"}),
        ('{"a": "x\\\\\\u12', {"a": "x\\"}),
        ('[{"a": 1}, tr', [{"a": 1}]),
        ('{"a": {"b": 1}, ', {"a": {"b": 1}}),
    ],
)
def test_a_beginning_is_read(text: str, whole: Any):
    assert salvage(text)[0] == whole
