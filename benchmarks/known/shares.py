"""Shares with their standard errors, and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

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


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean of independent values; None for fewer than two."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def mean_text(values: Sequence[float], form: str = ".0f") -> str:
    """The mean with its standard error."""
    if not values:
        return "–"
    error = standard_error(values)
    return f"{fmean(values):{form}}" + ("" if error is None else f" ± {error:{form.lstrip('+')}}")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)
