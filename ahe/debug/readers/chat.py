"""Chat conversations in the formats of OpenAI, Anthropic, Gemini and ShareGPT; each message is a step."""

from collections.abc import Callable
from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, injected, reasoning
from ahe.debug.readers.trace import Channel, StepSource, Text

_CONVERSATION = j.words("messages conversations conversation chat transcript history contents")
_LISTS = (*_CONVERSATION, "steps", "items")
ROLES: dict[str, StepSource] = {
    **dict.fromkeys(j.words("system developer"), "system"),
    **dict.fromkeys(j.words("user human"), "user"),
    **dict.fromkeys(j.words("assistant agent ai gpt bot model function_call"), "agent"),
}
_BODY = j.words("content value parts")


def sniff(value: Any, line: bool) -> bool:
    """Whether a line is a message, or a document a conversation, alone or in a request to an endpoint."""
    if line:
        return is_message(value)
    if isinstance(value, list):
        return any(is_message(each) for each in j.mappings(value)[:5])
    return any(has_conversation(place, value) for place in requests(value))


def requests(value: Any) -> tuple[dict[str, Any], ...]:
    """The places of a document that may hold a request to an endpoint."""
    return j.mapping(value), j.inner(value, "request"), j.inner(value, "body")


def has_conversation(place: dict[str, Any], top: dict[str, Any]) -> bool:
    """Whether `place` holds messages; `top` is the document that it is in."""
    if any(is_message(each) for key in _CONVERSATION for each in j.mappings(place.get(key))[:3]):
        return True
    return isinstance(place.get("messages"), str | dict) and ("model" in top or "choices" in top)


def is_message(value: Any) -> bool:
    record = j.mapping(value)
    role = record.get("role", record.get("from"))
    return isinstance(role, str) and bool(record.keys() & {*_BODY, "tool_calls", "function_call"})


def message(value: dict[str, Any], draft: Draft) -> None:
    """One message as one step."""
    source, body, time = role(value), j.first(value, _BODY), value.get("timestamp", "")
    if source == "agent":
        draft.add("agent", [*reasoning(value), *draft.content(body), *_calls(value, draft)], time)
    elif source == "environment":
        result(value, draft)
    elif source == "user" and any(
        j.text(part, "type").endswith("tool_result") or "functionResponse" in part
        for part in j.mappings(body)
    ):
        draft.add("environment", injected(draft.content(body)), time)
    else:
        channel: Channel = "injected" if value.get("is_demo") is True else "message"
        draft.add(source, draft.content(body, channel), time)


def role(value: Any) -> StepSource:
    """Who sent a message: the environment if no known role is named, as for tool results."""
    return ROLES.get(j.text(value, "role", "from").lower(), "environment")


def result(value: dict[str, Any], draft: Draft) -> None:
    """A message with the result of a tool."""
    listed = j.listing(value.get("tool_call_ids"))
    key = j.first(value, ("tool_call_id", "toolCallId")) or (listed[0] if listed else "")
    name = j.text(value, "name", "toolName", "function", "role")
    error = j.inner(value, "error")
    failed = True if value.get("is_error") is True or value.get("status") == "error" or error else None
    failed = value["isError"] if isinstance(value.get("isError"), bool) else failed
    code = j.inner(value, "extra").get("returncode")
    found = [
        text if text.channel in ("result", "error") else draft.result(key, text.text, name, code, failed)
        for text in draft.content(j.first(value, _BODY))
    ]
    said = j.text(error, "message")
    if said and not any(said in text.text for text in found):
        found.append(draft.result(key, said, name, failed=True))
    draft.add("environment", found or [draft.result(key, "", name, code)], value.get("timestamp", ""))


def _calls(message: dict[str, Any], draft: Draft) -> list[Text]:
    """The calls of an assistant's message: `tool_calls` and the older `function_call`."""
    found = []
    listed, older = message.get("tool_calls"), message.get("function_call")
    many = listed if isinstance(listed, list) else [listed] if listed else []
    for each in [*many, {"function": older}] if older else many:
        one = j.mapping(each)
        function = j.inner(one, "function") or j.inner(one, "custom") or one
        given = j.first(function, ("arguments", "input", "args")) if one else j.as_text(each)
        name = j.text(function, "name") or j.text(one, "function")
        found.append(draft.call(one.get("id"), name, given))
    return found


def parse(value: Any, draft: Draft, take: Callable[[dict[str, Any], Draft], None] = message) -> None:
    """Messages: one per line, a list, or a record with a list and perhaps the reply of the endpoint.

    `take` adds one message to the draft.
    """
    draft.read_metadata(value)
    asked = j.inner(value, "request") or j.inner(value, "body") or j.mapping(value)
    for key in ("system", "instructions"):
        draft.add_text("system", "message", j.content_text(asked.get(key)))
    found = value if isinstance(value, list) else next((asked[key] for key in _LISTS if asked.get(key)), None)
    if isinstance(found, str | dict):
        draft.add_damage("the messages are not a list")
        found = [found]
    for each in draft.records(j.listing(found), "a message"):
        take(each, draft)
    for place in (j.mapping(value), j.inner(value, "response")):
        for choice in j.mappings(place.get("choices")):
            if reply := j.inner(choice, "message"):
                message(reply, draft)
        draft.tokens = draft.tokens or j.total(place.get("usage"), "total_tokens")
