"""NexAU's tracer: a tree of spans in which each model call repeats the conversation so far.

Read are the in-memory dump (a list of root spans), flat lists of spans or observations, and the cleaned
form that AHE's runs keep.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ahe.debug.readers import chat, responses
from ahe.debug.readers.blocks import reasoning, texts
from ahe.debug.readers.build import Draft
from ahe.debug.readers.trace import Channel, Step, Text
from ahe.debug.readers.values import call, content, listing, mapping, mappings, number, shown, string

_ASIDE = ("SUB_AGENT", "COMPACTION")


def document(value: Any, draft: Draft) -> None:
    """A dump of the tracer in any of its forms."""
    top = mapping(value)
    draft.claim(value)
    if "spans" in top or "observations" in top or isinstance(value, list):
        tree = _Tree(draft)
        spans = value if isinstance(value, list) else top.get("spans") or top.get("observations")
        for span in _ordered(mappings(spans)):
            tree.walk(span, aside=False)
        tree.leave()
    else:
        _cleaned(top, draft)


def _ordered(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By time where all have one of a kind, else as they stand."""
    times = [span.get("start_time", span.get("startTime")) for span in spans]
    if all(isinstance(time, int | float) for time in times):
        return [spans[index] for index in sorted(range(len(spans)), key=lambda index: number(times[index]))]
    if all(isinstance(time, str) for time in times):
        return [spans[index] for index in sorted(range(len(spans)), key=lambda index: string(times[index]))]
    return spans


class _Tree:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.said: Counter[tuple[Any, ...]] = Counter()
        self.tools: dict[str, dict[str, Any]] = {}  # tool spans of which no model has seen the result yet
        self.failed: set[str] = set()

    def walk(self, span: dict[str, Any], aside: bool) -> None:
        kind = (string(span.get("type")) or string(span.get("span_type"))).upper()
        given = span.get("inputs", span.get("input"))
        gave = span.get("outputs", span.get("output"))
        inner = aside or kind in _ASIDE
        if _asked(given) is not None:
            self._model(mapping(given) or {"messages": given}, gave, span, inner)
        elif kind == "TOOL" or string(span.get("name")).lower().startswith("tool"):
            self.tools[string(mapping(given).get("tool_call_id")) or f"span {string(span.get('id'))}"] = span
        elif kind == "COMPACTION":
            self.draft.say("system", "injected", shown(gave), span.get("start_time", ""), "compaction")
        for child in _ordered(mappings(span.get("children"))):
            self.walk(child, inner)
        if kind in ("AGENT", "SUB_AGENT"):
            self._error(span, kind == "AGENT")

    def _error(self, span: dict[str, Any], root: bool) -> None:
        text = shown(span.get("error"))
        if text and text not in self.failed:
            self.failed.add(text)
            self.draft.say("environment", "error", text, span.get("end_time", ""), string(span.get("name")))
            self.draft.ended = "error" if root else self.draft.ended

    def _model(self, given: dict[str, Any], gave: Any, span: dict[str, Any], aside: bool) -> None:
        side = Draft(self.draft.where, names=self.draft.names)
        system = content(given.get("system")) or content(given.get("instructions"))
        side.say("system", "message", system)
        for each in listing(_asked(given)):
            _either(each, side)
        seen: Counter[tuple[Any, ...]] = Counter()
        shown_ids = {
            string(mapping(each).get("tool_call_id")) or string(mapping(each).get("call_id"))
            for each in listing(_asked(given))
        }
        for step in side.steps:
            key = _key(step)
            seen[key] += 1
            if len(key) == 1 and step.source != "agent":
                continue  # a message of which nothing is left
            if seen[key] > self.said[key]:
                self._emit(step, aside, span)
        self._seen(shown_ids)
        reply = Draft(self.draft.where, names=self.draft.names)
        _reply(gave, reply)
        for step in reply.steps:
            self._emit(step, aside, span, reply=True)
        usage = mapping(mapping(gave).get("usage"))
        self.draft.tokens += int(number(usage.get("total_tokens")))
        self._error(span, False)

    def _seen(self, ids: set[str]) -> None:
        """Results that the model was shown are said; of their spans only an error is news."""
        for key in [key for key in self.tools if key in ids]:
            self._error(self.tools.pop(key), False)

    def _emit(self, step: Step, aside: bool, span: dict[str, Any], reply: bool = False) -> None:
        self.said[_key(step)] += 1
        found = list(step.texts)
        if step.source == "user" and self.draft.acted and not reply:
            found = [Text("injected", text.text) if text.channel == "message" else text for text in found]
        time = span.get("end_time" if reply else "start_time", span.get("startTime", ""))
        self.draft.add("environment" if aside else step.source, found, time)

    def leave(self) -> None:
        """Results that no model call came to see."""
        for span in self.tools.values():
            name = string(span.get("name")).removeprefix("Tool:").strip()
            gave = span.get("outputs", span.get("output"))
            result = mapping(gave).get("result", gave)
            failed: Channel = "error" if mapping(result).get("status") == "error" else "result"
            self.draft.say("environment", failed, shown(result), span.get("end_time", ""), name)
            self._error(span, False)


