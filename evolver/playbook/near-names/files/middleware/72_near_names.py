import difflib
import re

PATTERN = re.compile(r"([^\s:'\"`]+)['\"`]?: No such file or directory|No such file or directory: '([^']+)'")
NAMES = "find . -name .git -prune -o -mindepth 1 -print 2>/dev/null | head -n 2000"


class NearNames:
    """Adds the nearest existing names to a complaint about a missing one."""

    async def after_tool(self, ctx, call, result):
        found = [one or other for one, other in PATTERN.findall(result[:20000])][:3]
        if not found:
            return None
        listed = await ctx.env.exec(f"pwd; {NAMES}", timeout=10)
        here, *names = listed.output.splitlines() or [""]
        by_end = {}
        for name in names:
            by_end.setdefault(name.rsplit("/", 1)[-1], name)
        lines = []
        for path in found:
            end = path.rstrip("/").rsplit("/", 1)[-1]
            near = difflib.get_close_matches(end, list(by_end), n=3, cutoff=0.6)
            if near:
                lines.append(
                    f"{path} does not exist; there is {', '.join(f'{here}/{by_end[n][2:]}' for n in near)}"
                )
        return f"{result}\n[{'; '.join(lines)}]" if lines else None
