"""Claude Code's sessions (`~/.claude/projects/*/*.jsonl`) and what `claude -p` prints as stream-json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ahe.debug.readers.blocks import texts
from ahe.debug.readers.build import Draft, Source
from ahe.debug.readers.trace import Text
from ahe.debug.readers.values import content, listing, mapping, number, shown, string

_HOST = (
    "<system-reminder>",
    "<command-name>",
    "<command-message>",
    "<local-command-",
    "<bash-",
    "<task-notification>",
    "Caveat: The messages below",
    "[Request interrupted",
)
"""How a user's message begins that the host wrote."""
BOOKKEEPING = frozenset(
    (
        "file-history-snapshot",
        "queue-operation",
        "progress",
        "last-prompt",
        "ai-title",
        "custom-title",
        "agent-name",
        "agent-color",
        "agent-setting",
        "mode",
        "permission-mode",
        "pr-link",
        "tag",
        "stream_event",
        "rate_limit_event",
        "keep_alive",
        "worktree-state",
        "content-replacement",
    )
)


def lines(records: Iterable[tuple[str, Any]], draft: Draft, aside: bool = False) -> None:
    """The lines of a session. With `aside` it is a sub-agent's, whose steps are the environment's doing."""
    session = _Session(draft, aside)
    for where, record in records:
        if isinstance(record, dict):
            session.take(where, record)
        else:
            draft.wrong(f"a line is no record but {type(record).__name__}", where)


def document(value: Any, draft: Draft) -> None:
    """A session that was exported as one document, its lines in a list."""
    lines(((draft.where, each) for each in listing(mapping(value).get("loglines"))), draft)


class _Session:
    def __init__(self, draft: Draft, aside: bool) -> None:
        self.draft, self.aside = draft, aside
        self.last = ""  # id of the message that the last step belongs to
        self.unknown: set[str] = set()

    def take(self, where: str, record: dict[str, Any]) -> None:
        kind, time, draft = string(record.get("type")), record.get("timestamp", ""), self.draft
        body = record.get("message")
        if kind == "assistant":
            self._assistant(record, mapping(body), time)
            return
        self.last = ""
        if kind == "user":
            self._user(record, mapping(body) or {"content": body}, time)
        elif kind == "system":
            if record.get("subtype") != "init":
                name = string(record.get("subtype"))
                draft.say(
                    self._source("system", record), "injected", content(record.get("content")), time, name
                )
                draft.say("environment", "error", shown(record.get("error")), time, name)
        elif kind == "summary":
            draft.say("system", "injected", string(record.get("summary")), time, "summary")
        elif kind == "attachment":
            self._attachment(mapping(record.get("attachment")), time)
        elif kind == "result":
            self._result(record, time)
        elif kind not in BOOKKEEPING and kind not in self.unknown:
            self.unknown.add(kind)
            draft.wrong(f"a record of unknown type {kind!r}: left out", where)

    def _source(self, source: Source, record: dict[str, Any]) -> Source:
        aside = self.aside or record.get("isSidechain") is True or bool(record.get("parent_tool_use_id"))
        return "environment" if aside else source

    def _assistant(self, record: dict[str, Any], body: dict[str, Any], time: Any) -> None:
        """A message comes in several lines, a block each: together they are one step."""
        failed = record.get("isApiErrorMessage") is True
        found = texts(body.get("content"), self.draft, "error" if failed else "message")
        key = string(body.get("id"))
        if key and key == self.last:
            self.draft.join(self._source("agent", record), found, time)
        else:
            self.draft.add(self._source("agent", record), found or [Text("message", "")], time)
        self.last = key
        usage = mapping(body.get("usage"))
        self.draft.tokens += int(number(usage.get("output_tokens")))

    def _user(self, record: dict[str, Any], body: dict[str, Any], time: Any) -> None:
        host = any(
            record.get(key) is True for key in ("isMeta", "isCompactSummary", "isVisibleInTranscriptOnly")
        )
        found = texts(body.get("content"), self.draft)
        answered = any(text.channel in ("result", "error") for text in found)
        marked = [
            Text("injected", text.text)
            if text.channel == "message" and (host or answered or text.text.lstrip().startswith(_HOST))
            else text
            for text in found
        ]
        if answered:
            marked += self._more(record.get("toolUseResult"), marked)
        if marked:
            self.draft.add(self._source("environment" if answered else "user", record), marked, time)

    def _more(self, said: Any, found: list[Text]) -> list[Text]:
        """What the host kept of a tool's result beside what it sent to the model."""
        known = "\n".join(text.text for text in found)
        place = mapping(said)
        kept = [said] if isinstance(said, str) else [place.get(key) for key in ("stdout", "stderr", "error")]
        name = found[0].name
        return [
            Text("result", text, name)
            for text in map(string, kept)
            if text.strip() and text.strip().removeprefix("Error: ") not in known
        ]

    def _attachment(self, value: dict[str, Any], time: Any) -> None:
        kind = string(value.get("type"))
        if kind == "queued_command":
            text = content(value.get("prompt"))
            self.draft.say("user", "injected" if text.startswith(("<", "[")) else "message", text, time)
            return
        text = next((string(value[key]) for key in ("content", "prompt", "text") if value.get(key)), "")
        self.draft.say("system", "injected", text or shown(value), time, kind)

    def _result(self, record: dict[str, Any], time: Any) -> None:
        """The last line of stream-json: how it ended, and the last message once more."""
        draft = self.draft
        draft.ended = string(record.get("subtype"))
        draft.seconds = number(record.get("duration_ms")) / 1000
        usage = mapping(record.get("usage"))
        keys = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        draft.tokens = sum(int(number(usage.get(key))) for key in keys) or draft.tokens
        text = content(record.get("result"))
        errors = [shown(each) for each in listing(record.get("errors"))]
        if record.get("is_error") is True:
            draft.say("environment", "error", "\n".join([text, *errors]).strip(), time)
        elif text.strip() not in {each.text.strip() for step in draft.steps[-1:] for each in step.texts}:
            draft.say("agent", "message", text, time)
