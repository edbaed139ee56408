"""What a file is, told from its first bytes and never from its name alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from ahe.debug.readers import claude_code
from ahe.debug.readers.recording import CODES, PROMPT
from ahe.debug.readers.salvage import salvage
from ahe.debug.readers.values import listing, mapping, mappings, string

HEAD = 64 << 10
"""Bytes of a file that tell what it is."""
Shape = Literal["document", "lines", "many", "text"]
_CONVERSATION = ("messages", "conversations", "conversation", "chat", "transcript")
_EVENTS = ("session_meta", "response_item", "event_msg", "turn_context", "compacted")
_ITEMS = ("message", "reasoning", "local_shell_call_output", "input_text")
_STRANGE = bytes((*range(9), *range(14, 27)))
_LOGS = (".log", ".out", ".txt", ".ansi", ".typescript", ".term", ".session", ".rec")


@dataclass(frozen=True, slots=True)
class Kind:
    """A format by the name of its reader, and how the file holds it.

    `document` is one JSON value, `lines` one trace in JSON lines, `many` a trace on each line or in each
    element of a list, `text` a recording.
    """

    format: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Unknown:
    why: str


def sniff(head: bytes, name: str, given: bool = False) -> Kind | Unknown:
    """The kind of a file that begins with `head`. `given` says that a person named this very file."""
    if not head.strip(b"\0 \r\n\t\xef\xbb\xbf"):
        return Unknown("empty" if not head.strip() else "nothing but NUL bytes")
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16", "replace") if wide else head.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff").lstrip("\0 \r\n\t")
    kind = json_kind(text)
    if kind is not None:
        return kind
    if not wide and _binary(head):
        return Unknown("binary")
    if text[:1] in "{[" and not text.startswith("[?"):
        return Unknown("JSON, but no known form of a trace")
    return _text_kind(text, name, given)


def json_kind(text: str) -> Kind | None:
    """The kind of a text that is JSON, a beginning of JSON, or lines of which some are."""
    values = _lines(text)
    if len(values) > 1 or (values and "\n" not in text.strip()):
        first = values[0]
        if mapping(first).get("version") in (2, 3) and ("width" in first or "term" in first):
            return Kind("asciinema", "lines")
        for value in values:
            found = _line(value) if len(values) > 1 else None
            if found is not None:
                return found
    if text[:1] in ("{", "["):
        value, _ = salvage(text)
        return of_document(value)
    return None


def _lines(text: str) -> list[Any]:
    """The values of the lines that are JSON records or lists on their own, the first 50 of them."""
    found: list[Any] = []
    for line in text.split("\n"):
        if line[:1] in ("{", "[") and len(line) > 2:
            try:
                found.append(json.loads(line, strict=False))
            except (ValueError, RecursionError):
                continue
        if len(found) == 50:
            break
    return [value for value in found if isinstance(value, dict | list)]


def _line(value: Any) -> Kind | None:
    if isinstance(value, list):
        inner = of_document(value)
        return Kind(inner.format, "many") if inner and inner.shape == "document" else None
    record = mapping(value)
    kind = string(record.get("type"))
    if record.get("record_type") == "state" or (kind in _EVENTS and "payload" in record):
        return Kind("codex", "lines")
    if "instructions" in record and "timestamp" in record and "id" in record and not kind:
        return Kind("codex", "lines")
    if kind.startswith(("item.", "turn.", "thread.")) or isinstance(
        mapping(record.get("msg")).get("type"), str
    ):
        return Kind("codex", "lines")
    claude = "sessionId" in record or "session_id" in record or "parentUuid" in record or "leafUuid" in record
    if kind and (claude or kind in claude_code.BOOKKEEPING):
        return Kind("claude-code", "lines")
    if kind in ("user", "assistant") and isinstance(record.get("message"), dict):
        return Kind("claude-code", "lines")
    if _is_item(record):
        return Kind("openai-responses", "lines")
    if _is_message(record):
        return Kind("openai-chat", "lines")
    inner = of_document(record)
    return Kind(inner.format, "many") if inner and inner.shape == "document" else None


def of_document(value: Any) -> Kind | None:
    """The kind of a JSON document, be it only the beginning of one."""
    if isinstance(value, list):
        return _of_list(value)
    top = mapping(value)
    info = mapping(top.get("info"))
    steps = mappings(top.get("steps"))
    if string(top.get("schema_version")).startswith("ATIF") or any("source" in each for each in steps[:3]):
        return Kind("atif", "document")
    if any("action" in each or "query" in each for each in mappings(top.get("trajectory"))[:3]):
        return Kind("swe-agent", "document")
    if "observation_count" in top or "generation_count" in top or mappings(top.get("spans")):
        return Kind("nexau", "document")
    if any("input" in each or "inputs" in each for each in mappings(top.get("observations"))[:3]):
        return Kind("nexau", "document")
    if isinstance(top.get("loglines"), list):
        return Kind("claude-code", "document")
    if isinstance(top.get("stdout"), list) and top.get("version") == 1:
        return Kind("asciinema", "document")
    if isinstance(top.get("session"), dict) and "items" in top:
        return Kind("codex", "document")
    if "mini_version" in info or str(top.get("trajectory_format", "")).startswith("mini-swe-agent"):
        return Kind("mini-swe-agent", "document")
    for place in (top, mapping(top.get("request")), mapping(top.get("body"))):
        inner = _of_record(place, top)
        if inner is not None:
            return inner
    return None


def _of_record(place: dict[str, Any], top: dict[str, Any]) -> Kind | None:
    for key in (*_CONVERSATION, "history"):
        many = mappings(place.get(key))
        if many and any(map(_is_message, many[:3])):
            return Kind("openai-chat", "document")
        if (
            key == "messages"
            and isinstance(place.get(key), str | dict)
            and ("model" in top or "choices" in top)
        ):
            return Kind("openai-chat", "document")
    items = mappings(place.get("output")) or mappings(place.get("input")) or mappings(place.get("items"))
    items = items or mappings(place.get("data"))
    if place.get("object") == "response" or any(_is_item(each) or _is_message(each) for each in items[:3]):
        return Kind("openai-responses", "document")
    return None


def _of_list(value: list[Any]) -> Kind | None:
    many = mappings(value)[:5]
    if any("children" in each and ("inputs" in each or "span_type" in each) for each in many):
        return Kind("nexau", "document")
    if any(_is_item(each) for each in many):
        return Kind("openai-responses", "document")
    if any(_is_message(each) for each in many):
        return Kind("openai-chat", "document")
    inner = next(filter(None, (of_document(each) for each in many)), None)
    if inner is None:
        inner = next(
            filter(None, (_of_list(each) for each in listing(value)[:5] if isinstance(each, list))), None
        )
    return Kind(inner.format, "many") if inner else None


def _is_message(record: dict[str, Any]) -> bool:
    role = record.get("role", record.get("from"))
    return isinstance(role, str) and bool(record.keys() & {"content", "tool_calls", "value", "function_call"})


def _is_item(record: dict[str, Any]) -> bool:
    kind = string(record.get("type"))
    if kind == "reasoning":
        return "summary" in record or "encrypted_content" in record
    if kind == "message":
        return "role" in record
    return kind in _ITEMS or (kind.endswith(("_call", "_call_output")) and "type" in record)


def _binary(head: bytes) -> bool:
    sample = head[:8192]
    strange = len(sample) - len(sample.translate(None, _STRANGE))
    return strange * 20 > len(sample) or b"\0\0\0\0" in sample


def _text_kind(text: str, name: str, given: bool) -> Kind | Unknown:
    recording = Kind("terminal", "text")
    if text.startswith("Script started on ") or given:
        return recording
    if CODES.search(text) or re.search(r"[^\r\n]\r[^\r\n]", text):
        return recording
    if name.lower().endswith(_LOGS) or name == "typescript":
        if any(PROMPT.match(line) for line in text.split("\n")):
            return recording
        return Unknown("text without a terminal's marks; name the file itself to have it read")
    return Unknown("no known form of a trace")
