from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ahe.records import Usage
from ahe.views.text import cells, count, duration, fit, money, spent, table, visible


def test_escape_codes_of_an_agent_are_shown_and_never_sent():
    assert visible("a\x1b[2Jb\tc\nd") == "a␛[2Jb\tc\nd"
    assert "\x9b" not in visible("\x9b31m")
    assert "\u202e" not in visible("\u202egnp.exe")


@given(st.text(), st.integers(1, 40))
def test_fit_is_one_line_that_fits(text: str, width: int):
    cut = fit(text, width)
    assert cells(cut) <= width
    assert "\n" not in cut and "\x1b" not in cut


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5), st.integers(60, 120))
def test_a_table_fits_the_terminal_and_keeps_a_line_a_row(rows: list[tuple[str, str, str]], width: int):
    lines = table(("one", "two", "three"), rows, width).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(cells(line) <= width for line in lines)


def test_columns_stand_under_their_headers():
    text = table(("task", "rate"), [("a", "5 %"), ("longer", "100 %")], right="rate")
    assert text == "task     rate\na         5 %\nlonger  100 %"


def test_wide_characters_take_two_columns():
    assert cells("日本") == 4
    assert table(("x", "y"), [("日本", "1"), ("abcd", "2")]).split("\n")[1:] == ["日本  1", "abcd  2"]


def test_without_a_width_nothing_is_cut():
    assert "x" * 500 in table(("a",), [("x" * 500,)])


def test_a_long_text_is_cut_in_time_that_does_not_grow_with_it():
    long = "日本 and \x1b[2J " * 200_000
    assert fit(long, 10) == "日本 and…"
    assert table(("a", "b"), [("x", long)] * 3, 20).split("\n")[1] == "x  日本 and ␛[2J 日…"


def test_amounts():
    assert [count(n) for n in (950, 12_345, 999_949, 1_234_567)] == ["950", "12.3k", "999.9k", "1.2M"]
    assert [duration(s) for s in (7.6, 250, 7_500)] == ["8s", "4m10s", "2h05m"]
    assert [money(usd) for usd in (None, 0.0, 0.00123, 1.5)] == ["price unknown", "$0.00", "$0.0012", "$1.50"]
    assert spent(Usage()) == "no model call"
    assert spent(Usage(calls=2, input_tokens=1500, usd=0.5)) == "1.5k tokens in 2 calls, $0.5000"
