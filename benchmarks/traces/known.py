"""Which planted lines the lexicon's catalogue holds already, nearly word for word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ahe.debug.signals.lexicon.features import features
from ahe.debug.signals.lexicon.train import CATALOGUE, read_catalogue
from benchmarks.traces.corpus import Planted

NEAR = 0.6
"""The Jaccard similarity of two lines' features (word stems, forms) from which one is said to be known."""


def new(planted: Sequence[Planted]) -> set[str]:
    """The tasks of which no planted line has a near one in the catalogue, whatever mechanism that stands under."""
    near = _Near(line for _, line in read_catalogue(CATALOGUE.read_text("utf-8")))
    known = {line for line in {each.line for each in planted} if near.most(line) >= NEAR}
    return {each.task for each in planted} - {each.task for each in planted if each.line in known}


class _Near:
    def __init__(self, lines: Iterable[str]) -> None:
        self._sizes: list[int] = []
        self._lines: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(lines):
            found = features(line)
            self._sizes.append(len(found))
            for feature in found:
                self._lines[feature].append(number)

    def most(self, line: str) -> float:
        """The similarity of the nearest line, 0 to 1."""
        own = features(line)
        shared: dict[int, int] = defaultdict(int)
        for feature in own:
            for number in self._lines.get(feature, ()):
                shared[number] += 1
        return max((n / (len(own) + self._sizes[number] - n) for number, n in shared.items()), default=0.0)
