"""What a terminal shows in the end, against `pyte` and by hand."""

from __future__ import annotations

import copy
import os
import re

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ahe.debug.clean.terminal import resolve

ESC = "\x1b["
EXAMPLES = int(os.environ.get("AHE_EXAMPLES", "60"))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("", ""),
        ("plain\ntext\n", "plain\ntext\n"),
        ("\ttab stays", "\ttab stays"),
        ("spaces stay  \n", "spaces stay  \n"),
        ("\x1b[31mred\x1b[0m \x1b[1;4mbold\x1b[m \x1b[38:2::1:2:3mrgb", "red bold rgb"),
        ("\x1b]0;title\x07prompt$ ls", "prompt$ ls"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ on", "link on"),
        ("\x1bPq#0;2;0\x1b\\after\x1b_note\x1b\\.", "after."),
        ("\x1b[?2004h\x1b[?25l$ ls\x1b[?2004l\x1b[?25h\x1b(B\x1b=", "$ ls"),
        ("a\r\nb\r\r\n", "a\nb\n"),
        ("  5%\r 50%\r100%\ndone", "100%\ndone"),
        ("downloading\rok", "okwnloading"),
        ("long line\r         \rshort", "short"),
        ("10%\r\x1b[K20%\r\x1b[2K\x1b[1G30%", "30%"),
        ("bell\x07 and\x00 nul", "bell and nul"),
        ("|\b/\b-\b\\", "\\"),
        ("N\bNA\bAM\bME\bE", "NAME"),
        ("passwd\b\b\b\b\b\bsecret", "secret"),
        ("one\ntwo\n\x1b[2A\x1b[KONE\n\x1b[KTWO\n", "ONE\nTWO\n"),
        ("one\ntwo\x1b[1A\x1b[2Dup", "oupe\ntwo".replace("oupe", "oup")),
        ("\x1b[5;3Hhere\x1b[Hhome", "home\n\n\n\n  here"),
        ("日本\r\x1b[2C語", "日語"),
        ("日本\r-", "- 本"),
        ("e\u0301tude\r\x1b[CT", "e\u0301Tude"),
        ("bad \udcff byte", "bad \ufffd byte"),
        ("truncated\x1b[3", "truncated"),
        ("\x1b[4\x1b[mA", "A"),
        ("\x1b\x1b[m[A", "[A"),
    ],
)
def test_what_is_shown(raw: str, wanted: str) -> None:
    assert resolve(raw) == wanted


def test_an_editor_leaves_its_last_screen() -> None:
    raw = "$ vi x\n\x1b[?1049h\x1b[H\x1b[2Jfirst\x1b[H\x1b[2Jlast\x1b[3;1H~\x1b[?1049l$ ls\nx\n"
    assert resolve(raw) == "$ vi x\nlast\n\n~\n$ ls\nx\n"
    assert resolve(raw[: raw.index("\x1b[?1049l")]) == "$ vi x\nlast\n\n~"


def test_what_stood_before_the_first_clear_stays_and_frames_replace_one_another() -> None:
    frames = "".join(f"\x1b[H\x1b[2Jload {n}\nmemory {n}\n" for n in range(50))
    assert resolve("$ make\nerror: no rule\n$ top\n" + frames) == (
        "$ make\nerror: no rule\n$ top\nload 49\nmemory 49\n"
    )


def test_a_status_line_below_a_scroll_region_takes_no_row_of_the_log() -> None:
    raw = "Get:1 a\n\x1b7\x1b[0;23r\x1b8\x1b[1A\n"
    for n in range(60):
        raw += f"\x1b7\x1b[24;0f\x1b[42mProgress: [{n:3}%]\x1b[49m\x1b8Unpacking {n}\n"
    raw += "\x1b7\x1b[0;24r\x1b8\x1b[1A\x1b[J\ndone\n"
    shown = resolve(raw).split("\n")
    assert [f"Unpacking {n}" for n in range(59)] == [line for line in shown if "Unpacking" in line][:59]
    assert "Progress" not in resolve(raw) and shown[-2] == "done"


def test_layers_that_are_pulled_at_the_same_time_are_a_line_each() -> None:
    names = [f"layer{n}" for n in range(20)]
    raw = "".join(f"{name}: Waiting\n" for name in names)
    for percent in range(0, 101, 5):
        for n, name in enumerate(names):
            raw += f"\x1b[{20 - n}A\x1b[2K\r{name}: {percent}%\r\x1b[{20 - n}B"
    assert resolve(raw + "Done\n") == "".join(f"{name}: 100%\n" for name in names) + "Done\n"


