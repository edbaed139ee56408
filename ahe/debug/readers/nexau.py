"""NexAU's tracer: a tree of spans in which each model call repeats the conversation so far.

Known forms: the in-memory dump (a list of root spans), a flat list of spans or observations, and the cleaned form that
AHE's runs keep.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ahe.debug.readers import chat, responses
from ahe.debug.readers.draft import Draft, injected
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import (
    as_text,
    content_text,
    inner,
    listing,
    mapping,
    mappings,
    string,
    total,
)
from ahe.debug.readers.trace import Step

_SUB_AGENTS = ("SUB_AGENT", "COMPACTION")
"""Types of spans whose steps are not the agent's own."""
_ASKED = ("messages", "input", "contents")
_REQUEST = ("message", "user_message", "query", "input")


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a dump of the tracer in any of its forms."""
    top, spans = mapping(value), mappings(value)[:5]
    if line or any("children" in each and ("inputs" in each or "span_type" in each) for each in spans):
        return not line
    if "observation_count" in top or "generation_count" in top or mappings(top.get("spans")):
        return True
    return any("input" in each or "inputs" in each for each in mappings(top.get("observations"))[:3])


def parse(content: Content, draft: Draft) -> None:
    """A dump of the tracer in any of its forms."""
    top = mapping(content.value)
    draft.read_metadata(content.value)
    spans = listing(content.value) or top.get("spans") or top.get("observations")
    if spans is None:
        _cleaned(top, draft)
        return
    tree = _Tree(draft)
    for span in _ordered(mappings(spans)):
        tree.walk(span, side=False)
    tree.close()


def _ordered(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The spans by start time if all have one of the same type, else in the given order."""
    times = [span.get("start_time", span.get("startTime")) for span in spans]
    if not any(all(isinstance(time, kind) for time in times) for kind in (int | float, str)):
        return spans
    return [
        span
        for _, _, span in sorted(zip(times, range(len(spans)), spans, strict=True), key=lambda it: it[:2])
    ]


class _Tree:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.said: Counter[tuple[Any, ...]] = Counter()
        self.tools: dict[str, dict[str, Any]] = {}  # tool spans whose result no model call has received yet
        self.failed: set[str] = set()

    def walk(self, span: dict[str, Any], side: bool) -> None:
        kind = (string(span.get("type")) or string(span.get("span_type"))).upper()
        given, gave = span.get("inputs", span.get("input")), span.get("outputs", span.get("output"))
        side = side or kind in _SUB_AGENTS
        if (asked := _asked(given)) is not None:
            self._model(asked, mapping(given), gave, span, side)
        elif kind == "TOOL" or string(span.get("name")).lower().startswith("tool"):
            self.tools[string(mapping(given).get("tool_call_id")) or f"span {string(span.get('id'))}"] = span
        elif kind == "COMPACTION":
            self.draft.add_text("system", "injected", as_text(gave), span.get("start_time", ""), "compaction")
        for child in _ordered(mappings(span.get("children"))):
            self.walk(child, side)
        if kind in ("AGENT", "SUB_AGENT"):
            self._error(span, kind == "AGENT")

    def _error(self, span: dict[str, Any], root: bool = False) -> None:
        text = as_text(span.get("error"))
        if text and text not in self.failed:
            self.failed.add(text)
            time, name = span.get("end_time", ""), string(span.get("name"))
            self.draft.add_text("environment", "error", text, time, name)
            self.draft.ended = "error" if root else self.draft.ended

    def _model(
        self, asked: list[Any], given: dict[str, Any], gave: Any, span: dict[str, Any], side: bool
    ) -> None:
        """A model call: what of its conversation was not there before, then its reply."""
        parts = [Draft(self.draft.where, names=self.draft.names, calls=self.draft.calls) for _ in range(2)]
        system = content_text(given.get("system")) or content_text(given.get("instructions"))
        parts[0].add_text("system", "message", system)
        for each in asked:
            _either(each, parts[0])
        seen: Counter[tuple[Any, ...]] = Counter()
        for step in parts[0].steps:
            key = _key(step)
            seen[key] += 1
            if seen[key] > self.said[key] and (len(key) > 1 or step.source == "agent"):
                self._emit(step, side, span)
        ids = [string(mapping(each).get(key)) for each in asked for key in ("tool_call_id", "call_id")]
        for id in filter(
            self.tools.__contains__, ids
        ):  # its result is in the conversation: only an error is new
            self._error(self.tools.pop(id))
        _reply(gave, parts[1])
        for step in parts[1].steps:
            self._emit(step, side, span, reply=True)
        self.draft.tokens += total(inner(gave, "usage"), "total_tokens")
        self._error(span)

    def _emit(self, step: Step, side: bool, span: dict[str, Any], reply: bool = False) -> None:
        self.said[_key(step)] += 1
        later = step.source == "user" and self.draft.agent_acted and not reply
        time = span.get("end_time" if reply else "start_time", span.get("startTime", ""))
        found = injected(step.texts) if later else step.texts
        self.draft.add("environment" if side else step.source, found, time)

    def close(self) -> None:
        """Add the results that no model call received."""
        for span in self.tools.values():
            gave = span.get("outputs", span.get("output"))
            result = mapping(gave).get("result", gave)
            if text := as_text(result):
                failed = mapping(result).get("status") == "error" or None
                said = self.draft.result("", text, _name(span), failed=failed)
                self.draft.add("environment", [said], span.get("end_time", ""))
            self._error(span)


