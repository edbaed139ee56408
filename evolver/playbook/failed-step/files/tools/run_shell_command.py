TRAP = r"""trap 'code=$?; printf "\n[failed: %s (exit code %s)]\n" "$BASH_COMMAND" "$code"' ERR"""


async def run_shell_command(env, command: str) -> str:
    steps = [line for line in command.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    several = len(steps) > 1 or ";" in command or "&&" in command
    result = await env.exec(f"{TRAP}\n{command}" if several else command)
    return f"{result.output}\n[exit code {result.exit_code}]"
