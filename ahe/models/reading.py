"""What an endpoint answered: the body, whole or as a stream of events, and the Reply in it."""

from __future__ import annotations

import json
import re
from typing import Any

from ahe.records import Message, Reply, ToolCall, Usage
from ahe.text import loads

CHARACTERS_PER_TOKEN = 4
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
REASONING = ("reasoning_content", "reasoning", "thinking")

OURS = frozenset({"role", "content", "tool_calls", "id", "type", "name", "arguments"})
"""Fields that the records hold under names of their own."""
NEVER_BACK = frozenset(
    {"refusal", "annotations", "audio", "function_call", "parsed", "cache_control", "index"}
)
"""Fields of replies and calls that strict endpoints refuse in a conversation, although others send them.

`refusal` and `annotations`: Mistral answers 422 (https://github.com/diegosouzapw/OmniRoute/pull/4350); `annotations`:
https://github.com/epam/statgpt-backend/issues/676; `audio`, `function_call` and `parsed` hold what the records drop;
`index` numbers the parts of a stream. A null is never sent back: nothing is lost without it.
"""
ONCE = frozenset({"id", "type", "role", "name", "index", "format"})
"""Fields that the parts of a stream repeat; the others are pieces to join."""
WORDS = (
    *("message", "msg", "status_msg", "error_msg", "error", "errors", "detail", "metadata", "raw", "loc"),
    *("base_resp", "type", "code", "param", "reason", "title", "n_prompt_tokens", "n_ctx"),
)
"""Keys of an error body, in the order in which people should read them. Others may repeat the request."""
MAX_WORDS = 4_000


class MalformedBody(Exception):
    """A body that is not a chat completion. The message says what is wrong with it."""


class ErrorBody(Exception):
    """A body that holds an error although the status is HTTP 200, as routers and streams send it."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status


# ---------------------------------------------------------------- the body


def parse(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object with at least one choice. Raises `MalformedBody` or `ErrorBody`.

    A stream of events is joined to one body. Lines that keep a connection alive are passed over.
    """
    text = raw.decode("utf-8-sig", "replace")
    try:
        if text.lstrip().startswith(("data:", "event:", "id:", "retry:", ":")):
            lines = [line.strip() for line in text.split("\n")]
            events = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
            text = "\n".join(line for line in lines if not line.startswith(":"))
            body = _joined(events) if events else loads(text)
        else:
            body = loads(text)
    except (ValueError, RecursionError) as error:
        page = (
            "a web page, not JSON: does base_url end in /v1?" if text.lstrip().startswith("<") else "not JSON"
        )
        raise MalformedBody(f"the body is {page} ({_excerpt(raw)})") from error
    if not isinstance(body, dict):
        raise MalformedBody(f"the body is not a JSON object ({_excerpt(raw)})")
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    _raise_error(body, first if isinstance(first, dict) else {})
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        raise MalformedBody(f"the body holds no message ({_excerpt(raw)})")
    return body


def _raise_error(body: dict[str, Any], choice: dict[str, Any]) -> None:
    failure = body.get("error") or choice.get("error")
    if not failure and choice.get("finish_reason") == "error":
        failure = "the reply ended with the finish reason `error`"
    if not failure and not choice and error_words(json.dumps(body)):
        failure = body
    if failure:
        code = str(failure.get("code")) if isinstance(failure, dict) else ""
        status = int(code) if re.fullmatch("[45][0-9][0-9]", code) else 500
        raise ErrorBody(status, json.dumps({"error": failure}))


def error_words(body: str) -> str:
    """What an error body of any form says, shortened: its texts and codes, the message first.

    Keys outside of `WORDS` are left out, because some endpoints repeat the request in their errors.
    """
    try:
        found = list(dict.fromkeys(_words(loads(body))))
    except (ValueError, RecursionError):
        found = [re.sub(r"<[^<>]*>", " ", body[:MAX_WORDS]) if body.lstrip().startswith("<") else body]
    return " ".join("; ".join(found)[:MAX_WORDS].split())


