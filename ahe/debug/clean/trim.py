"""Cuts long output to a size: both ends stay, and lines that look like errors with their neighbours."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ahe.debug.clean.repeats import Fold, visible

HEAD, TAIL, ERRORS = 0.15, 0.3, 0.95
"""Shares of the size: the head, the tail, and the limit up to which errors fill it; the rest is tail, then head."""
MARKER = 40
BEFORE, AFTER = 1, 2
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
    if visible(lines, folds) + MARKER * len(folds) <= limit:
        return folds
    pieces = _pieces(lines, folds)
    down, up = range(len(pieces)), range(len(pieces))[::-1]
    kept: set[int] = set()
    left: float = limit - MARKER

    def keep(numbers: Iterable[int], floor: float) -> None:
        """Keep pieces in this order while at least `floor` characters are left."""
        nonlocal left
        for number in numbers:
            piece = pieces[number]
            cost = 0 if number in kept else MARKER if piece.words else len(lines[piece.start]) + 1
            if left - cost < floor:
                return
            left -= cost
            kept.add(number)

    keep(down, limit * (1 - HEAD))
    keep(up, limit * (1 - HEAD - TAIL))
    known: set[str] = set()
    for number in _errors(pieces, lines):
        kind = lines[pieces[number].start].translate(_DIGITS)
        if number not in kept and kind not in known:
            known.add(kind)
            left -= MARKER
            near = range(max(0, number - BEFORE), min(len(pieces), number + AFTER + 1))
            keep((number, *near), limit * (1 - ERRORS))
            if left <= limit * (1 - ERRORS):
                break
    keep(up, 0)
    keep(down, 0)
    below = {number for number in kept if pieces[number].words.startswith(("×", "≈", "blob"))}
    kept -= {number for number in below if number - 1 not in kept}  # only understood with the line above
    found = []
    for is_kept, run in groupby(down, key=kept.__contains__):
        numbers = list(run)
        if is_kept:
            found += [pieces[number] for number in numbers if pieces[number].words]
        else:
            start, end = pieces[numbers[0]].start, pieces[numbers[-1]].end
            found.append(Fold(start, end, f"… {end - start} lines"))
    return found


def _errors(pieces: Sequence[Fold], lines: Sequence[str]) -> Iterator[int]:
    """The numbers of the lines with an error word. Words are found faster than a pattern, and most texts have few."""
    text = "\n".join(lines).lower()
    words = [word for word in _ERRORS if word in text]
    for number, piece in enumerate(pieces):
        if not piece.words and any(word in lines[piece.start].lower() for word in words):
            yield number


def _pieces(lines: Sequence[str], folds: list[Fold]) -> list[Fold]:
    """What can be kept, in order: the folds, and each line between them as a fold without words."""
    pieces = []
    at = 0
    for fold in [*folds, Fold(len(lines), len(lines), "")]:
        pieces += [*(Fold(line, line + 1, "") for line in range(at, fold.start)), fold]
        at = fold.end
    return pieces[:-1]


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
