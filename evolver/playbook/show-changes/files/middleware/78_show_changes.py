import shlex

MARK = "touch /tmp/.before-command"
CHANGED = "find . -path '*/.git/objects' -prune -o -cnewer /tmp/.before-command -printf '%y %p\\n'"
HEAD = 'test -f {path} && grep -Iq . {path} && head -n 5 {path} | cut -c 1-120 && echo "($(wc -l < {path}) lines)"'
SHOWN = 3


class ShowChanges:
    """Adds to a result which files the command made or changed."""

    def __init__(self):
        self.marked = False

    async def before_tool(self, ctx, call):
        self.marked = (await ctx.env.exec(MARK, timeout=10)).exit_code == 0

    async def after_tool(self, ctx, call, result):
        found = await ctx.env.exec(CHANGED, timeout=10)
        if not self.marked or found.exit_code != 0 or call["name"] != "run_shell_command":
            return None
        lines = [line for line in found.output.splitlines() if line[1:3] == " ."]
        if not lines:
            return f"{result}\n[this command changed no file in the work directory]"
        files = [line[2:] for line in lines if line[0] != "d" and "/.git/" not in line]
        parts = [await self._described(ctx, path) for path in files[:SHOWN]]
        parts += [f"and {len(files) - SHOWN} more files"] if len(files) > SHOWN else []
        if not files:
            where = [line[2:] for line in lines if "/.git" not in line]
            parts = [f"the names in {path}" for path in where[:SHOWN]] or ["the git repository"]
        return f"{result}\n[this command changed]\n" + "\n".join(parts)

    async def _described(self, ctx, path):
        head = await ctx.env.exec(HEAD.format(path=shlex.quote(path)), timeout=10)
        return f"{path}:\n{head.output.rstrip()[:600]}" if head.exit_code == 0 else path
