"""Chat completions on the wire: makes a payload of a Request, and a Reply of a body.

Endpoints differ in small ways. Only this file handles that; all others see records.
"""

from __future__ import annotations

import json
from typing import Any

from ahe.records import Message, ModelSpec, Reply, Request, ToolCall, Usage
from ahe.text import loads

CHARACTERS_PER_TOKEN = 4
THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


class MalformedBody(Exception):
    """A body that is not a chat completion. The message says what is wrong with it."""


class ErrorBody(Exception):
    """A body that holds an error although the status is HTTP 200, as some routers send it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# ---------------------------------------------------------------- out


def payload(spec: ModelSpec, request: Request, refused: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The JSON body of a call. `refused` names the parameters that this endpoint has rejected before.

    In `text` mode no tools are sent, because `runtime.text_protocol` writes calls and results as text.
    """
    length = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
    body: dict[str, Any] = {
        "model": spec.name,
        "messages": [_message(message) for message in request.messages],
        length: request.max_tokens,
    }
    if request.tools and spec.tool_calls != "text":
        body["tools"] = [{"type": "function", "function": tool.model_dump()} for tool in request.tools]
    if spec.temperature is not None:
        body["temperature"] = spec.temperature
    if request.seed is not None and "seed" not in refused:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if request.response_schema is not None and "response_format" not in refused:
        schema = {"name": "answer", "schema": request.response_schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _message(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": call.id, "type": "function", "function": function}


# ---------------------------------------------------------------- in


def parse(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object with at least one choice. Raises `MalformedBody` or `ErrorBody`."""
    try:
        body = loads(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"the body is not JSON ({_excerpt(raw)})") from error
    if not isinstance(body, dict):
        raise MalformedBody(f"the body is not a JSON object ({_excerpt(raw)})")
    failure = body.get("error")
    if failure:
        code = failure.get("code") if isinstance(failure, dict) else None
        message = failure.get("message") if isinstance(failure, dict) else failure
        raise ErrorBody(code if isinstance(code, int) else 500, str(message))
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        raise MalformedBody(f"the body holds no message ({_excerpt(raw)})")
    return body


def reply(body: dict[str, Any], sent: dict[str, Any], seconds: float = 0.0) -> Reply:
    """The Reply in a parsed body, which took `seconds` with the endpoint's queue. `sent` is the payload, from which the
    usage is estimated if none is reported.
    """
    choice = body["choices"][0]
    said = choice["message"]
    content, thought = _split_thought(_text(said.get("content")))
    message = Message(
        role="assistant",
        content=content,
        reasoning=_reasoning(said) or thought,
        tool_calls=tuple(_read_calls(said.get("tool_calls"))),
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


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") if isinstance(part, dict) else part for part in content)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _split_thought(content: str) -> tuple[str, str | None]:
    """Content and thoughts: some servers leave a reasoning model's thoughts before the content, in think tags."""
    head = content.lstrip()
    if not head.startswith(THINK_OPEN) or THINK_CLOSE not in head:
        return content, None
    thought, _, rest = head.removeprefix(THINK_OPEN).partition(THINK_CLOSE)
    return rest.lstrip(), thought.strip() or None


def _reasoning(said: dict[str, Any]) -> str | None:
    for name in ("reasoning_content", "reasoning", "thinking"):
        value = _text(said.get(name))
        if value:
            return value
    details = said.get("reasoning_details")
    if not isinstance(details, list):
        return None
    parts = (detail.get("text") or detail.get("summary") for detail in details if isinstance(detail, dict))
    return "\n".join(part for part in parts if isinstance(part, str)) or None


def _read_calls(calls: object) -> list[ToolCall]:
    found = []
    for position, call in enumerate(calls if isinstance(calls, list) else []):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            found.append(_read_call(call, function, position))
    return found


def _read_call(call: dict[str, Any], function: dict[str, Any], position: int) -> ToolCall:
    name, identity = str(function.get("name") or ""), str(call.get("id") or f"call_{position}")
    arguments = function.get("arguments")
    error = None if name else "the call names no tool"
    if isinstance(arguments, str) and arguments.strip():
        try:
            arguments = loads(arguments)
        except (ValueError, RecursionError) as problem:
            return ToolCall(id=identity, name=name, error=f"the arguments are not valid JSON: {problem}")
    elif not arguments:
        arguments = {}
    if not isinstance(arguments, dict):
        return ToolCall(id=identity, name=name, error="the arguments are not a JSON object")
    return ToolCall(id=identity, name=name, arguments=arguments, error=error)


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
