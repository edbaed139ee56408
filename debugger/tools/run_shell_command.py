async def run_shell_command(env, command: str) -> str:
    result = await env.exec(command)
    return f"{result.output}\n[exit code {result.exit_code}]"
