"""Harbor's Agent Trajectory Interchange Format, 1.0 to 1.8, read leniently. A step of the file is a step."""

from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, reasoning
from ahe.debug.readers.trace import Channel, Text


def sniff(value: Any, line: bool) -> bool:
    version, steps = j.text(value, "schema_version"), j.mappings(j.mapping(value).get("steps"))
    return not line and (version.startswith("ATIF") or any("source" in each for each in steps[:3]))


def parse(value: Any, draft: Draft) -> None:
    """A trajectory; the steps of its sub-agents follow as steps of the environment."""
    top, subagent = j.mapping(value), draft.subagent
    draft.read_metadata(top)
    name = j.text(top.get("agent"), "name")
    if subagent:
        draft.add_text("environment", "injected", f"[sub-agent {name}]", "", "sub-agent")
    given = top.get("steps")
    if given is not None and not isinstance(given, list):
        draft.add_damage(f"the steps are not a list but {type(given).__name__}")
        given = [given]
    for each in draft.records(j.listing(given), "a step"):
        _step(each, draft, subagent, own=name == "ahe")
    if not subagent:
        draft.tools = j.mapping(top.get("agent")).get("tool_definitions") != []
        draft.tokens = j.total(top.get("final_metrics"), "total_prompt_tokens", "total_completion_tokens")
        draft.ended = draft.ended or j.text(top.get("extra"), "ended")
    for each in j.mappings(top.get("subagent_trajectories")):
        draft.subagent = True
        parse(each, draft)


def _step(value: dict[str, Any], draft: Draft, subagent: bool, own: bool) -> None:
    """One step. If `ahe` itself recorded it (`own`), a user's message after the agent's first turn was injected."""
    source = chat.ROLES.get(j.text(value, "source"), "agent" if value.get("tool_calls") else "environment")
    later = own and source in ("user", "system") and draft.agent_acted
    channel: Channel = "message"
    if later or value.get("is_copied_context") is True:
        channel = "injected"
    elif value.get("model_name") == "<synthetic>":  # words of Claude Code, as if the model had said them
        channel = "error"
    found = [*reasoning(value), *draft.content(value.get("message"), channel)]
    calls = value.get("tool_calls")
    for each in calls if isinstance(calls, list) else [calls] if calls else []:
        given = each.get("arguments") if isinstance(each, dict) else j.as_text(each)
        name = j.text(each, "function_name", "name")
        found.append(draft.call(j.text(each, "tool_call_id"), name, given))
    found += _results(value.get("observation"), draft)
    draft.add("environment" if subagent else source, found, value.get("timestamp", ""))


def _results(value: Any, draft: Draft) -> list[Text]:
    if isinstance(value, str | list):
        return [draft.result("", j.content_text(value))]
    found = []
    for each in j.listing(j.mapping(value).get("results")):
        one = j.mapping(each)
        extra = j.inner(one, "extra")
        failed = True if extra.get("is_error") is True or extra.get("success") is False else None
        text = j.content_text(one.get("content")) if one else j.as_text(each)
        text = text or j.as_text(j.listing(one.get("subagent_trajectory_ref")) or None)
        code = j.first(extra, ("exit_code", "returncode"))
        found.append(draft.result(one.get("source_call_id"), text, code=code, failed=failed))
    return found
