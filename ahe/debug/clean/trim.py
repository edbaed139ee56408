"""Cuts long output to a size: both ends stay, and lines that look like errors with their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ahe.debug.clean.repeats import Fold, size

HEAD, TAIL, ERRORS = 0.15, 0.3, 0.95
"""Shares of the size: the head, the tail, and the limit up to which errors fill it; the rest is tail, then head."""
MARKER = 40
BEFORE, AFTER = 1, 2
MOST = 200
"""Occurrences examined for each word."""
WORDS = (
    *(b"error", b"exception", b"traceback", b"fail", b"fatal", b"panic", b"abort", b"assert", b"killed"),
    *(b"denied", b"refused", b"cannot", b"can't", b"could not", b"unable", b"undefined", b"unknown"),
    *(b"unexpected", b"invalid", b"missing", b"not found", b"no such", b"timed out", b"timeout", b"no space"),
    *(b"segmentation", b"core dumped", b"out of memory", b"conflict", b"warning", b"usage:"),
    *(b"exit code", b"exit status"),
)
_DIGITS = str.maketrans("", "", "0123456789")
LONG = 400
"""Lines of more characters than this are searched for blobs."""
BLOB, HINT = 256, 32
"""Least characters of a blob, and how many of them are shown as a hint."""
AROUND, PLACES = 150, 3
"""Characters kept around an error, and how many errors of a line are kept."""
_BLOB = re.compile(rf"[A-Za-z0-9+/=_-]{{{BLOB},}}")


def errors(text: str) -> list[int]:
    """The byte positions in the text's UTF-8 where an error word begins, ascending."""
    folded = text.encode("utf-8", "surrogateescape").lower()
    return sorted({at for word in WORDS for at in _places(folded, word)})


def _places(text: bytes, word: bytes) -> Iterator[int]:
    at = text.find(word)
    for _ in range(MOST):
        if at < 0:
            return
        yield at
        at = text.find(word, at + len(word))


def trim(lines: Sequence[str], folds: list[Fold], limit: int) -> list[Fold]:
    """The folds and further ones, so that about `limit` characters are shown; lines should be much shorter."""
    hidden = sum(size(lines, fold.start, fold.end) for fold in folds)
    if size(lines, 0, len(lines)) - hidden + MARKER * len(folds) <= limit:
        return folds
    choice = _Choice(lines, folds, limit)
    choice.forward(limit * (1 - HEAD))
    choice.backward(limit * (1 - HEAD - TAIL))
    choice.around_errors(limit * (1 - ERRORS))
    choice.backward(0)
    choice.forward(0)
    return choice.folds()


class _Choice:
    """Selects the lines that stay: `kept` has a byte for each, `left` counts the characters that may still be shown."""

    def __init__(self, lines: Sequence[str], folds: list[Fold], limit: int) -> None:
        self.lines, self.given = lines, folds
        self.left: float = limit - MARKER
        self.kept = bytearray(len(lines))
        self.starting = {fold.start: fold for fold in folds}
        self.ending = {fold.end: fold for fold in folds}
        self.folded = bytearray(len(lines))
        for fold in folds:
            self.folded[fold.start : fold.end] = b"\1" * (fold.end - fold.start)

    def forward(self, floor: float) -> None:
        """Keep lines from the top while at least `floor` characters are left."""
        at = 0
        while (at := self.kept.find(0, at)) >= 0:
            fold = self.starting.get(at)
            end = fold.end if fold else at + 1
            if not self._keep(at, end, MARKER if fold else len(self.lines[at]) + 1, floor):
                return
            at = end

    def backward(self, floor: float) -> None:
        """Keep lines from the bottom while at least `floor` characters are left."""
        end = len(self.lines)
        while (end := self.kept.rfind(0, 0, end) + 1) > 0:
            fold = self.ending.get(end)
            at = fold.start if fold else end - 1
            if not self._keep(at, end, MARKER if fold else len(self.lines[at]) + 1, floor):
                return
            end = at

    def around_errors(self, floor: float) -> None:
        """Keep the first line of each kind of error, with the lines around it."""
        text = "\n".join(self.lines)
        folded = text.encode("utf-8", "surrogateescape")
        known: set[str] = set()
        line = before = 0
        for place in errors(text):
            line += folded.count(b"\n", before, place)
            before = place
            template = self.lines[line].translate(_DIGITS)
            if self.kept[line] or self.folded[line] or template in known:
                continue
            known.add(template)
            self.left -= MARKER
            around = range(max(0, line - BEFORE), min(len(self.lines), line + AFTER + 1))
            for at in [line, *around]:
                if not self.kept[at] and not self.folded[at]:
                    self._keep(at, at + 1, len(self.lines[at]) + 1, floor)
            if self.left <= floor:
                return

    def _keep(self, start: int, end: int, cost: int, floor: float) -> bool:
        if self.left - cost < floor:
            return False
        self.kept[start:end] = b"\1" * (end - start)
        self.left -= cost
        return True

    def folds(self) -> list[Fold]:
        """The given folds that stay, and one for each run of lines that are not kept."""
        for fold in self.given:
            if fold.needs_line_above and fold.start and not self.kept[fold.start - 1]:
                self.kept[fold.start : fold.end] = bytes(fold.end - fold.start)
        found = [fold for fold in self.given if self.kept[fold.start]]
        end = 0
        while (start := self.kept.find(0, end)) >= 0:
            end = self.kept.find(1, start)
            end = len(self.lines) if end < 0 else end
            found.append(Fold(start, end, f"… {end - start} lines"))
        return sorted(found, key=lambda fold: fold.start)


def cuts_of(row: str, longest: int) -> list[tuple[int, int, str]]:
    """Characters [start, end) to cut from a row so that about `longest` remain, each with a word for its marker."""
    blobs = [(match.start() + HINT, match.end(), "blob") for match in _BLOB.finditer(row)]
    if len(row) - sum(end - start for start, end, _ in blobs) <= longest:
        return blobs
    kept = [(0, longest // 2), *_around_errors(row, longest), (len(row) - longest // 4, len(row))]
    cuts = []
    done = 0
    for start, end in sorted(kept):
        if start - done > AROUND // 2:
            cuts.append((done, start, "…"))
            done = end
        else:
            done = max(done, end)
    return cuts


def _around_errors(row: str, longest: int) -> list[tuple[int, int]]:
    if longest < (2 * PLACES + 2) * AROUND:
        return []
    folded = row.encode("utf-8", "surrogateescape")
    places = [at if row.isascii() else len(folded[:at].decode("utf-8", "ignore")) for at in errors(row)[:50]]
    found: list[tuple[int, int]] = []
    for at in places:
        if at > longest // 2 and (not found or at > found[-1][1]) and len(found) < PLACES:
            found.append((at - AROUND, at + AROUND))
    return found
