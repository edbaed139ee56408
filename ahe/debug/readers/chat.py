"""Conversations as chat completions have them: OpenAI's, Anthropic's, ShareGPT's, mini-SWE-agent's."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.blocks import calls, reasoning, texts
from ahe.debug.readers.build import Draft, Source
from ahe.debug.readers.trace import Channel, Text
from ahe.debug.readers.values import listing, mapping, mappings, number, shown, string

LISTS = ("messages", "conversations", "conversation", "chat", "transcript", "history", "steps", "items")
_ROLES: dict[str, Source] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "agent",
    "agent": "agent",
    "ai": "agent",
    "gpt": "agent",
    "bot": "agent",
    "model": "agent",
    "function_call": "agent",
}


def document(value: Any, draft: Draft) -> None:
    """A conversation: a list of messages, or a record that holds one, with or without the reply apart."""
    top = mapping(value)
    draft.claim(value)
    inner = mapping(top.get("request")) or mapping(top.get("body")) or top
    for key in ("system", "instructions"):
        draft.say("system", "message", "\n".join(text.text for text in texts(inner.get(key), draft)))
    found = value if isinstance(value, list) else next((inner[key] for key in LISTS if inner.get(key)), None)
    mini = "mini_version" in mapping(top.get("info"))
    if isinstance(found, str | dict):
        draft.wrong("the messages are no list")
        found = [found]
    for each in listing(found):
        message(each, draft, mini)
    for each in (top, mapping(top.get("response"))):
        _reply(each, draft)


def _reply(value: dict[str, Any], draft: Draft) -> None:
    """The answer of an endpoint that was logged beside its request."""
    for choice in mappings(value.get("choices")):
        if choice.get("message"):
            message(choice["message"], draft)
    usage = mapping(value.get("usage"))
    draft.tokens = draft.tokens or int(number(usage.get("total_tokens")))


def message(value: Any, draft: Draft, mini: bool = False) -> None:
    """One message as one step. In a trace of mini-SWE-agent a later user's message is an observation."""
    if not isinstance(value, dict):
        draft.wrong(f"a message is no record but {type(value).__name__}")
        draft.say("environment", "message", shown(value))
        return
    role = string(value.get("role")) or string(value.get("from"))
    source = _ROLES.get(role.lower(), "environment")
    body = value.get("content", value.get("value"))
    time = value.get("timestamp", "")
    if source == "agent":
        found = [*reasoning(value), *texts(body, draft), *calls(value, draft)]
        draft.add("agent", found or [Text("message", "")], time)
        if mini and not any(text.channel == "call" for text in found):
            draft.join("agent", _actions(value))
    elif source == "environment" or (mini and source == "user" and draft.asked[0] >= 0):
        _result(value, body, draft, time)
    elif source == "user" and isinstance(body, list) and any(_is_result(part) for part in body):
        draft.add("environment", _answered(texts(body, draft)), time)
    else:
        channel: Channel = "injected" if value.get("is_demo") is True else "message"
        draft.add(source, texts(body, draft, channel) or [Text("message", "")], time)


def _is_result(part: Any) -> bool:
    return string(mapping(part).get("type")).endswith("tool_result")


def _answered(found: list[Text]) -> list[Text]:
    """What stands beside a tool's result was put there by the host."""
    return [Text("injected", text.text) if text.channel == "message" else text for text in found]


def _result(value: dict[str, Any], body: Any, draft: Draft, time: Any) -> None:
    listed = listing(value.get("tool_call_ids"))
    key = string(value.get("tool_call_id")) or string(listed[0] if listed else "")
    name = draft.names.get(key, "") or string(value.get("name"))
    role = string(value.get("role"))
    found = [Text("result", text.text, name or role) for text in texts(body, draft)]
    if value.get("is_error") is True or string(value.get("status")) == "error":
        found = [Text("error", text.text, text.name) for text in found]
    draft.add("environment", found or [Text("result", "", name or role)], time)


def _actions(value: dict[str, Any]) -> list[Text]:
    """The commands that were read out of a message's text, where the trace says them."""
    extra = mapping(value.get("extra"))
    commands = (string(each.get("command")) for each in mappings(extra.get("actions")))
    return [Text("call", command, "bash") for command in commands if command]
