"""Makes `weights.json` from `catalogue.txt`: `python -m ahe.debug.signals.lexicon.train`. Reproducible to the byte.

A multiclass passive-aggressive classifier (Crammer, Dekel et al., JMLR 7, 2006: PA-I), its weights averaged over
all steps, on the binary features of `features.py`; a line's vector has length 1.
Weights are integers in thousandths; small ones are left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from ahe.debug.signals.lexicon.features import beginnings, features
from ahe.debug.signals.lexicon.guess import CALM
from ahe.debug.signals.mechanisms.match import LONGEST, row_of
from ahe.debug.signals.templates import fine

HERE = Path(__file__).parent
CATALOGUE, WEIGHTS = HERE / "catalogue.txt", HERE / "weights.json"
EPOCHS, STEP, SMALLEST = 10, 0.5, 200
ALARM_SHARE = 2
TROUBLE = "trouble"

Example = tuple[str, list[str]]


def read_catalogue(text: str) -> list[tuple[str, str]]:
    """The (mechanism, line) pairs of a catalogue: lines below `## mechanism`."""
    found, mechanism = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            mechanism = line[3:].strip()
        elif line.strip():
            found.append((mechanism, line))
    return found


def weights_of(lines: Sequence[tuple[str, str]]) -> str:
    """The text of `weights.json`."""
    found = {"mechanisms": train(lines), "alarm": train_alarm(lines)}
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    return text.replace("},", "},\n") + "\n"


def train(lines: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Weights by feature and mechanism, in thousandths."""
    examples = [(name, sorted(features(line, row_of(line)))) for name, line in lines]
    return _rounded(_learn(examples, sorted({name for name, _ in examples})))


def train_alarm(lines: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Weights by word beginning, in thousandths: whether a line shows any mechanism or is calm."""
    examples = [
        (name if name == CALM else TROUBLE, sorted(beginnings(fine(line)[:LONGEST])))
        for name, line in lines
        for _ in range(ALARM_SHARE if name == CALM else 1)
    ]
    learned = _rounded(
        _learn([(name, [b.decode() for b in found]) for name, found in examples], [CALM, TROUBLE])
    )
    return {beginning: row[TROUBLE] for beginning, row in learned.items() if TROUBLE in row}


def _rounded(weights: dict[str, dict[str, float]]) -> dict[str, dict[str, int]]:
    return {
        feature: kept
        for feature, row in sorted(weights.items())
        if (kept := {name: round(1000 * w) for name, w in row.items() if abs(1000 * w) >= SMALLEST})
    }


def _learn(examples: Sequence[Example], names: Sequence[str]) -> dict[str, dict[str, float]]:
    size = len(names)
    number = {name: place for place, name in enumerate(names)}
    known = sorted({feature for _, found in examples for feature in found})
    weights = {feature: [0.0] * size for feature in known}
    summed = {feature: [0.0] * size for feature in known}
    order, random, step = list(range(len(examples))), Random(0), 1
    for _ in range(EPOCHS):
        random.shuffle(order)
        for place in order:
            name, found = examples[place]
            if not found:
                continue
            right, value = number[name], len(found) ** -0.5
            scores = [value * sum(column) for column in zip(*(weights[f] for f in found), strict=True)]
            best = max((n for n in range(size) if n != right), key=scores.__getitem__)
            loss = 1 - scores[right] + scores[best]
            if loss > 0:
                change = value * min(STEP, loss / 2)
                for feature in found:
                    for which, by in ((right, change), (best, -change)):
                        weights[feature][which] += by
                        summed[feature][which] += step * by
            step += 1
    return {f: {name: weights[f][n] - summed[f][n] / step for name, n in number.items()} for f in known}


if __name__ == "__main__":
    WEIGHTS.write_text(weights_of(read_catalogue(CATALOGUE.read_text("utf-8"))), "utf-8")
