"""The trace: valid ATIF after every step, whatever the texts hold, and events beside it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from playing import answers, play, shell

from ahe.debug.readers.read import read_trial
from ahe.records import Message, ToolCall, ToolSpec, Usage
from ahe.runtime.trajectory import Trajectory

TOOL = ToolSpec(name="run", description="Runs.", parameters={"type": "object", "properties": {}})


def read(folder: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((folder / "trajectory.json").read_text("utf-8"))
    return tree


def test_the_file_is_whole_after_every_step(tmp_path: Path) -> None:
    trace = Trajectory(tmp_path, "s1", "model-x", [TOOL])
    assert read(tmp_path)["steps"] == []
    for count in range(1, 5):
        trace.prompt("user", f"question {count} }}]")
        assert [step["step_id"] for step in read(tmp_path)["steps"]] == list(range(1, count + 1))
    trace.finish(Usage(), {})
    assert len(read(tmp_path)["steps"]) == 4


def test_fields_are_those_of_atif(tmp_path: Path) -> None:
    trace = Trajectory(tmp_path, "s1", "model-x", [TOOL])
    trace.prompt("system", "Be good.")
    calls = (ToolCall(id="c1", name="run", arguments={"x": 1}), ToolCall(id="c2", name="run"))
    message = Message(role="assistant", content="Now.", reasoning="Think.", tool_calls=calls)
    usage = Usage(calls=1, input_tokens=10, cached_tokens=4, output_tokens=3, usd=0.01)
    trace.reply(message, usage, [("c1", "one"), ("c2", "two")])
    trace.finish(usage, {"ended": "answered"})
    tree = read(tmp_path)
    assert (tree["schema_version"], tree["session_id"]) == ("ATIF-v1.7", "s1")
    assert tree["agent"]["name"] == "ahe" and tree["agent"]["model_name"] == "model-x"
    assert tree["agent"]["tool_definitions"][0]["function"]["name"] == "run"
    system, agent = tree["steps"]
    assert (system["step_id"], system["source"], system["message"]) == (1, "system", "Be good.")
    assert (agent["source"], agent["reasoning_content"]) == ("agent", "Think.")
    assert [c["function_name"] for c in agent["tool_calls"]] == ["run", "run"]
    assert agent["observation"]["results"] == [
        {"source_call_id": "c1", "content": "one"},
        {"source_call_id": "c2", "content": "two"},
    ]
    metrics = {"prompt_tokens": 10, "completion_tokens": 3, "cached_tokens": 4, "cost_usd": 0.01}
    assert agent["metrics"] == metrics
    assert tree["final_metrics"]["total_prompt_tokens"] == 10
    assert tree["final_metrics"]["total_steps"] == 2
    assert tree["final_metrics"]["total_cost_usd"] == 0.01
    assert tree["extra"] == {"ended": "answered"}


def test_sub_agents_are_embedded_when_it_is_finished(tmp_path: Path) -> None:
    trace = Trajectory(tmp_path, "s1", "m", [])
    trace.prompt("user", "ask")
    sub = trace.subagent("critic")
    sub.prompt("system", "strict")
    sub.reply(Message(role="assistant", content="no"), Usage(), ())
    trace.finish(Usage(), {})
    (kept,) = read(tmp_path)["subagent_trajectories"]
    assert kept["schema_version"] == "ATIF-v1.7" and kept["agent"]["name"] == "critic"
    assert [step["step_id"] for step in kept["steps"]] == [1, 2]


def test_events_stand_beside_it_with_the_step_at_which_they_came(tmp_path: Path) -> None:
    trace = Trajectory(tmp_path, "s1", "m", [])
    trace.event("first")
    trace.prompt("user", "x")
    trace.event("second", odd=Path("/a"), many=[1, 2])
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert [(line["event"], line["step"]) for line in lines] == [("first", 0), ("second", 1)]
    assert lines[1]["odd"] == "/a" and lines[1]["many"] == [1, 2]
    trace.finish(Usage(), {})


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_no_text_breaks_the_file(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trace = Trajectory(Path(folder), "s", "m", [])
        for text in texts:
            trace.reply(Message(role="assistant", content=text), Usage(), [("1", text)])
            assert read(Path(folder))["steps"][-1]["message"] == text
        trace.finish(Usage(), {})
        steps = read_trial(Path(folder)).steps
        assert [step.texts[0].text for step in steps if step.source == "agent"] == texts


async def test_a_real_trials_trace_can_be_read_back(tmp_path: Path) -> None:
    await play(tmp_path, answers(shell("echo out"), "Done."))
    steps = read_trial(tmp_path / "trace").steps
    assert [step.source for step in steps] == ["system", "user", "agent", "agent"]
    said = [[(text.channel, text.text) for text in step.texts] for step in steps]
    assert ("call", "echo out") in said[2]
    assert any(channel == "result" and text.startswith("out") for channel, text in said[2])
    assert ("message", "Done.") in said[3]
