import re
import shlex

NAMES = "find . -name .git -prune -o -mindepth 1 -print 2>/dev/null | sort | head -n 30"
HEAD = "test -f {path} && grep -Iq . {path} && head -n 6 {path} | cut -c 1-120"
PATH = re.compile(r"(?<![\w.])/?(?:[\w.+-]+/)*[\w+-]+\.\w{1,8}\b")


class WorkspaceListing:
    """Adds to the first message which files there are and how those that the task names begin."""

    def __init__(self):
        self.shown = ""

    async def on_start(self, ctx):
        names = (await ctx.env.exec(NAMES, timeout=10)).output.strip()
        parts = [f"Files in the work directory:\n{names}"] if names else []
        for path in list(dict.fromkeys(PATH.findall(ctx.instruction[:4000])))[:5]:
            head = await ctx.env.exec(HEAD.format(path=shlex.quote(path)), timeout=10)
            if head.exit_code == 0 and head.output.strip():
                parts.append(f"{path} begins:\n{head.output.rstrip()}")
        self.shown = "\n\n".join(parts)[:3000]

    async def before_model(self, ctx, messages):
        for number, message in enumerate(messages):
            if self.shown and message["role"] == "user":
                first = {**message, "content": f"{message['content'].rstrip()}\n\n{self.shown}"}
                return [*messages[:number], first, *messages[number + 1 :]]
