"""What is sent: the conversation as the endpoint gave it, in the form that it accepts."""

from __future__ import annotations

import pytest

from ahe.models import reading, wire
from ahe.models.wire import Habits
from ahe.records import Message, ModelSpec, Request, ToolCall

SPEC = ModelSpec(name="m", base_url="http://localhost/v1")
SYSTEM, USER = Message(role="system", content="s"), Message(role="user", content="u")
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def sent(*messages: Message, names: tuple[str, ...] = (), **more: object) -> dict:
    request = Request(role="coder", key="k", messages=messages, **more)
    return wire.payload(SPEC, request, Habits(names=frozenset(names)))


def back(said: dict, **more: object) -> dict:
    message = reading.reply({"choices": [{"message": said}]}, {"messages": []}).message
    return sent(SYSTEM, USER, message.model_copy(update=more))["messages"][-1]


@pytest.mark.parametrize(
    "said",
    [
        {"content": None, "tool_calls": [CALL], "reasoning_content": "why"},
        {"content": "x", "reasoning_details": [{"type": "reasoning.text", "text": "a"}], "reasoning": "a"},
        {"content": None, "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "s"}}}]},
        {"content": "<think>\nwhy\n</think>\n\nhello"},
        {"content": [{"type": "thinking", "thinking": [{"text": "why"}]}, {"type": "text", "text": "x"}]},
        {"content": "x", "vendor": {"deep": [1, None, {"a": "b"}]}},
    ],
    ids=str,
)
def test_a_reply_goes_back_as_it_came(said):
    assert back(said) == {"role": "assistant", **said}


def test_what_middleware_changed_goes_back_changed():
    said = {"content": "<think>\nwhy\n</think>\n\nhello"}
    assert back(said, content="other") == {"role": "assistant", "content": "other"}


@pytest.mark.parametrize(
    ("names", "content"),
    [((), None), ((wire.NULL,), ""), ((wire.NULL, wire.BLANK), wire.EMPTY), ((wire.BLANK,), wire.EMPTY)],
)
@pytest.mark.parametrize("written", ["", "  \n"])
def test_content_beside_calls_is_null_or_what_the_endpoint_accepts(names, content, written):
    message = Message(role="assistant", content=written, tool_calls=(ToolCall(id="a", name="f"),))
    assert sent(USER, message, names=names)["messages"][1]["content"] == content


def test_no_message_is_sent_without_a_text():
    silent = Message(role="assistant", content="", extra={"reasoning_content": "hm"})
    result = Message(role="tool", content="", tool_call_id="a")
    bodies = sent(USER, silent, result)["messages"]
    assert bodies[1] == {"role": "assistant", "content": wire.EMPTY, "reasoning_content": "hm"}
    assert bodies[2] == {"role": "tool", "content": wire.EMPTY, "tool_call_id": "a"}


@pytest.mark.parametrize(
    ("written", "name"),
    [("run shell.command", "run_shell_command"), ("", "unknown"), ("é" * 80, "_" * 64), ("a-B_9", "a-B_9")],
)
def test_a_call_goes_back_under_a_name_that_endpoints_accept(written, name):
    message = Message(role="assistant", tool_calls=(ToolCall(id="a", name=written, error="no such tool"),))
    (call,) = sent(USER, message)["messages"][1]["tool_calls"]
    assert call["function"] == {"name": name, "arguments": "{}"}


def test_a_refused_field_is_left_out_of_messages_calls_and_parameters():
    message = Message(
        role="assistant",
        content="x",
        tool_calls=(ToolCall(id="a", name="f", extra={"extra_content": 1}),),
        extra={"reasoning": "a"},
    )
    found = sent(USER, message, seed=1, stop=("E",), names=("reasoning", "extra_content", "seed", "stop"))
    assert found["messages"][1] == {"role": "assistant", "content": "x", "tool_calls": [CALL]}
    assert not found.keys() & {"seed", "stop"}


def test_a_field_that_every_assistant_message_needs():
    messages = (
        Message(role="assistant", content="x"),
        Message(role="assistant", content="y", extra={"r": "z"}),
    )
    bodies = sent(USER, *messages, names=("needs r",))["messages"]
    assert [body.get("r") for body in bodies] == [None, "", "z"]


def test_without_a_system_role_its_text_opens_the_first_message():
    assert sent(SYSTEM, USER, names=(wire.SYSTEM,))["messages"] == [{"role": "user", "content": "s\n\nu"}]


def test_roles_alternate():
    called = Message(role="assistant", tool_calls=(ToolCall(id="a", name="f"), ToolCall(id="b", name="f")))
    results = [Message(role="tool", content=i, tool_call_id=i) for i in "ab"]
    bodies = sent(SYSTEM, USER, USER, called, *results, USER, names=(wire.ALTERNATE,))["messages"]
    assert [body["role"] for body in bodies] == ["system", "user", "assistant", "tool", "tool"]
    assert [body["content"] for body in bodies] == ["s", "u\n\nu", None, "a", "b\n\nu"]


def test_tool_messages_with_names():
    called = Message(role="assistant", tool_calls=(ToolCall(id="a", name="f"),))
    bodies = sent(USER, called, Message(role="tool", content="x", tool_call_id="a"), names=(wire.TOOL_NAME,))
    assert bodies["messages"][2]["name"] == "f"


@pytest.mark.parametrize(
    ("names", "key"),
    [
        ((), "max_tokens"),
        (("max_tokens",), "max_completion_tokens"),
        (("max_tokens", "max_completion_tokens"), None),
    ],
)
def test_the_length_of_a_reply_under_its_names(names, key):
    found = sent(USER, max_tokens=7, names=names)
    assert {k: v for k, v in found.items() if k.startswith("max_")} == ({key: 7} if key else {})


def test_the_shortest_limit_of_a_reply_counts():
    request = Request(role="coder", key="k", messages=(USER,), max_tokens=4096)
    assert wire.payload(SPEC, request, Habits(reply_tokens=2048))["max_tokens"] == 2048
    assert wire.payload(SPEC, request, Habits(reply_tokens=2048), room=99)["max_tokens"] == 99
    assert Habits(reply_tokens=5).joined(Habits()).reply_tokens == 5


def test_ids_of_calls_are_unique_in_a_conversation():
    def ids(*given: str, earlier: tuple[Message, ...] = ()) -> list[str]:
        calls = tuple(ToolCall(id=each, name="f") for each in given)
        return [call.id for call in Message(role="assistant", tool_calls=calls).numbered(earlier).tool_calls]

    assert ids("a", "b") == ["a", "b"]
    assert ids("", "", "a", "a") == ["call00000", "call00001", "a", "call00003"]
    first = Message(role="assistant", tool_calls=(ToolCall(id="call00001", name="f"),))
    assert ids("", "call00001", earlier=(first,)) == ["call00002", "call00003"]
