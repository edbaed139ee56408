"""NexAU's tracer: a tree of spans in which each model call repeats the conversation so far.

Known forms: the in-memory dump (a list of root spans), a flat list of spans or observations, and the cleaned form that
AHE's runs keep.
"""

from typing import Any

from ahe.debug.readers import chat, responses
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, injected
from ahe.debug.readers.trace import Step

_ASKED = ("messages", "input", "contents")
_REQUEST = ("message", "user_message", "query", "input")


def sniff(value: Any, line: bool) -> bool:
    top, spans = j.mapping(value), j.mappings(value)[:5]
    if line or any("children" in each and ("inputs" in each or "span_type" in each) for each in spans):
        return not line
    if "observation_count" in top or "generation_count" in top or j.mappings(top.get("spans")):
        return True
    return any("input" in each or "inputs" in each for each in j.mappings(top.get("observations"))[:3])


def parse(value: Any, draft: Draft) -> None:
    """A dump of the tracer in any of its forms."""
    top = j.mapping(value)
    draft.read_metadata(value)
    spans = j.listing(value) or top.get("spans") or top.get("observations")
    if spans is None:
        _cleaned(top, draft)
        return
    tree = _Tree(draft)
    tree.walk(j.mappings(spans))
    tree.close()


class _Tree:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.asked: list[Any] = []  # the conversation of the last model call
        self.said: set[tuple[str, ...]] = set()
        self.tools: dict[str, dict[str, Any]] = {}  # tool spans whose result no model call has received yet
        self.failed: set[str] = set()

    def walk(self, spans: list[dict[str, Any]]) -> None:
        """Take the spans in order, without what happened inside of sub-agents."""
        for span in _ordered(spans):
            kind, given = j.text(span, "type", "span_type").upper(), span.get("inputs", span.get("input"))
            if kind == "COMPACTION":
                text, time = j.as_text(_output(span)), span.get("start_time", "")
                self.draft.add_text("system", "injected", text, time, "compaction")
                continue
            if kind != "SUB_AGENT":
                if (asked := _asked(given)) is not None:
                    self._model(asked, j.mapping(given), span)
                elif kind == "TOOL" or j.text(span, "name").lower().startswith("tool"):
                    self.tools[j.text(given, "tool_call_id") or f"span {j.text(span, 'id')}"] = span
                self.walk(j.mappings(span.get("children")))
            if kind in ("AGENT", "SUB_AGENT"):
                self._error(span, kind == "AGENT")

    def _model(self, asked: list[Any], given: dict[str, Any], span: dict[str, Any]) -> None:
        """A model call: what of its conversation was not there before, then its reply."""
        before, self.asked = self.asked, asked
        follows = 0 < len(before) <= len(asked) and before[:2] == asked[: len(before)][:2]
        told, replied = (Draft(self.draft.where, names=self.draft.names) for _ in range(2))
        told.add_text("system", "message", j.content_text(given.get("system") or given.get("instructions")))
        for each in j.mappings(asked[len(before) :] if follows else asked):
            _either(each, told)
        for step in told.steps:
            if _key(step) not in self.said or (follows and step.source in ("user", "environment")):
                later = step.source == "user" and self.draft.agent_acted
                texts = injected(step.texts) if later else step.texts
                self.draft.add(step.source, texts, span.get("start_time", span.get("startTime", "")))
        for id in (j.text(each, "tool_call_id", "call_id") for each in asked):
            self._error(self.tools.pop(id, {}))  # its result is in the conversation: only an error is new
        _reply(_output(span), replied)
        for step in replied.steps:
            self.draft.add(step.source, step.texts, span.get("end_time", ""))
        self.said.update(_key(step) for step in (*told.steps, *replied.steps))
        self.draft.tokens += j.total(j.inner(_output(span), "usage"), "total_tokens")
        self._error(span)

    def _error(self, span: dict[str, Any], root: bool = False) -> None:
        text = j.as_text(span.get("error"))
        if text and text not in self.failed:
            self.failed.add(text)
            time, name = span.get("end_time", ""), j.text(span, "name")
            self.draft.add_text("environment", "error", text, time, name)
            self.draft.ended = "error" if root else self.draft.ended

    def close(self) -> None:
        """Add the results that no model call received."""
        for span in self.tools.values():
            result = j.mapping(_output(span)).get("result", _output(span))
            if text := j.as_text(result):
                failed = j.mapping(result).get("status") == "error" or None
                said = self.draft.result("", text, _name(span), failed=failed)
                self.draft.add("environment", [said], span.get("end_time", ""))
            self._error(span)


