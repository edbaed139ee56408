"""What an endpoint's error means, in the wordings of many servers."""

from __future__ import annotations

import json
import time
import tomllib
from importlib.resources import files

import pytest

from ahe.errors import AheError, BadRequest, ContextOverflow, ModelUnavailable, UsageError
from ahe.models import wire
from ahe.models.refusals import Adapt, Unreadable, overflows, refusal
from ahe.models.retry import TransientFailure
from ahe.records import ModelSpec

TABLE = tomllib.loads(files("ahe.models").joinpath("overflow.toml").read_text("utf-8"))
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SENT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {
            "role": "assistant",
            "content": None,
            "reasoning": "r",
            "tool_calls": [{**CALL, "extra_content": 1}],
        },
        {"role": "tool", "content": "t", "tool_call_id": "a"},
    ],
    "max_tokens": 4096,
    "seed": 1,
    "response_format": {},
}
OTHER_VARIANTS = [
    "The conversation is longer than what the model can take: 9000 tokens, maximum 8192",
    "Too many tokens in the input",
    "Your prompt has 40000 tokens, which is more than the 32768 this model supports",
    "context overflow: shorten your messages",
    "Token count of the request (70000) exceeds the window (65536)",
    "Prompt too large: length 9000, limit 8192",
    "Request body too large for gpt-4o-mini model. Max size: 8000 tokens.",
    "max_model_len is 4096, the input has 5000 tokens and is too long",
    "The input token length is out of range, at most 8192 tokens are allowed",
    "Total tokens of the messages exceed the model limit",
    "This request would need 300000 tokens, the limit is 262144",
    "input_tokens must be no more than 8192",
]
NOT_OVERFLOWS = [
    "messages: roles must alternate between user and assistant",
    "max_tokens must be 2048 or less, not 4096",
    "max_tokens is too large: 8192. This model supports at most 4096 completion tokens",
    "Invalid 'messages[2].tool_calls[0].function.name': string too long. Expected a string with maximum length 64",
    "Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 1024",
    "messages[3].tool_call_id: length must be at most 40",
    "Request too large on tokens per minute (TPM): Limit 6000, reduce your message size",
    "You have exceeded your current quota of input tokens for today",
    "temperature: Input should be less than or equal to 2",
    "the image in the message is too large: at most 5 MB",
    "stop: array too long. Expected an array with maximum length 4",
    "An assistant message with 'tool_calls' must be followed by tool messages",
    "content must not be an empty text",
    "Invalid parameter: 'prompt_cache_key' must be at most 64 characters",
    "unknown field: context_window",
    "the number of messages exceeds the limit of 100",
    "413 Request Entity Too Large: over the limit of 1048576 bytes",
    "This model does not support tools",
    "the model m does not exist or you are over the limit of models",
    "request failed: context deadline exceeded",
    "context canceled: the request took longer than 60 s",
    "The request took too long to process",
    "the request is too long in the queue, try again later",
    "Request timed out: over the limit of 60 seconds",
    "upstream sent too big header while reading response header from upstream",
    "Only one message per request is allowed, this has more than one",
    "The model has reached its limit of concurrent requests",
]


def raised(status: int, message: str, *, sent: dict = SENT, **headers: str) -> Exception:
    spec = ModelSpec(name="m", base_url="http://e/v1", temperature=sent.get("temperature"))
    body = json.dumps({"error": {"message": message}})
    return refusal(spec, "http://e/v1", status, body, headers, sent)


@pytest.mark.parametrize("wording", TABLE["wording"], ids=lambda wording: wording["server"])
def test_every_known_wording_of_a_full_window_is_recognised(wording):
    assert wording["source"].startswith("https://")
    for status in (400, 413, 422, 500, *([502] if "context length" in wording["says"] else [])):
        found = raised(status, wording["says"])
        assert isinstance(getattr(found, "otherwise", found), ContextOverflow)


def test_the_table_covers_many_servers():
    assert len({wording["server"].partition(",")[0] for wording in TABLE["wording"]}) >= 15


@pytest.mark.parametrize("text", OTHER_VARIANTS)
def test_other_wordings_of_a_full_window_are_recognised(text):
    assert overflows(text)


@pytest.mark.parametrize("text", NOT_OVERFLOWS)
def test_other_refusals_are_not_taken_for_a_full_window(text):
    found = raised(400, text)
    assert not isinstance(getattr(found, "otherwise", found), ContextOverflow)


