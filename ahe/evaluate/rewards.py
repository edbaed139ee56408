"""Rewards as Harbor writes them: `reward.json` (flat, finite numbers) before `reward.txt` (one float)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

JSON_NAME = "reward.json"
TEXT_NAME = "reward.txt"
PASS = 1.0
"""A trial has passed when its reward reaches this."""


class BadReward(ValueError):
    """A reward file that cannot be read; the text says which and why."""


def read_rewards(files: Mapping[str, bytes]) -> dict[str, float]:
    """All rewards in the verifier's files, by name; a lone number is called `reward`.

    `reward.json` decides where it exists, even when it is broken. Raises `BadReward`.
    """
    if (content := files.get(JSON_NAME)) is not None:
        return _json(content)
    if (content := files.get(TEXT_NAME)) is not None:
        return {"reward": _text(content)}
    raise BadReward(f"the verifier wrote neither {JSON_NAME} nor {TEXT_NAME}")


def one_reward(rewards: Mapping[str, float]) -> float:
    """The reward that counts: the one called `reward`, else the lowest, so that all have to reach `PASS`."""
    return rewards["reward"] if "reward" in rewards else min(rewards.values())


def _text(content: bytes) -> float:
    text = content.decode("utf-8", "replace").strip()
    try:
        value = float(text)
    except ValueError:
        raise BadReward(f"{TEXT_NAME} holds {text[:80]!r}, not one number") from None
    if not math.isfinite(value):
        raise BadReward(f"{TEXT_NAME} holds {text[:80]!r}, not a finite number")
    return value


def _json(content: bytes) -> dict[str, float]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadReward(f"{JSON_NAME} is not JSON: {error}") from None
    entries = found if isinstance(found, dict) else {"reward": found}
    if not entries:
        raise BadReward(f"{JSON_NAME} holds no reward")
    return {name: _number(name, value) for name, value in entries.items()}


def _number(name: str, value: object) -> float:
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise BadReward(f"{JSON_NAME}: {name} is {str(value)[:80]!r}, not a finite number")
