import shlex


class SyntaxCheck:
    """Refuses a command that bash cannot parse."""

    async def before_tool(self, ctx, call):
        command = call["arguments"].get("command")
        if not isinstance(command, str):
            return None
        parsed = await ctx.env.exec(f"bash -n -c {shlex.quote(command)}", timeout=10)
        if parsed.exit_code not in (0, 127) and not parsed.timed_out:
            error = parsed.output.strip()[-500:]
            return (
                f"Nothing was run, because the command does not parse:\n{error}\n"
                "Write it again, complete and with every quote closed."
            )
