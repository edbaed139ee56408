"""A terminal's screen as rows of cells: unlimited scrollback and width, `HEIGHT` rows on the screen.

It differs from a real terminal to keep more of what happened: the first clear of a screen scrolls its content into the
scrollback instead of erasing it, and the last screen of a program on the alternate screen is kept, above the line that
started the program. A status line below a scroll region is not kept; otherwise such a region only scrolls at its end.
Lines do not wrap.
"""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from functools import lru_cache

HEIGHT = 200
WIDTH = 512
"""How far to the right a sequence can move the cursor beyond the end of a row."""
LONGEST = 1_000
"""Cells are not shifted in rows longer than this: no screen is that wide, and it would cost too much time."""
STACKED = 16
"""Characters in one cell: a base and its combining characters."""
_TOKEN = re.compile(
    r"[^\x00-\x1f\x7f]+"
    r"|\r++\n?|\n"
    r"|(?:\x1b\[[0-9;:]*m)+"
    r"|\x1b\[(?P<private>\??)(?P<numbers>[0-9;]*)(?P<final>[@-~])"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b(?P<escape>[0-~])"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x1f\x7f]"
)
_ALTERNATE = {"47", "1047", "1049"}

Row = str | list[str]
"""A string until it is overwritten, then a string for each cell; the second cell of a wide character is empty."""


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """The rows of a text; `feed` it once. Those from `top` on are on the screen."""

    def __init__(self) -> None:
        self.rows: list[Row] = [""]
        self.row = self.col = self.top = self.padding = 0
        self.bottom = 0
        """The last row of a scroll region, counted from `top`; 0 if there is none."""
        self.aside = False
        """The cursor is below the scroll region, where nothing is kept."""
        self.saved = (0, 0)
        self.cleared = self.homed = False
        self.below: Screen | None = None

    def feed(self, text: str, spare: int = 65_536) -> None:
        """Process the text. Linear in its length: at most twice its length plus `spare` blanks are padded."""
        self.padding = 2 * len(text) + spare
        for match in _TOKEN.finditer(text):
            token = match.group()
            lead, homed = token[0], self.homed
            self.homed = False
            if lead >= " " and lead != "\x7f":
                self._put(token)
            elif token[-1] == "\n" or lead in "\v\f":
                self._newline()
            elif final := match["final"]:
                self._sequence(final, match["private"], match["numbers"], homed)
            elif escape := match["escape"]:
                self._escape(escape)
            elif lead in "\r\b\t":
                self.col = {"\r": 0, "\b": max(0, self.col - 1), "\t": (self.col // 8 + 1) * 8}[lead]
        self._leave_alternate()

    def shown(self) -> list[str]:
        """The rows without blanks at their ends, and without empty rows at the end."""
        rows = ["".join(row).rstrip(" ") for row in self.rows]
        while len(rows) > 1 and not rows[-1]:
            rows.pop()
        return rows

    def _put(self, chunk: str) -> None:
        if self.aside:
            return
        cells = chunk if chunk.isascii() else self._cells(chunk)
        if not self.rows[self.row] and not self.col and isinstance(cells, str):
            self.rows[self.row], self.col = cells, len(cells)
            return
        line, col = self._line(), self.col
        if col > len(line):
            line.extend(self._blanks(col - len(line)))
            col = len(line)
        _split_wide(line, col)
        _split_wide(line, col + len(cells))
        line[col : col + len(cells)] = cells
        self.col = col + len(cells)

    def _blanks(self, wanted: int) -> str:
        given = min(wanted, self.padding)
        self.padding -= given
        return " " * given

    def _cells(self, chunk: str) -> list[str]:
        """The cells of the chunk: a wide character takes a second, empty cell, a combining character none."""
        cells: list[str] = []
        for character in chunk:
            if width := _width(character):
                cells += [character, ""][:width]
                continue
            line, place = (cells, len(cells)) if cells else (self._line(), self.col)
            place = min(place, len(line)) - 1
            place -= place > 0 and not line[place]
            if place >= 0 and len(line[place]) < STACKED:
                line[place] += character
        return cells

    def _line(self) -> list[str]:
        row = self.rows[self.row]
        if isinstance(row, str):
            row = self.rows[self.row] = list(row)
        return row

    def _reach(self) -> None:
        if (missing := self.row + 1 - len(self.rows)) > 0:
            self.rows += [""] * missing
            self.top = max(self.top, len(self.rows) - HEIGHT)

    def _newline(self, col: int = 0) -> None:
        if self.aside:
            self.aside, self.row = False, len(self.rows) - 1
        self.col = col
        if self.bottom and self.row == self.top + self.bottom:
            self.rows.insert(self.row + 1, "")
            self.top += 1
        self.row += 1
        self._reach()

    def _move(self, row: int, col: int) -> None:
        """Move the cursor to a row (counted over all rows) and a column, within the screen."""
        self.row = min(max(row, self.top), self.top + HEIGHT - 1)
        self.aside = bool(self.bottom and self.row > self.top + self.bottom and self.below is None)
        if self.aside:
            self.row = len(self.rows) - 1
        self._reach()
        self.col = min(max(col, 0), max(WIDTH, len(self.rows[self.row])))

    def _escape(self, final: str) -> None:
        if final in "78":
            self._sequence("s" if final == "7" else "u", "", "", False)
        elif final in "DE":
            self._newline(self.col if final == "D" else 0)
        elif final == "M" and self.row == self.top:
            self._shift_rows(1)
        elif final == "M":
            self.row -= 1
        elif final == "c":
            self.bottom = 0
            self._move(self.top, 0)
            self._clear()

    def _sequence(self, final: str, private: str, numbers: str, homed: bool) -> None:
        if private and final in "hl":
            if not _ALTERNATE.isdisjoint(numbers.split(";")):
                (self._enter_alternate if final == "h" else self._leave_alternate)()
            return
        first, second, *_ = [*(int(part[:6] or 0) for part in numbers.split(";")), 0]
        n = max(first, 1)
        if final == "J":
            self._erase_display(first, homed)
        elif final == "K":
            self._erase_line(first)
        elif private:
            return
        elif final in "ABEFke":
            self._move(self.row - n if final in "AFk" else self.row + n, 0 if final in "EF" else self.col)
        elif final in "CDaG`":
            self._move(self.row, {"C": self.col + n, "a": self.col + n, "D": self.col - n}.get(final, n - 1))
        elif final in "Hfd":
            self._move(self.top + n - 1, self.col if final == "d" else max(second, 1) - 1)
            self.homed = final in "Hf" and (self.row, self.col) == (self.top, 0)
        elif final in "LM" and not self.aside:
            self._shift_rows(min(n, HEIGHT) * (1 if final == "L" else -1))
            self.col = 0
        elif final in "XP@":
            self._shift(final, n)
        elif final == "s" and not numbers:
            self.saved = (self.row - self.top, self.col)
        elif final == "u" and not numbers:
            self._move(self.top + self.saved[0], self.saved[1])
        elif final == "r":
            self.bottom = second - 1 if 1 < second < HEIGHT and n == 1 else 0
            self._move(self.top, 0)

    def _shift_rows(self, n: int) -> None:
        """Insert rows at the cursor, or remove some if `n` is negative; what leaves the screen is gone."""
        last = self.top + HEIGHT
        if n > 0:
            self.rows[self.row : self.row] = [""] * n
            del self.rows[last : last + n]
        else:
            del self.rows[self.row : self.row - n]
        self._reach()

    def _shift(self, final: str, n: int) -> None:
        line, col = self._line(), self.col
        if self.aside or col >= len(line) or len(line) > LONGEST:
            return
        _split_wide(line, col)
        if final == "@":
            line[col:col] = self._blanks(min(n, WIDTH))
            return
        n = min(n, len(line) - col)
        _split_wide(line, col + n)
        line[col : col + n] = " " * n if final == "X" else ""

    def _erase_line(self, how: int) -> None:
        if self.aside:
            return
        line = self._line()
        _split_wide(line, self.col)
        if how == 0:
            del line[self.col :]
        elif how == 1:
            end = min(self.col + 1, len(line))
            start = max(0, end - LONGEST)
            _split_wide(line, end)
            line[start:end] = " " * (end - start)
        elif how == 2:
            line.clear()

    def _erase_display(self, how: int, homed: bool) -> None:
        if how >= 2 or (how == 0 and homed):
            self._clear()
        elif not self.aside:
            self._erase_line(how)
            if how == 0:
                del self.rows[self.row + 1 :]
            else:
                self.rows[self.top : self.row] = [""] * (self.row - self.top)

    def _clear(self) -> None:
        """Erase the screen; the first time, scroll it into the scrollback: it was a log, not a drawing."""
        place = self.row - self.top
        if self.below is None and not self.cleared:
            self.top = next(
                (n for n in range(len(self.rows), self.top, -1) if "".join(self.rows[n - 1]).strip(" ")),
                self.top,
            )
            self.cleared = True
        else:
            del self.rows[self.top :]
        self.row = self.top + place
        self._reach()

    def _enter_alternate(self) -> None:
        if self.below is None:
            self.below = copy(self)
            self.rows, self.row, self.col, self.top, self.bottom, self.aside = [""], 0, 0, 0, 0, False

    def _leave_alternate(self) -> None:
        """Return to the main screen; the program's last screen is kept above the cursor's row."""
        if self.below is not None:
            shown, padding = self.shown(), self.padding
            self.__dict__.update({**vars(self.below), "padding": padding})
            shown = shown if shown != [""] else []
            self.rows[self.row : self.row] = shown
            self.row += len(shown)
            self.top = max(self.top, len(self.rows) - HEIGHT)


def _split_wide(line: list[str], col: int) -> None:
    """If a cut falls between the two cells of a wide character, turn both into spaces."""
    if 0 < col < len(line) and not line[col]:
        line[col - 1] = line[col] = " "
