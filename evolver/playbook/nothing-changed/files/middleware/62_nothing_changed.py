STATE = "find . -printf '%p %s %T@ %m\\n' 2>/dev/null | sort | cksum"


class NothingChanged:
    """Compares the work directory at the end with the one at the start."""

    def __init__(self):
        self.before = None

    async def on_start(self, ctx):
        state = await ctx.env.exec(STATE, timeout=20)
        self.before = state.output if state.exit_code == 0 else None

    async def before_finish(self, ctx, answer):
        before, self.before = self.before, None
        if before is not None and (await ctx.env.exec(STATE, timeout=20)).output == before:
            return (
                "Nothing has been changed yet: every file is as it was at the start. Explaining is not enough. "
                f"Do the task with a command now. The task: {ctx.instruction.strip()[:1500]}"
            )
