PLAN = "/tmp/plan.md"


class PlanFile:
    """Shows the plan, where there is one, after every fourth command."""

    def __init__(self):
        self.commands = 0

    async def after_tool(self, ctx, call, result):
        self.commands += 1
        if self.commands % 4:
            return None
        plan = await ctx.env.exec(f"test -s {PLAN} && head -c 1500 {PLAN}", timeout=10)
        if plan.exit_code == 0:
            return f"{result}\n[your plan in {PLAN}:\n{plan.output.strip()}\nWhat of it is left?]"
