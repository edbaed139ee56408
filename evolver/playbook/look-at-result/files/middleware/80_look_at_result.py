import re
import shlex

PATH = re.compile(r"(?<![\w.])/?(?:[\w.+-]+/)*[\w+-]+\.\w{1,8}\b")
HEAD = 'head -n 8 {path} | cut -c 1-160; echo "($(wc -l < {path}) lines)"'


class LookAtResult:
    """One look at the files that the agent made or changed, before the first answer counts."""

    def __init__(self):
        self.before = {}
        self.looked = False

    async def on_start(self, ctx):
        names = list(dict.fromkeys(PATH.findall(ctx.instruction[:8000])))[:8]
        self.before = {name: await self._sum(ctx, name) for name in names}

    async def before_finish(self, ctx, answer):
        if self.looked:
            return None
        self.looked = True
        parts = []
        for name, old in self.before.items():
            new = await self._sum(ctx, name)
            if new and new != old:
                head = await ctx.env.exec(HEAD.format(path=shlex.quote(name)), timeout=10)
                parts.append(f"{name} now:\n{head.output.strip()[:1200]}")
        if parts:
            return (
                "Before you end, compare what you wrote with the task.\n\n"
                + "\n\n".join(parts)
                + f"\n\nThe task: {ctx.instruction.strip()[:1500]}\n\n"
                "If anything differs from what the task asks for, correct it with a command. "
                "If all is right, answer again without a command."
            )

    async def _sum(self, ctx, path):
        quoted = shlex.quote(path)
        result = await ctx.env.exec(f"test -f {quoted} && cksum < {quoted}", timeout=10)
        return result.output.strip() if result.exit_code == 0 else ""
