"""Pointers and markers: written, read, and never forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from restored import markers, parse_pointer, restore

from ahe.debug.clean.pointers import Place, Pointer, encode, marker, region

HERE = Pointer("1a2b3c4d", 3, 10, 20)


@given(st.text(st.sampled_from("aé0/.@+=,~-_")), st.integers(0, 9**9), st.integers(0, 9**9))
def test_a_pointer_is_read_as_it_was_written(label: str, step: int, start: int) -> None:
    pointer = Pointer(label, step, start, start + 5)
    written = str(pointer)
    assert parse_pointer(written) == pointer
    (found,) = markers(f"before {marker(f'= 3 lines {pointer} raw', HERE)} after")
    assert (found.words, found.pointer, found.seen) == ("= 3 lines", HERE, pointer)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1a2b", Place("1a2b")),
        ("1a2b#7", Place("1a2b", 7)),
        ("a/b c#7:0-15", Place("a/b c", 7, 0, 15)),
        ("a#1#2:3-4", Place("a#1", 2, 3, 4)),
        ("#odd", Place("#odd")),
    ],
)
def test_a_place_is_a_trial_a_step_or_a_range(text: str, place: Place) -> None:
    assert Place.parse(text) == place


@given(st.binary())
def test_every_text_has_its_bytes(data: bytes) -> None:
    assert encode(data.decode("utf-8", "surrogateescape")) == data


def test_markers_are_found_where_they_stand() -> None:
    inner = marker("×9", HERE)
    text = "one\n" + region(HERE, f"two\n{inner}\nthree") + "\nfour " + marker("= 3 lines", HERE)
    found = list(markers(text))
    assert [each.words for each in found] == ["~", "= 3 lines"]
    assert found[0].shown == f"two\n{inner}\nthree"
    assert text[found[1].start : found[1].end] == "⟦= 3 lines 1a2b3c4d#3:10-20⟧"


def test_a_newline_belongs_to_a_marker_whose_bytes_end_with_one() -> None:
    text = f"{marker('… 2 lines', HERE)}\nrest\n"
    assert restore(text, lambda _: b"a\nb\n") == b"a\nb\nrest\n"
    assert restore(text, lambda _: b"a\nb") == b"a\nb\nrest\n"


@pytest.mark.parametrize("text", ["⟦", "a ⟧ b", "⟦… 3 lines⟧", "⟦… a#1:2-3", "⟦~ x⟧"])
def test_what_is_damaged_is_said(text: str) -> None:
    with pytest.raises(ValueError):
        restore(text, lambda _: b"")