@pytest.mark.parametrize("text", ["prompt " * 10**5, "9" * 10**6, "image" * 10**5, "<" * 10**6, "a" * 10**6])
def test_a_long_refusal_costs_no_more_than_its_length(text):
    started = time.process_time()
    assert raised(400, text)
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("max_tokens must be 2048 or less, not 4096", 2048),
        ("max_tokens is too large: 4096. This model supports at most 1024 completion tokens, not 4096", 1024),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 2048]", 2048),
        ("Range of max_tokens should be [1, 2,048]", 2048),
        ("max_tokens: 4096 > 2048, which is the maximum allowed number of output tokens for m", 2048),
        (
            "The maximum tokens you requested exceeds the model limit of 2048. Try a maximum tokens value below",
            2048,
        ),
        ("The parameter `max_completion_tokens` is not valid: expected a value <= 2048, but got 4096", 2048),
        ("max_tokens: Input should be less than or equal to 2048", 2048),
        ("`max_tokens` must be <= `2048`, the maximum is less than the `context_window` of this model", 2048),
    ],
)
def test_the_longest_reply_is_learned_from_the_refusal(text, limit):
    found = raised(400, text)
    assert isinstance(found, Adapt)
    assert found.habits == wire.Habits(reply_tokens=limit)
    assert isinstance(found.otherwise, BadRequest)


@pytest.mark.parametrize(
    ("text", "room"),
    [
        (
            "maximum context length is 8192 tokens. You requested 9096 tokens (5000 in the messages, 4096 in the completion)",
            3192,
        ),
        (
            "This model's maximum context length is 4096 tokens. You requested 4596 tokens (500 in the messages)",
            3596,
        ),
        ("input length and `max_tokens` exceed context limit: 198000 + 4096 > 200000", 2000),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1000 `inputs` tokens and 4096 `max_new_tokens`",
            3096,
        ),
        (
            "'max_tokens' is too large: 4096. The maximum context length is 8192 tokens and your request has 6000 input tokens",
            2192,
        ),
        (
            "maximum context length is 8192 tokens. However, you requested 9213 tokens (4387 in the messages, 730 in the "
            "functions, and 4096 in the completion).",
            3075,
        ),
        (
            "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a total of "
            "36864 tokens: 32768 tokens from the input messages and 4096 tokens for the completion.",
            0,
        ),
        ("model max length exceeded, max length:4096", 1024),
        ("input and max_tokens together go over the context limit of 200000", 0),
        ("prompt is too long: 233153 tokens > 200000 maximum", 0),
        (
            "This model's maximum context length is 4097 tokens. However, your messages resulted in 9294 tokens",
            0,
        ),
    ],
)
def test_a_reply_that_does_not_fit_beside_the_prompt_is_made_shorter(text, room):
    found = raised(400, text)
    assert isinstance(found, Adapt if room else ContextOverflow)
    assert not room or found.room == room


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("only streamed replies are served", wire.STREAM),
        ("This model only support stream mode, please enable the stream parameter", wire.STREAM),
        ("enable_thinking must be false for non-streaming calls", wire.STREAM),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"),
        ("Unrecognized request argument supplied: seed", "seed"),
        ("response_format of type json_schema is unavailable", "response_format"),
        ("System role not supported", wire.SYSTEM),
        ("'messages[0].role' does not support 'system' with this model.", wire.SYSTEM),
        ("Developer instruction is not enabled for models/m", wire.SYSTEM),
        ("Conversation roles must alternate user/assistant/user/assistant/...", wire.ALTERNATE),
        ("Unexpected role 'user' after role 'tool'", wire.ALTERNATE),
        ("content: Input should be a valid string", wire.NULL),
        ("Invalid value for 'content': expected a string, got null.", wire.NULL),
        ("invalid message content type: <nil>", wire.NULL),
        ("Failed to parse the request body as JSON: messages[2].content: invalid type: null", wire.NULL),
        ("Invalid 'content': 'content' field must be a string or an array of objects.", wire.NULL),
        ("Conversation blocks and tool result blocks cannot be provided in the same turn.", wire.ALTERNATE),
        ("Only user and assistant roles are supported!", wire.SYSTEM),
        ("text content blocks must be non-empty: content is empty", wire.BLANK),
        ("function_response.name: Name cannot be empty.", wire.TOOL_NAME),
        (
            "for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning' is unsupported)]",
            "reasoning",
        ),
        ("extra_content: Extra inputs are not permitted", "extra_content"),
        ("The `reasoning` in the thinking mode must be passed back to the API.", f"{wire.FILL}reasoning"),
    ],
)
def test_what_a_call_can_be_adapted_to(text, name):
    found = raised(400, text)
    assert isinstance(found, Adapt)
    assert found.habits == wire.Habits(names=frozenset({name}))


