import json
import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

ROWS = Path(__file__).resolve().parent.parent / "skills" / "examples" / "rows.jsonl"
WORD = re.compile(r"[^\W_]{2,}")
SHOWN = 4


class NearestExamples:
    """Puts the nearest examples before the question as turns that were answered rightly."""

    def __init__(self):
        text = ROWS.read_text("utf-8") if ROWS.is_file() else ""
        lines = [json.loads(line) for line in text.split("\n") if line]
        self.before = next((line["before"] for line in lines if "before" in line), "")
        rows = [line for line in lines if "question" in line]
        self.rows = [(row["question"], row["answer"], self._terms(row["question"])) for row in rows]
        seen = Counter(term for *_, terms in self.rows for term in terms)
        self.rarity = {term: math.log((1 + len(rows)) / (1 + n)) + 1 for term, n in seen.items()}
        self.near = []

    async def on_start(self, ctx):
        asked = self._terms(ctx.instruction.removeprefix(self.before))
        near = sorted(self.rows, key=lambda row: -self._likeness(asked, row[2]))[: SHOWN + 1]
        near = [row for row in near if row[0].strip() not in ctx.instruction][:SHOWN]
        self.near = near[::-1]

    async def before_model(self, ctx, messages):
        first = next((n for n, message in enumerate(messages) if message["role"] == "user"), None)
        if first is None or not self.near:
            return None
        own = messages[first]["content"].removeprefix(self.before).strip()
        told = []
        for question, answer, _ in self.near:
            told += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        told.append({**messages[first], "content": own})
        told[0] = {**told[0], "content": f"{self.before}\n\n{told[0]['content']}".strip()}
        return [*messages[:first], *told, *messages[first + 1 :]]

    def _terms(self, text):
        words = WORD.findall(text.lower())
        return Counter([*words, *map(" ".join, pairwise(words))])

    def _likeness(self, one, other):
        """The cosine of two texts' TF-IDF vectors."""
        both = sum(one[t] * other[t] * self.rarity.get(t, 1) ** 2 for t in one.keys() & other.keys())
        sizes = [
            math.sqrt(sum((n * self.rarity.get(t, 1)) ** 2 for t, n in terms.items()))
            for terms in (one, other)
        ]
        return both / (sizes[0] * sizes[1]) if all(sizes) else 0.0
