"""Claude Code's sessions (`~/.claude/projects/*/*.jsonl`) and the stream-json output of `claude -p`."""

import re
from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import ANY, Draft, abandoned, injected

_HOST = re.compile(
    r"<(?:(?:system-reminder|command-name|command-message|task-notification)>|local-command-|bash-)"
    r"|Caveat: The messages below|\[Request interrupted|Base directory for this skill:"
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


def parse(value: Any, draft: Draft) -> None:
    """The lines of a session without abandoned branches. Sub-agents and side chains belong to the environment."""
    records = list(draft.records(j.listing(value)))
    left = abandoned(records, "uuid", "parentUuid", _is_prompt)
    message = (
        ""  # id of the message that the last step belongs to: it comes as several lines with one block each
    )
    for record in records:
        if j.text(record, "uuid") not in left:
            before, message = message, j.text(record.get("message"), "id")
            side = draft.subagent or record.get("isSidechain") is True or record.get("parent_tool_use_id")
            _take(record, draft, bool(side), message if message == before else "")


def _is_prompt(record: dict[str, Any]) -> bool:
    """Whether a line is what the user typed. Two of them below one parent mean that the user went back."""
    if record.get("type") != "user" or any(record.get(key) is True for key in (*_HOST_FLAGS, "isSidechain")):
        return False
    said = j.inner(record, "message").get("content")
    return not any(part.get("type") == "tool_result" for part in j.mappings(said))


def _take(record: dict[str, Any], draft: Draft, side: bool, again: str) -> None:
    """One line; `side` says that it belongs to a sub-agent, `again` names the message that it continues."""
    kind, time, body = j.text(record, "type"), record.get("timestamp", ""), j.inner(record, "message")
    if not draft.session and not draft.parent:
        id = j.text(record, "sessionId", "session_id")
        draft.session, draft.parent = ("", id) if record.get("isSidechain") is True else (id, "")
    if kind == "assistant":
        # what Claude Code itself says of an endpoint, as if the model had said it
        failed = record.get("isApiErrorMessage") is True or body.get("model") == "<synthetic>"
        found = draft.content(body.get("content"), "error" if failed else "message")
        (draft.join if again else draft.add)("environment" if side else "agent", found, time)
        draft.tokens += j.total(body.get("usage"), "output_tokens")
    elif kind == "user":
        host = any(record.get(key) is True for key in _HOST_FLAGS)
        found = draft.content(body.get("content") if body else record.get("message"))
        answered = any(text.channel in ("result", "error") for text in found)
        found = injected(found, ANY if host or answered else _HOST)
        if found:
            draft.add("environment" if side or answered else "user", found, time)
    elif kind == "system" and record.get("subtype") != "init":
        name, text = j.text(record, "subtype"), j.content_text(record.get("content"))
        draft.add_text("environment" if side else "system", "injected", text, time, name)
        draft.add_text("environment", "error", j.as_text(record.get("error")), time, name)
    elif kind == "summary":
        draft.add_text("system", "injected", j.text(record, "summary"), time, "summary")
    elif kind == "attachment":
        _attachment(j.inner(record, "attachment"), draft, time)
    elif kind == "result":
        _result(record, draft, time)
    elif kind not in (*_BOOKKEEPING, "system"):
        what = f"a record of unknown type {kind!r}: left out"
        if what not in {each.what for each in draft.damage}:
            draft.add_damage(what)


def _attachment(value: dict[str, Any], draft: Draft, time: Any) -> None:
    if value.get("type") == "queued_command":
        text = j.content_text(value.get("prompt"))
        draft.add_text("user", "injected" if text.startswith(("<", "[")) else "message", text, time)
        return
    text = j.text(value, "content", "prompt", "text") or j.as_text(value)
    draft.add_text("system", "injected", text, time, j.text(value, "type"))


def _result(record: dict[str, Any], draft: Draft, time: Any) -> None:
    """The last line of stream-json: how the session ended, and a repetition of the last message."""
    draft.ended = j.text(record, "subtype")
    draft.seconds = j.number(record.get("duration_ms")) / 1000
    draft.tokens = j.total(record.get("usage"), *_USAGE) or draft.tokens
    text = j.content_text(record.get("result"))
    if record.get("is_error") is True:
        errors = [j.as_text(each) for each in j.listing(record.get("errors"))]
        draft.add_text("environment", "error", "\n".join([text, *errors]).strip(), time)
    elif text.strip() not in {each.text.strip() for each in draft.last}:
        draft.add_text("agent", "message", text, time)
