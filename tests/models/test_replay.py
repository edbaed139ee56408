from __future__ import annotations

import pytest
from model_helpers import ask

from ahe.errors import ModelUnavailable, UsageError
from ahe.models.recorder import Recorder
from ahe.models.replay import Recording
from ahe.models.roles import open_models
from ahe.records import Message, ModelSpec, Request

LONG = "one\ntwo\nthree\nfour\n" * 5


def turn(second: str = LONG, **more: object) -> Request:
    messages = (Message(role="system", content="be brief"), Message(role="user", content=second))
    return Request(role="coder", key="a/0/2", messages=messages, **more)


@pytest.fixture
async def recording(scripted, tmp_path):
    path = tmp_path / "run.jsonl"
    answers = {"a/0/2": ["first", "second"], "*": {"content": "x", "reasoning": "y"}}
    async with scripted(answers, recorder=Recorder(path)) as (model, _):
        for request in (ask(), turn(), turn()):
            await model.complete(request)
    return path


async def replayed(path, *requests: Request) -> list[str]:
    async with open_models({"coder": ModelSpec(name=f"replay:{path}")}) as models:
        return [(await models["coder"].complete(request)).message.content for request in requests]


async def test_a_run_is_played_back_call_by_call(recording):
    assert await replayed(recording, turn(), ask(), turn()) == ["first", "x", "second"]


async def test_a_message_is_written_once(recording):
    assert recording.read_text().count('"be brief"') == 1


@pytest.mark.parametrize(
    ("request_", "match"),
    [
        (turn(LONG.replace("three", "3", 1)), r"message 1 differs:(.|\n)*-.*three\n\+.*3"),
        (turn(max_tokens=9), r"settings differ(.|\n)*max_tokens"),
        (ask("b/0/0"), "'b/0/0': no such call was recorded"),
        (
            turn().model_copy(update={"messages": turn().messages[:1]}),
            "2 messages were recorded, only 1 came",
        ),
        (turn().model_copy(update={"messages": turn().messages * 2}), "4 came; new is message 2"),
    ],
)
async def test_a_difference_is_told_exactly(recording, request_, match):
    with pytest.raises(ModelUnavailable, match=match):
        await replayed(recording, request_)


def test_a_last_line_cut_by_a_kill_is_skipped(recording):
    text = recording.read_text()
    recording.write_text(text[:-20])
    assert len(Recording(recording).calls["coder", "a/0/2"]) == 1


def test_damage_inside_is_refused(recording):
    recording.write_text("{\n" + recording.read_text())
    with pytest.raises(UsageError, match="line 1"):
        Recording(recording)


async def test_a_missing_recording(tmp_path):
    with pytest.raises(UsageError, match=r"none\.jsonl"):
        await replayed(tmp_path / "none.jsonl", ask())
