"""Cuts long output to a size: both ends stay, and lines that look like errors with their neighbours."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, groupby

from ahe.debug.clean.repeats import Fold, size

HEAD, TAIL, ERRORS = 0.15, 0.3, 0.95
"""Shares of the size: the head, the tail, and the limit up to which errors fill it; the rest is tail, then head."""
MARKER = 40
BEFORE, AFTER = 1, 2
MOST = 200
"""Occurrences of each error word that are looked at."""
LONG = 400
"""Lines of more characters than this are searched for blobs."""
BLOB, HINT = 256, 32
"""Least characters of a blob, and how many of them are shown as a hint."""
AROUND, PLACES = 150, 3
"""Characters kept around an error, and how many errors of a line are kept."""
_BLOB = re.compile(rf"[A-Za-z0-9+/=_-]{{{BLOB},}}")
_ERROR = re.compile(
    "error|exception|traceback|fail|fatal|panic|abort|assert|killed|denied|refused|cannot|can't|could not|unable"
    "|undefined|unknown|unexpected|invalid|missing|not found|no such|timed out|timeout|no space|segmentation"
    "|core dumped|out of memory|conflict|warning|usage:|exit code|exit status",
    re.IGNORECASE,
)
_ERRORS = _ERROR.pattern.split("|")
_DIGITS = str.maketrans("", "", "0123456789")


def trim(lines: Sequence[str], folds: list[Fold], limit: int) -> list[Fold]:
    """The folds and further ones, so that about `limit` characters are shown; lines should be much shorter."""
    hidden = sum(size(lines, fold.start, fold.end) for fold in folds)
    if size(lines, 0, len(lines)) - hidden + MARKER * len(folds) <= limit:
        return folds
    choice = _Choice(lines, folds, limit)
    choice.keep_from(1, limit * (1 - HEAD))
    choice.keep_from(-1, limit * (1 - HEAD - TAIL))
    choice.keep_errors(limit * (1 - ERRORS))
    choice.keep_from(-1, 0)
    choice.keep_from(1, 0)
    return choice.folds()


class _Choice:
    """Selects what stays of the lines: pieces [start, end), each a line or a fold. `left` counts characters."""

    def __init__(self, lines: Sequence[str], folds: list[Fold], limit: int) -> None:
        self.lines, self.given = lines, folds
        self.left: float = limit - MARKER
        self.pieces: list[tuple[int, int]] = []
        at = 0
        for start, end in [*((fold.start, fold.end) for fold in folds), (len(lines), len(lines))]:
            self.pieces += [(line, line + 1) for line in range(at, start)]
            self.pieces += [(start, end)] * (end > start)
            at = end
        self.folded = {fold.start for fold in folds}
        self.kept = [False] * len(self.pieces)

    def keep_from(self, step: int, floor: float) -> None:
        """Keep pieces from the top (step 1) or the bottom (−1) while at least `floor` characters are left."""
        for number in range(len(self.pieces))[::step]:
            if not self.kept[number] and not self._keep(number, floor):
                return

    def keep_errors(self, floor: float) -> None:
        """Keep the first line of each kind of error, with the lines around it."""
        known: set[str] = set()
        wrong = _error_lines(self.lines)
        for number, (start, _) in enumerate(self.pieces):
            if self.kept[number] or start in self.folded or start not in wrong:
                continue
            kind = self.lines[start].translate(_DIGITS)
            if kind in known:
                continue
            known.add(kind)
            self.left -= MARKER
            for near in (number, *range(max(0, number - BEFORE), min(len(self.pieces), number + AFTER + 1))):
                if not self.kept[near] and self.pieces[near][0] not in self.folded:
                    self._keep(near, floor)
            if self.left <= floor:
                return

    def _keep(self, number: int, floor: float) -> bool:
        start = self.pieces[number][0]
        cost = MARKER if start in self.folded else len(self.lines[start]) + 1
        if self.left - cost < floor:
            return False
        self.kept[number] = True
        self.left -= cost
        return True

    def folds(self) -> list[Fold]:
        """The given folds that stay, and one for each run of lines that are not kept."""
        by_start = {fold.start: fold for fold in self.given}
        for number in range(1, len(self.pieces)):
            fold = by_start.get(self.pieces[number][0])
            if fold is not None and fold.needs_line_above and not self.kept[number - 1]:
                self.kept[number] = False
        found = []
        for kept, run in groupby(zip(self.kept, self.pieces, strict=True), key=lambda pair: pair[0]):
            pieces = [piece for _, piece in run]
            if kept:
                found += [by_start[start] for start, _ in pieces if start in by_start]
            else:
                start, end = pieces[0][0], pieces[-1][1]
                found.append(Fold(start, end, f"… {end - start} lines"))
        return found


def _error_lines(lines: Sequence[str]) -> set[int]:
    """The numbers of lines with an error word. Finding each word in the whole text is faster than a pattern."""
    text = "\n".join(lines).lower()
    ends = list(accumulate(len(line) + 1 for line in lines))
    found = set()
    for word in _ERRORS:
        at = text.find(word)
        for _ in range(MOST):
            if at < 0:
                break
            found.add(bisect_right(ends, at))
            at = text.find(word, at + 1)
    return found


def cuts_of(row: str, longest: int) -> list[tuple[int, int, str]]:
    """Characters [start, end) to cut from a row so that about `longest` remain, each with a word for its marker."""
    blobs = [(match.start() + HINT, match.end(), "blob") for match in _BLOB.finditer(row)]
    if len(row) - sum(end - start for start, end, _ in blobs) <= longest:
        return blobs
    kept = [(0, longest // 2), (len(row) - longest // 4, len(row))]
    if longest >= (2 * PLACES + 2) * AROUND:
        places = [match.start() for match in _ERROR.finditer(row, longest // 2)]
        kept += [(at - AROUND, at + AROUND) for at in places[:PLACES]]
    cuts = []
    done = 0
    for start, end in sorted(kept):
        if start - done > AROUND // 2:
            cuts.append((done, start, "…"))
            done = end
        else:
            done = max(done, end)
    return cuts