def _words(value: Any, key: str = "") -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, int) and not isinstance(value, bool):
        return [f"{key} {value}"] if key.startswith("n_") else []
    if isinstance(value, list):
        return [word for each in value for word in _words(each, key)]
    if isinstance(value, dict):
        return [word for name in WORDS if name in value for word in _words(value[name], name)]
    return []


def _joined(events: list[str]) -> dict[str, Any]:
    """One body from the events of a stream. Raises `MalformedBody` if the stream breaks off."""
    body: dict[str, Any] = {}
    message: dict[str, Any] = {}
    finish, done = None, False
    for event in events:
        if event == "[DONE]":
            done = True
            break
        chunk = loads(event) if event else {}
        if not isinstance(chunk, dict):
            continue
        body.update({key: value for key, value in chunk.items() if key != "choices" and value})
        for choice in _dicts(chunk.get("choices")):
            if choice.get("index"):
                continue
            if choice.get("error"):
                body["error"] = choice["error"]
            part = choice.get("delta") or (None if message else choice.get("message"))
            _merge(message, part if isinstance(part, dict) else {})
            finish = choice.get("finish_reason") or finish
    if not body.get("error") and not done and finish is None:
        raise MalformedBody("the stream broke off")
    return {**body, "choices": [{"message": message, "finish_reason": finish}]}


