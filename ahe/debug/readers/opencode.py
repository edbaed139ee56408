"""opencode: `opencode export`, the events of `opencode run --format json`, and its storage folders."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import as_text, inner, listing, mapping, mappings, string, total
from ahe.debug.readers.trace import Channel, Text


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is an exported session, a list of its messages, or an event or message of one."""
    record = mapping(value)
    if line:
        return "sessionID" in record and (
            "part" in record or "role" in record or record.get("type") == "error"
        )
    messages = mappings(record.get("messages")) or mappings(value)
    return any("role" in inner(each, "info") and "parts" in each for each in messages[:3])


def parse(content: Content, draft: Draft) -> None:
    """The messages up to the one that the user went back to, if any; events, one per line, are parts."""
    top = mapping(content.value)
    draft.session = string(inner(top, "info").get("id"))
    back = string(inner(top, "info", "revert").get("messageID"))
    for each in listing(content.value) or listing(top.get("messages")):
        info = inner(each, "info")
        if back and info.get("id") == back:
            break
        _message(info, mapping(each).get("parts"), draft)
    for _, record in draft.records(content.lines):
        draft.session = draft.session or string(record.get("sessionID"))
        if "role" in record:
            _message(record, record.get("parts"), draft)
        elif record.get("type") == "error":
            _failed(record.get("error"), draft, record.get("timestamp", ""))
        else:
            _part(mapping(record.get("part")), "agent", draft, record.get("timestamp", ""))


def _message(info: dict[str, Any], parts: Any, draft: Draft) -> None:
    time = inner(info, "time").get("created", "")
    user = info.get("role") == "user"
    before = draft.count
    for each in listing(parts):
        _part(mapping(each), "user" if user else "agent", draft, time)
    if draft.count == before:
        draft.add_message("user" if user else "agent", [], time)
    if not user:
        draft.tokens += total(inner(info, "tokens"), "input", "output", "reasoning")
        draft.ended = string(info.get("finish")) or draft.ended
        if info.get("error"):
            _failed(info["error"], draft, time)


def _failed(error: Any, draft: Draft, time: Any) -> None:
    draft.ended = string(mapping(error).get("name")) or "error"
    draft.cause = string(inner(error, "data").get("message")) or as_text(error)
    draft.add_text("environment", "error", draft.cause, time, draft.ended)


def _part(part: dict[str, Any], source: Any, draft: Draft, time: Any) -> None:
    kind, text = string(part.get("type")), string(part.get("text"))
    if kind == "text" and text:
        channel: Channel = "injected" if source == "user" and part.get("synthetic") is True else "message"
        draft.join(source, [Text(channel, text)], time)
    elif kind == "reasoning" and text:
        draft.join("agent", [Text("reasoning", text)], time)
    elif kind == "tool":
        state, name = inner(part, "state"), string(part.get("tool"))
        draft.join("agent", [draft.call(part.get("callID"), name, state.get("input"))], time)
        failed = state.get("status") == "error"
        code = inner(state, "metadata").get("exit")
        said = as_text(state.get("error") if failed else state.get("output"))
        if said or state.get("status") in ("completed", "error"):
            draft.add("environment", [draft.result(part.get("callID"), said, name, code, failed or None)])
    elif kind == "step-finish":
        draft.join("agent", [], time, total(inner(part, "tokens"), "output", "reasoning"))
    elif kind in ("compaction", "subtask", "file"):
        draft.add_text(
            "system", "injected", as_text(part.get("prompt") or part.get("filename") or kind), time, kind
        )
