"""A Request as the JSON body of a call, in the form that an endpoint was found to accept.

Endpoints differ in small ways. Only this file, `body.py` and `reading.py` handle that; all others see records.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ahe.models.reading import split_thought, text_of
from ahe.records import Message, ModelSpec, Record, Request, ToolCall

EMPTY = "(empty)"
"""Stands for a message without text, which many endpoints refuse (Anthropic, Bedrock, Mistral)."""


class Habits(Record):
    """What an endpoint was found to refuse or to need: names of parameters and message fields that it refuses, and
    of the other `SETTLED` habits. `reply_tokens` is the longest reply that it allows, 0 where it allows ours.
    """

    names: frozenset[str] = frozenset()
    reply_tokens: int = 0

    def joined(self, more: Habits) -> Habits:
        """Both; the shorter of two reply limits."""
        limits = [limit for limit in (self.reply_tokens, more.reply_tokens) if limit]
        return Habits(names=self.names | more.names, reply_tokens=min(limits, default=0))

    def text(self) -> str:
        """The habits in words; empty if there are none."""
        others = ", ".join(sorted(self.names - {STREAM}))
        parts = [
            "only streams are served" if STREAM in self.names else "",
            f"left out or changed: {others}" if others else "",
            f"replies of at most {self.reply_tokens} tokens" if self.reply_tokens else "",
        ]
        return "; ".join(part for part in parts if part)


NONE = Habits()
SYSTEM, ALTERNATE, NULL, BLANK, TOOL_NAME, STREAM, FILL = (
    "no system role",
    "roles alternate",
    "no null content",
    "no empty content",
    "tool messages have names",
    "streams only",
    "needs ",
)
"""Habits that are not a field's name; `FILL` is followed by the field that every assistant message needs."""


def payload(spec: ModelSpec, request: Request, habits: Habits = NONE, room: int = 0) -> dict[str, Any]:
    """The JSON body of a call. With `room` the reply has at most that many tokens.

    In `text` mode no tools are sent, because `runtime.text_protocol` writes calls and results as text.
    """
    body: dict[str, Any] = {"model": spec.name, "messages": _messages(request.messages, habits.names)}
    limits = [limit for limit in (request.max_tokens, habits.reply_tokens, room) if limit]
    body["max_completion_tokens" if "max_tokens" in habits.names else "max_tokens"] = min(limits)
    if spec.temperature is not None:
        body["temperature"] = spec.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if request.response_schema is not None:
        schema = {"name": "answer", "schema": request.response_schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if STREAM in habits.names:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    body = {key: value for key, value in body.items() if key not in habits.names}
    if request.tools and spec.tool_calls != "text":
        body["tools"] = [{"type": "function", "function": tool.model_dump()} for tool in request.tools]
    return body


def foreign(spec: ModelSpec, payload: dict[str, Any], habits: Habits = NONE, room: int = 0) -> dict[str, Any]:
    """The payload of another agent in the form that the endpoint takes, for the configured model, and not as a stream.

    Of what this endpoint refuses, parameters are left out; messages stay as the agent wrote them.
    """
    body = {key: value for key, value in payload.items() if key not in ("stream", "stream_options")}
    body["model"] = spec.name
    if spec.temperature is not None:
        body["temperature"] = spec.temperature
    limits = [body.pop(name, 0) for name in ("max_tokens", "max_completion_tokens")]
    limits = [limit for limit in (*limits, habits.reply_tokens, room) if limit]
    if limits:
        body["max_completion_tokens" if "max_tokens" in habits.names else "max_tokens"] = min(limits)
    if STREAM in habits.names:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return {key: value for key, value in body.items() if key not in habits.names}


def _messages(messages: tuple[Message, ...], names: frozenset[str]) -> list[dict[str, Any]]:
    bodies = [_message(message, names) for message in messages]
    if TOOL_NAME in names:
        called = {call.id: safe_name(call) for message in messages for call in message.tool_calls}
        for body in bodies:
            if body["role"] == "tool":
                body["name"] = called.get(body["tool_call_id"], "unknown")
    if SYSTEM in names:
        bodies = [{**body, "role": "user"} if body["role"] == "system" else body for body in bodies]
    return _joined(bodies) if names & {SYSTEM, ALTERNATE} else bodies


def _joined(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role as one message, and a user's text as part of the tool's result before it."""
    joined: list[dict[str, Any]] = []
    for body in bodies:
        last = joined[-1] if joined else {"role": ""}
        pair = (last["role"], body["role"])
        texts = isinstance(last.get("content"), str) and isinstance(body["content"], str)
        calls = last.get("tool_calls") or body.get("tool_calls")
        if texts and not calls and pair in (("user", "user"), ("tool", "user"), ("assistant", "assistant")):
            joined[-1] = {**last, "content": f"{last['content']}\n\n{body['content']}"}
        else:
            joined.append(body)
    return joined


def _message(message: Message, names: frozenset[str]) -> dict[str, Any]:
    content: Any = message.content
    sent = message.extra.get("content")
    if sent is not None and split_thought(text_of(sent))[0] == content:
        content = sent  # As it came, unless middleware has changed it.
    if not content or (isinstance(content, str) and not content.strip()):
        content = EMPTY
        if message.tool_calls and BLANK not in names:
            content = "" if NULL in names else None
    body = {key: value for key, value in message.extra.items() if key not in names}
    if message.role == "assistant":
        needed = [name.removeprefix(FILL) for name in names if name.startswith(FILL)]
        body = {**dict.fromkeys(needed, ""), **body}
    body |= {"role": message.role, "content": content}
    if message.tool_calls:
        body["tool_calls"] = [_call(call, names) for call in message.tool_calls]
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body


def _call(call: ToolCall, names: frozenset[str]) -> dict[str, Any]:
    extra = {key: value for key, value in call.extra.items() if key not in names}
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    function = {**extra.pop("function", {}), "name": safe_name(call), "arguments": arguments}
    return {**extra, "id": call.id, "type": "function", "function": function}


def safe_name(call: ToolCall) -> str:
    """A call's name in the characters that endpoints accept in a conversation: a model may have invented it."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call.name)[:64] or "unknown"