def _merge(whole: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        old = whole.get(key)
        if value is None:
            continue
        if isinstance(old, str) and isinstance(value, str):
            whole[key] = (value or old) if key in ONCE else old + value
        elif isinstance(old, list) and isinstance(value, list):
            for item in value:
                place = _place(old, item)
                if place is None:
                    old.append(item)
                else:
                    _merge(place, item)
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        else:
            whole[key] = value


def _place(items: list[Any], part: Any) -> dict[str, Any] | None:
    """The item that a part continues: of the same index and type, and no other call's id. None: a new item."""
    for item in reversed(items):
        if not isinstance(item, dict) or not isinstance(part, dict):
            return None
        known = [(item.get(key), part.get(key)) for key in ("id", "type")]
        if item.get("index") == part.get("index") and all(not a or not b or a == b for a, b in known):
            return None if _complete(item) and _starts_call(part) else item
    return None


def _complete(call: dict[str, Any]) -> bool:
    """Whether a call's arguments are whole: some endpoints number each of several calls with index 0."""
    try:
        return isinstance(json.loads(call["function"]["arguments"]), dict)
    except (KeyError, TypeError, ValueError, RecursionError):
        return False


def _starts_call(part: dict[str, Any]) -> bool:
    function = part.get("function")
    return isinstance(function, dict) and bool(function.get("name") and function.get("arguments"))


# ---------------------------------------------------------------- the reply


def reply(body: dict[str, Any], sent: dict[str, Any], seconds: float = 0.0) -> Reply:
    """The Reply in a parsed body, which took `seconds` with the endpoint's queue. `sent` is the payload, from which the
    usage is estimated if none is reported.
    """
    choice = body["choices"][0]
    said = choice["message"]
    content, thought = split_thought(text_of(said.get("content")) or text_of(said.get("refusal")))
    message = Message(
        role="assistant",
        content=content,
        reasoning=_reasoning(said) or thought,
        tool_calls=tuple(_read_calls(said.get("tool_calls"))),
        extra=_extra(said)
        | ({"content": said["content"]} if said.get("content") not in (None, content) else {}),
    )
    finish = choice.get("finish_reason")
    return Reply(
        message=message,
        usage=_usage(body.get("usage"), sent, said),
        finish=str(finish) if finish else "stop",
        seconds=max(0.0, seconds - _queued(body, seconds)),
    )


def _queued(body: dict[str, Any], seconds: float) -> float:
    """Seconds in the endpoint's queue, where it says them: llama.cpp its own work in `timings`, Groq `queue_time`."""
    timings, usage = body.get("timings"), body.get("usage")
    if isinstance(timings, dict) and (
        worked := _number(timings, "prompt_ms") + _number(timings, "predicted_ms")
    ):
        return max(0.0, seconds - worked / 1000)
    return _number(usage, "queue_time") if isinstance(usage, dict) else 0.0


def _extra(sent: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in sent.items() if value is not None and key not in OURS | NEVER_BACK}


def text_of(content: object) -> str:
    """The text of a message's content, which may be a text or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") if isinstance(part, dict) else part for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def split_thought(content: str) -> tuple[str, str | None]:
    """Content and thoughts: some servers leave a reasoning model's thoughts before the content, in think tags.

    The opening tag may be missing, if the prompt ended with it, and the closing one, if the reply was cut.
    """
    head = content.lstrip()
    thought, closed, rest = head.removeprefix(THINK_OPEN).partition(THINK_CLOSE)
    opened = head.startswith(THINK_OPEN)
    if not opened and (not closed or "```" in thought or not thought.endswith("\n")):
        return content, None
    return rest.lstrip(), thought.strip() or None


def _reasoning(said: dict[str, Any]) -> str | None:
    for name in REASONING:
        value = text_of(said.get(name))
        if value:
            return value
    parts = [part for part in _dicts(said.get("content")) if "thinking" in part]
    texts = [text_of(part["thinking"]) for part in parts]
    details = _dicts(said.get("reasoning_details"))
    texts += [str(detail.get("text") or detail.get("summary") or "") for detail in details]
    return "\n".join(text for text in texts if text) or None


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _read_calls(calls: object) -> list[ToolCall]:
    pairs = ((call, call.get("function")) for call in _dicts(calls))
    return [_read_call(call, function) for call, function in pairs if isinstance(function, dict)]


def _read_call(call: dict[str, Any], function: dict[str, Any]) -> ToolCall:
    """The call in a tool call's body. Its id may be empty: the agent gives it one (`Message.numbered`)."""
    extra = _extra({key: value for key, value in call.items() if key != "function"})
    if more := _extra(function):
        extra["function"] = more
    read = ToolCall(id=str(call.get("id") or ""), name=str(function.get("name") or ""), extra=extra)
    arguments = function.get("arguments")
    for _ in range(2):  # Some endpoints encode the arguments twice.
        if not isinstance(arguments, str) or not arguments.strip():
            break
        try:
            arguments = loads(arguments)
        except (ValueError, RecursionError) as problem:
            return read.model_copy(update={"error": f"the arguments are not valid JSON: {problem}"})
    if not arguments or (isinstance(arguments, str) and not arguments.strip()):
        arguments = {}
    if not isinstance(arguments, dict):
        return read.model_copy(update={"error": "the arguments are not a JSON object"})
    error = None if read.name else "the call names no tool"
    return read.model_copy(update={"arguments": arguments, "error": error})


def _usage(reported: object, sent: dict[str, Any], said: dict[str, Any]) -> Usage:
    if not isinstance(reported, dict) or not _count(reported, "prompt_tokens"):
        return Usage(calls=1, input_tokens=estimate(sent), output_tokens=estimate(said))
    details = reported.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") if isinstance(details, dict) else 0
    return Usage(
        calls=1,
        input_tokens=_count(reported, "prompt_tokens"),
        cached_tokens=cached or _count(reported, "prompt_cache_hit_tokens"),
        output_tokens=_count(reported, "completion_tokens"),
    )


def _count(reported: dict[str, Any], name: str) -> int:
    return int(_number(reported, name))


def _number(reported: dict[str, Any], name: str) -> float:
    value = reported.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 1e15 else 0.0


def estimate(value: object) -> int:
    """Tokens in a JSON value, estimated from its length to within a third, for endpoints that report no usage."""
    return max(1, len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_PER_TOKEN)


def _excerpt(raw: bytes) -> str:
    return repr(raw[:80].decode("utf-8", "replace")) if raw else "empty"
