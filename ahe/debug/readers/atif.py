"""Harbor's Agent Trajectory Interchange Format, 1.0 to 1.8, read leniently. A step of the file is a step."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.blocks import reasoning, texts
from ahe.debug.readers.build import Draft, Source
from ahe.debug.readers.trace import Text
from ahe.debug.readers.values import call, content, listing, mapping, mappings, number, shown, string

_SOURCES: dict[str, Source] = {
    "system": "system",
    "user": "user",
    "agent": "agent",
    "assistant": "agent",
    "environment": "environment",
}


def document(value: Any, draft: Draft, aside: bool = False) -> None:
    """A trajectory; sub-agents' steps follow it as the environment's doing, as all do with `aside`."""
    top = mapping(value)
    draft.claim(value)
    agent = mapping(top.get("agent"))
    ours = agent.get("name") == "ahe"
    if aside:
        draft.say("environment", "injected", f"[sub-agent {string(agent.get('name'))}]", "", "sub-agent")
    given = top.get("steps")
    if given is not None and not isinstance(given, list):
        draft.wrong(f"the steps are no list but {type(given).__name__}")
        given = [given]
    for each in listing(given):
        _step(each, draft, aside, ours)
    if not aside:
        metrics = mapping(top.get("final_metrics"))
        draft.tokens = sum(
            int(number(metrics.get(key))) for key in ("total_prompt_tokens", "total_completion_tokens")
        )
        draft.ended = draft.ended or string(mapping(top.get("extra")).get("ended"))
    for each in mappings(top.get("subagent_trajectories")):
        document(each, draft, aside=True)


def _step(value: Any, draft: Draft, aside: bool, ours: bool) -> None:
    if not isinstance(value, dict):
        draft.wrong(f"step {draft.count + 1} is no record but {type(value).__name__}")
        draft.add("environment", [Text("message", shown(value))])
        return
    said = string(value.get("source"))
    source = _SOURCES.get(said, "agent" if value.get("tool_calls") else "environment")
    later = ours and source in ("user", "system") and draft.acted  # then the harness put it there
    copied = value.get("is_copied_context") is True
    found = [
        *reasoning(value),
        *texts(value.get("message"), draft, "injected" if later or copied else "message"),
        *_calls(value.get("tool_calls"), draft),
        *_results(value.get("observation"), draft),
    ]
    draft.add("environment" if aside else source, found or [Text("message", "")], value.get("timestamp", ""))


def _calls(value: Any, draft: Draft) -> list[Text]:
    found = []
    many = value if isinstance(value, list) else [value] if value else []
    for each in many:
        one = mapping(each)
        name = string(one.get("function_name")) or string(one.get("name"))
        draft.names[string(one.get("tool_call_id"))] = name
        found.append(Text("call", call(one.get("arguments")) if one else shown(each), name))
    return found


def _results(value: Any, draft: Draft) -> list[Text]:
    if isinstance(value, str | list):
        return [Text("result", content(value))]
    found = []
    for each in listing(mapping(value).get("results")):
        one = mapping(each)
        extra = mapping(one.get("extra"))
        failed = extra.get("is_error") is True or extra.get("success") is False
        name = draft.names.get(string(one.get("source_call_id")), "")
        text = content(one.get("content")) if one else shown(each)
        found.append(Text("error" if failed else "result", text, name))
        references = listing(one.get("subagent_trajectory_ref"))
        if references and not text:
            found[-1] = Text("result", shown(references), name)
    return found
