BLOCKS = "Nothing outside of it is executed"
"""Stands in the system message where the model writes code blocks instead of tool calls."""
LOOK = "head -n 3 /data/access.log"
LINES = "10:02 GET /a 200\n10:02 GET /b timeout\n10:03 GET /a 200"
COUNT = "grep -c timeout /data/access.log > /data/number.txt; cat /data/number.txt"
TASK = "Write how many lines of /data/access.log contain the word `timeout` to /data/number.txt. Write only the number."


class WorkedExample:
    """Puts one task that was done before the first message."""

    async def before_model(self, ctx, messages):
        turns = self._turns(blocks=BLOCKS in messages[0]["content"])
        for number, message in enumerate(messages):
            if message["role"] == "user":
                return [*messages[:number], *turns, *messages[number:]]

    def _turns(self, blocks):
        """The task, its calls (blocks where the model writes blocks) with their results, and the end."""
        turns = [{"role": "user", "content": TASK}]
        for number, (command, output) in enumerate(((LOOK, LINES), (COUNT, "17"))):
            call = {"id": f"example0{number}", "name": "run_shell_command", "arguments": {"command": command}}
            said = {"content": f"```bash\n{command}\n```"} if blocks else {"tool_calls": [call]}
            result = {"role": "tool", "tool_call_id": call["id"], "content": f"{output}\n[exit code 0]"}
            turns += [{"role": "assistant", **said}, result]
        return [*turns, {"role": "assistant", "content": "The number of lines is in /data/number.txt."}]
