"""Playing an agent: whatever happens, the environment is stopped and the trajectory finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ahe.agents.answering import HandIn, Refused, fill_in, rendered_prompt
from ahe.agents.play import Player, started
from ahe.errors import ModelUnavailable, SandboxError
from ahe.harness.load import load
from ahe.project.content import entry
from ahe.protocols import Host
from ahe.records import ExecResult, Limits, Message, ModelSpec, Record, Reply, Request, Usage

LIMITS = Limits(turns=3, tokens=0, seconds=0, reply_tokens=100, command_seconds=5, output_bytes=1_000)


class Place:
    """An environment that counts what is done to it."""

    describe = "place"

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.done: list[str] = []

    async def start(self) -> None:
        self.done.append("start")
        if self.broken:
            raise SandboxError("no sandbox here")

    async def exec(
        self,
        command: str,
        *,
        timeout: float = 120.0,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        output_limit: int = 1_000_000,
    ) -> ExecResult:
        raise AssertionError("no command is expected")

    async def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None: ...

    async def stop(self) -> None:
        self.done.append("stop")


class Renderer:
    """An executor that renders every template as it is."""

    def __init__(self) -> None:
        self.running = False
        self.values: dict[str, Any] = {}

    async def start(self, harness: Path, host: Host) -> None:
        self.running = True

    async def call(self, what: str, arguments: dict[str, Any], timeout: float) -> Any:
        assert what == "render" and self.running
        self.values = arguments["values"]
        return arguments["template"]

    async def stop(self) -> None:
        self.running = False


class Speaker:
    """A model that gives its replies one after the other, and fails when there are none left."""

    spec = ModelSpec(name="speaker")
    fingerprint = "speaker"

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        if not self.replies:
            raise ModelUnavailable("nobody answers")
        usage = Usage(calls=1, input_tokens=10, output_tokens=2)
        return Reply(message=Message(role="assistant", content=self.replies.pop(0)), usage=usage)


async def ended(place: Place, model: Speaker, trace: Path) -> str:
    """How an agent ended that was played in the place."""
    player = Player("coder", model, "native", LIMITS, Renderer)
    async with started(place) as environment:
        outcome = await player.play(
            load(entry("components")),
            environment,
            "Do it.",
            trace=trace,
            session="s",
            key="t/0",
            workdir="/app",
        )
        assert place.done == ["start"], "what comes after the agent still finds the environment"
    return outcome.ended


def final(trace: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((trace / "trajectory.json").read_text())
    return {"ended": tree["extra"]["ended"], "prompt": tree["final_metrics"]["total_prompt_tokens"]}


async def test_an_answer_finishes_the_trajectory_and_stops_the_environment(tmp_path: Path) -> None:
    place, model = Place(), Speaker("Done.")
    assert await ended(place, model, tmp_path) == "answered"
    assert place.done == ["start", "stop"]
    assert final(tmp_path) == {"ended": "answered", "prompt": 10}
    assert [(r.role, r.key) for r in model.requests] == [("coder", "t/0/0")]


async def test_a_model_that_is_gone_leaves_a_finished_trajectory_and_no_environment(tmp_path: Path) -> None:
    place = Place()
    with pytest.raises(ModelUnavailable):
        await ended(place, Speaker(), tmp_path)
    assert place.done == ["start", "stop"]
    assert final(tmp_path) == {"ended": "broken", "prompt": 0}


async def test_an_environment_that_does_not_start_is_stopped_all_the_same(tmp_path: Path) -> None:
    place = Place(broken=True)
    with pytest.raises(SandboxError):
        await ended(place, Speaker("Done."), tmp_path / "trace")
    assert place.done == ["start", "stop"]
    assert not (tmp_path / "trace").exists()


async def test_a_prompt_is_rendered_without_tools_and_the_box_is_stopped() -> None:
    renderer = Renderer()
    text = await rendered_prompt(entry("evolver"), lambda: renderer, {"mode": "proposal"})
    assert text == load(entry("evolver")).system_prompt
    assert renderer.values["mode"] == "proposal" and renderer.values["tools"] == []
    assert not renderer.running


class Word(Record):
    word: str


async def take(given: Word) -> str:
    if given.word == "two":
        raise ValueError("two is wrong")
    if given.word != "good":
        raise Refused([f"{given.word} is refused", "ask for a better one"])
    return "taken"


async def test_a_form_comes_back_with_the_last_refusal_until_its_repairs_are_spent() -> None:
    model = Speaker('{"word": "one"}', "no form", '{"word": "two"}', '{"word": "three"}')
    opening = (Message(role="system", content="S"), Message(role="user", content="Q"))
    form = Request(role="evolver", key="k", messages=opening, max_tokens=5, seed=40, response_schema={})
    await fill_in(model, form, Word, take, repairs=3, again="Again.")
    assert [(r.key, r.seed) for r in model.requests] == [(f"k/{n}", 40 + n) for n in range(4)]
    assert {(r.role, r.max_tokens) for r in model.requests} == {("evolver", 5)}
    told = [[message.content for message in request.messages[2:]] for request in model.requests]
    assert told == [
        [],
        ['{"word": "one"}', "Refused:\n- one is refused\n- ask for a better one\nAgain."],
        ["no form", "Refused:\n- the reply does not fill in the form; write less\nAgain."],
        ['{"word": "two"}', "Refused:\n- two is wrong\nAgain."],
    ], "only the last refusal is kept"


async def test_a_form_that_is_taken_is_not_asked_for_again() -> None:
    model = Speaker('{"word": "one"}', '{"word": "good"}', '{"word": "good"}')
    form = Request(role="debugger", key="k", messages=(), max_tokens=5, seed=1, response_schema={})
    await fill_in(model, form, Word, take, repairs=3, again="Again.")
    assert len(model.requests) == 2


async def test_a_tool_hands_in_until_enough_is_taken_or_too_much_was_refused() -> None:
    tool = HandIn(Word, take, repairs=1, wanted=2)
    again = "refused; fix this and hand in all of it again:\n- "
    assert await tool({"word": "good"}) == "taken" and not tool.closed()
    assert await tool({"wrod": 1}) == f"{again}word: Field required\n- wrod: Extra inputs are not permitted"
    assert not tool.closed()
    assert await tool({"word": "good"}) == "taken" and tool.closed()
    tool = HandIn(Word, take, repairs=1)
    assert await tool({"word": "one"}) == f"{again}one is refused\n- ask for a better one"
    assert not tool.closed()
    assert await tool({"word": "two"}) == f"{again}two is wrong" and tool.closed()