@pytest.mark.parametrize(
    "bomb",
    [
        "\x1b[999999999C",
        "\x1b[99999B" * 3,
        "\x1b[9999;9999Hx",
        "\x1b[" + "9" * 100_000 + "A",
        "\x1b[999999999@x",
        "\x1b[512Cx\n",
        "\x1b[200L\x1b[200Bx",
        "\x1b",
        "\x1b[1",
        "\x1b]0;",
        "\x1bP",
        "\t",
        "a\u0301\u0301",
        "\x1b[A\u0301",
        "\x1bM",
        "\x1b[?1049hx\x1b[?1049l",
        "\x1b[2;5r\n",
        "x\x1b[1K",
        "\x1b[H\x1b[2J\x1b[J",
        "y\x1b[1;1H\x1b[P\x1b[@",
    ],
)
def test_no_sequence_costs_more_than_it_is_long(bomb: str) -> None:
    text = "start\n" + bomb * max(1, 60_000 // len(bomb))
    shown = resolve(text)
    assert len(shown) <= 16 * len(text) + 200_000
    assert "start" in shown or "[?1049h" in bomb or "H" in bomb or "P" in bomb or "M" in bomb


TEXT = st.text(st.sampled_from("abcXYZ 019~日本é"), min_size=1, max_size=8)
COUNT = st.sampled_from(["", "0", "1", "2", "3", "7"])
MOVES = st.builds(lambda n, final: f"{ESC}{n}{final}", COUNT, st.sampled_from("ABCDEFGd"))
PLACES = st.builds(
    lambda r, c, final: f"{ESC}{r};{c}{final}", st.integers(0, 9), st.integers(0, 30), st.sampled_from("Hf")
)
ERASES = st.builds(
    lambda n, final: f"{ESC}{n}{final}", st.sampled_from(["", "0", "1", "2"]), st.sampled_from("JK")
)
SHIFTS = st.builds(lambda n, final: f"{ESC}{n}{final}", COUNT, st.sampled_from("PX@LM"))
COLOURS = st.sampled_from([f"{ESC}m", f"{ESC}1;31m", f"{ESC}?25l", f"{ESC}?2004h", "\x1b]0;t\x07", "\x1b(B"])
SAVES = st.sampled_from(["\x1b7", "\x1b8"])
SINGLE = st.sampled_from(["\r", "\n", "\r\n", "\b", "\t", "\x07", "\x1bM", "\x1bD", "\x1bE"])
PARTS = (TEXT, MOVES, PLACES, ERASES, SHIFTS, COLOURS, SAVES, SINGLE)
NARROW = st.text(st.sampled_from("abcXYZ 019~é"), min_size=1, max_size=8)


class Filled(pyte.Screen):
    """pyte leaves a row as it is where a row that was never written should move onto it; here all rows are."""

    def delete_lines(self, count: int | None = None) -> None:
        for row in range(self.lines):
            _ = self.buffer[row]
        super().delete_lines(count)

    def restore_cursor(self) -> None:
        """Terminals have one place for the cursor; pyte has a stack of them."""
        kept = copy.deepcopy(self.savepoints[-1:])
        super().restore_cursor()
        self.savepoints[:] = kept


def as_pyte_shows(program: str) -> str:
    screen = Filled(500, 200)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(program)
    # `screen.display` draws every cell of the screen, which takes most of a second.
    rows = range(max(screen.buffer, default=0) + 1)
    cells = [screen.buffer[row] for row in rows]
    return trimmed("\n".join("".join(row[c].data for c in range(max(row, default=-1) + 1)) for row in cells))


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip(" ") for line in text.split("\n")).rstrip("\n")


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.one_of(NARROW, *PARTS[1:]), max_size=40).map("".join))
def test_it_shows_what_pyte_shows(program: str) -> None:
    # Our first clear keeps the screen, which pyte erases: one clear before the test avoids the difference.
    program = f"{ESC}2J" + program
    assert trimmed(resolve(program).expandtabs(8)) == as_pyte_shows(program)


@given(st.text() | st.text(st.sampled_from("ab\n\r\t\b\x1b[]m0;7AHJK?hl1049\x07\x9b\udc80")))
def test_what_is_shown_holds_no_control_and_stays_as_it_is(text: str) -> None:
    once = resolve(text)
    control = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
    assert not re.search(control, once)
    assert resolve(once) == once
    if not re.search(control, text):
        assert once == text


@given(st.lists(st.text(st.sampled_from("ab┃█é"), max_size=9), min_size=1, max_size=9))
def test_carriage_returns_alone_need_no_screen(parts: list[str]) -> None:
    shown = ""
    for part in parts:
        shown = part + shown[len(part) :]
    assert resolve("\r".join(parts)) == (shown.rstrip(" ") if len(parts) > 1 else shown)
