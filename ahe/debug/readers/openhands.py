"""OpenHands: lists and folders of events, of the old (`action`, `observation`) and the new (`kind`) form."""

from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, abandoned, reasoning
from ahe.debug.readers.trace import StepSource, Text

_LISTS = j.words("history trajectory events")
_NOISE = frozenset(
    j.words(
        "thought kind hidden blocking confirmation_state is_input is_static cwd security_risk kernel_init_code"
        " include_extra impl_source timeout final_thought wait_for_response image_urls file_urls task_completed"
    )
)
"""Arguments that the host added to a call."""
_SILENT = j.words("change_agent_state recall null condensation condensation_request agent_state_changed")
_ENDS = j.words("error stopped finished rate_limited rejected stuck paused")


def sniff(value: Any, line: bool) -> bool:
    return _is_event(value) if line else any(_is_event(each) for each in _events(value, 5))


def _is_event(value: Any) -> bool:
    record = j.mapping(value)
    old = isinstance(record.get("action"), str) or isinstance(record.get("observation"), str)
    known = old and record.keys() & {"args", "content", "extras"}
    return "source" in record and (j.text(record, "kind").endswith("Event") or bool(known))


def _events(value: Any, most: int | None = None) -> list[Any]:
    """The events in a document; the oldest form pairs an action with its observation."""
    given = next(filter(None, (j.mapping(value).get(key) for key in _LISTS)), value)
    pairs = (each if isinstance(each, list) else [each] for each in j.listing(given)[:most])
    return [each for pair in pairs for each in pair]


def parse(value: Any, draft: Draft) -> None:
    """Events in order, without abandoned branches."""
    draft.read_metadata(value)
    draft.add_text("user", "message", j.text(value, "instruction"))
    events = list(draft.records(_events(value), "an event"))
    left = abandoned(events, "id", "parent_id", lambda event: True)
    for each in events:
        if j.text(each, "id") not in left:
            (_new if "kind" in each else _old)(each, draft)
    if error := j.text(value, "error"):
        draft.ended = draft.ended or "error"
        _fault(error, draft)


def _fault(said: str, draft: Draft, time: Any = "") -> None:
    """What OpenHands says of its own end, unless it said so just before."""
    if said not in {text.text for text in draft.last}:
        draft.add_text("environment", "error", said, time, "openhands")


def _source(event: dict[str, Any]) -> StepSource:
    said = event.get("source")
    return "agent" if said == "agent" else "user" if said == "user" else "environment"


def _arguments(given: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in given.items() if key not in _NOISE and each not in (None, "", -1)}


def _old(event: dict[str, Any], draft: Draft) -> None:
    time, action, seen = event.get("timestamp", ""), j.text(event, "action"), event.get("observation")
    about, extras = j.inner(event, "tool_call_metadata"), j.inner(event, "extras")
    key, name = about.get("tool_call_id"), j.text(about, "function_name")
    if not action:
        state = j.text(extras, "agent_state")
        if state in _ENDS:
            draft.ended = state
            _fault(j.text(extras, "reason"), draft, time)
        if seen not in _SILENT:
            code = j.inner(extras, "metadata").get("exit_code", extras.get("exit_code"))
            failed = True if seen == "error" or event.get("success") is False else None
            text = j.content_text(event.get("content"))
            draft.add("environment", [draft.result(key, text, name or j.string(seen), code, failed)], time)
        return
    given = j.inner(event, "args")
    if action in ("message", "system"):
        said = j.text(given, "content") or j.text(event, "message")
        source = "system" if action == "system" else _source(event)
        if (source, said) != ("user", draft.first_request[1]):
            draft.add_text(source, "message", said, time)
    elif action not in _SILENT:
        thought, rest = j.text(given, "thought", "final_thought"), _arguments(given)
        found = [Text("message", thought)] if thought else []
        if action not in ("think", "finish") or rest:
            found.append(draft.call(key, name or action, rest))
        draft.add("agent", found, time)
        draft.tokens += j.total(j.inner(about, "model_response", "usage"), "total_tokens")


def _new(event: dict[str, Any], draft: Draft) -> None:
    kind, time, key = j.text(event, "kind"), event.get("timestamp", ""), event.get("tool_call_id")
    name = j.text(event, "tool_name")
    if kind == "SystemPromptEvent":
        draft.add_text("system", "message", j.content_text(event.get("system_prompt")), time)
    elif kind == "MessageEvent":
        said = j.inner(event, "llm_message")
        draft.add(_source(event), [*reasoning(said), *draft.content(said.get("content"))], time)
    elif kind == "ActionEvent":
        action, given = j.inner(event, "action"), j.inner(event, "tool_call").get("arguments")
        given = j.mapping(j.parsed(given) if isinstance(given, str) else given)
        rest = {key: each for key, each in given.items() if key not in ("security_risk", "summary")}
        call = draft.call(key, name or j.text(action, "kind"), rest or _arguments(action))
        draft.join("agent", [*reasoning(event), *draft.content(event.get("thought")), call], time)
    elif kind == "ObservationEvent":
        seen = j.inner(event, "observation")
        text = j.content_text(j.first(seen, ("content", "output", "text")))
        code = seen.get("exit_code", j.inner(seen, "metadata").get("exit_code"))
        failed = True if seen.get("is_error") is True else None
        draft.add("environment", [draft.result(key, text, name, None if code == -1 else code, failed)], time)
    elif kind == "ConversationStateUpdateEvent":
        if event.get("key") == "execution_status" and event.get("value") in _ENDS:
            draft.ended = j.text(event, "value")
    elif kind == "Condensation":
        draft.add_text("system", "injected", j.as_text(event.get("summary")), time, kind)
    elif kind.endswith(("ErrorEvent", "RejectObservation")):
        text = j.text(event, "error", "detail", "rejection_reason")
        if kind == "ConversationErrorEvent":
            draft.ended = j.text(event, "code") or "error"
        draft.add("environment", [draft.result(key, text, name or kind, failed=True)], time)
