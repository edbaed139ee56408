import re

MISSING = re.compile(r"(?:^|\n)(?:\S*sh: )?(?:line \d+: )?([\w.+-]+): (?:command )?not found")
TOOLS = (
    "python3 perl awk sed grep sort cut tr find xargs jq git tar gzip zip unzip sqlite3 bc node gcc make curl"
)


class MissingCommand:
    """Names what can be used instead."""

    async def after_tool(self, ctx, call, result):
        missing = dict.fromkeys(MISSING.findall(result[:20000]))
        if not missing:
            return None
        test = f"for t in {TOOLS}; do command -v $t >/dev/null 2>&1 && echo $t; done"
        there = " ".join((await ctx.env.exec(test, timeout=10)).output.split())
        names = ", ".join(missing)
        return (
            f"{result}\n[{names}: not installed here; do not try to install it. Use what there is: {there}]"
        )
