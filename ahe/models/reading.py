"""The Reply in the body of an endpoint's answer."""

import json
from typing import Any

from ahe.models.body import dicts
from ahe.records import Message, Reply, ToolCall, Usage
from ahe.text import loads

CHARACTERS_PER_TOKEN = 4
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
REASONING = ("reasoning_content", "reasoning", "thinking")

CUT_SHORT = ("length", "max_tokens", "model_length", "model_context_window_exceeded")
"""Finish reasons that mean `length`, also those of Anthropic, Gemini and Mistral; in any case."""

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
        tool_calls=tuple(
            _read_call(call, call["function"])
            for call in dicts(said.get("tool_calls"))
            if isinstance(call.get("function"), dict)
        ),
        extra=_extra(said)
        | ({"content": said["content"]} if said.get("content") not in (None, content) else {}),
    )
    finish = str(choice.get("finish_reason") or "stop")
    return Reply(
        message=message,
        usage=_usage(body.get("usage"), sent, said),
        finish="length" if finish.lower() in CUT_SHORT else finish,
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
    parts = [part for part in dicts(said.get("content")) if "thinking" in part]
    texts = [text_of(part["thinking"]) for part in parts]
    details = dicts(said.get("reasoning_details"))
    texts += [str(detail.get("text") or detail.get("summary") or "") for detail in details]
    return "\n".join(text for text in texts if text) or None


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


def foreign_usage(raw: bytes, sent: dict[str, Any]) -> Usage:
    """The usage in an answer of `/responses` or `/messages`, whole or as a stream; estimated where it names none.

    Parts of a stream repeat and complete each other: the largest number counts.
    """
    most = dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens", "cache_read_input_tokens"), 0)
    most["cache_creation_input_tokens"] = 0
    for line in raw.decode("utf-8", "replace").split("\n"):
        try:
            part = loads(line.removeprefix("data:").strip() or "{}")
        except (ValueError, RecursionError):
            continue
        part = part if isinstance(part, dict) else {}
        for place in (part, part.get("response"), part.get("message")):
            usage = place.get("usage") if isinstance(place, dict) else None
            details = usage.get("input_tokens_details") if isinstance(usage, dict) else None
            for found in dicts([usage, details]):
                most = {name: max(count, _count(found, name)) for name, count in most.items()}
    read, made = most["cache_read_input_tokens"], most["cache_creation_input_tokens"]
    if not most["input_tokens"] + read + made:
        return Usage(
            calls=1, input_tokens=estimate(sent), output_tokens=max(1, len(raw) // CHARACTERS_PER_TOKEN)
        )
    return Usage(
        calls=1,
        input_tokens=most["input_tokens"] + read + made,  # Anthropic counts what its cache had beside it
        cached_tokens=most["cached_tokens"] or read,
        output_tokens=most["output_tokens"],
    )


def _count(reported: dict[str, Any], name: str) -> int:
    return int(_number(reported, name))


def _number(reported: dict[str, Any], name: str) -> float:
    value = reported.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 1e15 else 0.0


def estimate(value: object) -> int:
    """Tokens in a JSON value, estimated from its length to within a third, for endpoints that report no usage."""
    return max(1, len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_PER_TOKEN)
