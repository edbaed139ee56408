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
    """Adds the nearest examples to the first message."""

    def __init__(self):
        text = ROWS.read_text("utf-8") if ROWS.is_file() else ""
        lines = [json.loads(line) for line in text.split("\n") if line]
        self.before = next((line["before"] for line in lines if "before" in line), "")
        rows = [line for line in lines if "question" in line]
        self.rows = [(row["question"], row["answer"], self._terms(row["question"])) for row in rows]
        seen = Counter(term for *_, terms in self.rows for term in terms)
        self.rarity = {term: math.log((1 + len(rows)) / (1 + n)) + 1 for term, n in seen.items()}
        self.shown = ""

    async def on_start(self, ctx):
        asked = self._terms(ctx.instruction.removeprefix(self.before))
        near = sorted(self.rows, key=lambda row: -self._likeness(asked, row[2]))[:SHOWN]
        near = [row for row in near if row[0].strip() not in ctx.instruction]
        self.shown = "\n\n".join(
            f"Question: {question}\nAnswer: {answer}" for question, answer, _ in reversed(near)
        )

    async def before_model(self, ctx, messages):
        for number, message in enumerate(messages):
            if self.shown and message["role"] == "user":
                text = f"Examples with their right answers:\n\n{self.shown}\n\nNow yours:\n\n{message['content']}"
                return [*messages[:number], {**message, "content": text}, *messages[number + 1 :]]

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
