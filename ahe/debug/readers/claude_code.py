"""Claude Code's sessions (`~/.claude/projects/*/*.jsonl`) and the stream-json output of `claude -p`."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, abandoned, injected
from ahe.debug.readers.files import Content
from ahe.debug.readers.trace import StepSource

_HOST = tuple(
    "<system-reminder>|<command-name>|<command-message>|<local-command-|<bash-|<task-notification>"
    "|Caveat: The messages below|[Request interrupted|Base directory for this skill:".split("|")
)
"""Beginnings of user messages that the host wrote."""
_HOST_FLAGS = ("isMeta", "isCompactSummary", "isVisibleInTranscriptOnly")
_USAGE = j.words("input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens")
_BOOKKEEPING = frozenset(
    j.words(
        "agent-color agent-name agent-setting ai-title content-replacement custom-title file-history-snapshot"
        " keep_alive last-prompt mode permission-mode pr-link progress queue-operation rate_limit_event stream_event"
        " tag worktree-state"
    )
)
"""Types of lines without information about the rollout."""
_SESSION = ("sessionId", "session_id", "parentUuid", "leafUuid")


def sniff(value: Any, line: bool) -> bool:
    kind = j.text(value, "type") if line else ""
    if kind in ("user", "assistant") and isinstance(value.get("message"), dict):
        return True
    return bool(kind) and (kind in _BOOKKEEPING or any(key in value for key in _SESSION))


def parse(content: Content, draft: Draft) -> None:
    """The lines of a session without abandoned branches. Sub-agents and side chains belong to the environment."""
    session = _Session(draft, content.subagent)
    taken = list(draft.records(content.lines))
    left = abandoned([record for _, record in taken], "uuid", "parentUuid", _is_prompt)
    for where, record in taken:
        if j.text(record, "uuid") not in left:
            session.take(where, record)


def _is_prompt(record: dict[str, Any]) -> bool:
    """Whether a line is what the user typed. Two of them below one parent mean that the user went back."""
    if record.get("type") != "user" or any(record.get(key) is True for key in (*_HOST_FLAGS, "isSidechain")):
        return False
    said = j.inner(record, "message").get("content")
    return not any(part.get("type") == "tool_result" for part in j.mappings(said))


class _Session:
    def __init__(self, draft: Draft, subagent: bool) -> None:
        self.draft, self.subagent = draft, subagent
        self.last = ""  # id of the message that the last step belongs to
        self.unknown: set[str] = set()

    def take(self, where: str, record: dict[str, Any]) -> None:
        kind, time, draft = j.text(record, "type"), record.get("timestamp", ""), self.draft
        if not draft.session and not draft.parent:
            id = j.text(record, "sessionId", "session_id")
            draft.session, draft.parent = ("", id) if record.get("isSidechain") is True else (id, "")
        body, last = record.get("message"), self.last
        self.last = ""
        if kind == "assistant":
            self.last = self._assistant(record, j.mapping(body), time, last)
        elif kind == "user":
            self._user(record, j.mapping(body) or {"content": body}, time)
        elif kind == "system" and record.get("subtype") != "init":
            name, text = j.text(record, "subtype"), j.content_text(record.get("content"))
            draft.add_text(self._source("system", record), "injected", text, time, name)
            draft.add_text("environment", "error", j.as_text(record.get("error")), time, name)
        elif kind == "summary":
            draft.add_text("system", "injected", j.text(record, "summary"), time, "summary")
        elif kind == "attachment":
            self._attachment(j.mapping(record.get("attachment")), time)
        elif kind == "result":
            self._result(record, time)
        elif kind not in _BOOKKEEPING and kind != "system" and kind not in self.unknown:
            self.unknown.add(kind)
            draft.add_damage(f"a record of unknown type {kind!r}: left out", where)

    def _source(self, source: StepSource, record: dict[str, Any]) -> StepSource:
        side = self.subagent or record.get("isSidechain") is True or bool(record.get("parent_tool_use_id"))
        return "environment" if side else source

    def _assistant(self, record: dict[str, Any], body: dict[str, Any], time: Any, last: str) -> str:
        """A message comes as several lines with one block each; together they are one step. Returns its id."""
        # what Claude Code itself says of an endpoint, as if the model had said it
        failed = record.get("isApiErrorMessage") is True or body.get("model") == "<synthetic>"
        found = self.draft.content(body.get("content"), "error" if failed else "message")
        key, source = j.text(body, "id"), self._source("agent", record)
        if key and key == last:
            self.draft.join(source, found, time)
        else:
            self.draft.add(source, found, time)
        self.draft.tokens += j.total(body.get("usage"), "output_tokens")
        return key

    def _user(self, record: dict[str, Any], body: dict[str, Any], time: Any) -> None:
        host = any(record.get(key) is True for key in _HOST_FLAGS)
        found = self.draft.content(body.get("content"))
        answered = any(text.channel in ("result", "error") for text in found)
        found = injected(found, ("",) if host or answered else _HOST)
        if found:
            self.draft.add(self._source("environment" if answered else "user", record), found, time)

    def _attachment(self, value: dict[str, Any], time: Any) -> None:
        if value.get("type") == "queued_command":
            text = j.content_text(value.get("prompt"))
            self.draft.add_text("user", "injected" if text.startswith(("<", "[")) else "message", text, time)
            return
        text = j.text(value, "content", "prompt", "text") or j.as_text(value)
        self.draft.add_text("system", "injected", text, time, j.text(value, "type"))

    def _result(self, record: dict[str, Any], time: Any) -> None:
        """The last line of stream-json: how the session ended, and a repetition of the last message."""
        draft = self.draft
        draft.ended = j.text(record, "subtype")
        draft.seconds = j.number(record.get("duration_ms")) / 1000
        draft.tokens = j.total(record.get("usage"), *_USAGE) or draft.tokens
        text = j.content_text(record.get("result"))
        if record.get("is_error") is True:
            errors = [j.as_text(each) for each in j.listing(record.get("errors"))]
            draft.add_text("environment", "error", "\n".join([text, *errors]).strip(), time)
        elif text.strip() not in {each.text.strip() for each in draft.last}:
            draft.add_text("agent", "message", text, time)