def _ordered(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The spans by start time if all have one of the same type, else in the given order."""
    times: list[Any] = [span.get("start_time", span.get("startTime")) for span in spans]
    if not any(all(isinstance(time, kind) for time in times) for kind in (int | float, str)):
        return spans
    return [spans[at] for at in sorted(range(len(spans)), key=lambda at: times[at])]


def _output(span: dict[str, Any]) -> Any:
    return span.get("outputs", span.get("output"))


def _key(step: Step) -> tuple[str, ...]:
    """The identity of a repeated message; without reasoning, which is not always sent back."""
    said = (text.text.strip() for text in step.texts if text.channel != "reasoning")
    return (step.source, *filter(None, said))


def _asked(given: Any) -> list[Any] | None:
    """The conversation in the input of a model call, else None."""
    if isinstance(given, list) and any("role" in each or "type" in each for each in j.mappings(given)):
        return given
    return next((each for key in _ASKED if isinstance(each := j.mapping(given).get(key), list)), None)


def _either(value: dict[str, Any], draft: Draft) -> None:
    """Add a chat message or an item of the Responses API."""
    item = value.get("type") == "message" or ("role" not in value and j.text(value, "type"))
    (responses.item if item else chat.message)(value, draft)


def _reply(gave: Any, draft: Draft) -> None:
    """Add the output of a model call: a completion, a response, a message, or several."""
    place = j.mapping(gave)
    listed = gave if isinstance(gave, list) else place.get("messages") or place.get("output")
    if isinstance(listed, list):
        for each in j.mappings(listed):
            _either(each, draft)
    elif choices := [j.mapping(each.get("message")) for each in j.mappings(place.get("choices"))]:
        for each in choices:
            chat.message(each | {"role": "assistant"}, draft)
    elif "content" in place or "tool_calls" in place:
        chat.message({**place, "role": "assistant"}, draft)
    else:
        draft.add_text("agent", "message", j.as_text(place.get("result", gave)))


def _cleaned(top: dict[str, Any], draft: Draft) -> None:
    """The cleaned form: turns that contain the inputs and outputs of their tools."""
    turns = j.mappings(top.get("messages"))
    roles = {j.text(turn, "role") for turn in turns}
    if "system" not in roles:
        draft.add_text("system", "message", j.content_text(top.get("system_prompt")))
    if "user" not in roles:
        asked = j.content_text(top.get("user_message")) or j.content_text(j.first(top.get("input"), _REQUEST))
        draft.add_text("user", "message", asked)
    for turn in turns:
        calls, gave = [], []
        for at, tool in enumerate(j.mappings(turn.get("tool_calls"))):
            key, said = f"{draft.count}.{at}", tool.get("output")
            arguments = j.mapping(tool.get("input")).get("parameters", tool.get("input"))
            calls.append({"id": key, "function": {"name": _name(tool), "arguments": arguments}})
            text, time = (
                j.as_text(j.mapping(said).get("result", said) if said else ""),
                tool.get("endTime", ""),
            )
            gave.append({"role": "tool", "tool_call_id": key, "content": text, "timestamp": time})
        for each in ({**turn, "tool_calls": calls, "timestamp": turn.get("startTime", "")}, *gave):
            chat.message(each, draft)
    draft.add_text("environment", "error", j.as_text(top.get("extract_error")))
    for agent in j.mappings(top.get("subagents")):
        own = Draft(draft.where)
        _cleaned({"messages": agent.get("messages")}, own)
        draft.add_text("environment", "injected", f"[sub-agent {j.text(agent, 'name')}]", "", "sub-agent")
        for step in own.steps:
            draft.add("environment", step.texts, step.time)


def _name(tool: dict[str, Any]) -> str:
    return j.text(tool, "name").removeprefix("Tool:").strip()
