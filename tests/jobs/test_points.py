"""What `ahe models test` finds out about an endpoint, and what of it later runs know."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import made_project
import pytest

from ahe.evaluate.store import Store
from ahe.events import Event, Notice
from ahe.jobs import models
from ahe.jobs.models import Points
from ahe.models import wire
from ahe.models.openai import OpenAIModel
from ahe.models.probe import known_habits, put_habits, put_mode, settled_mode
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.project.assemble import assemble
from ahe.records import Message, ModelSpec, Request


class Told:
    """A watcher that keeps the notices about forms."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def emit(self, event: Event) -> None:
        if isinstance(event, Notice) and "form" in event.text:
            self.lines.append(event.text)


Answer = Callable[[str, str, dict[str, Any]], Any]


def call(*cities: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": "get_temperature", "arguments": {"city": city}} for city in cities]}


def good(role: str, key: str, payload: dict[str, Any]) -> Any:
    """A model that does all that it is asked for."""
    said = str(payload["messages"])
    if "password" in said:
        return "Marmalade."
    if payload["messages"][-1]["role"] == "tool":
        return "It is 21 degrees."
    return call("Paris", "Rome") if "Rome" in said else call("Paris")


async def tried(answer: Answer, mode: str = "native", **spec: Any) -> tuple[dict[str, Any], OpenAIModel]:
    server = ScriptedServer(Script({"coder": {"*": answer}}))
    model = OpenAIModel(ModelSpec(name="m", base_url=await server.start(), retries=0, **spec), keyed=True)
    try:
        points = await Points(model, mode, 4096).all(long_prompt=True)
    finally:
        await model.aclose()
        await server.stop()
    return {point.name: point for point in points}, model


async def test_all_holds_of_a_good_model() -> None:
    points, _ = await tried(good)
    assert {name: point.holds for name, point in points.items()} == {
        "a call's result": True,
        "parallel calls": True,
        "long prompt": True,
        "reply length": True,
        "form of requests": True,
    }
    assert "2 calls in one reply" in points["parallel calls"].what


async def test_text_mode_plays_the_same_two_turns() -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        assert "tools" not in payload
        said = str(payload["messages"])
        if "password" in said:
            return "marmalade"
        return "It is 21 degrees." if "Result:" in said else "```get_temperature\nParis\n```"

    points, _ = await tried(answer, "text", tool_calls="text")
    assert points["a call's result"].what == "accepted, and the answer uses it"
    assert points["parallel calls"].holds is None


@pytest.mark.parametrize(
    ("refuses", "words", "name", "holds", "what"),
    [
        (
            lambda p: p["max_tokens"] > 2048,
            "max_tokens must be 2048 or less",
            "reply length",
            None,
            "allows 2048",
        ),
        (lambda p: not p.get("stream"), "only streams are served", "form of requests", True, "only streams"),
        (lambda p: "seed" in p, "unknown field seed", "form of requests", True, "left out or changed: seed"),
        (
            lambda p: sum(m["role"] == "tool" for m in p["messages"]) > 1,
            "only one tool result is allowed",
            "parallel calls",
            False,
            "only one tool result",
        ),
        (
            lambda p: len(str(p)) > 20_000,
            "the prompt is longer than the context window of 4096",
            "long prompt",
            False,
            "no longer fits the window",
        ),
    ],
)
async def test_what_does_not_hold_is_said(
    refuses: Callable[[dict[str, Any]], bool], words: str, name: str, holds: bool | None, what: str
) -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        return {"status": 400, "content": words} if refuses(payload) else good(role, key, payload)

    points, _ = await tried(answer)
    assert points[name].holds is holds
    assert what in points[name].what
    assert all(point.holds is not False for key, point in points.items() if key != name)


async def test_where_ahe_toml_says_native_the_fix_is_named() -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        if payload["messages"][-1]["role"] == "tool":
            return {"status": 400, "content": "the role tool is not known here"}
        return good(role, key, payload)

    points, _ = await tried(answer, tool_calls="native")
    assert points["a call's result"].what.endswith('; set tool_calls = "text" in ahe.toml')
    assert points["long prompt"].holds is True


async def test_a_prompt_that_the_server_cuts_is_noticed() -> None:
    """As Ollama cuts it: without an error, and with the number of tokens that were read."""
    cut = '{"choices": [{"message": {"content": "What?"}}], "usage": {"prompt_tokens": 2048}}'

    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        return {"raw": cut} if "password" in str(payload) else good(role, key, payload)

    points, _ = await tried(answer)
    assert points["long prompt"].holds is False
    assert "2048 were read" in points["long prompt"].what


async def test_what_was_found_out_is_known_to_later_runs(tmp_path: Path) -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        if not payload.get("stream") or payload["max_tokens"] > 2048:
            words = "max_tokens must be at most 2048" if payload.get("stream") else "stream is required"
            return {"status": 400, "content": words}
        return good(role, key, payload)

    _, model = await tried(answer)
    store = Store(tmp_path)
    assert known_habits(store, model.spec) == wire.Habits()
    put_habits(store, model.spec, model.habits)
    assert known_habits(store, model.spec) == wire.Habits(names=frozenset({wire.STREAM}), reply_tokens=2048)
    store.put_fact(f"habits {model.spec.base_url} m", {"of": "another version"})
    assert known_habits(store, model.spec) == wire.Habits()
    store.close()


async def test_an_endpoint_that_refuses_results_of_calls_is_settled_as_text(tmp_path: Path) -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        if any(message["role"] == "tool" for message in payload["messages"]):
            return {"status": 400, "content": "the role tool is not known here"}
        if "tools" not in payload and "Result:" not in str(payload) and "get_temperature" in str(payload):
            return "```get_temperature\nParis\n```"
        return good(role, key, payload) if "tools" in payload else "It is 21 degrees, marmalade."

    server = ScriptedServer(Script({"*": {"*": answer}}))
    table = {"name": "m", "base_url": await server.start(), "retries": 0}
    project = made_project.make(tmp_path, 1, model=table)
    found = await models.test(project, settle=False)
    await server.stop()
    assert found.tool_calls == "text"
    assert "the role tool is not known here" in found.because
    assert found.points[0].what == "accepted, and the answer uses it"
    store = project.store()
    assert settled_mode(store, project.config.model_spec("coder")) == "text"
    store.close()


async def test_a_mode_with_trials_is_kept_unless_it_is_asked_to_change(tmp_path: Path) -> None:
    def fenced(role: str, key: str, payload: dict[str, Any]) -> Any:
        return "```get_temperature\nParis\n```" if "get_temperature" in str(payload) else "Marmalade."

    server = ScriptedServer(Script({"*": {"*": fenced}}))
    table = {"name": "m", "base_url": await server.start(), "retries": 0}
    project = made_project.make(tmp_path, 1, model=table)
    spec = project.config.model_spec("coder")
    with closing(project.store()) as store:
        put_mode(store, spec, "native")
        made_project.fill(project, {"t00": [True]})
        for settle, mode, why in (
            (False, "native", "kept, because trials ran"),
            (True, "text", "answered in text"),
        ):
            found = await models.test(project, settle)
            assert (found.tool_calls, settled_mode(store, spec)) == (mode, mode)
            assert why in found.because
    await server.stop()


async def test_a_run_tells_and_keeps_what_it_learned(tmp_path: Path) -> None:
    def answer(role: str, key: str, payload: dict[str, Any]) -> Any:
        return {"status": 400, "content": "unknown field: seed"} if "seed" in payload else call("Paris")

    server = ScriptedServer(Script({"*": {"*": answer}}))
    table = {"name": "m", "base_url": await server.start(), "retries": 0, "tool_calls": "text"}
    project, told = made_project.make(tmp_path, 1, model=table), Told()
    for _ in range(2):
        async with assemble(project, told) as parts:
            question = (Message(role="user", content="?"),)
            await parts.models["coder"].complete(
                Request(role="coder", key="a/0/0", messages=question, seed=1)
            )
    await server.stop()
    assert told.lines == ["m: calls have another form from now on: left out or changed: seed"]
