import json
import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

RECIPES = Path(__file__).resolve().parent.parent / "skills" / "cookbook" / "recipes.jsonl"
WORD = re.compile(r"[a-z]+")
COMMON = set(
    WORD.findall(
        "a an and app are as at be by data do does each else end exactly file files for from has have how if in into "
        "is it its must name names no not nothing of on one only or other run so than that the their them then there "
        "these they this those to what when which who whose with without write you your"
    )
)
SHOWN = 3
LEAST = 6.0
"""The least score of a recipe that is shown."""
K1, B = 1.2, 0.9
"""BM25's weights of repetition and of length."""


class Cookbook:
    """Adds the recipes that are most like the task, by BM25, to the first message."""

    def __init__(self):
        lines = [json.loads(line) for line in RECIPES.read_text("utf-8").split("\n") if line]
        self.recipes = [(line["when"], line["how"], Counter(self._terms(line["when"]))) for line in lines]
        seen = Counter(term for *_, terms in self.recipes for term in terms)
        self.rarity = {term: math.log(1 + (len(lines) - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
        self.length = sum(terms.total() for *_, terms in self.recipes) / len(lines)
        self.shown = ""

    async def on_start(self, ctx):
        asked = set(self._terms(ctx.instruction[:4000]))
        ranked = sorted(
            ((self._score(asked, terms), when, how) for when, how, terms in self.recipes), reverse=True
        )
        self.shown = "\n\n".join(f"# {when}\n{how}" for score, when, how in ranked[:SHOWN] if score >= LEAST)

    async def before_model(self, ctx, messages):
        for number, message in enumerate(messages):
            if self.shown and message["role"] == "user":
                told = "Recipes for work of this kind, with other names; take what fits:"
                first = {**message, "content": f"{message['content'].rstrip()}\n\n{told}\n\n{self.shown}"}
                return [*messages[:number], first, *messages[number + 1 :]]

    def _terms(self, text):
        """Words that say something, without the ending that plurals and verbs have, and pairs of them."""
        words = [word for word in WORD.findall(text.lower()) if len(word) > 1 and word not in COMMON]
        words = [re.sub(r"(?<=\w{3})(?:ies|es|s|ed|ing)$", "", word) for word in words]
        return [*words, *map(" ".join, pairwise(words))]

    def _score(self, asked, terms):
        shorter = K1 * (1 - B + B * terms.total() / self.length)
        return sum(self.rarity[t] * terms[t] * (K1 + 1) / (terms[t] + shorter) for t in asked & terms.keys())
