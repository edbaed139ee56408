import re

SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
WORDS = (
    "must|only|exactly|nothing else|do not|don't|never|without|leave|keep|stay|unchanged|at the end|sorted|"
    "one per line|each"
)
DEMANDS = re.compile(rf"\b(?:{WORDS})\b", re.IGNORECASE)


class Checklist:
    """Shows the task's conditions once, before the first answer counts."""

    def __init__(self):
        self.shown = False

    async def before_finish(self, ctx, answer):
        if self.shown:
            return None
        self.shown = True
        conditions = [each.strip() for each in SENTENCE.split(ctx.instruction) if DEMANDS.search(each)][:8]
        if conditions:
            lines = "\n".join(f"- {each[:300]}" for each in conditions)
            return (
                "Before you end, check each of these with a command; correct what does not hold, "
                f"then answer again:\n{lines}"
            )
