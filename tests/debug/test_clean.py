"""Terminal output as a person saw it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.debug.clean import clean, cut


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("plain\ntext", "plain\ntext"),
        ("\x1b[31mred\x1b[0m \x1b[1;4mbold\x1b[m", "red bold"),
        ("\x1b]0;title\x07prompt$ ls", "prompt$ ls"),
        ("a\r\nb\r\n", "a\nb"),
        ("  5%\r 50%\r100%\ndone", "100%\ndone"),
        ("downloading\rok", "okwnloading"),
        ("bell\x07 and\x00 nul", "bell and nul"),
        ("same\nsame\nsame\nother", "same\n[the line above 2 more times]\nother"),
        ("twice\ntwice\nother", "twice\ntwice\nother"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("trailing   \n\n", "trailing"),
        ("\ttab stays", "\ttab stays"),
        ("", ""),
    ],
)
def test_output_is_shown_as_it_was_seen(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted


def test_the_middle_of_long_output_goes_and_is_counted() -> None:
    text = "begin\n" + "\n".join(str(n) for n in range(10_000)) + "\nerror: the end"
    short = clean(text, 300)
    assert short.startswith("begin\n") and short.endswith("error: the end")
    assert len(short) < 350
    assert "characters …]" in short


def test_a_progress_bar_of_ten_thousand_steps_is_one_line() -> None:
    bar = "".join(f"\r{n / 100:6.2f}% [{'#' * (n // 500):20}]" for n in range(10_001))
    assert clean(bar) == "100.00% [####################]"


@given(st.text(), st.integers(20, 500))
def test_it_is_never_longer_than_asked_and_holds_no_control(text: str, limit: int) -> None:
    short = clean(text, limit)
    assert len(short) <= limit + 40
    assert not any(c in short for c in "\x00\x07\x1b\x7f")


@given(st.text(), st.integers(1, 300))
def test_what_is_cut_is_counted_to_the_character(text: str, limit: int) -> None:
    short = cut(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        head, tail = limit // 3, limit - limit // 3
        assert short == f"{text[:head]}\n[… {len(text) - limit} characters …]\n{text[-tail:]}"


@given(st.text(st.sampled_from("ab\n\r\x1b[m0")))
def test_cleaning_twice_changes_no_text_that_is_clean(text: str) -> None:
    once = clean(text)
    if "more times]" not in once:
        assert clean(once) == once
