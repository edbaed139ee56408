"""Codex's sessions (`rollout-*.jsonl`) and the output of `codex exec --json`."""

from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.responses import item, output
from ahe.debug.readers.trace import Text

_ENDS = j.words("task_complete turn_complete turn_aborted turn.completed turn.failed completed")
_LINES = j.words("session_meta response_item event_msg turn_context compacted")


def sniff(value: Any, line: bool) -> bool:
    record = j.mapping(value)
    if not line:
        return isinstance(record.get("session"), dict) and "items" in record
    kind = j.text(record, "type")
    if not kind:
        return record.keys() >= {"instructions", "timestamp", "id"}
    return (kind in _LINES and "payload" in record) or kind.startswith(("item.", "turn.", "thread."))


def parse(value: Any, draft: Draft) -> None:
    """A session as lines, or as one document with a list of items."""
    begun: dict[str, dict[str, Any]] = {}  # items of `codex exec` that have not completed
    for record in draft.records(j.listing(value)):
        kind, payload, time = j.text(record, "type"), record.get("payload"), record.get("timestamp", "")
        if kind == "response_item":
            item(j.mapping(payload), draft, time)
        elif kind == "event_msg":
            _event(j.mapping(payload), draft, time)
        elif kind == "session_meta" or (not kind and "instructions" in record):
            _head(j.mapping(payload) or record, draft, time)
        elif kind == "compacted":
            text = j.content_text(j.mapping(payload).get("message"))
            draft.add_text("user", "injected", text, time, "compacted")
        elif kind.startswith("item."):
            done = j.mapping(record.get("item"))
            begun[j.text(done, "id")] = done
            if kind == "item.completed":
                _executed(begun.pop(j.text(done, "id")), draft, time)
        elif kind.startswith(("turn.", "error", "thread.", "completed")):
            draft.session = draft.session or j.text(record, "thread_id")
            _event(record, draft, time)
        elif kind not in ("", "turn_context", "session") and payload is None:
            item(record, draft, time)
    for each in begun.values():
        _executed(each, draft, "")
    _head(j.inner(value, "session"), draft, "")
    for each in j.mappings(j.mapping(value).get("items")):
        item(each, draft, each.get("timestamp", ""))


def _head(meta: dict[str, Any], draft: Draft, time: Any) -> None:
    """The id and the instructions of a session; a resumed one repeats those of the one before."""
    base = meta.get("base_instructions")
    text = j.content_text(j.mapping(base).get("text") if isinstance(base, dict) else base)
    if not draft.session:
        text = text or j.content_text(meta.get("instructions"))
        draft.add_text("system", "message", text, time)
    draft.session = draft.session or j.text(meta, "id")


def _event(event: dict[str, Any], draft: Draft, time: Any) -> None:
    kind = j.text(event, "type")
    error = j.text(event.get("error"), "message") or j.as_text(event.get("error"))
    text = j.text(event, "message", "text") or error
    if kind == "agent_reasoning" and text:
        draft.join("agent", [Text("reasoning", text)], time)
    elif kind == "token_count":
        usage = j.inner(event, "info", "total_token_usage")
        draft.tokens = j.total(usage, "total_tokens") or draft.tokens
    elif kind == "thread_rolled_back":
        draft.roll_back(int(j.number(event.get("num_turns"))))
    elif kind in _ENDS:
        draft.ended = j.text(event, "reason") or kind
        draft.tokens += j.total(event.get("usage"), "input_tokens", "output_tokens")
        draft.add_text("environment", "error", text if "fail" in kind or "abort" in kind else "", time)
    elif "error" in kind or "warning" in kind:
        draft.add_text("environment", "error", text, time, kind)


def _executed(value: dict[str, Any], draft: Draft, time: Any) -> None:
    """An item of `codex exec --json`: a call together with its result."""
    kind = j.text(value, "type", "item_type")
    text = j.text(value, "text", "message")
    if kind in ("agent_message", "assistant_message", "reasoning"):
        draft.join("agent", [Text("reasoning" if kind == "reasoning" else "message", text)], time)
    elif kind == "error":
        draft.add_text("environment", "error", text, time)
    elif kind == "command_execution":
        draft.join("agent", [Text("call", j.text(value, "command"), "shell")], time)
        printed = j.text(value, "aggregated_output", "output")
        draft.add("environment", [draft.result("", printed, "shell", value.get("exit_code"))])
    else:
        name = j.text(value, "tool") or kind
        given = j.first(value, ("arguments", "query", "changes", "items"))
        draft.join("agent", [Text("call", j.call_text(given), name)], time)
        if value.get("result"):
            draft.add("environment", [output(value["result"], draft, "", name)], time)
        draft.add_text("environment", "error", j.as_text(value.get("error")), time, name)
