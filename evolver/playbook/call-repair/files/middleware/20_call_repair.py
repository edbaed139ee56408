import json
import re

FENCE = re.compile(r"^\s*(?:```|~~~)[\w-]*\s*$", re.MULTILINE)
BLOCK = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
PROMPT = re.compile(r"^\s*[$#>] (.+)$", re.MULTILINE)
PLAIN = re.compile(
    r"(?:awk|bash|cat|cd|chmod|cp|cut|echo|find|git|grep|head|ls|mkdir|mv|nohup|printf|python3|rm|sed|sh|sort|tail|tar|touch|tr|wc)"
    r" [^\n]*[/|><$\"'-]"
)
"""The first line of a reply that is a command and nothing else: the name of a tool, and a mark of the shell's."""
TOOL = "run_shell_command"


class CallRepair:
    """Repairs the command of a call, and finds the call in a reply that has none."""

    async def after_model(self, ctx, reply):
        calls = reply.get("tool_calls") or []
        if not calls:
            command = self._meant(reply.get("content") or "")
            if command:
                call = {"id": f"repaired-{ctx.turn}", "name": TOOL, "arguments": {"command": command}}
                return {**reply, "tool_calls": [call]}
            return None
        repaired = [self._repaired(call) for call in calls]
        if repaired != calls:
            return {**reply, "tool_calls": [call for call in repaired if call]}

    def _repaired(self, call):
        """The call with a command that a shell can run; None for an empty one."""
        command = (call.get("arguments") or {}).get("command")
        if not isinstance(command, str):
            return call
        plain = FENCE.sub("", command).strip("\n")
        if plain.lstrip().startswith("$ "):
            plain = "\n".join(
                line.strip()[2:] if line.strip().startswith("$ ") else line for line in plain.splitlines()
            )
        if plain == command:
            return call
        return {**call, "arguments": {**call["arguments"], "command": plain}} if plain.strip() else None

    def _meant(self, text):
        """The command in a reply without a call; empty where none is meant."""
        for candidate in [*BLOCK.findall(text), text]:
            command = self._from_json(candidate.strip())
            if command:
                return command
        lines = PROMPT.findall(text)
        if lines and len(text) < 2000:
            return "\n".join(lines)
        command = text.strip()
        plain = PLAIN.match(command) and "```" not in command and not command.endswith(".")
        return command if plain and len(command) < 1000 else ""

    def _from_json(self, text):
        if not text.startswith(("{", "[")):
            return ""
        try:
            value = json.loads(text)
        except ValueError:
            return ""
        value = value[0] if isinstance(value, list) and value else value
        for key in ("arguments", "parameters", "input", "args"):
            if isinstance(value, dict) and key in value:
                value = value[key]
        if isinstance(value, str):
            return self._from_json(value) or ""
        command = value.get("command") or value.get("cmd") if isinstance(value, dict) else None
        return command if isinstance(command, str) else ""
