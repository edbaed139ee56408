import shlex

STATE = "find . -path '*/.git/objects' -prune -o ! -type d -printf '%p\\t%s %T@ %m %l\\n' 2>/dev/null | head -n 5001"
HEAD = 'test -f {path} && grep -Iq . {path} && head -n 5 {path} | cut -c 1-120 && echo "($(wc -l < {path}) lines)"'
SHOWN = 3


class ShowChanges:
    """Adds to a result which files the command made, changed or removed."""

    def __init__(self):
        self.before = None

    async def on_start(self, ctx):
        self.before = await self._state(ctx)

    async def after_tool(self, ctx, call, result):
        before, after = self.before, await self._state(ctx)
        self.before = after
        if before is None or after is None or call["name"] != "run_shell_command":
            return None
        new = [path for path, state in after.items() if before.get(path) != state]
        gone = [path for path in before if path not in after]
        if not new and not gone:
            return f"{result}\n[this command changed no file in the work directory]"
        parts = [await self._described(ctx, path) for path in new if "/.git/" not in path][:SHOWN]
        more = len([path for path in new if "/.git/" not in path]) - len(parts)
        parts += [f"and {more} more files"] if more > 0 else []
        gone = [path for path in gone if "/.git/" not in path]
        parts += [f"removed: {', '.join(gone[:10])}"] if gone else []
        return f"{result}\n[this command changed]\n" + "\n".join(parts or ["the git repository"])

    async def _state(self, ctx):
        """Size, time, mode and link of each file by its path; None where that cannot be told."""
        listed = await ctx.env.exec(STATE, timeout=10)
        lines = [line.split("\t") for line in listed.output.split("\n") if "\t" in line]
        return dict(line[:2] for line in lines) if listed.exit_code == 0 and len(lines) <= 5000 else None

    async def _described(self, ctx, path):
        head = await ctx.env.exec(HEAD.format(path=shlex.quote(path)), timeout=10)
        return f"{path}:\n{head.output.rstrip()[:600]}" if head.exit_code == 0 else f"{path}"