@pytest.mark.parametrize(
    ("status", "text", "headers", "wait", "limited"),
    [
        (
            429,
            "You have exceeded your current quota for requests per minute",
            {"retry-after": "2"},
            2.0,
            True,
        ),
        (429, "You exceeded your current quota, check your plan. Please retry in 23.5s.", {}, 23.5, True),
        (429, "Rate limit reached on requests per min. Please try again in 1m2.5s.", {}, 62.5, True),
        (429, "too many requests this minute", {}, None, True),
        (429, "slow down, come back in 20 ms", {}, 0.02, True),
        (413, "Request too large on tokens per minute (TPM)", {}, None, True),
        (
            429,
            "Rate limit reached on tokens per min: Limit 6000, Used 5000, Requested 2000. Try again in 9s",
            {},
            9.0,
            True,
        ),
        (529, "Overloaded", {}, None, True),
        (503, "Loading model", {}, None, True),
        (502, "<html><h1>Bad Gateway</h1></html>", {}, None, False),
        (500, "backend 3 models failed", {}, None, False),
        (524, "timeout", {}, None, False),
    ],
)
def test_what_is_tried_again(status, text, headers, wait, limited):
    found = raised(status, text, **headers)
    assert isinstance(found, TransientFailure)
    assert (found.retry_after, found.limited) == (wait, limited)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (402, "This request requires more credits, or fewer max_tokens"),
        (
            429,
            "You exceeded your current quota, please check your plan and billing details. insufficient_quota",
        ),
        (403, "Your account balance is insufficient balance"),
        (400, "insufficient_credits"),
        (400, "Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade."),
        (400, "You have reached your specified API usage limits. You will regain access on 2026-01-01."),
        (400, "Access denied, please make sure your account is in good standing. Arrearage"),
        (400, "The account is overdue, settle the bill"),
        (400, "Billing hard limit has been reached; billing_hard_limit_reached"),
        (403, "This organization has been disabled."),
        (429, "Your account balance is not enough"),
        (429, "Your account is not active, please check your billing details on our website."),
    ],
)
def test_the_end_of_the_money_is_said_at_once(status, text):
    found = raised(status, text)
    assert isinstance(found, ModelUnavailable)
    assert "out of money" in str(found)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "The model `m` has been decommissioned and is no longer supported. model_decommissioned"),
        (400, "Model m 1.0.0 is retired"),
        (410, "The model associated with the deployment is deprecated and no longer available for use."),
        (404, "The model `m` does not exist or you do not have access to it."),
    ],
)
def test_a_model_that_is_gone_is_said_at_once(status, text):
    found = raised(status, text)
    assert isinstance(found, ModelUnavailable)
    assert "does not serve the model 'm'" in str(found)


TALK = [{"role": "user", "content": "u"}]
GROWN = [*TALK, {"role": "assistant", "content": "a"}, *TALK]


@pytest.mark.parametrize(
    "text",
    [
        "Request too large for m on tokens per min (TPM): Limit 6,000, Requested 7,000. Try again in 2s.",
        "Rate limit: requested 7000 tokens, over your limit of 6000 per minute",
        "tokens per day (TPD): Limit 6000, Used 10, Requested 7000",
    ],
)
@pytest.mark.parametrize("status", [400, 413, 422, 429])
@pytest.mark.parametrize(
    ("asked", "messages", "error", "room"),
    [
        (4096, TALK, Adapt, 3096),
        (1100, TALK, ModelUnavailable, 0),
        (1100, GROWN, ContextOverflow, 0),
    ],
)
def test_a_request_beyond_a_limit_for_a_time_is_not_tried_again(status, text, asked, messages, error, room):
    found = raised(status, text, sent={"messages": messages, "max_tokens": asked})
    assert isinstance(found, error)
    if room:
        assert (found.room, found.habits) == (room, wire.Habits())
    else:
        assert "is allowed 6000 in that time" in str(found) and "raise the account's limit" in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "m requires moderation. Your input was flagged for violence.",
        "blocked by content policy",
        "content_filter",
        "the input has inappropriate content",
    ],
)
def test_what_moderation_refuses_is_not_the_key(text):
    assert isinstance(raised(403, text), BadRequest)
    assert "put a valid key" in str(raised(403, "no access")) or "api_key_env" in str(
        raised(403, "no access")
    )


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            400,
            "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
        ),
        (400, "tool call validation failed: attempted to call tool 'x' which was not in request.tools"),
        (
            400,
            "Tool call validation failed: parameters for tool f did not match schema: missing properties: 'a'",
        ),
        (500, "Failed to parse input at pos 12"),
    ],
)
def test_a_call_that_the_endpoint_could_not_read_is_the_models(status, text):
    assert isinstance(raised(status, text), Unreadable)


def test_a_refused_temperature_is_for_the_user():
    found = raised(400, "temperature does not support 0.0", sent={**SENT, "temperature": 0.0})
    assert isinstance(found, UsageError)


@pytest.mark.parametrize("body", ["", "null", "[]", "[1]", '"x"', "{", "\x00", '{"error": {"message": 5}}'])
def test_any_body_is_an_error_of_some_kind(body):
    for status in (400, 404, 418, 429, 500):
        found = refusal(ModelSpec(name="m", base_url="http://e/v1"), "e", status, body, {}, SENT)
        assert isinstance(found, (AheError, TransientFailure, Adapt, Unreadable))


def test_a_full_window_with_a_wait_is_still_a_full_window():
    text = "Your request exceeded model token limit: 262144 (requested: 269030)"
    assert isinstance(raised(400, text, **{"retry-after": "1"}), ContextOverflow)
