"""Fenced blocks as tool calls: what models write is found, and nothing they write breaks the parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.records import Message, Reply, ToolCall, ToolSpec, Usage
from ahe.runtime import text_protocol
from ahe.runtime.text_protocol import as_text, instructions, parse, plain_argument


def tool(name: str, required: list[str], /, **properties: Any) -> ToolSpec:
    schema = {"type": "object", "properties": properties, "required": required}
    return ToolSpec(name=name, description=f"What {name} does.", parameters=schema)


STRING = {"type": "string"}
SHELL = tool("run_shell_command", ["command"], command=STRING, timeout={"type": "integer"})
SKILL = tool("use_skill", ["name"], name=STRING)
PUT = tool("put", ["path", "text"], path=STRING, text=STRING)
TOOLS = (SHELL, SKILL, PUT)


def parsed(text: str, tools: tuple[ToolSpec, ...] = TOOLS) -> Message:
    reply = Reply(message=Message(role="assistant", content=text), usage=Usage(calls=1))
    return parse(reply, tools, 3).message


def the_call(text: str) -> ToolCall:
    (call,) = parsed(text).tool_calls
    return call


@pytest.mark.parametrize("label", ["bash", "sh", "shell", "console", "", "BASH", "run_shell_command"])
def test_a_shell_block_is_a_command(label: str) -> None:
    call = the_call(f"First I look.\n```{label}\nls -la\necho two\n```\n")
    assert (call.name, call.arguments) == ("run_shell_command", {"command": "ls -la\necho two"})
    assert call.error is None and call.id == "turn-3"


def test_what_follows_the_block_is_dropped() -> None:
    message = parsed("Look:\n```bash\nls\n```\nThe result is a.txt\n```bash\nrm a.txt\n```\n")
    assert message.content == "Look:\n```bash\nls\n```"
    assert len(message.tool_calls) == 1


def test_a_block_that_is_never_closed_counts() -> None:
    assert the_call("```bash\nls\n").arguments == {"command": "ls"}


def test_an_indented_block_counts() -> None:
    assert the_call("1. look\n   ```bash\n   ls\n   ```\n").arguments == {"command": "   ls"}


@pytest.mark.parametrize("text", ["Done.", "Use ``ls``.", "```python\nprint(1)\n```", "``` not a block", ""])
def test_prose_is_no_call(text: str) -> None:
    assert parsed(text).tool_calls == ()
    assert parsed(text).content == text


def test_a_foreign_block_before_the_call_is_prose() -> None:
    assert the_call("```python\nprint(1)\n```\n\n```bash\nls\n```").arguments == {"command": "ls"}


def test_a_tool_of_several_arguments_takes_json() -> None:
    body = json.dumps({"path": "a", "text": "b"})
    assert the_call(f"```put\n{body}\n```").arguments == {"path": "a", "text": "b"}
    wrong = the_call("```put\na = b\n```")
    assert wrong.name == "put" and wrong.error is not None


def test_a_plain_argument_may_also_be_given_as_json() -> None:
    assert the_call('```use_skill\n{"name": "tabs"}\n```').arguments == {"name": "tabs"}
    assert the_call("```use_skill\ntabs\n```").arguments == {"name": "tabs"}
    assert the_call('```bash\n{"x": 1}\n```').arguments == {"command": '{"x": 1}'}


def test_every_tool_is_explained_with_a_block_that_calls_it() -> None:
    text = instructions(TOOLS)
    for spec in TOOLS:
        assert spec.description in text
    blocks = [f"```{part}" for part in text.split("```")[1::2]]
    called = [the_call(f"{block}\n```") for block in blocks]
    assert [call.name for call in called] == ["run_shell_command", "use_skill", "put"]
    assert all(call.error is None for call in called)


def test_odd_but_valid_schemas_are_no_obstacle() -> None:
    odd = tool("odd", ["a"], a=True, b={"type": ["string", "null"]}, c={"enum": [1]})
    assert plain_argument(odd) is None
    assert "odd" in instructions((odd,))
    assert the_call('```put\n{"path": 1, "text": 2}\n```').error is None
    (call,) = parsed('```odd\n{"a": 1}\n```', (odd,)).tool_calls
    assert call.arguments == {"a": 1}


def test_results_travel_as_user_messages() -> None:
    calls = (ToolCall(id="1", name="x"),)
    conversation = (
        Message(role="system", content="s"),
        Message(role="assistant", content="a", tool_calls=calls),
        Message(role="tool", content="out", tool_call_id="1"),
    )
    turned = as_text(conversation)
    assert [message.role for message in turned] == ["system", "assistant", "user"]
    assert "out" in turned[2].content
    assert all(not m.tool_calls and m.tool_call_id is None for m in turned)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    message = parsed(text)
    assert text.startswith(message.content)
    assert len(message.tool_calls) <= 1


@given(st.lists(st.sampled_from(["```", "bash", "put", "\n", " ", "{", '"path"', ":", "1", "}", "ls", "\r"])))
def test_no_mixture_of_fences_breaks_the_parser(parts: list[str]) -> None:
    text = "".join(parts)
    message = parsed(text)
    assert text.startswith(message.content)
    for call in message.tool_calls:
        assert call.error or call.arguments


COMMAND = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: text.strip("\n") == text and "```" not in text and not text.lstrip().startswith("{")
)


@given(COMMAND, st.sampled_from(["bash", "sh", "", "run_shell_command"]))
def test_a_command_comes_through_unchanged(command: str, label: str) -> None:
    assert the_call(f"Now:\n```{label}\n{command}\n```").arguments == {"command": command}


@given(st.dictionaries(st.sampled_from(["path", "text"]), st.text(), min_size=1))
def test_json_arguments_come_through_unchanged(arguments: dict[str, str]) -> None:
    body = json.dumps(arguments)
    call = the_call(f"```put\n{body}\n```")
    assert call.arguments == arguments


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    call = the_call("```put\n" + "[" * 100_000 + "\n```")
    assert call.error is not None


def test_the_reminder_names_the_block() -> None:
    assert "code block" in text_protocol.NO_BLOCK
