"""Codex's sessions (`rollout-*.jsonl`, all versions) and the output of `codex exec --json`."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import (
    as_text,
    call_text,
    content_text,
    inner,
    mapping,
    mappings,
    number,
    string,
    total,
    words,
)
from ahe.debug.readers.responses import command, item, output
from ahe.debug.readers.trace import Channel, StepSource, Text

_SAID: dict[str, tuple[StepSource, Channel]] = {
    "user_message": ("user", "message"),
    "agent_message": ("agent", "message"),
    "agent_reasoning": ("agent", "reasoning"),
}
"""Events with what was said; they repeat items of a session that has items."""
_ENDS = words("task_complete turn_complete turn_aborted turn.completed turn.failed completed")
_LINES = words("session_meta response_item event_msg turn_context compacted")
_OUTPUTS = words("aggregated_output formatted_output output stdout")


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a line of a session, or an old session in one document."""
    record = mapping(value)
    if not line:
        return isinstance(record.get("session"), dict) and "items" in record
    kind = string(record.get("type"))
    if not kind and record.keys() >= {"instructions", "timestamp", "id"}:
        return True
    return (
        record.get("record_type") == "state"
        or (kind in _LINES and "payload" in record)
        or kind.startswith(("item.", "turn.", "thread."))
        or isinstance(inner(record, "msg").get("type"), str)
    )


def parse(content: Content, draft: Draft) -> None:
    """A session of any version: lines, or in the oldest one document with a list of items."""
    records = [record for _, record in draft.records(content.lines)]
    session = _Session(draft, any(record.get("type") == "response_item" for record in records))
    for record in records:
        session.take(record)
    for value in session.open.values():
        _executed(value, draft, "")
    instructions = inner(content.value, "session").get("instructions")
    draft.add_text("system", "message", content_text(instructions))
    for each in mappings(mapping(content.value).get("items")):
        item(each, draft, each.get("timestamp", ""))


class _Session:
    def __init__(self, draft: Draft, items: bool) -> None:
        self.draft, self.items = draft, items
        self.open: dict[str, dict[str, Any]] = {}  # items of `codex exec` that have begun but not completed
        self.instructions: set[str] = set()

    def take(self, record: dict[str, Any]) -> None:
        kind, payload, time = string(record.get("type")), record.get("payload"), record.get("timestamp", "")
        if kind == "response_item":
            item(payload, self.draft, time)
        elif kind == "event_msg" or isinstance(record.get("msg"), dict):
            self._event(mapping(payload) or mapping(record.get("msg")), time)
        elif kind == "session_meta" or (not kind and "instructions" in record):
            self._head(mapping(payload) or record, time)
        elif kind == "compacted":
            text = content_text(mapping(payload).get("message"))
            self.draft.add_text("user", "injected", text, time, "compacted")
        elif "prompt" in record and not kind:
            self.draft.add_text("user", "message", string(record["prompt"]), time)
        elif kind.startswith("item."):
            value = mapping(record.get("item"))
            if kind == "item.completed":
                self.open.pop(string(value.get("id")), None)
                _executed(value, self.draft, time)
            else:
                self.open[string(value.get("id"))] = value
        elif kind.startswith(("turn.", "error", "thread.", "completed")):
            self.draft.session = self.draft.session or string(record.get("thread_id"))
            self._event(record, time)
        elif kind and kind not in ("turn_context", "session", "state") and payload is None:
            item(record, self.draft, time)

    def _head(self, meta: dict[str, Any], time: Any) -> None:
        self.draft.session = self.draft.session or string(meta.get("id"))
        base = meta.get("base_instructions")
        text = content_text(mapping(base).get("text") if isinstance(base, dict) else base)
        text = text or content_text(meta.get("instructions"))
        if text not in self.instructions:
            self.instructions.add(text)
            self.draft.add_text("system", "message", text, time)

    def _event(self, event: dict[str, Any], time: Any) -> None:
        kind, draft = string(event.get("type")), self.draft
        error = string(inner(event, "error").get("message")) or as_text(event.get("error"))
        text = string(event.get("message")) or string(event.get("text")) or error
        if kind in _SAID:
            source, channel = _SAID[kind]
            if text and (channel == "reasoning" or not self.items):
                draft.join(source, [Text(channel, text)], time)
        elif kind == "token_count":
            usage = inner(event, "info", "total_token_usage")
            draft.tokens = total(usage, "total_tokens") or draft.tokens
        elif kind.startswith(("exec_command_", "mcp_tool_call_")) and not self.items:
            self._ran(kind, event, time)
        elif kind == "thread_rolled_back":
            draft.roll_back(int(number(event.get("num_turns"))))
        elif kind in _ENDS:
            draft.ended = string(event.get("reason")) or kind
            draft.tokens += total(inner(event, "usage"), "input_tokens", "output_tokens")
            draft.add_text("environment", "error", text if "fail" in kind or "abort" in kind else "", time)
        elif "error" in kind or "warning" in kind:
            draft.add_text("environment", "error", text, time, kind)

    def _ran(self, kind: str, event: dict[str, Any], time: Any) -> None:
        """A command reported by events, as in old sessions without items."""
        key = event.get("call_id")
        if kind.endswith("begin"):
            call = command(event) or event.get("invocation")
            self.draft.join("agent", [self.draft.call(key, "shell", call)], time)
        elif kind.endswith("end"):
            printed = "\n".join(filter(None, (_output(event), string(event.get("stderr")))))
            printed = printed or content_text(event.get("result"))
            self.draft.add(
                "environment", [self.draft.result(key, printed, "shell", event.get("exit_code"))], time
            )


def _output(value: dict[str, Any]) -> str:
    return next(filter(None, (string(value.get(key)) for key in _OUTPUTS)), "")


def _executed(value: dict[str, Any], draft: Draft, time: Any) -> None:
    """An item of `codex exec --json`: a call together with its result."""
    kind = string(value.get("type")) or string(value.get("item_type"))
    text = string(value.get("text")) or string(value.get("message"))
    if kind in ("agent_message", "assistant_message"):
        draft.join("agent", [Text("message", text)], time)
    elif kind == "reasoning":
        draft.join("agent", [Text("reasoning", text)], time)
    elif kind == "error":
        draft.add_text("environment", "error", text, time)
    elif kind == "command_execution":
        draft.join("agent", [Text("call", string(value.get("command")), "shell")], time)
        draft.add("environment", [draft.result("", _output(value), "shell", value.get("exit_code"))])
    else:
        name = string(value.get("tool")) or kind
        given = value.get("arguments", value.get("query", value.get("changes", value.get("items"))))
        draft.join("agent", [Text("call", call_text(given), name)], time)
        if value.get("result"):
            draft.add("environment", [output(value["result"], draft, "", name)], time)
        draft.add_text("environment", "error", as_text(value.get("error")), time, name)
