"""Sets and removes values in the text of a JSON file, and leaves every other byte as its author wrote it."""

import json
import re
from typing import Any, NamedTuple

SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Member(NamedTuple):
    """A member of an object (`key`) or of a list (no key), by the places where it and its value stand in the text."""

    key: str
    start: int
    value: int
    end: int


def get(text: str, at: tuple[str, ...]) -> Any:
    """The value at this path, None where there is none. Raises `ValueError` where the text is not JSON."""
    value = json.loads(text if text.strip() else "{}")
    for key in at:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def put(text: str, at: tuple[str, ...], value: Any, mark: str = "") -> str:
    """The text with `value` at this path. With `mark` it is an element of the list there, in place of one that holds
    the mark. Raises `ValueError` where the text is not JSON, or the path leads through another kind of value.
    """
    text = text if text.strip() else "{}\n"
    json.loads(text)
    place, depth, end = _skip(text, 0), 0, len(text)
    for key in at:
        found = next((each for each in _members(text, place, "{") if each.key == key), None)
        if found is None:
            rest = at[at.index(key) + 1 :]
            for name in reversed(rest):
                value = {name: [value] if mark and name == at[-1] else value}
            return _insert(text, place, depth, key, [value] if mark and not rest else value)
        place, depth, end = found.value, depth + 1, found.end
    if mark:
        ours = [each for each in _members(text, place, "[") if mark in text[each.value : each.end]]
        if not ours:
            return _insert(text, place, depth, "", value, "[")
        place, depth, end = ours[0].value, depth + 1, ours[0].end
    if json.loads(text[place:end]) == value:
        return text
    return text[:place] + _shown(value, depth, text) + text[end:]


def drop(text: str, at: tuple[str, ...], mark: str = "") -> str:
    """The text without the value at this path, or without the elements of the list there that hold the mark.

    What is empty then is removed too. Raises `ValueError` where the text is not JSON.
    """
    if not text.strip():
        return text
    json.loads(text)
    spans, place = [], _skip(text, 0)
    for key in at:
        members = _members(text, place, "{")
        number = next((n for n, each in enumerate(members) if each.key == key), None)
        if number is None:
            return text
        spans.append((members, number))
        place = members[number].value
    if mark:
        members = _members(text, place, "[")
        ours = [n for n, each in enumerate(members) if mark in text[each.value : each.end]]
        if not ours:
            return text
        spans.append((members, ours[0]))
    while len(spans) > 1 and len(spans[-1][0]) == 1:
        spans.pop()
    members, number = spans[-1]
    if number:
        return text[: members[number - 1].end] + text[members[number].end :]
    if len(members) > 1:
        return text[: members[0].start] + text[members[1].start :]
    opening = text.rindex("{", 0, members[0].start)
    return text[: opening + 1] + text[_skip(text, members[0].end) :]


def _members(text: str, place: int, opening: str) -> list[Member]:
    """Raises `ValueError` where no object or list begins at this place."""
    if text[place] != opening:
        raise ValueError(
            f"holds something else where {'an object' if opening == '{' else 'a list'} is needed"
        )
    found = []
    place = _skip(text, place + 1)
    while text[place] not in "}]":
        start, key = place, ""
        if opening == "{":
            key, place = _DECODER.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)
        _, end = _DECODER.raw_decode(text, place)
        found.append(Member(key, start, place, end))
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return found


def _insert(text: str, place: int, depth: int, key: str, value: Any, opening: str = "{") -> str:
    """The text with a new last member in the object or list at this place."""
    members = _members(text, place, opening)
    indent = _indent(text)
    label = f"{json.dumps(key)}: " if opening == "{" else ""
    made = f"\n{indent * (depth + 1)}{label}{_shown(value, depth + 1, text)}"
    if members:
        return f"{text[: members[-1].end]},{made}{text[members[-1].end :]}"
    return f"{text[: place + 1]}{made}\n{indent * depth}{text[_skip(text, place + 1) :]}"


def _shown(value: Any, depth: int, text: str) -> str:
    indent = _indent(text)
    return json.dumps(value, indent=indent, ensure_ascii=False).replace("\n", f"\n{indent * depth}")


def _indent(text: str) -> str:
    found = re.search(r"^[ \t]+(?=\S)", text, re.MULTILINE)
    return found[0] if found else "  "


def _skip(text: str, place: int) -> int:
    return SPACE.match(text, place).end()  # type: ignore[union-attr]
