"""Gemini CLI's sessions (`~/.gemini/tmp/*/chats/session-*`, JSON or JSON lines) and its stream-json output."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import (
    as_text,
    content_text,
    inner,
    listing,
    mapping,
    mappings,
    number,
    string,
    total,
)
from ahe.debug.readers.trace import Channel, Text

_KINDS = ("user", "gemini", "info", "error", "warning")
_STREAM = ("init", "message", "tool_use", "tool_result", "result")
_FAILED = ("error", "cancelled")


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a session, or a line of one."""
    record = mapping(value)
    if not line:
        kinds = [each.get("type") for each in mappings(record.get("messages"))[:3]]
        return "sessionId" in record and ("projectHash" in record or any(kind in _KINDS for kind in kinds))
    kind = record.get("type")
    known = kind == "gemini" or (
        kind in _STREAM and ("tool_id" in record or {"session_id", "model"} <= record.keys())
    )
    return known or {"sessionId", "projectHash"} <= record.keys()


def parse(content: Content, draft: Draft) -> None:
    """The messages that are left after rewinding; a message that is recorded again replaces the one before."""
    kept: dict[str, Any] = {}
    for _, record in draft.records(content.lines):
        draft.session = draft.session or string(record.get("sessionId")) or string(record.get("session_id"))
        if "$rewindTo" in record:
            ids = list(kept)
            back = string(record["$rewindTo"])
            for each in ids[ids.index(back) if back in kept else 0 :]:
                del kept[each]
        elif isinstance(record.get("id"), str):
            kept[record["id"]] = record
        elif mappings(inner(record, "$set").get("messages")):
            kept = {str(n): each for n, each in enumerate(record["$set"]["messages"])}
        elif record.get("type") in (*_STREAM, "error"):
            kept[f"line {len(kept)}"] = record
    top = mapping(content.value)
    draft.session = draft.session or string(top.get("sessionId"))
    for each in (*kept.values(), *listing(top.get("messages"))):
        if not isinstance(each, dict):
            draft.keep_unreadable("a message", each)
        elif each.get("type") in _STREAM:
            _streamed(each, draft)
        else:
            _message(each, draft)


def _message(value: dict[str, Any], draft: Draft) -> None:
    kind, time = string(value.get("type")), value.get("timestamp", "")
    said = draft.content(value.get("content"))
    if kind == "user":
        draft.add_message("user", said, time)
    elif kind == "gemini":
        thoughts = [
            ": ".join(filter(None, (string(each.get("subject")), string(each.get("description")))))
            for each in mappings(value.get("thoughts"))
        ]
        calls = mappings(value.get("toolCalls"))
        found = [Text("reasoning", text) for text in thoughts if text] + said
        found += [draft.call(each.get("id"), string(each.get("name")), each.get("args")) for each in calls]
        tokens = inner(value, "tokens")
        draft.add_message("agent", found, time, total(tokens, "output", "thoughts"))
        draft.tokens += total(tokens, "total")
        for each in calls:
            draft.add("environment", _result(each, draft), each.get("timestamp", ""))
    else:
        channel: Channel = "error" if kind == "error" else "injected"
        draft.add("environment", [Text(channel, text.text, kind) for text in said], time)


def _result(call: dict[str, Any], draft: Draft) -> list[Text]:
    failed = True if call.get("status") in _FAILED else None
    found = []
    for part in listing(call.get("result")) or [call.get("resultDisplay")]:
        response = inner(part, "functionResponse", "response")
        said = as_text(response.get("error") or response.get("output", response or None))
        found.append(draft.result(call.get("id"), said or content_text(part), failed=failed))
    return found


def _streamed(value: dict[str, Any], draft: Draft) -> None:
    kind, time, text = string(value.get("type")), value.get("timestamp", ""), string(value.get("content"))
    if kind == "message" and value.get("role") == "user":
        draft.add_text("user", "message", text, time)
    elif kind == "message":
        last = draft.last[-1] if draft.last else None
        if (
            value.get("delta") is True
            and last
            and draft.steps[-1].source == "agent"
            and last.channel == "message"
        ):
            draft.last[-1] = Text("message", last.text + text)
        else:
            draft.join("agent", [Text("message", text)], time)
    elif kind == "tool_use":
        call = draft.call(value.get("tool_id"), string(value.get("tool_name")), value.get("parameters"))
        draft.join("agent", [call], time)
    elif kind == "tool_result":
        said = as_text(value.get("output")) or string(inner(value, "error").get("message"))
        failed = value.get("status") == "error" or None
        draft.add("environment", [draft.result(value.get("tool_id"), said, failed=failed)], time)
    elif kind == "result":
        draft.ended = string(value.get("status"))
        draft.cause = string(inner(value, "error").get("message"))
        stats = inner(value, "stats")
        draft.tokens, draft.seconds = total(stats, "total_tokens"), number(stats.get("duration_ms")) / 1000
