import re
import shlex

PATH = re.compile(r"(?<![\w.:/])/(?:[\w.+-]+/)+[\w.+-]*\w")
WRITTEN = re.compile(
    r"(?:\bto|\binto|\bas|\bcalled|\bnamed|\bcreate|\bwrite)\s+(?:the\s+file\s+)?[`'\"]?([\w+-][\w./+-]*\.\w{1,8})\b"
)
ASKS = 2


class MissingFile:
    """Asks for the files that the task names, were not there at the start, and are not there at the end."""

    def __init__(self):
        self.awaited = []
        self.asked = 0

    async def on_start(self, ctx):
        text = ctx.instruction[:8000]
        named = dict.fromkeys(PATH.findall(text) + WRITTEN.findall(text))
        self.awaited = await self._absent(ctx, list(named)[:20])

    async def before_finish(self, ctx, answer):
        absent = await self._absent(ctx, self.awaited)
        if absent and self.asked < ASKS:
            self.asked += 1
            return (
                f"You are not done: {', '.join(absent)} is missing or empty. Write it now with a command, "
                "exactly as the task says, and look at it before you answer."
            )

    async def _absent(self, ctx, paths):
        """Those of the paths that are neither a folder nor a file with content."""
        if not paths:
            return []
        quoted = " ".join(map(shlex.quote, paths))
        test = f'for p in {quoted}; do [ -d "$p" ] || [ -s "$p" ] || echo "$p"; done'
        found = (await ctx.env.exec(test, timeout=10)).output.splitlines()
        return [path for path in paths if path in found]
