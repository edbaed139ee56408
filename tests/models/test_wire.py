from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.models import wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["content", "tool_calls", "reasoning", "reasoning_details", "function", "text", "id"]
)
SAID = st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON, max_size=3), max_size=2))


def reply(said: dict, **body: object):
    return wire.reply({"choices": [{"message": said}], **body}, {"messages": []})


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_parsed_or_called_garbled(raw):
    try:
        assert wire.parse(raw)["choices"]
    except (wire.MalformedBody, wire.ErrorBody):
        pass


@given(SAID, JSON)
def test_any_message_becomes_a_reply(said, usage):
    found = reply(said, usage=usage)
    assert found.message.role == "assistant"
    assert found.usage.input_tokens >= 1


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning_content": "why"},
        {"reasoning": "why"},
        {"thinking": "why"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "why"}]},
        {"content": "<think>\nwhy\n</think>\n\nhello"},
    ],
    ids=str,
)
def test_reasoning_under_its_names(said):
    found = reply({"content": "hello", **said}).message
    assert (found.reasoning, found.content) == ("why", "hello")


def test_content_in_parts():
    assert (
        reply({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}).message.content
        == "ab"
    )


def test_cached_tokens_under_both_names():
    openai = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 7}}
    deepseek = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 7}
    for usage in (openai, deepseek):
        found = reply({"content": ""}, usage=usage).usage
        assert (found.input_tokens, found.cached_tokens, found.output_tokens) == (10, 7, 2)


def test_arguments_that_are_an_object_already():
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    (found,) = reply({"tool_calls": [call]}).message.tool_calls
    assert (found.id, found.arguments, found.error) == ("call_0", {"a": 1}, None)


def test_deeply_nested_arguments_are_malformed():
    call = {"function": {"name": "f", "arguments": "[" * 100_000}}
    assert reply({"tool_calls": [call]}).message.tool_calls[0].error
