import re

CODE = re.compile(r"\[exit code (-?\d+)")
STEP = re.compile(r"\[failed: .*", re.DOTALL)
QUIET = re.compile(r"^\s*(?:grep|egrep|diff|cmp|test|\[|pgrep|which)\b")


class FailedCommand:
    """Remembers how the newest command ended."""

    def __init__(self):
        self.failure = None

    async def after_tool(self, ctx, call, result):
        command = str(call["arguments"].get("command", ""))
        codes = CODE.findall(result)
        failed = bool(STEP.search(result)) or bool(codes and codes[-1] != "0")
        output = CODE.split(result)[0].rstrip("[ \n")
        quiet = QUIET.match(command) and not output.strip()
        self.failure = (command, output[-600:]) if failed and not quiet else None

    async def before_finish(self, ctx, answer):
        failure, self.failure = self.failure, None
        if failure:
            command, output = failure
            return (
                f"Your last command failed:\n{command[:400]}\nIt printed:\n{output or '(nothing)'}\n"
                "Find out why, and do what the task asks in another way. Do not end with an error."
            )
