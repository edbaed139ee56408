"""A terminal's screen as rows of cells: unlimited scrollback and width, `HEIGHT` rows on the screen.

It differs from a real terminal to keep more of what happened: the first clear of a screen scrolls its content into the
scrollback instead of erasing it, and the last screen of a program on the alternate screen is kept, above the line that
started the program. A status line below a scroll region is not kept. Lines do not wrap, and characters of the C1 range
are dropped, not executed.
"""

from __future__ import annotations

import re

from ahe.debug.clean.grid import HEIGHT, WIDTH, Grid

_TOKEN = re.compile(
    r"[^\x00-\x1f\x7f-\x9f]+"
    r"|\r*\n"
    r"|(?:\x1b\[[0-9;:]*m)+"
    r"|\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]?)"
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*(?P<escape>[0-~]?)"
    r"|[\x00-\x1f\x7f-\x9f]"
)
_ALTERNATE = {"47", "1047", "1049"}


class Screen(Grid):
    """The rows of a text; `feed` it once."""

    def __init__(self) -> None:
        super().__init__()
        self.saved = (0, 0)
        self.cleared = False
        self.below: Screen | None = None
        self.entered = self.homed = 0

    def feed(self, text: str, spare: int = 65_536) -> None:
        """Process the text. Linear in its length: at most twice its length plus `spare` blanks are padded."""
        self.padding = 2 * len(text) + spare
        for match in _TOKEN.finditer(text):
            token = match.group()
            self.begin, self.at = match.span()
            lead = token[0]
            if lead >= " " and lead != "\x7f" and not "\x80" <= lead <= "\x9f":
                self._put(token)
            elif token[-1] == "\n":
                self._newline()
            elif lead == "\x1b":
                if final := match["final"]:
                    self._sequence(final, match["private"], match["numbers"], match["between"])
                elif escape := match["escape"]:
                    self._escape(escape, token)
            else:
                self._control(lead)
        if self.below is not None:
            self._leave_alternate()

    def _control(self, character: str) -> None:
        if character == "\r":
            self.col = 0
        elif character == "\b":
            self.col = max(0, self.col - 1)
        elif character == "\t":
            self.col = (self.col // 8 + 1) * 8
        elif character in "\v\f":
            self._newline()

    def _newline(self) -> None:
        if self.aside:
            self.aside, self.row = False, len(self.rows) - 1
        margins = self.region
        self.col = 0
        if margins and self.row == self.top + margins[1]:
            if margins[0]:
                self._remove(self.top + margins[0], 1)
                return
            self._insert_rows(self.row + 1, 1)
            self.top += 1
        self.row += 1
        self._reach(self.row)

    def _escape(self, final: str, token: str) -> None:
        if len(token) > 2:
            return
        if final == "7":
            self.saved = (self.row - self.top, self.col)
        elif final == "8":
            self._move(self.top + self.saved[0], self.saved[1])
        elif final in "DE":
            col = self.col
            self._newline()
            self.col = 0 if final == "E" else col
        elif final == "M":
            self._reverse()
        elif final == "c":
            self.region = None
            self._move(self.top, 0)
            self._clear()

    def _reverse(self) -> None:
        """Move up a row; at the top, scroll the rest down."""
        ceiling = self.top + (self.region[0] if self.region else 0)
        if self.row == ceiling:
            self._insert(ceiling, 1)
        else:
            self.row = max(self.top, self.row - 1)

    def _move(self, row: int, col: int) -> None:
        """Move the cursor to a row (counted over all rows) and a column, within the screen."""
        self.row = min(max(row, self.top), self.top + HEIGHT - 1)
        margins = self.region
        self.aside = bool(
            margins and not margins[0] and self.row > self.top + margins[1] and self.below is None
        )
        if self.aside:
            self.row = len(self.rows) - 1
        self._reach(self.row)
        self.col = min(max(col, 0), max(WIDTH, len(self.rows[self.row])))

    def _vertically(self, count: int) -> None:
        """Move up or down, within the margins if the cursor is between them."""
        low, high = self.top, self.top + HEIGHT - 1
        if self.region and self.top + self.region[0] <= self.row <= self.top + self.region[1]:
            low, high = self.top + self.region[0], self.top + self.region[1]
        self._move(min(max(self.row + count, low), high), self.col)

    def _sequence(self, final: str, private: str, numbers: str, between: str) -> None:
        if between or private in ("<", "=", ">"):
            return
        if final in "hl":
            if private and not _ALTERNATE.isdisjoint(numbers.split(";")):
                self._alternate(final == "h")
            return
        values = [_number(part) for part in numbers.split(";")] if numbers else [0]
        n = max(values[0], 1)
        if final in "JK":
            (self._erase_display if final == "J" else self._erase_line)(values[0])
        elif private:
            return
        elif final in "ABEFkae":
            self._vertically(-n if final in "AF" else n) if final != "a" else self._move(
                self.row, self.col + n
            )
            if final in "EF":
                self.col = 0
        elif final in "CD":
            self._move(self.row, self.col + (n if final == "C" else -n))
        elif final in "G`":
            self._move(self.row, n - 1)
        elif final in "Hf":
            self._move(self.top + n - 1, max(values[1], 1) - 1 if len(values) > 1 else 0)
            self.homed = self.at if (self.row, self.col) == (self.top, 0) else 0
        elif final == "d":
            self._move(self.top + n - 1, self.col)
        elif final in "LMST":
            self._scroll(final, min(n, HEIGHT))
        elif final in "XP@":
            self._shift(final, n)
        elif final == "s" and not numbers:
            self.saved = (self.row - self.top, self.col)
        elif final == "u" and not numbers:
            self._move(self.top + self.saved[0], self.saved[1])
        elif final == "r":
            self._margins(values)

    def _margins(self, values: list[int]) -> None:
        top, bottom = max(values[0], 1) - 1, (values[1] if len(values) > 1 else 0) or HEIGHT
        if top < bottom - 1 < HEIGHT:
            self.region = None if (top, bottom) == (0, HEIGHT) else (top, bottom - 1)
            self._move(self.top, 0)

    def _scroll(self, final: str, n: int) -> None:
        if self.aside:
            return
        ceiling = self.top + (self.region[0] if self.region else 0)
        if final in "LM":
            inside = not self.region or ceiling <= self.row <= self.top + self.region[1]
            if inside:
                (self._insert if final == "L" else self._remove)(self.row, n)
                self.col = 0
                self.last[self.row] = self.at
        elif final == "T":
            self._insert(ceiling, n)
        elif self.region:
            self._remove(ceiling, n)
        else:
            self.top += n
            self.row += n
            self._reach(self.row)

    def _erase_display(self, how: int) -> None:
        if how >= 2 or (how == 0 and self.homed == self.begin > 0):
            self._clear()
        elif how == 0:
            self._erase_line(0)
            self._delete_rows(self.row + 1, len(self.rows))
        elif not self.aside:
            self._erase_line(1)
            for row in range(self.top, self.row):
                self.rows[row], self.last[row] = "", self.at

    def _clear(self) -> None:
        """Erase the screen; the first time, scroll it into the scrollback: it was a log, not a drawing."""
        seen = len(self.rows)
        while seen > self.top and not "".join(self.rows[seen - 1]).strip(" "):
            seen -= 1
        place = self.row - self.top
        if self.below is None and not self.cleared:
            self.top = seen
        else:
            self._delete_rows(max(self.top, 1), len(self.rows))
            if not self.top:
                self.rows[0], self.last[0] = "", self.at
        self.cleared = self.cleared or self.below is None
        self.row = self.top + place
        self._reach(self.row)

    def _alternate(self, enter: bool) -> None:
        if enter and self.below is None:
            below = Screen()
            below.__dict__.update(self.__dict__)
            self.below, self.entered = below, self.at
            self.rows, self.first, self.last = [""], [self.at], [self.at]
            self.row = self.col = self.top = 0
            self.region, self.aside = None, False
        elif not enter and self.below is not None:
            self._leave_alternate()

    def _leave_alternate(self) -> None:
        """Return to the main screen; the program's last screen is kept above the cursor's row."""
        below = self.below
        assert below is not None
        shown = ["".join(row).rstrip(" ") for row in self.rows]
        while shown and not shown[-1]:
            shown.pop()
        at, padding, entered = self.at, self.padding, self.entered
        self.__dict__.update(below.__dict__)
        self.below, self.at, self.padding = None, at, padding
        self.rows[self.row : self.row] = shown
        self.first[self.row : self.row] = [entered] * len(shown)
        self.last[self.row : self.row] = [at] * len(shown)
        self.row += len(shown)
        self.top = max(self.top, len(self.rows) - HEIGHT)


def _number(text: str) -> int:
    return (
        int(text) if text.isdigit() and len(text) < 7 and text.isascii() else 0 if len(text) < 7 else 999_999
    )
