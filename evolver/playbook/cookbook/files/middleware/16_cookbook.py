import json
import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path, PurePosixPath

RECIPES = Path(__file__).resolve().parent.parent / "skills" / "cookbook"
WORD = re.compile(r"[a-z]+")
PATH = re.compile(r"/[\w./-]+")
COMMON = set(
    WORD.findall(
        "a an and app are as at be by data do does each else end exactly file files for from has have how if in into "
        "is it its must name names no not nothing of on one only or other run so than that the their them then there "
        "these they this those to what when which who whose with without write you your"
    )
)
SHOWN = 2
BLOCKS = "Nothing outside of it is executed"
"""Stands in the system message where the model writes code blocks instead of tool calls."""
LEAST = 10.0
"""The least score of a recipe that is shown."""
K1, B = 1.2, 0.9
"""BM25's weights of repetition and of length."""


class Cookbook:
    """Puts the recipes that are most like the task, by BM25, before it as examples."""

    def __init__(self):
        texts = [path.read_text("utf-8") for path in sorted(RECIPES.glob("*.jsonl"))]
        lines = [json.loads(line) for text in texts for line in text.split("\n") if line]
        self.recipes = [(line["when"], line["how"], Counter(self._terms(line["when"]))) for line in lines]
        seen = Counter(term for *_, terms in self.recipes for term in terms)
        self.rarity = {term: math.log(1 + (len(lines) - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
        self.length = sum(terms.total() for *_, terms in self.recipes) / max(1, len(lines))
        self.near = []

    async def on_start(self, ctx):
        asked = set(self._terms(ctx.instruction[:4000]))
        ranked = sorted(
            ((self._score(asked, terms), when, how) for when, how, terms in self.recipes), reverse=True
        )
        self.near = [(when, how) for score, when, how in ranked[:SHOWN] if score >= LEAST][::-1]

    async def before_model(self, ctx, messages):
        blocks = BLOCKS in messages[0]["content"]
        for number, message in enumerate(messages):
            if self.near and message["role"] == "user":
                shown = [self._shown(*recipe, blocks) for recipe in self.near]
                end = "with one code block as above" if blocks else "done in the same way"
                text = "\n\n".join([*shown, f"Your task, {end}:\n{message['content']}"])
                return [*messages[:number], {**message, "content": text}, *messages[number + 1 :]]

    def _shown(self, when, how, blocks):
        """A recipe as an example, in the form in which the model acts."""
        return f"Example: {when}.\n" + (f"```bash\n{how}\n```" if blocks else f"Its command:\n{how}")

    def _terms(self, text):
        """Words that say something, without the ending that plurals and verbs have, and pairs of them.

        Of a path only the suffix counts: folders and names are of one task.
        """
        text = PATH.sub(lambda path: f" {PurePosixPath(path[0].rstrip('.')).suffix} ", text).lower()
        words = [word for word in WORD.findall(text) if len(word) > 1 and word not in COMMON]
        words = [re.sub(r"(?<=\w{3})(?:ies|es|s|ed|ing)$", "", word) for word in words]
        return [*words, *map(" ".join, pairwise(words))]

    def _score(self, asked, terms):
        shorter = K1 * (1 - B + B * terms.total() / self.length)
        return sum(self.rarity[t] * terms[t] * (K1 + 1) / (terms[t] + shorter) for t in asked & terms.keys())
