"""`ahe hook`: the middleware of a harness as a hook command of Claude Code, which runs one process an event.

A prompt of the person begins what a trial is elsewhere: fresh middleware, `on_start`, a new count of turned back
answers. What the middleware remembers between two events is kept in a file. It stays as opaque as the box wrote it,
and is opened in a box only.
"""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ahe.errors import UsageError
from ahe.jobs.serve import Served, served
from ahe.models.weights import cache
from ahe.records import Record, ToolCall
from ahe.runtime.agent import MAX_FINISH_HOOKS

Event = Literal["UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "Stop"]
MCP, SHELL, OUR_SHELL = "mcp__ahe__", "Bash", "run_shell_command"
KEPT_SECONDS = 7 * 86_400.0
STATE_SECONDS = 20.0


class Given(BaseModel):
    """What Claude Code writes to a hook's stdin; it may say more."""

    model_config = ConfigDict(extra="ignore")

    session_id: str
    cwd: str
    permission_mode: str = ""
    prompt: str = ""
    tool_name: str = ""
    tool_use_id: str = ""
    tool_input: dict[str, Any] = Field(default_factory=dict)
    tool_response: Any = None
    error: str = ""
    last_assistant_message: str = ""


class Session(Record):
    """What is kept between two events of a prompt: `turns` counts tool calls, `kept` is what the box gave."""

    instruction: str = ""
    turns: int = 0
    turned_back: int = 0
    kept: str = ""


async def answer(event: Event, root: Path, text: str) -> tuple[dict[str, Any], list[str]]:
    """The answer to an event of Claude Code, and what the harness's code noted. Raises `AheError`."""
    try:
        given = Given.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(f"stdin holds no hook's JSON of Claude Code: {error.errors()[0]['msg']}") from None
    with _session(root, given.session_id) as (session, keep):
        if event == "UserPromptSubmit":
            session = Session(instruction=given.prompt)
        async with served(root, Path(given.cwd), session.instruction) as serving:
            if not serving.harness.middleware:
                return {}, []
            if session.kept:
                await serving.box.call("restore", {"kept": session.kept}, STATE_SECONDS)
            serving.hooks.meter.turns = session.turns
            said: dict[str, Any] = {}
            if event == "UserPromptSubmit":
                await serving.hooks.on_start()
            elif event == "PreToolUse":
                said = await _before_tool(serving, given)
                session = session.model_copy(update={"turns": session.turns + 1})
            elif event != "Stop":
                said = await _after_tool(serving, given, event)
            elif session.turned_back < MAX_FINISH_HOOKS:
                more = await serving.hooks.before_finish(given.last_assistant_message)
                if more is not None:
                    said = {"decision": "block", "reason": more}
                    session = session.model_copy(update={"turned_back": session.turned_back + 1})
            kept = await serving.box.call("keep", {}, STATE_SECONDS)
            keep(session.model_copy(update={"kept": kept}))
            return said, serving.notes()


async def _before_tool(serving: Served, given: Given) -> dict[str, Any]:
    """A call that middleware changed is shown to the person, unless they have said that they want to see none."""
    call = _call(serving, given)
    changed = await serving.hooks.before_tool(call)
    if isinstance(changed, str):
        return _specific("PreToolUse", permissionDecision="deny", permissionDecisionReason=changed)
    if changed.arguments == call.arguments or changed.name != call.name:
        return {}
    decision = "allow" if given.permission_mode == "bypassPermissions" else "ask"
    return _specific("PreToolUse", permissionDecision=decision, updatedInput=changed.arguments)


async def _after_tool(serving: Served, given: Given, event: Event) -> dict[str, Any]:
    """A changed result replaces that of an MCP tool; to any other, Claude Code lets us only add."""
    failed = event == "PostToolUseFailure"
    before = given.error if failed else _text(given.tool_response)
    after = await serving.hooks.after_tool(_call(serving, given), before)
    if after == before:
        return {}
    if given.tool_name.startswith("mcp__") and not failed:
        return _specific(event, updatedMCPToolOutput=[{"type": "text", "text": after}])
    return _specific(event, additionalContext=after.removeprefix(before).strip())


def _specific(event: Event, **fields: Any) -> dict[str, Any]:
    return {"hookSpecificOutput": {"hookEventName": event, **fields}}


def _call(serving: Served, given: Given) -> ToolCall:
    """The call as middleware knows it: our own tools by their names, and Claude Code's shell as the harness's."""
    name = given.tool_name.removeprefix(MCP)
    if name == SHELL and any(tool.name == OUR_SHELL for tool in serving.harness.tools):
        name = OUR_SHELL
    return ToolCall(id=given.tool_use_id or "call", name=name, arguments=given.tool_input)


def _text(response: Any) -> str:
    """A tool's result as text: of a shell what it printed, of an MCP tool its texts, else JSON."""
    if isinstance(response, dict) and isinstance(response.get("stdout"), str):
        return "\n".join(part for part in (response["stdout"], response.get("stderr")) if part)
    if isinstance(response, list) and all(isinstance(each, dict) and "text" in each for each in response):
        return "\n".join(str(each["text"]) for each in response)
    return response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)


@contextmanager
def _session(root: Path, name: str) -> Iterator[tuple[Session, Callable[[Session], None]]]:
    """What is kept of a session with this harness, and how to keep more. One event of a session at a time."""
    folder = cache() / "hooks"
    folder.mkdir(0o700, parents=True, exist_ok=True)
    path = folder / hashlib.sha256(f"{root.resolve()}\0{name}".encode()).hexdigest()
    for other in folder.iterdir():
        if time.time() - other.stat().st_mtime > KEPT_SECONDS:
            other.unlink(missing_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        found = Session()
        with suppress(ValidationError):  # a killed hook may have left half of it
            found = Session.model_validate_json(file.read())

        def keep(session: Session) -> None:
            file.truncate(0)
            file.write(session.model_dump_json())

        yield found, keep
