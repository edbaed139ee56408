"""OpenHands: lists and folders of events, of the old (`action`, `observation`) and the new (`kind`) form."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft, abandoned, reasoning
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import (
    as_text,
    content_text,
    inner,
    listing,
    mapping,
    parsed,
    string,
    total,
    words,
)
from ahe.debug.readers.trace import StepSource, Text

_LISTS = words("history trajectory events")
_NOISE = frozenset(
    words(
        "thought kind hidden blocking confirmation_state is_input is_static cwd security_risk kernel_init_code"
        " include_extra impl_source timeout final_thought wait_for_response image_urls file_urls task_completed"
    )
)
"""Arguments that the host added to a call."""
_SILENT = words("change_agent_state recall null condensation condensation_request agent_state_changed")
_ENDS = words("error stopped finished rate_limited rejected stuck paused")


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is an event, a list of events, or the output of an evaluation with a history of them."""
    if line:
        return _is_event(value)
    given = (
        value
        if isinstance(value, list)
        else next(filter(None, (mapping(value).get(key) for key in _LISTS)), None)
    )
    return any(_is_event(each) for each in _flat(listing(given)[:5]))


def _is_event(value: Any) -> bool:
    record = mapping(value)
    kind = string(record.get("kind"))
    old = isinstance(record.get("action"), str) or isinstance(record.get("observation"), str)
    return "source" in record and (
        kind.endswith("Event") or (old and bool(record.keys() & {"args", "content", "extras"}))
    )


def _flat(values: list[Any]) -> list[Any]:
    """The events; the oldest form pairs an action with its observation."""
    return [each for value in values for each in (value if isinstance(value, list) else [value])]


def parse(content: Content, draft: Draft) -> None:
    """Events in order, without abandoned branches."""
    value = content.value
    draft.read_metadata(value)
    given = (
        value
        if isinstance(value, list)
        else next((value[key] for key in _LISTS if mapping(value).get(key)), None)
    )
    draft.add_text("user", "message", string(mapping(value).get("instruction")))
    events = [*(each for _, each in content.lines), *_flat(listing(given))]
    records = [each for each in events if isinstance(each, dict)]
    left = abandoned(records, "id", "parent_id", lambda record: True)
    for each in events:
        if not isinstance(each, dict):
            draft.keep_unreadable("an event", each)
        elif string(each.get("id")) not in left:
            (_new if "kind" in each else _old)(each, draft)
    if error := string(mapping(value).get("error")):
        draft.ended = draft.ended or "error"
        _fault(error, draft)


def _fault(said: str, draft: Draft, time: Any = "") -> None:
    """What OpenHands says of its own end, unless it said so just before."""
    draft.cause = said or draft.cause
    if said not in {text.text for text in draft.last}:
        draft.add_text("environment", "error", said, time, "openhands")


def _source(event: dict[str, Any]) -> StepSource:
    said = event.get("source")
    return "agent" if said == "agent" else "user" if said == "user" else "environment"


def _old(event: dict[str, Any], draft: Draft) -> None:
    time, action, seen = event.get("timestamp", ""), string(event.get("action")), event.get("observation")
    about, extras = inner(event, "tool_call_metadata"), inner(event, "extras")
    if not action:
        state = string(extras.get("agent_state"))
        if state in _ENDS:
            draft.ended = state
            _fault(string(extras.get("reason")), draft, time)
        if seen in _SILENT:
            return
        code = inner(extras, "metadata").get("exit_code", extras.get("exit_code"))
        failed = True if seen == "error" or event.get("success") is False else None
        name = string(about.get("function_name")) or string(seen)
        text = content_text(event.get("content"))
        draft.add("environment", [draft.result(about.get("tool_call_id"), text, name, code, failed)], time)
        return
    given = inner(event, "args")
    thought = string(given.get("thought")) or string(given.get("final_thought"))
    if action in ("message", "system"):
        said = string(given.get("content")) or string(event.get("message"))
        source = "system" if action == "system" else _source(event)
        if (source, said) != ("user", draft.first_request[1]):
            draft.add_text(source, "message", said, time)
    elif action not in _SILENT:
        found = [Text("message", thought)] if thought else []
        name = string(about.get("function_name")) or action
        rest = {key: each for key, each in given.items() if key not in _NOISE and each not in (None, "", -1)}
        if action not in ("think", "finish") or rest:
            found.append(draft.call(about.get("tool_call_id"), name, rest))
        usage = inner(about, "model_response", "usage")
        draft.add("agent", found, time, tokens=total(usage, "completion_tokens"))
        draft.tokens += total(usage, "total_tokens")


def _new(event: dict[str, Any], draft: Draft) -> None:
    kind, time, key = string(event.get("kind")), event.get("timestamp", ""), event.get("tool_call_id")
    name = string(event.get("tool_name"))
    if kind == "SystemPromptEvent":
        draft.add_text("system", "message", content_text(event.get("system_prompt")), time)
    elif kind == "MessageEvent":
        said = inner(event, "llm_message")
        draft.add(_source(event), [*reasoning(said), *draft.content(said.get("content"))], time)
    elif kind == "ActionEvent":
        arguments = inner(event, "tool_call").get("arguments")
        action = {k: v for k, v in inner(event, "action").items() if k not in _NOISE and v is not None}
        given = mapping(parsed(arguments)) if isinstance(arguments, str) else mapping(arguments)
        rest = {k: v for k, v in given.items() if k not in ("security_risk", "summary")} or action
        found = [*reasoning(event), *draft.content(event.get("thought"))]
        draft.join(
            "agent", [*found, draft.call(key, name or string(inner(event, "action").get("kind")), rest)], time
        )
    elif kind == "ObservationEvent":
        seen = inner(event, "observation")
        text = content_text(seen.get("content", seen.get("output", seen.get("text"))))
        code = seen.get("exit_code", inner(seen, "metadata").get("exit_code"))
        failed = True if seen.get("is_error") is True else None
        draft.add("environment", [draft.result(key, text, name, None if code == -1 else code, failed)], time)
    elif kind == "ConversationStateUpdateEvent":
        if event.get("key") == "execution_status" and event.get("value") in _ENDS:
            draft.ended = string(event["value"])
    elif kind == "Condensation":
        draft.add_text("system", "injected", as_text(event.get("summary")), time, kind)
    elif kind.endswith(("ErrorEvent", "RejectObservation")):
        text = next(
            filter(None, (as_text(event.get(k)) for k in ("error", "detail", "rejection_reason"))), ""
        )
        if kind == "ConversationErrorEvent":
            draft.ended, draft.cause = string(event.get("code")) or "error", text
        draft.add("environment", [draft.result(key, text, name or kind, failed=True)], time)
