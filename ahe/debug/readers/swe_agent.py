"""SWE-agent's `.traj` files, and mini-SWE-agent's conversations."""

import itertools
from dataclasses import replace
from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.trace import Text


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is the document of a `.traj` file."""
    turns = j.mappings(j.mapping(value).get("trajectory"))
    return not line and any("action" in each or "query" in each for each in turns[:3])


def parse(value: Any, draft: Draft) -> None:
    """The messages up to the agent's first turn (`history`), then each turn with its result (`trajectory`)."""
    top = j.mapping(value)
    draft.read_metadata(value)
    turns = j.listing(top.get("trajectory"))
    history = j.mappings(top.get("history")) or j.mappings(j.first(turns[0] if turns else None, ["query"]))
    opening = itertools.takewhile(
        lambda each: each.get("role") != "assistant" or each.get("is_demo"), history
    )
    for each in opening:
        chat.message(each, draft)
    for turn in draft.records(turns, "a turn"):
        thought, said, action = (j.text(turn, key) for key in ("thought", "response", "action"))
        found = [Text("message", said or thought)] if said or thought else []
        if thought and thought.strip() not in said:
            found.insert(0, Text("reasoning", thought))
        if action.strip():
            found.append(draft.call("", "shell", {"command": action}))
        draft.add("agent", found)
        draft.add("environment", [draft.result("", j.as_text(turn.get("observation")), "shell")])
    if "exit_" in draft.ended and turns and not j.text(turns[-1], "action").strip():
        # the turn that SWE-agent itself adds where it stops with an error
        draft.add_text("environment", "error", j.text(turns[-1], "response", "thought"), "", "swe-agent")
    draft.tokens = j.total(j.inner(top, "info", "model_stats"), "tokens_sent", "tokens_received")


def sniff_mini(value: Any, line: bool) -> bool:
    """Whether the value is a trajectory of mini-SWE-agent."""
    form = j.text(value, "trajectory_format")
    return not line and ("mini_version" in j.inner(value, "info") or form.startswith("mini-swe-agent"))


def parse_mini(value: Any, draft: Draft) -> None:
    """A conversation in which every user message after the first is the output of a command."""
    info = j.inner(value, "info")
    chat.parse(value, draft, _mini_message if "mini_version" in info else chat.message)
    last = draft.last[-1] if draft.last else None
    if last and draft.ended and draft.ended in last.text and last.text != draft.ended:
        draft.last[-1] = replace(last, channel="error", failed=True)


def _mini_message(value: dict[str, Any], draft: Draft) -> None:
    """One message. If it has no calls, its commands are those that the trace lists for it."""
    role = chat.role(value)
    if role == "user" and draft.first_request[0] >= 0:
        chat.result({**value, "name": "bash"}, draft)
        return
    chat.message(value, draft)
    if role == "agent" and not any(text.channel == "call" for text in draft.last):
        actions = j.mappings(j.inner(value, "extra").get("actions"))
        commands = filter(None, (j.text(each, "command") for each in actions))
        draft.join("agent", [draft.call("", "bash", {"command": command}) for command in commands])
