"""Claude Code's sessions (`~/.claude/projects/*/*.jsonl`) and the stream-json output of `claude -p`."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft, abandoned, injected
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
    words,
)
from ahe.debug.readers.trace import StepSource

_HOST = (
    "<system-reminder>",
    "<command-name>",
    "<command-message>",
    "<local-command-",
    "<bash-",
    "<task-notification>",
    "Caveat: The messages below",
    "[Request interrupted",
    "Base directory for this skill:",
)
"""Beginnings of user messages that the host wrote."""
_HOST_FLAGS = ("isMeta", "isCompactSummary", "isVisibleInTranscriptOnly")
_USAGE = words("input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens")
_BOOKKEEPING = frozenset(
    words(
        "agent-color agent-name agent-setting ai-title content-replacement custom-title file-history-snapshot"
        " keep_alive last-prompt mode permission-mode pr-link progress queue-operation rate_limit_event stream_event"
        " tag worktree-state"
    )
)
"""Types of lines without information about the rollout."""
_SESSION = frozenset(words("sessionId session_id parentUuid leafUuid"))


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a line of a session."""
    record = mapping(value)
    kind = string(record.get("type")) if line else ""
    if kind in ("user", "assistant") and isinstance(record.get("message"), dict):
        return True
    return bool(kind) and (kind in _BOOKKEEPING or bool(record.keys() & _SESSION))


def parse(content: Content, draft: Draft) -> None:
    """The lines of a session without abandoned branches. Sub-agents and side chains belong to the environment."""
    session = _Session(draft, content.subagent)
    taken = list(draft.records(content.lines))
    left = abandoned([record for _, record in taken], "uuid", "parentUuid", _is_prompt)
    for where, record in taken:
        if string(record.get("uuid")) not in left:
            session.take(where, record)


def _is_prompt(record: dict[str, Any]) -> bool:
    """Whether a line is what the user typed. Two of them below one parent mean that the user went back."""
    if record.get("type") != "user" or any(record.get(key) is True for key in (*_HOST_FLAGS, "isSidechain")):
        return False
    said = inner(record, "message").get("content")
    return not any(part.get("type") == "tool_result" for part in mappings(said))


def parent_session(content: Content) -> str:
    """The id of the session that started this one if this is a sub-agent's session, else an empty string."""
    for _, record in content.lines:
        if isinstance(record, dict) and isinstance(record.get("sessionId"), str):
            return record["sessionId"] if record.get("isSidechain") is True else ""
    return ""


class _Session:
    def __init__(self, draft: Draft, subagent: bool) -> None:
        self.draft, self.subagent = draft, subagent
        self.last = ""  # id of the message that the last step belongs to
        self.unknown: set[str] = set()

    def take(self, where: str, record: dict[str, Any]) -> None:
        kind, time, draft = string(record.get("type")), record.get("timestamp", ""), self.draft
        body = record.get("message")
        if record.get("isSidechain") is not True:
            named = string(record.get("sessionId")) or string(record.get("session_id"))
            draft.session = draft.session or named
        if kind == "assistant":
            self._assistant(record, mapping(body), time)
            return
        self.last = ""
        if kind == "user":
            self._user(record, mapping(body) or {"content": body}, time)
        elif kind == "system":
            if record.get("subtype") != "init":
                name = string(record.get("subtype"))
                source, text = self._source("system", record), content_text(record.get("content"))
                draft.add_text(source, "injected", text, time, name)
                draft.add_text("environment", "error", as_text(record.get("error")), time, name)
        elif kind == "summary":
            draft.add_text("system", "injected", string(record.get("summary")), time, "summary")
        elif kind == "attachment":
            self._attachment(mapping(record.get("attachment")), time)
        elif kind == "result":
            self._result(record, time)
        elif kind not in _BOOKKEEPING and kind not in self.unknown:
            self.unknown.add(kind)
            draft.add_damage(f"a record of unknown type {kind!r}: left out", where)

    def _source(self, source: StepSource, record: dict[str, Any]) -> StepSource:
        side = self.subagent or record.get("isSidechain") is True or bool(record.get("parent_tool_use_id"))
        return "environment" if side else source

    def _assistant(self, record: dict[str, Any], body: dict[str, Any], time: Any) -> None:
        """A message comes as several lines with one block each; together they are one step."""
        # what Claude Code itself says of an endpoint, as if the model had said it
        failed = record.get("isApiErrorMessage") is True or body.get("model") == "<synthetic>"
        found = self.draft.content(body.get("content"), "error" if failed else "message")
        key, source = string(body.get("id")), self._source("agent", record)
        tokens = total(inner(body, "usage"), "output_tokens")
        if key and key == self.last:
            self.draft.join(source, found, time, tokens)
        else:
            self.draft.add_message(source, found, time, tokens)
        self.last = key
        self.draft.tokens += tokens

    def _user(self, record: dict[str, Any], body: dict[str, Any], time: Any) -> None:
        host = any(record.get(key) is True for key in _HOST_FLAGS)
        found = self.draft.content(body.get("content"))
        answered = any(text.channel in ("result", "error") for text in found)
        found = injected(found, ("",) if host or answered else _HOST)
        if found:
            self.draft.add(self._source("environment" if answered else "user", record), found, time)

    def _attachment(self, value: dict[str, Any], time: Any) -> None:
        kind = string(value.get("type"))
        if kind == "queued_command":
            text = content_text(value.get("prompt"))
            self.draft.add_text("user", "injected" if text.startswith(("<", "[")) else "message", text, time)
            return
        text = next((string(value[key]) for key in ("content", "prompt", "text") if value.get(key)), "")
        self.draft.add_text("system", "injected", text or as_text(value), time, kind)

    def _result(self, record: dict[str, Any], time: Any) -> None:
        """The last line of stream-json: how the session ended, and a repetition of the last message."""
        draft = self.draft
        draft.ended = string(record.get("subtype"))
        draft.seconds = number(record.get("duration_ms")) / 1000
        draft.tokens = total(inner(record, "usage"), *_USAGE) or draft.tokens
        text = content_text(record.get("result"))
        errors = [as_text(each) for each in listing(record.get("errors"))]
        if record.get("is_error") is True:
            draft.cause = "\n".join([text, *errors]).strip()
            draft.add_text("environment", "error", draft.cause, time)
        elif text.strip() not in {each.text.strip() for each in draft.last}:
            draft.add_text("agent", "message", text, time)
