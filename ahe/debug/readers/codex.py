"""Codex's sessions (`rollout-*.jsonl`, all ages) and what `codex exec --json` prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ahe.debug.readers.build import Draft
from ahe.debug.readers.responses import command, item, output
from ahe.debug.readers.trace import Channel, Text
from ahe.debug.readers.values import call, content, mapping, mappings, number, shown, string

_TWICE = {"user_message": "user", "agent_message": "agent", "agent_reasoning": "agent"}
"""Events that repeat what an item of the session says, where there is one."""
_ENDS = ("task_complete", "turn_complete", "turn_aborted", "turn.completed", "turn.failed", "completed")


def lines(records: Iterable[tuple[str, Any]], draft: Draft) -> None:
    """The lines of a session, of any age."""
    session = _Session(draft)
    for where, record in records:
        if isinstance(record, dict):
            session.take(record)
        else:
            draft.wrong(f"a line is no record but {type(record).__name__}", where)
    session.close()


class _Session:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.maybe: dict[int, str] = {}  # index of an event's step: its text
        self.open: dict[str, dict[str, Any]] = {}  # items of `codex exec` that were begun
        self.instructions: set[str] = set()

    def take(self, record: dict[str, Any]) -> None:
        kind, payload, time = string(record.get("type")), record.get("payload"), record.get("timestamp", "")
        if kind == "response_item":
            item(payload, self.draft, time)
        elif kind == "event_msg":
            self._event(mapping(payload), time)
        elif kind == "session_meta" or (not kind and "instructions" in record):
            self._head(mapping(payload) or record, time)
        elif kind == "compacted":
            self.draft.say("user", "injected", content(mapping(payload).get("message")), time, "compacted")
        elif isinstance(record.get("msg"), dict):
            self._event(mapping(record["msg"]), time)
        elif "prompt" in record and not kind:
            self.draft.say("user", "message", string(record["prompt"]), time)
        elif kind.startswith("item."):
            self._exec(kind, mapping(record.get("item")), time)
        elif kind.startswith(("turn.", "error", "thread.", "completed")):
            self._event(record, time)
        elif kind and kind not in ("turn_context", "session", "state") and payload is None:
            item(record, self.draft, time)

    def _head(self, meta: dict[str, Any], time: Any) -> None:
        base = meta.get("base_instructions")
        text = content(mapping(base).get("text") if isinstance(base, dict) else base)
        text = text or content(meta.get("instructions"))
        if text not in self.instructions:
            self.instructions.add(text)
            self.draft.say("system", "message", text, time)

    def _event(self, event: dict[str, Any], time: Any) -> None:
        kind, draft = string(event.get("type")), self.draft
        text = string(event.get("message")) or string(event.get("text")) or shown(event.get("error"))
        if kind in _TWICE and text:
            self.maybe[draft.count] = text
            channel: Channel = "reasoning" if kind == "agent_reasoning" else "message"
            draft.add("user" if _TWICE[kind] == "user" else "agent", [Text(channel, text)], time, alone=True)
        elif kind == "token_count":
            total = mapping(mapping(event.get("info")).get("total_token_usage"))
            draft.tokens = int(number(total.get("total_tokens"))) or draft.tokens
        elif kind in ("exec_command_begin", "exec_command_end", "mcp_tool_call_begin", "mcp_tool_call_end"):
            self._ran(kind, event, time)
        elif kind in _ENDS:
            draft.ended = string(event.get("reason")) or kind
            usage = mapping(event.get("usage"))
            draft.tokens += sum(int(number(usage.get(key))) for key in ("input_tokens", "output_tokens"))
            draft.say("environment", "error", text if "fail" in kind or "abort" in kind else "", time)
        elif "error" in kind or "warning" in kind:
            draft.say("environment", "error", text, time, kind)

    def _ran(self, kind: str, event: dict[str, Any], time: Any) -> None:
        """A command as events tell it; a session that has the items tells it twice."""
        draft, key = self.draft, string(event.get("call_id"))
        if key in draft.names and draft.names[key] != "event":
            return
        if kind.endswith("begin"):
            draft.names[key] = "event"
            draft.add("agent", [Text("call", command(event) or call(event.get("invocation")), "shell")], time)
            return
        shown_ = string(event.get("aggregated_output")) or string(event.get("formatted_output"))
        shown_ = (
            shown_
            or string(event.get("stdout")) + string(event.get("stderr"))
            or content(event.get("result"))
        )
        if draft.names.get(key) == "event" or shown_:
            code = event.get("exit_code")
            text = f"{shown_}\n[exit code {shown(code)}]" if code else shown_
            draft.add("environment", [Text("result", text, "shell")], time)

    def _exec(self, kind: str, value: dict[str, Any], time: Any) -> None:
        if kind == "item.completed":
            self.open.pop(string(value.get("id")), None)
            _executed(value, self.draft, time)
        else:
            self.open[string(value.get("id"))] = value

    def close(self) -> None:
        """Items that were begun and never done are said; events that an item repeats are taken out."""
        for value in self.open.values():
            _executed(value, self.draft, "")
        said = [
            text.text.strip()
            for step in self.draft.steps
            for text in step.texts
            if step.id - 1 not in self.maybe
        ]
        known = set(said)
        self.draft.cut(index for index, text in self.maybe.items() if text.strip() in known)


def _executed(value: dict[str, Any], draft: Draft, time: Any) -> None:
    """An item as `codex exec --json` prints it: a call and its result in one."""
    kind = string(value.get("type")) or string(value.get("item_type"))
    text = string(value.get("text")) or string(value.get("message"))
    if kind in ("agent_message", "assistant_message"):
        draft.join("agent", [Text("message", text)], time)
    elif kind == "reasoning":
        draft.join("agent", [Text("reasoning", text)], time)
    elif kind == "error":
        draft.say("environment", "error", text, time)
    elif kind == "command_execution":
        draft.join("agent", [Text("call", string(value.get("command")), "shell")], time)
        found = string(value.get("aggregated_output")) or string(value.get("output"))
        code = value.get("exit_code")
        draft.add(
            "environment", [Text("result", f"{found}\n[exit code {shown(code)}]" if code else found, "shell")]
        )
    else:
        name = string(value.get("tool")) or kind
        given = value.get("arguments", value.get("query", value.get("changes", value.get("items"))))
        draft.join("agent", [Text("call", call(given), name)], time)
        for channel, found in output(value.get("result")):
            draft.say("environment", channel, found, time, name)
        draft.say("environment", "error", shown(value.get("error")), time, name)


def document(value: Any, draft: Draft) -> None:
    """The oldest sessions: one document with a list of items."""
    session = mapping(mapping(value).get("session"))
    draft.say("system", "message", content(session.get("instructions")))
    for each in mappings(mapping(value).get("items")):
        item(each, draft, each.get("timestamp", ""))
