"""Requests that the tests of the models make."""

from __future__ import annotations

from typing import Any

from ahe.records import Message, Request


def ask(key: str = "task-a/0/1", text: str = "hello", **more: Any) -> Request:
    return Request(role="coder", key=key, messages=(Message(role="user", content=text),), **more)
