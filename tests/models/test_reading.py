from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.models import body, reading

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
    return reading.reply({"choices": [{"message": said}], **body}, {"messages": []})


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_parsed_or_called_garbled(raw):
    try:
        assert body.parse(raw)["choices"]
    except (body.MalformedBody, body.ErrorBody):
        pass


@given(SAID, JSON)
def test_any_message_becomes_a_reply(said, usage):
    found = reply(said, usage=usage)
    assert found.message.role == "assistant"
    assert found.usage.input_tokens >= 1


def stream(*chunks: object, done: bool = True) -> bytes:
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([": KEEP-ALIVE\n\n", *lines, "data: [DONE]\n\n" if done else ""]).encode()


def delta(finish: str | None = None, **part: object) -> dict:
    return {"choices": [{"index": 0, "delta": part, "finish_reason": finish}]}


def call_part(arguments: str, **more: object) -> dict:
    name = more.pop("name", None)
    return {"function": {"arguments": arguments, **({"name": name} if name else {})}, **more}


def streamed(*chunks: object):
    return reading.reply(body.parse(stream(*chunks)), {"messages": []})


@given(st.lists(JSON, max_size=4), st.booleans())
def test_any_stream_is_parsed_or_called_garbled(chunks, done):
    try:
        assert body.parse(stream(*chunks, done=done))["choices"]
    except (body.MalformedBody, body.ErrorBody):
        pass


def test_a_stream_is_joined_to_one_reply():
    found = streamed(
        {"choices": []},
        delta(role="assistant", reasoning_content="I "),
        delta(reasoning_content="look."),
        delta(content="Now"),
        delta(tool_calls=[call_part('{"command"', index=0, id="a", type="function", name="sh")]),
        delta(tool_calls=[call_part(': "ls"}', index=0)]),
        delta(tool_calls=[call_part('{"command": "pwd"}', index=1, id="b", name="sh")]),
        delta("tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
    )
    assert (found.message.reasoning, found.message.content, found.finish) == ("I look.", "Now", "tool_calls")
    assert [(c.id, c.name, c.arguments) for c in found.message.tool_calls] == [
        ("a", "sh", {"command": "ls"}),
        ("b", "sh", {"command": "pwd"}),
    ]
    assert (found.usage.input_tokens, found.usage.output_tokens) == (7, 3)
    assert found.message.extra == {"reasoning_content": "I look."}


@pytest.mark.parametrize(
    "parts",
    [
        [{"index": 0}, {"index": 1}],
        [{"id": "a"}, {"id": "b"}],
        [{"index": 0, "id": "a"}, {"index": 0, "id": "b"}],
    ],
    ids=str,
)
def test_calls_of_a_stream_without_numbers_of_their_own_stay_apart(parts):
    whole = [call_part(f'{{"n": {n}}}', name="f", **part) for n, part in enumerate(parts)]
    for chunks in ([delta(tool_calls=[part]) for part in whole], [delta(tool_calls=whole)]):
        found = streamed(*chunks, delta("tool_calls"))
        assert [call.arguments for call in found.message.tool_calls] == [{"n": 0}, {"n": 1}]


def test_parts_inside_an_item_are_joined_too():
    thought = [
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]) for text in "why"
    ]
    message = streamed(*thought, delta("stop", content=[{"type": "text", "text": "hi"}])).message
    assert (message.reasoning, message.content) == ("why", "hi")
    assert message.extra["content"][0]["thinking"] == [{"type": "text", "text": "why"}]


def test_parts_of_one_call_without_a_number_are_joined():
    found = streamed(
        delta(tool_calls=[call_part('{"n":', id="a", name="f")]),
        delta(tool_calls=[call_part(" 1}")]),
        delta("tool_calls"),
    )
    assert [call.arguments for call in found.message.tool_calls] == [{"n": 1}]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (stream(delta(content="half a"), done=False), body.MalformedBody),
        (stream(delta(content="half a"), '{"choices": [{"del', done=False), body.MalformedBody),
        (stream(delta(content="a"), {"error": {"message": "upstream", "code": 502}}), body.ErrorBody),
        (stream(delta(content="a"), {"choices": [{"error": {"message": "upstream"}}]}), body.ErrorBody),
        (b'event: error\ndata: {"error": {"message": "upstream"}}\n\n', body.ErrorBody),
        (stream(delta("error", content="a")), body.ErrorBody),
    ],
)
def test_a_stream_that_fails_is_a_failure(raw, error):
    with pytest.raises(error, match="upstream" if b"upstream" in raw else None):
        body.parse(raw)


