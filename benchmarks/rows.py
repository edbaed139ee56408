"""Plain classifiers on the test split of a suite of rows: what a harness on such a suite has to be compared with.

    python -m benchmarks.rows evals/tickets

TF-IDF over words and pairs of words, of all train rows: the label of the nearest row, and the label with the nearest
centroid. No model is asked.
"""

import argparse
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ahe.evaluate.suite import load_suite

Vector = Mapping[str, float]


def terms(text: str) -> Counter[str]:
    words = re.findall(r"[^\W_]{2,}", text.lower())
    return Counter([*words, *map(" ".join, pairwise(words))])


def vector(counts: Counter[str], rarity: Mapping[str, float]) -> Vector:
    """Weights of length 1."""
    weights = {term: (1 + math.log(n)) * rarity[term] for term, n in counts.items() if term in rarity}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def cosine(one: Vector, other: Vector) -> float:
    """Of a vector of length 1 with any other."""
    length = math.sqrt(sum(weight * weight for weight in other.values())) or 1.0
    return sum(weight * other.get(term, 0.0) for term, weight in one.items()) / length


def scores(train: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]]) -> tuple[float, float]:
    """The shares of test rows that the nearest row and the nearest centroid name rightly."""
    counted = [(answer, terms(question)) for question, answer in train]
    seen = Counter(term for _, counts in counted for term in counts)
    rarity = {term: math.log((1 + len(train)) / (1 + n)) + 1 for term, n in seen.items()}
    rows = [(answer, vector(counts, rarity)) for answer, counts in counted]
    centroids: dict[str, Counter[str]] = {}
    for answer, row in rows:
        centroids.setdefault(answer, Counter()).update(row)  # type: ignore[arg-type]
    nearest = central = 0
    for question, answer in test:
        asked = vector(terms(question), rarity)
        nearest += max(rows, key=lambda row: cosine(asked, row[1]))[0] == answer
        central += max(centroids, key=lambda label: cosine(asked, centroids[label])) == answer
    return nearest / len(test), central / len(test)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    suite = load_suite(parser.parse_args().suite)
    parts = {
        split: [(task.row.question, task.row.answer) for task in suite.part(split) if task.row]
        for split in ("train", "test")
    }
    nearest, central = scores(parts["train"], parts["test"])
    print(f"{suite.name}: {len(parts['train'])} train rows, {len(parts['test'])} test rows")
    print(f"nearest row       {nearest:.1%}")
    print(f"nearest centroid  {central:.1%}")


if __name__ == "__main__":
    main()
