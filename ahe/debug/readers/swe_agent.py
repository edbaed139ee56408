"""SWE-agent's `.traj` files: what was asked in `history`, what was done and seen in `trajectory`."""

from __future__ import annotations

from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers.build import Draft
from ahe.debug.readers.trace import Text
from ahe.debug.readers.values import listing, mapping, mappings, number, shown, string


def document(value: Any, draft: Draft) -> None:
    """The messages up to the agent's first turn, then each turn with what it gave."""
    top = mapping(value)
    draft.claim(value)
    turns = listing(top.get("trajectory"))
    for each in _opening(top, turns):
        chat.message(each, draft)
    for turn in turns:
        _turn(turn, draft)
    stats = mapping(mapping(top.get("info")).get("model_stats"))
    draft.tokens = int(number(stats.get("tokens_sent"))) + int(number(stats.get("tokens_received")))


def _opening(top: dict[str, Any], turns: list[Any]) -> list[dict[str, Any]]:
    history = mappings(top.get("history"))
    if not history and turns:
        history = mappings(mapping(turns[0]).get("query"))
    opening: list[dict[str, Any]] = []
    for each in history:
        if each.get("role") == "assistant" and not each.get("is_demo"):
            break
        opening.append(each)
    return opening


def _turn(value: Any, draft: Draft) -> None:
    if not isinstance(value, dict):
        draft.wrong(f"a turn is no record but {type(value).__name__}")
        draft.say("environment", "message", shown(value))
        return
    thought, said = string(value.get("thought")), string(value.get("response"))
    found = [Text("message", said or thought)] if said or thought else []
    if thought and thought.strip() not in said:
        found.insert(0, Text("reasoning", thought))
    action = string(value.get("action"))
    if action.strip():
        found.append(Text("call", action, "shell"))
    draft.add("agent", found or [Text("message", "")])
    draft.add("environment", [Text("result", shown(value.get("observation")), "shell")])