def _key(step: Step) -> tuple[Any, ...]:
    """The identity of a repeated message; without reasoning, which is not always sent back."""
    said = (text.text.strip() for text in step.texts if text.channel != "reasoning")
    return (step.source, *filter(None, said))


def _asked(given: Any) -> list[Any] | None:
    """The conversation in the input of a model call, else None."""
    if isinstance(given, list) and any("role" in each or "type" in each for each in mappings(given)):
        return given
    place = mapping(given)
    return next((place[key] for key in _ASKED if isinstance(place.get(key), list)), None)


def _either(value: Any, draft: Draft) -> None:
    """Add a chat message or an item of the Responses API."""
    place = mapping(value)
    item = place.get("type") == "message" or ("role" not in place and string(place.get("type")))
    (responses.item if item else chat.message)(value, draft)


def _reply(gave: Any, draft: Draft) -> None:
    """Add the output of a model call: a completion, a response, a message, or several."""
    place = mapping(gave)
    listed = gave if isinstance(gave, list) else place.get("messages") or place.get("output")
    if isinstance(listed, list):
        for each in listed:
            _either(each, draft)
    elif choices := [mapping(each.get("message")) for each in mappings(place.get("choices"))]:
        for each in choices:
            chat.message(each | {"role": "assistant"}, draft)
    elif "content" in place or "tool_calls" in place:
        chat.message({**place, "role": "assistant"}, draft)
    else:
        draft.add_text("agent", "message", as_text(place.get("result", gave)))


def _cleaned(top: dict[str, Any], draft: Draft) -> None:
    """The cleaned form: turns that contain the inputs and outputs of their tools."""
    turns = mappings(top.get("messages"))
    roles = {string(turn.get("role")) for turn in turns}
    given = mapping(top.get("input"))
    asked = content_text(next((given[key] for key in _REQUEST if key in given), None))
    if "system" not in roles:
        draft.add_text("system", "message", content_text(top.get("system_prompt")))
    if "user" not in roles:
        draft.add_text("user", "message", content_text(top.get("user_message")) or asked)
    for turn in turns:
        calls, gave = [], []
        for at, tool in enumerate(mappings(turn.get("tool_calls"))):
            key, said = f"{draft.count}.{at}", tool.get("output")
            arguments = mapping(tool.get("input")).get("parameters", tool.get("input"))
            calls.append({"id": key, "function": {"name": _name(tool), "arguments": arguments}})
            text = as_text(mapping(said).get("result", said) if said else "")
            gave.append(
                {"role": "tool", "tool_call_id": key, "content": text, "timestamp": tool.get("endTime", "")}
            )
        for each in ({**turn, "tool_calls": calls, "timestamp": turn.get("startTime", "")}, *gave):
            chat.message(each, draft)
    draft.add_text("environment", "error", as_text(top.get("extract_error")))
    for agent in mappings(top.get("subagents")):
        own = Draft(draft.where)
        _cleaned({"messages": agent.get("messages")}, own)
        draft.add_text("environment", "injected", f"[sub-agent {string(agent.get('name'))}]", "", "sub-agent")
        for step in own.steps:
            draft.add("environment", step.texts, step.time)


def _name(tool: dict[str, Any]) -> str:
    return string(tool.get("name")).removeprefix("Tool:").strip()
