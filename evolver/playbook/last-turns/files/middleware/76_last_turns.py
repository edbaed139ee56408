class LastTurns:
    """Warns once for turns and once for time."""

    def __init__(self):
        self.warned = set()
        self.seconds = None

    async def on_start(self, ctx):
        self.seconds = ctx.left.get("seconds")

    async def after_tool(self, ctx, call, result):
        turns, seconds = ctx.left.get("turns"), ctx.left.get("seconds")
        what = ""
        if turns is not None and 0 < turns <= 2:
            what = "Few turns are left."
        elif seconds is not None and self.seconds and seconds < self.seconds / 6:
            what = "Little time is left."
        if what and what not in self.warned:
            self.warned.add(what)
            return f"{result}\n[{what} Write the result that you have to where the task wants it, now, then answer.]"
