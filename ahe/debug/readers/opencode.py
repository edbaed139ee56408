"""opencode: `opencode export`, the events of `opencode run --format json`, and its storage folders."""

from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.trace import Channel, StepSource, Text


def sniff(value: Any, line: bool) -> bool:
    record = j.mapping(value)
    if line:
        known = "part" in record or "role" in record or record.get("type") == "error"
        return "sessionID" in record and known
    messages = j.mappings(record.get("messages")) or j.mappings(value)
    return any("role" in j.inner(each, "info") and "parts" in each for each in messages[:3])


def parse(value: Any, draft: Draft) -> None:
    """The messages up to the one that the user went back to, if any; events, one per line, are parts."""
    top = j.mapping(value)
    draft.session = j.text(top.get("info"), "id")
    back = j.text(j.inner(top, "info", "revert"), "messageID")
    for each in draft.records(j.listing(value) or j.listing(top.get("messages"))):
        info, time = j.inner(each, "info") or each, each.get("timestamp", "")
        draft.session = draft.session or j.text(each, "sessionID")
        if back and info.get("id") == back:
            break
        if "role" in info:
            _message(info, each.get("parts"), draft)
        elif each.get("type") == "error":
            _failed(each.get("error"), draft, time)
        else:
            _part(j.inner(each, "part"), "agent", draft, time)


def _message(info: dict[str, Any], parts: Any, draft: Draft) -> None:
    time, before = j.inner(info, "time").get("created", ""), draft.count
    source: StepSource = "user" if info.get("role") == "user" else "agent"
    for each in j.listing(parts):
        _part(j.mapping(each), source, draft, time)
    if draft.count == before:
        draft.add(source, [], time)
    if source == "agent":
        draft.tokens += j.total(info.get("tokens"), "input", "output", "reasoning")
        draft.ended = j.text(info, "finish") or draft.ended
        if info.get("error"):
            _failed(info["error"], draft, time)


def _failed(error: Any, draft: Draft, time: Any) -> None:
    draft.ended = j.text(error, "name") or "error"
    said = j.text(j.inner(error, "data"), "message") or j.as_text(error)
    draft.add_text("environment", "error", said, time, draft.ended)


def _part(part: dict[str, Any], source: StepSource, draft: Draft, time: Any) -> None:
    kind, text = j.text(part, "type"), j.text(part, "text")
    if kind == "text" and text:
        channel: Channel = "injected" if source == "user" and part.get("synthetic") is True else "message"
        draft.join(source, [Text(channel, text)], time)
    elif kind == "reasoning" and text:
        draft.join("agent", [Text("reasoning", text)], time)
    elif kind == "tool":
        state, name, key = j.inner(part, "state"), j.text(part, "tool"), part.get("callID")
        draft.join("agent", [draft.call(key, name, state.get("input"))], time)
        failed = state.get("status") == "error"
        said = j.as_text(state.get("error") if failed else state.get("output"))
        if said or failed or state.get("status") == "completed":
            code = j.inner(state, "metadata").get("exit")
            draft.add("environment", [draft.result(key, said, name, code, failed or None)])
    elif kind in ("compaction", "subtask", "file"):
        draft.add_text("system", "injected", j.text(part, "prompt", "filename") or kind, time, kind)
