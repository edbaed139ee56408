"""Harbor's Agent Trajectory Interchange Format, 1.0 to 1.8, read leniently. A step of the file is a step."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers.draft import Draft, reasoning
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
from ahe.debug.readers.trace import StepSource, Text

_SOURCES: dict[str, StepSource] = {
    "system": "system",
    "user": "user",
    "agent": "agent",
    "assistant": "agent",
    "environment": "environment",
}


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a trajectory."""
    version = string(mapping(value).get("schema_version"))
    steps = mappings(mapping(value).get("steps"))
    return not line and (version.startswith("ATIF") or any("source" in each for each in steps[:3]))


def parse(content: Content, draft: Draft) -> None:
    """A trajectory; the steps of its sub-agents follow as steps of the environment."""
    _trajectory(content.value, draft, content.subagent)


def _trajectory(value: Any, draft: Draft, subagent: bool) -> None:
    top = mapping(value)
    draft.read_metadata(value)
    name = string(inner(top, "agent").get("name"))
    if subagent:
        draft.add_text("environment", "injected", f"[sub-agent {name}]", "", "sub-agent")
    given = top.get("steps")
    if given is not None and not isinstance(given, list):
        draft.add_damage(f"the steps are not a list but {type(given).__name__}")
        given = [given]
    for each in listing(given):
        _step(each, draft, subagent, own=name == "ahe")
    if not subagent:
        metrics = inner(top, "final_metrics")
        draft.tokens = total(metrics, "total_prompt_tokens", "total_completion_tokens")
        draft.ended = draft.ended or string(inner(top, "extra").get("ended"))
    for each in mappings(top.get("subagent_trajectories")):
        _trajectory(each, draft, subagent=True)


def _step(value: Any, draft: Draft, subagent: bool, own: bool) -> None:
    """One step. If `ahe` itself recorded it (`own`), a user's message after the agent's first turn was injected."""
    if not isinstance(value, dict):
        draft.add_damage(f"step {draft.count + 1} is not a record but {type(value).__name__}")
        draft.add("environment", [Text("message", as_text(value))])
        return
    said = string(value.get("source"))
    source = _SOURCES.get(said, "agent" if value.get("tool_calls") else "environment")
    host = (
        value.get("model_name") == "<synthetic>"
    )  # words of Claude Code itself, as if the model had said them
    later = own and source in ("user", "system") and draft.agent_acted
    copied = value.get("is_copied_context") is True
    calls = value.get("tool_calls")
    found = [
        *reasoning(value),
        *draft.content(
            value.get("message"), "injected" if later or copied else "error" if host else "message"
        ),
        *(_call(each, draft) for each in (calls if isinstance(calls, list) else [calls] if calls else [])),
        *_results(value.get("observation"), draft),
    ]
    tokens = total(inner(value, "metrics"), "completion_tokens")
    draft.add_message("environment" if subagent else source, found, value.get("timestamp", ""), tokens)


def _call(value: Any, draft: Draft) -> Text:
    one = mapping(value)
    name = string(one.get("function_name")) or string(one.get("name"))
    return draft.call(one.get("tool_call_id"), name, one.get("arguments") if one else as_text(value))


def _results(value: Any, draft: Draft) -> list[Text]:
    if isinstance(value, str | list):
        return [draft.result("", content_text(value))]
    found = []
    for each in listing(mapping(value).get("results")):
        one = mapping(each)
        extra = inner(one, "extra")
        failed = True if extra.get("is_error") is True or extra.get("success") is False else None
        code = next((extra[key] for key in ("exit_code", "returncode") if key in extra), None)
        text = content_text(one.get("content")) if one else as_text(each)
        text = text or as_text(listing(one.get("subagent_trajectory_ref")) or None)
        found.append(draft.result(one.get("source_call_id"), text, code=code, failed=failed))
    return found
