"""pi's sessions (`~/.pi/agent/sessions/*/*.jsonl`), a tree of entries, and the events of `pi --mode json`."""

from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, abandoned
from ahe.debug.readers.trace import API_ERROR, Text

_MESSAGES = ("message", "message_end")
_SUMMARIES = j.words("compaction branch_summary custom_message custom branchSummary compactionSummary")


def sniff(value: Any, line: bool) -> bool:
    kind = j.text(value, "type") if line else ""
    return (kind == "session" and "cwd" in value) or (
        kind in _MESSAGES and "role" in j.inner(value, "message")
    )


def parse(value: Any, draft: Draft) -> None:
    """The entries that lead to the last one."""
    records = list(draft.records(j.listing(value)))
    left = abandoned(records, "id", "parentId", lambda record: True)
    for record in records:
        kind, time = j.text(record, "type"), record.get("timestamp", "")
        if kind == "session":
            draft.session = draft.session or j.text(record, "id")
        elif j.text(record, "id") in left:
            continue
        elif kind in _MESSAGES:
            _message({"timestamp": time, **j.inner(record, "message")}, draft)
        elif kind in _SUMMARIES:
            _message({**record, "role": kind}, draft)


def _message(value: dict[str, Any], draft: Draft) -> None:
    role, time = j.text(value, "role"), value.get("timestamp", "")
    if role == "bashExecution":
        call = Text("call", j.text(value, "command"), "bash")
        result = draft.result("", j.text(value, "output"), "bash", value.get("exitCode"))
        draft.add("environment", [call, result], time)
    elif role in _SUMMARIES:
        text = j.as_text(j.first(value, ("summary", "content")))
        draft.add_text("system", "injected", text, time, role)
    else:
        chat.message(value, draft)
    if role == "assistant":
        draft.ended = j.text(value, "stopReason") or draft.ended
        draft.tokens += j.total(value.get("usage"), "input", "output")
        draft.add_text("environment", "error", j.text(value, "errorMessage"), time, API_ERROR)
