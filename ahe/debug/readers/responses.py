"""OpenAI's Responses API: requests, responses, and lists of items, which Codex's sessions use as well."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import (
    as_text,
    call_text,
    content_text,
    inner,
    listing,
    mapping,
    mappings,
    parsed,
    string,
    total,
)
from ahe.debug.readers.trace import Channel, Text

_INJECTED = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
    "<turn_aborted>",
    "<permissions",
    "<skills_instructions>",
    "<INSTRUCTIONS>",
    "<subagent_notification>",
)
_ARGUMENTS = ("arguments", "input", "action", "operation", "queries", "query", "code", "prompt")
_RESULTS = ("output", "outputs", "results", "result", "tools")
_PARTS = ("message", "reasoning", "local_shell_call_output", "input_text")
_WORDS = ("command", "commands", "cmd")
"""Keys for the words of a shell call; the keys in `_SETTINGS` may occur besides them."""
_SETTINGS = frozenset(
    ("type", "timeout_ms", "workdir", "env", "user", "working_directory", "max_output_length", "timeout")
)


def sniff(value: Any, line: bool) -> bool:
    """Whether a line is an item, or a document a list of items, a request or a response.

    A document with a conversation belongs to `chat`.
    """
    if line:
        return _is_item(value)
    if isinstance(value, list):
        return any(_is_item(each) for each in mappings(value)[:5])
    for place in chat.requests(value):
        if chat.has_conversation(place, value):
            return False
        lists = (mappings(place.get(key)) for key in ("output", "input", "items", "data"))
        items = next(filter(None, lists), [])
        if place.get("object") == "response" or any(
            _is_item(one) or chat.is_message(one) for one in items[:3]
        ):
            return True
    return False


def _is_item(value: Any) -> bool:
    record = mapping(value)
    kind = string(record.get("type"))
    if kind == "reasoning":
        return "summary" in record or "encrypted_content" in record
    if kind == "message":
        return "role" in record
    return kind in _PARTS or kind.endswith(("_call", "_call_output"))


def parse(content: Content, draft: Draft) -> None:
    """Items, one per line; or a document: a request, a response, both, or a list of items."""
    for _, each in content.lines:
        item(each, draft)
    if content.shape != "document":
        return
    value = content.value
    draft.read_metadata(value)
    asked = inner(value, "request") or inner(value, "body") or mapping(value)
    answered = inner(value, "response") or mapping(value)
    draft.add_text(
        "system", "message", content_text(asked.get("instructions") or answered.get("instructions"))
    )
    given = asked.get("input", asked.get("items", asked.get("data")))
    for each in given if isinstance(given, list) else [given] if given else listing(value):
        if isinstance(each, str):
            draft.add_text("user", "message", each)
        else:
            item(each, draft)
    for each in listing(answered.get("output")):
        item(each, draft)
    _outcome(answered, draft)


def _outcome(response: dict[str, Any], draft: Draft) -> None:
    draft.tokens = total(inner(response, "usage"), "total_tokens")
    if response.get("object") == "response":
        draft.ended = draft.ended or string(response.get("status"))
    why = string(inner(response, "incomplete_details").get("reason"))
    draft.ended = f"{draft.ended}: {why}" if why else draft.ended
    draft.add_text("environment", "error", as_text(response.get("error")))


def item(value: Any, draft: Draft, time: Any = "") -> None:
    """One item. The agent's messages, reasoning and calls between two results are one step."""
    if not isinstance(value, dict):
        draft.keep_unreadable("an item", value, time)
        return
    kind = string(value.get("type")) or "message"
    if kind == "message":
        _message(value, draft, time)
    elif kind == "reasoning":
        thought = [content_text(value.get("summary")), content_text(value.get("content"))]
        found = [Text("reasoning", text) for text in dict.fromkeys(thought) if text]
        if found:
            draft.join("agent", found, time)
    elif kind.endswith(("_output", "_response", "_result")):
        _output(value, kind, draft, time)
    elif kind.endswith("_call"):
        _call(value, kind, draft, time)
    elif kind in ("input_text", "output_text", "input_image"):
        draft.add_text(
            "user" if kind.startswith("input") else "agent", "message", content_text([value]), time
        )
    else:
        draft.add_text("environment", "injected", as_text(value), time, kind)


def _message(value: dict[str, Any], draft: Draft, time: Any) -> None:
    text = content_text(value.get("content"))
    role = string(value.get("role"))
    if role == "assistant":
        draft.join("agent", [Text("message", text)] if text else [], time)
    elif role in ("system", "developer"):
        draft.add_text("system", "message", text, time)
    else:
        injected = text.lstrip().startswith(_INJECTED)
        draft.add_text("user", "injected" if injected else "message", text, time)


def _call(value: dict[str, Any], kind: str, draft: Draft, time: Any) -> None:
    name = string(value.get("name")) or kind.removesuffix("_call")
    for key in (string(value.get("call_id")), string(value.get("id"))):
        draft.names[key] = name
    given = next((value[key] for key in _ARGUMENTS if value.get(key)), None)
    draft.join("agent", [Text("call", command(given) or call_text(given), name)], time)
    for key in _RESULTS:
        draft.add_text("environment", "result", content_text(value.get(key)), time, name)
    draft.add_text("environment", "error", as_text(value.get("error")), time, name)


def command(action: Any) -> str:
    """The command of a shell call: the script of `bash -lc`, else the words; empty for any other call."""
    place = mapping(parsed(action)) if isinstance(action, str) else mapping(action)
    words = next((place[key] for key in _WORDS if key in place), None)
    if isinstance(words, str):
        words = [words]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not words:
        return ""
    if any(place[key] for key in place.keys() - {*_WORDS, *_SETTINGS}):
        return ""
    if len(words) == 3 and words[0].endswith("sh") and words[1] in ("-c", "-lc"):
        return string(words[2])
    return ("\n" if "commands" in place else " ").join(string(word) for word in words)


def _output(value: dict[str, Any], kind: str, draft: Draft, time: Any) -> None:
    key = string(value.get("call_id")) or string(value.get("id"))
    name = draft.names.get(key, kind.removesuffix("_output"))
    given = next((value[key] for key in _RESULTS if key in value), None)
    draft.add(
        "environment", [Text(*each, name) for each in output(given)] or [Text("result", "", name)], time
    )


def output(given: Any) -> list[tuple[Channel, str]]:
    """The result of a call. Codex wraps a command's output together with its exit code."""
    value = mapping(parsed(given)) if isinstance(given, str) else mapping(given)
    channel: Channel = "error" if value.get("success") is False else "result"
    if isinstance(given, dict) and "content" in value:
        return [(channel, content_text(value["content"]))]
    known = value.keys() <= {"output", "metadata", "exit_code", "type"}
    if not known or not isinstance(value.get("output"), str):
        return [(channel, content_text(given))] if given else []
    found: list[tuple[Channel, str]] = [(channel, string(value["output"]))]
    code = inner(value, "metadata").get("exit_code", value.get("exit_code"))
    if code:
        found.append((channel, f"[exit code {as_text(code)}]"))
    return found
