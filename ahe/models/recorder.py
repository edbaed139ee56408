"""Writes down every model call, so that `replay` can play the run back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def digest(value: object) -> str:
    """16 hex digits of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def settings(sent: dict[str, Any]) -> dict[str, Any]:
    """What was asked beside the messages. The model's name is left out: a replay has another."""
    return {name: value for name, value in sent.items() if name not in ("messages", "model")}


class Recorder:
    """Appends to a JSON Lines file, one line a call, after the line of each message not written before.

    A conversation repeats all its messages on every turn; naming them by digest keeps the file linear.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: set[str] = set()

    def write(self, role: str, key: str, sent: dict[str, Any], body: dict[str, Any]) -> None:
        """Records one answered call: the payload sent and the body that came back."""
        lines, names = [], []
        for message in sent["messages"]:
            name = digest(message)
            names.append(name)
            if name not in self._written:
                self._written.add(name)
                lines.append({"message": name, "value": message})
        lines.append({"role": role, "key": key, "messages": names, "settings": settings(sent), "body": body})
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)
