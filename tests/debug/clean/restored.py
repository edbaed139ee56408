"""Reads cleaned text back: its markers, and the raw text that they and the raw bytes give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ahe.debug.clean.pointers import CLOSE, OPEN, Place, Pointer, encode

_BRACKET = re.compile("[⟦⟧]")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker in a cleaned text at characters [start, end).

    `words` is what it says before its pointers, `~` for a region, whose shown text is `shown`. `pointer` leads
    to the bytes that it replaces; `seen` is set where the same was shown elsewhere.
    """

    words: str
    pointer: Pointer
    seen: Pointer | None
    shown: str
    start: int
    end: int


def parse_pointer(text: str) -> Pointer:
    """The pointer that `str` wrote. Raises `ValueError`."""
    place = Place.parse(text)
    if place.step is None or place.start is None or place.end is None:
        raise ValueError(f"{text!r} is not a pointer: it has the form LABEL#STEP:FROM-TO")
    return Pointer(place.label, place.step, place.start, place.end)


def markers(text: str) -> Iterator[Marker]:
    """The outermost markers of a cleaned text, in order. Raises `ValueError` where it was damaged."""
    depth = start = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[0] == OPEN:
            if not depth:
                start = bracket.start()
            depth += 1
            continue
        depth -= 1
        if depth < 0:
            break
        if not depth:
            yield _marker(text, start, bracket.end())
    if depth:
        raise ValueError(f"the cleaned text is damaged: an unpaired bracket {OPEN} or {CLOSE}")


def restore(text: str, read: Callable[[Pointer], bytes]) -> bytes:
    """The raw bytes of a cleaned text. `read` gives those at a pointer. Raises `ValueError` as `markers` does."""
    parts = []
    at = 0
    for found in markers(text):
        raw = read(found.pointer)
        parts += [encode(text[at : found.start]), raw]
        at = found.end
        if raw.endswith(b"\n") and text.startswith("\n", at):
            at += 1
    return b"".join([*parts, encode(text[at:])])


def _marker(text: str, start: int, end: int) -> Marker:
    inside = text[start + 1 : end - 1]
    if inside.startswith("~"):
        name = re.split(r"[ \n]", inside[1:], maxsplit=1)
        return Marker("~", parse_pointer(name[0]), None, name[1] if len(name) > 1 else "", start, end)
    words = inside.split(" ")
    if words[-2:-1] == ["raw"] and len(words) > 3:
        return Marker(
            " ".join(words[:-3]), parse_pointer(words[-1]), parse_pointer(words[-3]), "", start, end
        )
    return Marker(" ".join(words[:-1]), parse_pointer(words[-1]), None, "", start, end)
