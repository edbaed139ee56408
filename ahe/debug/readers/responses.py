"""OpenAI's Responses API: requests, responses, and lists of items, which Codex's sessions use as well."""

import re
from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.trace import StepSource, Text

_INJECTED = re.compile(
    r"<(?:(?:environment_context|user_instructions|turn_aborted|skills_instructions|INSTRUCTIONS"
    r"|subagent_notification)>|permissions)|# AGENTS\.md instructions"
)
"""Beginnings of user messages that the host wrote."""
_ARGUMENTS = j.words("arguments input action operations queries query code prompt")
_RESULTS = j.words("output outputs results result tools")
_PARTS = j.words("message reasoning local_shell_call_output input_text")
_WORDS = j.words("command commands cmd")
"""Keys for the words of a shell call; the keys in `_SETTINGS` may occur besides them."""
_SETTINGS = frozenset(j.words("type timeout_ms workdir env user working_directory max_output_length timeout"))


def sniff(value: Any, line: bool) -> bool:
    """Whether a line is an item, or a document a list of items, a request or a response.

    A document with a conversation belongs to `chat`.
    """
    if line:
        return _is_item(value)
    if isinstance(value, list):
        return any(_is_item(each) for each in j.mappings(value)[:5])
    for place in chat.requests(value):
        if chat.has_conversation(place, value):
            return False
        lists = (j.mappings(place.get(key)) for key in ("output", "input", "items", "data"))
        items = next(filter(None, lists), [])[:3]
        if place.get("object") == "response" or any(_is_item(one) or chat.is_message(one) for one in items):
            return True
    return False


def _is_item(value: Any) -> bool:
    record, kind = j.mapping(value), j.text(value, "type")
    if kind == "reasoning":
        return "summary" in record or "encrypted_content" in record
    if kind == "message":
        return "role" in record
    return kind in _PARTS or kind.endswith(("_call", "_call_output"))


def parse(value: Any, draft: Draft) -> None:
    """Items, one per line; or a document: a request, a response, both, or a list of items."""
    draft.read_metadata(value)
    asked = j.inner(value, "request") or j.inner(value, "body") or j.mapping(value)
    answered = j.inner(value, "response") or j.mapping(value)
    system = j.content_text(asked.get("instructions") or answered.get("instructions"))
    draft.add_text("system", "message", system)
    given = j.first(asked, ("input", "items", "data"))
    given = given if isinstance(given, list) else [given] if given else j.listing(value)
    said = [{"role": "user", "content": each} if isinstance(each, str) else each for each in given]
    for each in draft.records([*said, *j.listing(answered.get("output"))], "an item"):
        item(each, draft)
    draft.tokens = j.total(answered.get("usage"), "total_tokens")
    if answered.get("object") == "response":
        draft.ended = draft.ended or j.text(answered, "status")
    why = j.text(answered.get("incomplete_details"), "reason")
    draft.ended = f"{draft.ended}: {why}" if why else draft.ended
    draft.add_text("environment", "error", j.as_text(answered.get("error")))


def item(value: dict[str, Any], draft: Draft, time: Any = "") -> None:
    """One item. The agent's messages, reasoning and calls between two results are one step."""
    kind = j.text(value, "type") or "message"
    if kind == "message":
        _message(value, draft, time)
    elif kind == "reasoning":
        thought = [j.content_text(value.get("summary")), j.content_text(value.get("content"))]
        known = {"", *(text.text for text in draft.last)}
        if found := [Text("reasoning", text) for text in dict.fromkeys(thought) if text not in known]:
            draft.join("agent", found, time)
    elif kind.endswith(("_output", "_response", "_result")):
        key, given = j.text(value, "call_id", "id"), j.first(value, _RESULTS)
        draft.add("environment", [output(given, draft, key, kind.removesuffix("_output"))], time)
    elif kind.endswith("_call"):
        _call(value, kind, draft, time)
    elif kind in ("input_text", "output_text", "input_image"):
        source: StepSource = "user" if kind.startswith("input") else "agent"
        draft.add_text(source, "message", j.content_text([value]), time)
    else:
        draft.add_text("environment", "injected", j.as_text(value), time, kind)


def _message(value: dict[str, Any], draft: Draft, time: Any) -> None:
    text, role = j.content_text(value.get("content")), j.text(value, "role")
    if role == "assistant":
        draft.join("agent", [Text("message", text)] if text else [], time)
    elif role in ("system", "developer"):
        draft.add_text("system", "message", text, time)
    else:
        injected = _INJECTED.match(text.lstrip())
        draft.add_text("user", "injected" if injected else "message", text, time)


def _call(value: dict[str, Any], kind: str, draft: Draft, time: Any) -> None:
    name = j.text(value, "name") or kind.removesuffix("_call")
    given = next((value[key] for key in _ARGUMENTS if value.get(key)), None)
    for key in ("call_id", "id"):
        draft.names[j.text(value, key)] = name
    draft.join("agent", [Text("call", _command(given) or j.call_text(given), name)], time)
    for key in _RESULTS:
        if said := j.content_text(value.get(key)):
            draft.add("environment", [draft.result("", said, name)], time)
    draft.add_text("environment", "error", j.as_text(value.get("error")), time, name)


def _command(action: Any) -> str:
    """The command of a shell call: the script of `bash -lc`, else the words; empty for any other call."""
    place = j.mapping(j.parsed(action) if isinstance(action, str) else action)
    said = j.first(place, _WORDS)
    said = [said] if isinstance(said, str) else said
    if not isinstance(said, list) or not all(isinstance(word, str) for word in said) or not said:
        return ""
    if any(place[key] for key in place.keys() - {*_WORDS, *_SETTINGS}):
        return ""
    if len(said) == 3 and said[0].endswith("sh") and said[1] in ("-c", "-lc"):
        return j.string(said[2])
    return ("\n" if "commands" in place else " ").join(map(j.string, said))


def output(given: Any, draft: Draft, key: str = "", name: str = "") -> Text:
    """The result of a call, which may be a record with the text and whether the call succeeded."""
    value = j.mapping(given)
    failed = True if value.get("success") is False else None
    return draft.result(key, j.content_text(value.get("content", given)), name, failed=failed)
