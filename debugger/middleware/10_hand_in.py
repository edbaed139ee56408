class HandIn:
    """Prose is no answer: it cannot be checked. Only what the tool takes is kept."""

    async def before_finish(self, ctx, answer) -> str:
        return "That was not handed in. Call the tool `answer` with your findings and their citations."