def test_what_keeps_a_connection_alive_is_passed_over():
    whole = {"choices": [{"message": {"content": "hi"}}], "usage": None}
    for before in ("\n  \n", ": OPENROUTER PROCESSING\n\n", "\ufeff"):
        found = reading.reply(body.parse((before + json.dumps(whole)).encode()), {"messages": []})
        assert (found.message.content, found.finish) == ("hi", "stop")


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"error": "nothing left"}, 500, "nothing left"),
        ({"error": {"message": "slow", "code": "429"}}, 429, "slow"),
        ({"error": {"message": "no", "code": "rate_limit_exceeded"}}, 500, "no; rate_limit_exceeded"),
        ({"error": {"message": "no", "type": "invalid_request_error"}}, 400, "no; invalid_request_error"),
        ({"object": "error", "message": "too long", "code": 400}, 400, "too long"),
        (
            {"choices": None, "base_resp": {"status_code": 1039, "status_msg": "token limit"}},
            500,
            "token limit",
        ),
        ({"choices": [{"message": {"content": ""}, "finish_reason": "error"}]}, 500, "finish reason"),
        ({"choices": [{"message": {"content": "a"}, "error": {"code": 502, "message": "up"}}]}, 502, "up"),
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "code": 400,
                    "metadata": {"raw": '{"a": "why"}'},
                }
            },
            400,
            'Provider returned error; {"a": "why"}',
        ),
    ],
)
def test_an_error_inside_http_200(sent, status, words):
    with pytest.raises(body.ErrorBody) as failed:
        body.parse(json.dumps(sent).encode())
    assert failed.value.status == status
    assert words in body.error_words(str(failed.value))


def test_an_error_that_repeats_the_request_is_read_without_it():
    echo = {"detail": [{"loc": ["body", "seed"], "msg": "not permitted", "input": {"messages": "api key"}}]}
    assert body.error_words(json.dumps(echo)) == "not permitted; body; seed"
    assert body.error_words("<html><h1>502 Bad Gateway</h1></html>") == "502 Bad Gateway"
    assert len(body.error_words("x" * 10**6)) <= body.MAX_WORDS


def test_what_a_reply_carried_is_kept_but_what_endpoints_refuse():
    said = {
        "role": "assistant",
        "content": None,
        "reasoning_content": "",
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
        "provider_note": 1,
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": [
            {
                "id": "a",
                "index": 0,
                "type": "function",
                "extra_content": {"google": {"thought_signature": "s"}},
                "function": {"name": "f", "arguments": "{}", "signature": "t"},
            }
        ],
    }
    message = reply(said).message
    details = [{"type": "reasoning.encrypted", "data": "x"}]
    assert message.extra == {"reasoning_content": "", "reasoning_details": details, "provider_note": 1}
    (call,) = message.tool_calls
    signature = {"google": {"thought_signature": "s"}}
    assert call.extra == {"extra_content": signature, "function": {"signature": "t"}}


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning_content": "why"},
        {"reasoning": "why"},
        {"thinking": "why"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "why"}]},
        {"content": "<think>\nwhy\n</think>\n\nhello"},
        {"content": "why\n</think>\n\nhello"},
        {"content": [{"type": "thinking", "thinking": [{"text": "why"}]}, {"type": "text", "text": "hello"}]},
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
    assert (found.id, found.arguments, found.error) == ("", {"a": 1}, None)


@pytest.mark.parametrize("arguments", ['"{\\"a\\": 1}"', '{"a": 1}', {"a": 1}], ids=str)
def test_arguments_encoded_twice_are_read(arguments):
    (found,) = reply({"tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}).message.tool_calls
    assert (found.arguments, found.error) == ({"a": 1}, None)


@pytest.mark.parametrize("arguments", [None, "", " ", '""', "null", {}], ids=str)
def test_no_arguments_at_all(arguments):
    (found,) = reply({"tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}).message.tool_calls
    assert (found.arguments, found.error) == ({}, None)


def test_a_reply_that_was_cut_while_thinking_has_no_content():
    assert reply({"content": "<think>\nstill"}).message.content == ""
    assert reply({"content": "A tag </think> in prose."}).message.content == "A tag </think> in prose."
    assert reply({"content": None, "refusal": "I will not."}).message.content == "I will not."


def test_deeply_nested_arguments_are_malformed():
    call = {"function": {"name": "f", "arguments": "[" * 100_000}}
    assert reply({"tool_calls": [call]}).message.tool_calls[0].error


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (None, "stop"),
        ("", "stop"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("LENGTH", "length"),
        ("tool_calls", "tool_calls"),
    ],
)
def test_finish_reasons(sent, found):
    body = {"choices": [{"message": {"content": "x"}, "finish_reason": sent}]}
    assert reading.reply(body, {"messages": []}).finish == found
