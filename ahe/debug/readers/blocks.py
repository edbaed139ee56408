"""A message's content as texts: OpenAI's parts and Anthropic's blocks, which meet in the wild."""

from __future__ import annotations

import json
from typing import Any

from ahe.debug.readers.build import Draft
from ahe.debug.readers.trace import Channel, Text
from ahe.debug.readers.values import call, content, listing, mapping, shown, string

_REASONING = ("reasoning_content", "reasoning", "thinking", "thought_summary")


def texts(value: Any, draft: Draft, channel: Channel = "message") -> list[Text]:
    """The texts of a content. Calls in it are noted in the draft's names, results get theirs."""
    if isinstance(value, list):
        return [text for part in value for text in _block(part, draft, channel)]
    text = shown(value)
    return [Text(channel, text)] if text else []


def _block(block: Any, draft: Draft, channel: Channel) -> list[Text]:
    if not isinstance(block, dict):
        text = shown(block)
        return [Text(channel, text)] if text else []
    kind = string(block.get("type"))
    if kind in ("thinking", "reasoning", "redacted_thinking"):
        text = string(block.get("thinking")) or content(block.get("text")) or content(block.get("summary"))
        return [Text("reasoning", text or "[redacted reasoning]")]
    if kind.endswith("tool_use"):
        name = string(block.get("name"))
        draft.names[string(block.get("id"))] = name
        return [Text("call", call(block.get("input")), name)]
    if kind.endswith("tool_result"):
        return [result(block, draft)]
    text = content([block])
    return [Text(channel, text)] if text else []


def result(block: dict[str, Any], draft: Draft) -> Text:
    """The text of a tool's result block."""
    name = draft.names.get(string(block.get("tool_use_id")), "")
    channel: Channel = "error" if block.get("is_error") is True else "result"
    return Text(channel, content(block.get("content")), name)


def reasoning(message: dict[str, Any]) -> list[Text]:
    """What a model thought, under any of the names that endpoints give it; once where two are equal."""
    found: list[str] = []
    for key in _REASONING:
        text = content(message.get(key))
        if text and text not in found:
            found.append(text)
    if not found:
        parts = listing(message.get("reasoning_details")) or listing(message.get("thinking_blocks"))
        found = [text for text in (_detail(part) for part in parts) if text]
    return [Text("reasoning", text) for text in found]


def _detail(part: Any) -> str:
    one = mapping(part)
    return string(one.get("text")) or string(one.get("summary")) or string(one.get("thinking"))


def calls(message: dict[str, Any], draft: Draft) -> list[Text]:
    """The calls of an assistant message in the form of chat completions, old and new."""
    found = []
    listed = message.get("tool_calls")
    many = listing(listed) or ([listed] if isinstance(listed, dict | str) and listed else [])
    if message.get("function_call"):
        many = [*many, {"function": message["function_call"]}]
    for each in many:
        one = mapping(each)
        function = mapping(one.get("function")) or mapping(one.get("custom")) or one
        name = string(function.get("name"))
        draft.names[string(one.get("id"))] = name
        given = next((function[key] for key in ("arguments", "input", "args") if key in function), None)
        found.append(Text("call", call(given) if one else shown(each), name))
    return found


def parsed(text: str) -> Any:
    """The value of a text that is JSON, else None."""
    if text[:1] not in "{[":
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
