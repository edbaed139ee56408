class GoingInCircles:
    """Looks at the newest six commands."""

    def __init__(self):
        self.recent = []

    async def after_tool(self, ctx, call, result):
        failed = "[exit code" in result and "[exit code 0]" not in result
        self.recent = [*self.recent, (str(call["arguments"]), result.split("\n[left:")[0], failed)][-6:]
        pairs = [(command, output) for command, output, _ in self.recent]
        alternating = len(pairs) >= 4 and pairs[-4:-2] == pairs[-2:] and pairs[-1] != pairs[-2]
        failing = len(pairs) >= 4 and all(bad for *_, bad in self.recent[-4:])
        if alternating or failing:
            why = "your last four commands failed" if failing else "you repeat the same two commands"
            self.recent = []
            return (
                f"{result}\n[You are going in circles: {why}. Stop. Say what you know now, "
                "and take a different and simpler way to do the task.]"
            )
