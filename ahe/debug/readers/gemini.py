"""Gemini CLI's sessions (`~/.gemini/tmp/*/chats/session-*`, JSON or JSON lines) and its stream-json output."""

from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.trace import Channel, Text

_KINDS = ("user", "gemini", "info", "error", "warning")
_STREAM = ("init", "message", "tool_use", "tool_result", "result")


def sniff(value: Any, line: bool) -> bool:
    record = j.mapping(value)
    if not line:
        kinds = [each.get("type") for each in j.mappings(record.get("messages"))[:3]]
        return "sessionId" in record and ("projectHash" in record or any(kind in _KINDS for kind in kinds))
    kind = record.get("type")
    streamed = "tool_id" in record or record.keys() >= {"session_id", "model"}
    return kind == "gemini" or (kind in _STREAM and streamed) or record.keys() >= {"sessionId", "projectHash"}


def parse(value: Any, draft: Draft) -> None:
    """The messages that are left after rewinding; a message that is recorded again replaces the one before."""
    kept: dict[str, Any] = {}
    for record in draft.records(j.listing(value)):
        draft.session = draft.session or j.text(record, "sessionId", "session_id")
        if "$rewindTo" in record:
            ids = list(kept)
            back = j.text(record, "$rewindTo")
            for each in ids[ids.index(back) if back in kept else 0 :]:
                del kept[each]
        elif isinstance(record.get("id"), str):
            kept[record["id"]] = record
        elif j.mappings(j.inner(record, "$set").get("messages")):
            kept = {str(n): each for n, each in enumerate(record["$set"]["messages"])}
        elif record.get("type") in (*_STREAM, "error"):
            last = j.mapping(next(reversed(kept.values()), None))
            if record.get("delta") is True and last.get("delta") is True:  # parts of one message
                last["content"] = j.text(last, "content") + j.text(record, "content")
            else:
                kept[f"line {len(kept)}"] = record
    top = j.mapping(value)
    draft.session = draft.session or j.text(top, "sessionId")
    for message in draft.records([*kept.values(), *j.listing(top.get("messages"))], "a message"):
        (_streamed if message.get("type") in _STREAM else _message)(message, draft)


def _message(value: dict[str, Any], draft: Draft) -> None:
    kind, time = j.text(value, "type"), value.get("timestamp", "")
    said = draft.content(value.get("content"))
    if kind == "user":
        draft.add("user", said, time)
    elif kind == "gemini":
        calls = j.mappings(value.get("toolCalls"))
        thoughts = [
            ": ".join(filter(None, (j.text(each, "subject"), j.text(each, "description"))))
            for each in j.mappings(value.get("thoughts"))
        ]
        found = [Text("reasoning", text) for text in thoughts if text] + said
        found += [draft.call(each.get("id"), j.text(each, "name"), each.get("args")) for each in calls]
        draft.add("agent", found, time)
        draft.tokens += j.total(value.get("tokens"), "total")
        for each in calls:
            parts = draft.content(each.get("result") or each.get("resultDisplay"))
            text = "\n".join(part.text for part in parts)
            failed = True if each.get("status") in ("error", "cancelled") else None
            result = draft.result(each.get("id"), text, failed=failed)
            draft.add("environment", [result], each.get("timestamp", ""))
    elif said:
        channel: Channel = "error" if kind == "error" else "injected"
        draft.add("environment", [Text(channel, text.text, kind) for text in said], time)


def _streamed(value: dict[str, Any], draft: Draft) -> None:
    kind, time, text = j.text(value, "type"), value.get("timestamp", ""), j.text(value, "content")
    error = j.text(value.get("error"), "message")
    if kind == "message" and value.get("role") == "user":
        draft.add_text("user", "message", text, time)
    elif kind == "message":
        draft.join("agent", [Text("message", text)], time)
    elif kind == "tool_use":
        call = draft.call(value.get("tool_id"), j.text(value, "tool_name"), value.get("parameters"))
        draft.join("agent", [call], time)
    elif kind == "tool_result":
        said, failed = j.as_text(value.get("output")) or error, value.get("status") == "error" or None
        draft.add("environment", [draft.result(value.get("tool_id"), said, failed=failed)], time)
    elif kind == "result":
        stats = j.inner(value, "stats")
        draft.ended, draft.tokens = j.text(value, "status"), j.total(stats, "total_tokens")
        draft.seconds = j.number(stats.get("duration_ms")) / 1000
        draft.add_text("environment", "error", error, time)
