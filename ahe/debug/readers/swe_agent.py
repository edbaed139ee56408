"""SWE-agent's `.traj` files, and mini-SWE-agent's conversations."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import as_text, inner, listing, mapping, mappings, string, total
from ahe.debug.readers.trace import Text


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is the document of a `.traj` file."""
    turns = mappings(mapping(value).get("trajectory"))
    return not line and any("action" in each or "query" in each for each in turns[:3])


def parse(content: Content, draft: Draft) -> None:
    """The messages up to the agent's first turn (`history`), then each turn with its result (`trajectory`)."""
    top = mapping(content.value)
    draft.read_metadata(content.value)
    turns = listing(top.get("trajectory"))
    history = mappings(top.get("history")) or mappings(mapping(turns[0] if turns else None).get("query"))
    opening = itertools.takewhile(
        lambda each: each.get("role") != "assistant" or each.get("is_demo"), history
    )
    for each in opening:
        chat.message(each, draft)
    for turn in turns:
        _turn(turn, draft)
    if "exit_" in draft.ended and turns and not string(mapping(turns[-1]).get("action")).strip():
        # the turn that SWE-agent itself adds where it stops with an error
        why = string(mapping(turns[-1]).get("response")) or string(mapping(turns[-1]).get("thought"))
        draft.add_text("environment", "error", why, "", "swe-agent")
    draft.tokens = total(inner(top, "info", "model_stats"), "tokens_sent", "tokens_received")


def _turn(value: Any, draft: Draft) -> None:
    if not isinstance(value, dict):
        draft.keep_unreadable("a turn", value)
        return
    thought, said = string(value.get("thought")), string(value.get("response"))
    found = [Text("message", said or thought)] if said or thought else []
    if thought and thought.strip() not in said:
        found.insert(0, Text("reasoning", thought))
    action = string(value.get("action"))
    if action.strip():
        found.append(draft.call("", "shell", {"command": action}))
    draft.add_message("agent", found)
    draft.add("environment", [draft.result("", as_text(value.get("observation")), "shell")])


def sniff_mini(value: Any, line: bool) -> bool:
    """Whether the value is a trajectory of mini-SWE-agent."""
    form = str(mapping(value).get("trajectory_format", ""))
    return not line and ("mini_version" in inner(value, "info") or form.startswith("mini-swe-agent"))


def parse_mini(content: Content, draft: Draft) -> None:
    """A conversation in which every user message after the first is the output of a command."""
    known = "mini_version" in inner(content.value, "info")
    chat.parse(content, draft, _mini_message if known else chat.message)
    draft.cause = string(inner(content.value, "info").get("exception_str"))
    last = draft.last[-1] if draft.last else None
    if last and draft.ended and draft.ended in last.text and last.text != draft.ended:
        draft.cause, draft.last[-1] = last.text, replace(last, channel="error", failed=True)


def _mini_message(value: Any, draft: Draft) -> None:
    """One message. If it has no calls, its commands are those that the trace lists for it."""
    role = chat.role(value)
    if role == "user" and draft.first_request[0] >= 0:
        chat.result({**value, "name": "bash"}, draft)
        return
    chat.message(value, draft)
    if role == "agent" and not any(text.channel == "call" for text in draft.last):
        actions = mappings(inner(value, "extra").get("actions"))
        commands = filter(None, (string(each.get("command")) for each in actions))
        draft.join("agent", [draft.call("", "bash", {"command": command}) for command in commands])
