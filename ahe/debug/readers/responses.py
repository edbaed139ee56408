"""Items of OpenAI's Responses API, which Codex's sessions are made of too."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.blocks import parsed
from ahe.debug.readers.build import Draft
from ahe.debug.readers.trace import Channel, Text
from ahe.debug.readers.values import call, content, listing, mapping, number, shown, string

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


def document(value: Any, draft: Draft) -> None:
    """A request with its response, either alone, or a list of items."""
    draft.claim(value)
    top = mapping(value)
    asked = mapping(top.get("request")) or mapping(top.get("body")) or top
    answered = mapping(top.get("response")) or top
    draft.say("system", "message", content(asked.get("instructions") or answered.get("instructions")))
    given = asked.get("input", asked.get("items", asked.get("data")))
    for each in given if isinstance(given, list) else [given] if given else listing(value):
        if isinstance(each, str):
            draft.say("user", "message", each)
        else:
            item(each, draft)
    for each in listing(answered.get("output")):
        item(each, draft)
    _outcome(answered, draft)


def _outcome(response: dict[str, Any], draft: Draft) -> None:
    draft.tokens = int(number(mapping(response.get("usage")).get("total_tokens")))
    if response.get("object") == "response":
        draft.ended = draft.ended or string(response.get("status"))
    why = string(mapping(response.get("incomplete_details")).get("reason"))
    draft.ended = f"{draft.ended}: {why}" if why else draft.ended
    draft.say("environment", "error", shown(response.get("error")))


def item(value: Any, draft: Draft, time: Any = "") -> None:
    """One item. What the agent says, thinks and calls between two results is one step."""
    if not isinstance(value, dict):
        draft.wrong(f"an item is no record but {type(value).__name__}")
        draft.say("environment", "message", shown(value), time)
        return
    kind = string(value.get("type")) or "message"
    if kind == "message":
        _message(value, draft, time)
    elif kind == "reasoning":
        thought = [content(value.get("summary")), content(value.get("content"))]
        found = [Text("reasoning", text) for text in dict.fromkeys(thought) if text]
        if found:
            draft.join("agent", found, time)
    elif kind.endswith(("_output", "_response", "_result")):
        _output(value, kind, draft, time)
    elif kind.endswith("_call"):
        _call(value, kind, draft, time)
    elif kind in ("input_text", "output_text", "input_image"):
        draft.say("user" if kind.startswith("input") else "agent", "message", content([value]), time)
    else:
        draft.say("environment", "injected", shown(value), time, kind)


def _message(value: dict[str, Any], draft: Draft, time: Any) -> None:
    text = content(value.get("content"))
    role = string(value.get("role"))
    if role == "assistant":
        draft.join("agent", [Text("message", text)] if text else [], time)
    elif role in ("system", "developer"):
        draft.say("system", "message", text, time)
    else:
        injected = text.lstrip().startswith(_INJECTED)
        draft.say("user", "injected" if injected else "message", text, time)


def _call(value: dict[str, Any], kind: str, draft: Draft, time: Any) -> None:
    name = string(value.get("name")) or kind.removesuffix("_call")
    for key in (string(value.get("call_id")), string(value.get("id"))):
        draft.names[key] = name
    given = next((value[key] for key in _ARGUMENTS if value.get(key)), None)
    draft.join("agent", [Text("call", command(given) or call(given), name)], time)
    for key in _RESULTS:
        draft.say("environment", "result", content(value.get(key)), time, name)
    draft.say("environment", "error", shown(value.get("error")), time, name)


def command(action: Any) -> str:
    """What a shell is told: the script of `bash -lc`, else the words; empty for another kind of call."""
    place = mapping(parsed(action)) if isinstance(action, str) else mapping(action)
    words = place.get("command", place.get("commands", place.get("cmd")))
    if isinstance(words, str):
        words = [words]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not words:
        return ""
    rest = place.keys() - {"type", "command", "commands", "cmd", "timeout_ms", "workdir", "env", "user"}
    if any(place[key] for key in rest - {"working_directory", "max_output_length", "timeout"}):
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
    """What came back from a call: Codex wraps a command's output with its exit code, some lists chunks."""
    value = mapping(parsed(given)) if isinstance(given, str) else mapping(given)
    channel: Channel = "error" if value.get("success") is False else "result"
    if isinstance(given, dict) and "content" in value:
        return [(channel, content(value["content"]))]
    if not isinstance(value.get("output"), str) or not value.keys() <= {
        "output",
        "metadata",
        "exit_code",
        "type",
    }:
        return [(channel, content(given))] if given else []
    found: list[tuple[Channel, str]] = [(channel, string(value["output"]))]
    code = mapping(value.get("metadata")).get("exit_code", value.get("exit_code"))
    if code:
        found.append((channel, f"[exit code {shown(code)}]"))
    return found
