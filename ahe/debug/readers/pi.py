"""pi's sessions (`~/.pi/agent/sessions/*/*.jsonl`), a tree of entries, and the events of `pi --mode json`."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers.draft import Draft, abandoned
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import as_text, inner, mapping, string, total
from ahe.debug.readers.trace import API_ERROR, Text

_MESSAGES = ("message", "message_end")
_SUMMARIES = ("compaction", "branch_summary", "custom_message")


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a line of a session."""
    record = mapping(value)
    kind = record.get("type")
    if not line or not isinstance(kind, str):
        return False
    return (kind == "session" and "cwd" in record) or (
        kind in _MESSAGES and "role" in inner(record, "message")
    )


def parse(content: Content, draft: Draft) -> None:
    """The entries that lead to the last one."""
    records = [record for _, record in draft.records(content.lines)]
    left = abandoned(records, "id", "parentId", lambda record: True)
    for record in records:
        kind, time = string(record.get("type")), record.get("timestamp", "")
        if kind == "session":
            draft.session = draft.session or string(record.get("id"))
        elif string(record.get("id")) in left:
            continue
        elif kind in _MESSAGES:
            _message({"timestamp": time, **inner(record, "message")}, draft)
        elif kind in _SUMMARIES:
            text = as_text(record.get("summary", record.get("content")))
            draft.add_text("system", "injected", text, time, kind)


def _message(value: dict[str, Any], draft: Draft) -> None:
    role, time = string(value.get("role")), value.get("timestamp", "")
    if role == "bashExecution":
        call = Text("call", string(value.get("command")), "bash")
        result = draft.result("", string(value.get("output")), "bash", value.get("exitCode"))
        draft.add("environment", [call, result], time)
    elif role in ("custom", "branchSummary", "compactionSummary"):
        text = as_text(value.get("content", value.get("summary")))
        draft.add_text("system", "injected", text, time, role)
    else:
        chat.message(value, draft)
    if role == "assistant":
        draft.ended = string(value.get("stopReason")) or draft.ended
        draft.tokens += total(inner(value, "usage"), "input", "output")
        draft.add_text("environment", "error", string(value.get("errorMessage")), time, API_ERROR)
