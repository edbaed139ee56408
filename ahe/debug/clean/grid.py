"""Rows of cells with a cursor: writing, erasing and moving text on a screen without a fixed width.

A row is a string until it is overwritten, then a list with a string for each cell: a character with its combining
characters, or an empty string for the second half of a wide one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import accumulate

HEIGHT = 200
WIDTH = 512
"""How far to the right a sequence can move the cursor beyond the end of a row."""
LONGEST = 1_000
"""Cells are not shifted in rows longer than this: no screen is that wide, and it would cost too much time."""
STACKED = 16
"""Characters in one cell: a base and its combining characters."""

Row = str | list[str]


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Grid:
    """Rows, of which those from `top` on, at most `HEIGHT`, are on the screen.

    `first` and `last` are, for each row, the position of the raw character that began it and the end of the last one
    that changed it. `begin` and `at` are the start and end of the current token. `aside`: the cursor is below the
    scroll region, where nothing is kept.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = [""]
        self.first = [0]
        self.last = [0]
        self.row = self.col = self.top = 0
        self.region: tuple[int, int] | None = None
        self.aside = False
        self.begin = self.at = self.padding = 0

    def pieces(self, length: int) -> list[tuple[int, int, list[str]]]:
        """(start, end, rows): consecutive ranges of raw characters, each with the rows that it produced."""
        rows = ["".join(row).rstrip(" ") for row in self.rows]
        while len(rows) > 1 and not rows[-1]:
            rows.pop()
        last = list(accumulate(self.last[: len(rows)], max))
        first = list(accumulate(reversed(self.first[: len(rows)]), min))[::-1]
        found = []
        start = begin = 0
        for row in range(len(rows)):
            if row + 1 == len(rows) or last[row] <= first[row + 1]:
                end = length if row + 1 == len(rows) else first[row + 1]
                found.append((start, end, rows[begin : row + 1]))
                start, begin = end, row + 1
        return found

    def _put(self, chunk: str) -> None:
        if self.aside:
            return
        cells = chunk if chunk.isascii() else self._cells(chunk)
        row, col = self.rows[self.row], self.col
        self.last[self.row] = self.at
        if not row and not col and isinstance(cells, str):
            self.rows[self.row] = cells
            self.col = len(cells)
            return
        line = self._cells_of_row()
        if col > len(line):
            col = self._pad(line, col)
        elif col < len(line):
            _split_wide(line, col)
            _split_wide(line, col + len(cells))
        line[col : col + len(cells)] = cells
        self.col = col + len(cells)

    def _cells(self, chunk: str) -> list[str]:
        """The cells of the chunk: a wide character takes a second, empty cell, a combining character none."""
        cells: list[str] = []
        for character in chunk:
            width = _width(character)
            if width:
                cells.append(character if character < "\ud800" or character > "\udfff" else "\ufffd")
                if width == 2:
                    cells.append("")
                continue
            line, place = (cells, len(cells)) if cells else (self._cells_of_row(), self.col)
            place = min(place, len(line)) - 1
            if place > 0 and not line[place]:
                place -= 1
            if place >= 0 and len(line[place]) < STACKED:
                line[place] += character
        return cells

    def _cells_of_row(self) -> list[str]:
        row = self.rows[self.row]
        if isinstance(row, str):
            row = self.rows[self.row] = list(row)
        return row

    def _pad(self, line: list[str], col: int) -> int:
        """Fill the line with spaces up to a column, as far as `padding` allows; returns the column reached."""
        wanted = min(col - len(line), self.padding)
        self.padding -= wanted
        line.extend(" " * wanted)
        return len(line)

    def _reach(self, row: int) -> None:
        missing = row + 1 - len(self.rows)
        if missing > 0:
            self._insert_rows(len(self.rows), missing)
            self.top = max(self.top, len(self.rows) - HEIGHT)

    def _insert_rows(self, row: int, count: int) -> None:
        self.rows[row:row] = [""] * count
        self.first[row:row] = [self.at] * count
        self.last[row:row] = [self.at] * count

    def _delete_rows(self, start: int, end: int) -> None:
        del self.rows[start:end], self.first[start:end], self.last[start:end]

    def _floor(self) -> int:
        """The row after the last one that scrolls: of the region if the cursor is in it, else of the screen."""
        if self.region and self.row <= self.top + self.region[1]:
            return self.top + self.region[1] + 1
        return self.top + HEIGHT

    def _insert(self, row: int, count: int) -> None:
        """Insert rows; rows pushed below the floor are removed."""
        floor = self._floor()
        count = min(count, floor - row)
        self._insert_rows(row, count)
        self._delete_rows(floor, floor + count)

    def _remove(self, row: int, count: int) -> None:
        """Remove rows; those up to the floor move up."""
        floor = self._floor()
        count = min(count, floor - row)
        self._delete_rows(row, row + count)
        if self.region and floor - count < len(self.rows):
            self._insert_rows(floor - count, count)
        self._reach(self.row)

    def _shift(self, final: str, n: int) -> None:
        line = self._cells_of_row()
        col = self.col
        if self.aside or col >= len(line) or len(line) > LONGEST:
            return
        self.last[self.row] = self.at
        _split_wide(line, col)
        if final == "@":
            wanted = min(n, WIDTH, self.padding)
            self.padding -= wanted
            line[col:col] = " " * wanted
            return
        n = min(n, len(line) - col)
        _split_wide(line, col + n)
        line[col : col + n] = " " * n if final == "X" else ""

    def _erase_line(self, how: int) -> None:
        if self.aside:
            return
        self.last[self.row] = self.at
        line = self._cells_of_row()
        _split_wide(line, self.col)
        if how == 0:
            del line[self.col :]
        elif how == 1:
            start, end = max(0, self.col + 1 - LONGEST), min(self.col + 1, len(line))
            _split_wide(line, end)
            line[start:end] = " " * max(0, end - start)
        elif how == 2:
            line.clear()


def _split_wide(line: list[str], col: int) -> None:
    """If a cut falls between the two cells of a wide character, turn both into spaces."""
    if 0 < col < len(line) and not line[col]:
        line[col - 1] = line[col] = " "
