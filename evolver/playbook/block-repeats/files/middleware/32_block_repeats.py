class BlockRepeats:
    """Counts how often the newest command gave the same result in a row."""

    def __init__(self):
        self.command = None
        self.result = None
        self.times = 0

    async def before_tool(self, ctx, call):
        failed = self.result is not None and "[exit code 0]" not in self.result
        if call["arguments"] == self.command and self.times >= (1 if failed else 2):
            return (
                "Not run again: you have just run exactly this, and it gave\n"
                f"{(self.result or '')[:500]}\nThe same command gives the same result. Do something different."
            )

    async def after_tool(self, ctx, call, result):
        plain = result.split("\n[left:")[0]
        same = call["arguments"] == self.command and plain == self.result
        self.times = self.times + 1 if same else 1
        self.command, self.result = call["arguments"], plain
