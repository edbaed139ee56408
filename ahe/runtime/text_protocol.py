"""Tool calls for models without function calling: one fenced block a turn.

A block labelled with a tool's name holds its arguments as JSON. If a tool's only required argument is a string, the
block's body is that argument. The tool that takes a `command` may also be called by a block labelled `bash`, `sh` or
`shell`, or without a label, because models of every size write such blocks anyway.
"""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ahe.records import Message, Reply, ToolCall, ToolSpec
from ahe.text import loads

SHELL_LABELS = ("bash", "sh", "shell", "console", "zsh", "")
RULE = (
    "Until the task is done, each of your replies must contain exactly one {label} code block in triple"
    " backticks:"
)
EXECUTED = "The code block is executed and its result is the next message. Nothing outside of it is executed."
NO_BLOCK = (
    "Nothing was executed: your reply holds no code block in triple backticks. Reply again, with one code"
    " block."
)
_FENCE = re.compile(r"^[ \t]*```([\w.-]*+)[^\n]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)


def plain_argument(tool: ToolSpec) -> str | None:
    """Name of the argument that a block's body holds, if the tool requires exactly one string."""
    required = tool.parameters.get("required", [])
    properties: dict[str, Any] = tool.parameters.get("properties", {})
    schema = properties.get(required[0]) if len(required) == 1 else None
    return str(required[0]) if isinstance(schema, dict) and schema.get("type") == "string" else None


def _label(tool: ToolSpec) -> str:
    return "bash" if plain_argument(tool) == "command" else tool.name


def instructions(tools: Sequence[ToolSpec]) -> str:
    """The part of the system message that explains how to call tools.

    The shell tool comes first and is shown by its label alone: small models copy any name next to a block into the
    block, and take a block without a label for output.
    """
    ordered = sorted(tools, key=lambda tool: plain_argument(tool) != "command")
    parts = ["# Tools", RULE.format(label=_label(ordered[0])), _shown(ordered[0]), EXECUTED]
    parts.append(ordered[0].description)
    for tool in ordered[1:]:
        parts.append(f"Or, instead of that block, {tool.name}: {tool.description}\n{_shown(tool)}")
    return "\n\n".join(parts)


def _shown(tool: ToolSpec) -> str:
    argument = plain_argument(tool)
    if argument:
        body = "your command" if argument == "command" else f"<{argument}>"
    else:
        properties: dict[str, Any] = tool.parameters.get("properties", {})
        types = {n: schema.get("type") for n, schema in properties.items() if isinstance(schema, dict)}
        body = json.dumps({name: f"<{types.get(name) or 'value'}>" for name in properties})
    return f"```{_label(tool)}\n{body}\n```"


def parse(reply: Reply, tools: Sequence[ToolSpec], turn: int) -> Reply:
    """The reply with its first block that calls a tool parsed; the text after that block is dropped.

    The model wrote that text without the result, so it is a guess and not kept in the conversation. A block whose
    label is not a tool's is ordinary text.
    """
    text = reply.message.content
    for match in _FENCE.finditer(text):
        call = _call(match[1].lower(), match[2], tools, turn)
        if call is not None:
            kept = text[: match.end()]
            message = reply.message.model_copy(update={"content": kept, "tool_calls": (call,)})
            return reply.model_copy(update={"message": message})
    return reply


def _call(label: str, body: str, tools: Sequence[ToolSpec], turn: int) -> ToolCall | None:
    for tool in tools:
        argument = plain_argument(tool)
        shell = argument == "command" and label in SHELL_LABELS
        if not shell and label != tool.name.lower():
            continue
        identity, parsed = f"turn-{turn}", None
        with suppress(ValueError, RecursionError):
            parsed = loads(body)
        if isinstance(parsed, dict) and (argument is None or argument in parsed):
            return ToolCall(id=identity, name=tool.name, arguments=parsed)
        if argument is not None:
            return ToolCall(id=identity, name=tool.name, arguments={argument: body.strip("\n")})
        return ToolCall(id=identity, name=tool.name, error="the block holds no JSON object of arguments")
    return None


def as_text(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation for an endpoint without tools: results become user messages."""
    return tuple(
        Message(role="user", content=f"Result:\n{message.content}")
        if message.role == "tool"
        else message.model_copy(update={"tool_calls": ()})
        for message in messages
    )
