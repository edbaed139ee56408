"""Shares with their standard errors, and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ahe.records import Record


class Share(Record):
    """`hits` of `of`. `se` is the standard deviation that a uniform prior leaves: 6 of 6 is not certain."""

    hits: int
    of: int

    @classmethod
    def count(cls, outcomes: Iterable[bool]) -> Share:
        found = list(outcomes)
        return cls(hits=sum(found), of=len(found))

    @property
    def value(self) -> float | None:
        """None where nothing was counted."""
        return self.hits / self.of if self.of else None

    @property
    def se(self) -> float:
        near = (self.hits + 1) / (self.of + 2)
        return math.sqrt(near * (1 - near) / (self.of + 3))

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        return f"{self.hits} of {self.of}: {100 * self.value:.0f} % ± {100 * self.se:.0f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)