def _key(step: Step) -> tuple[Any, ...]:
    """What makes two messages the same one; what was thought is not always sent back."""
    return (
        step.source,
        *(text.text.strip() for text in step.texts if text.channel != "reasoning" and text.text.strip()),
    )


def _asked(given: Any) -> Any:
    """The conversation that a model call was given, else None."""
    if isinstance(given, list) and any("role" in each or "type" in each for each in mappings(given)):
        return given
    place = mapping(given)
    return next(
        (place[key] for key in ("messages", "input", "contents") if isinstance(place.get(key), list)), None
    )


def _either(value: Any, draft: Draft) -> None:
    """A message of a chat, or an item of the Responses API."""
    place = mapping(value)
    if place.get("type") == "message" or ("role" not in place and string(place.get("type"))):
        responses.item(value, draft)
    else:
        chat.message(value, draft)


def _reply(gave: Any, draft: Draft) -> None:
    """What a model call gave: a completion, a response, a message, or several."""
    place = mapping(gave)
    listed = gave if isinstance(gave, list) else place.get("messages") or place.get("output")
    if isinstance(listed, list):
        for each in listed:
            _either(each, draft)
    elif mappings(place.get("choices")):
        for choice in mappings(place["choices"]):
            chat.message(mapping(choice.get("message")) | {"role": "assistant"}, draft)
    elif "content" in place or "tool_calls" in place:
        chat.message({**place, "role": "assistant"}, draft)
    else:
        draft.say("agent", "message", shown(place.get("result", gave)))


def _cleaned(top: dict[str, Any], draft: Draft) -> None:
    """Turns with their tools' inputs and outputs in them."""
    turns = mappings(top.get("messages"))
    roles = {string(turn.get("role")) for turn in turns}
    if "system" not in roles:
        draft.say("system", "message", content(top.get("system_prompt")))
    if "user" not in roles:
        draft.say("user", "message", content(top.get("user_message")) or content(_request(top.get("input"))))
    for turn in turns:
        if string(turn.get("role")) not in ("assistant", "agent"):
            chat.message(turn, draft)
            continue
        tools = mappings(turn.get("tool_calls"))
        said = [*reasoning(turn), *texts(turn.get("content"), draft)]
        said += [Text("call", call(_parameters(tool)), _name(tool)) for tool in tools]
        draft.add("agent", said or [Text("message", "")], turn.get("startTime", ""))
        for tool in tools:
            output = tool.get("output")
            text = shown(mapping(output).get("result", output) if output else "")
            draft.add("environment", [Text("result", text, _name(tool))], tool.get("endTime", ""))
    draft.say("environment", "error", shown(top.get("extract_error")))
    for agent in mappings(top.get("subagents")):
        side = Draft(draft.where)
        _cleaned({"messages": agent.get("messages")}, side)
        draft.say("environment", "injected", f"[sub-agent {string(agent.get('name'))}]", "", "sub-agent")
        for step in side.steps:
            draft.add("environment", step.texts, step.time)


def _request(value: Any) -> Any:
    place = mapping(value)
    return next((place[key] for key in ("message", "user_message", "query", "input") if key in place), value)


def _parameters(tool: dict[str, Any]) -> Any:
    given = tool.get("input")
    return mapping(given).get("parameters", given)


def _name(tool: dict[str, Any]) -> str:
    return string(tool.get("name")).removeprefix("Tool:").strip()
