"""What is not shown of a very long line: blobs, and what is neither at its ends nor around an error."""

from __future__ import annotations

import re

from ahe.debug.cleaning.trim import errors

LONG = 400
"""Characters of a line from which on it is looked at for blobs."""
BLOB, HINT = 256, 32
"""Characters of a blob, and how many of them are shown so that one sees what it is."""
AROUND, ERRORS = 150, 3
"""Characters around an error, and how many such places stay."""
_BLOB = re.compile(rf"[A-Za-z0-9+/=_-]{{{BLOB},}}")


def cuts_of(row: str, longest: int) -> list[tuple[int, int, str]]:
    """Characters [start, end) that are not shown, with a word for each, so that about `longest` are."""
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
    if longest < (2 * ERRORS + 2) * AROUND:
        return []
    folded = row.encode("utf-8", "surrogateescape")
    places = [at if row.isascii() else len(folded[:at].decode("utf-8", "ignore")) for at in errors(row)[:50]]
    found: list[tuple[int, int]] = []
    for at in places:
        if at > longest // 2 and (not found or at > found[-1][1]) and len(found) < ERRORS:
            found.append((at - AROUND, at + AROUND))
    return found
