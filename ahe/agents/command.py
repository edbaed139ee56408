"""Plays a trial by a command: an agent that `ahe` did not write, in the environment of the task.

The harness is rendered to the files that the agent reads, its model calls go through the relay, and what it records of
its session is the trace.
"""

import asyncio
import contextlib
import functools
import json
import posixpath
import shlex
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from ahe.agents.relay import FORWARD, INSIDE, SOCKET, Account, Relay
from ahe.environments.inside.processes import CANNOT_RUN
from ahe.errors import AgentFault, BadRequest, ContextOverflow, SandboxError, UsageError
from ahe.harness.load import Harness
from ahe.protocols import Environment
from ahe.records import Ended, ExecResult, Kind, Limits, Record, Usage
from ahe.render import remove, render, taken
from ahe.render.render import RECORD
from ahe.runtime.agent import MAX_CAUSE, AgentOutcome
from ahe.runtime.meter import Meter

OWN = "command"
"""The agent that is a program of one's own: it reads the harness itself, and prints a line of JSON at its end."""
PLACE = "/opt/ahe"
HARNESS, TASK, SESSION, OUTPUT = (
    f"{PLACE}/{name}" for name in ("harness", "task.md", "session", "output.txt")
)
CODE = frozenset({Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION, Kind.MIDDLEWARE})
"""What other agents call through programs of `ahe`, which no sandbox has: only a program of one's own may use it."""
CODE_FOLDERS = ("tool_descriptions", "tools", "middleware")
LONG, LOOK, GRACE, START = 1_000_000.0, 5.0, 5.0, 60.0
"""Seconds: without a limit, between looks at the clock, to end by itself after the last call, to start."""
MAX_OUTPUT, MAX_FILES = 1_000_000, 20
SKIPPED = "not-rendered.txt"
"""File beside the agent's recordings: which files of the harness it did not get, and why."""
NOT_FOUND = (CANNOT_RUN, 127)


class Way(Record):
    """How an agent is run: an entry of `commands.toml`. `session` are patterns of paths below AHE_SESSION."""

    command: str = ""
    version: str = ""
    session: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)


@functools.cache
def ways() -> dict[str, Way]:
    """The ways of all agents by name."""
    read = tomllib.loads(Path(__file__).with_name("commands.toml").read_text("utf-8"))
    return {name: Way(**table) for name, table in read.items()}


def surfaces(agent: str) -> tuple[Kind, ...]:
    """The kinds of component that reach the agent in a trial: an edit of another kind could not be measured."""
    read = taken(agent) - (frozenset() if agent == OWN else CODE)
    return tuple(kind for kind in Kind if kind in read)


@dataclass(frozen=True)
class Command:
    """The command of a project. `folders` come first in its PATH; `version` is what the agent says of itself, `files`
    a digest of the files that the command line names."""

    agent: str
    text: str
    folders: tuple[str, ...] = ()
    version: str = ""
    files: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What a trial's id contains."""
        return (self.agent, self.text, self.version, self.files)

    def script(self, text: str) -> str:
        """A command line for this agent's sandbox."""
        path = ":".join([*self.folders, "$PATH"])
        return f'export PATH="{path}"\n{text}'


Count = Annotated[int, Field(ge=0, le=10**12)]


class Spent(Record):
    """What a program says that it used, beside the calls that the relay saw."""

    model_config = ConfigDict(extra="ignore")

    calls: Count = 0
    input_tokens: Count = 0
    cached_tokens: Count = 0
    output_tokens: Count = 0
    usd: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None

    def usage(self) -> Usage:
        """As of a call at least, where anything was used."""
        used = Usage(**self.model_dump())
        return used.model_copy(update={"calls": max(1, used.calls)}) if used.tokens or used.usd else used


class Said(Record):
    """The line of JSON that a program of one's own prints at its end. `trace` is the path of a recording."""

    model_config = ConfigDict(extra="ignore")

    passed: bool | None = None
    answer: str = ""
    usage: Spent = Spent()
    trace: str = ""


@dataclass(frozen=True)
class CommandPlayer:
    """Plays trials as `ahe.agents.play.Player` does. `answer_of` reads the answer from the recordings in a folder."""

    command: Command
    relay: Relay
    limits: Limits
    answer_of: Callable[[Path], str]

    async def play(
        self,
        harness: Harness,
        environment: Environment,
        instruction: str,
        *,
        trace: Path,
        session: str,
        key: str,
        workdir: str,
        seed: int | None = None,
    ) -> AgentOutcome:
        """Let the agent work on the instruction; its recordings are copied into `agent/` in the folder `trace`.

        Raises `Infrastructure` and `BudgetExceeded`; what the agent does, its crash too, gives an `AgentOutcome`.
        """
        meter = Meter(self.limits, self.relay.spec.pace)
        record = trace / "agent"
        record.mkdir(parents=True)
        with self.relay.account(key, meter, seed) as account:
            variables = await self._prepare(environment, instruction, account)
            result: ExecResult | AgentFault
            with tempfile.TemporaryDirectory() as folder:
                ours, skipped = await self._put(environment, harness, Path(folder))
                if skipped:
                    (record / SKIPPED).write_text("\n".join(skipped) + "\n", "utf-8", "backslashreplace")
                meter.begin()
                try:
                    result = await self._run(environment, variables, account)
                    await self._take_away(environment, ours)
                    said = await self._collect(environment, record, account)
                except AgentFault as fault:
                    result, said = fault, None
        if account.fatal is not None:
            raise account.fatal
        ended, cause = self._ended(result, account, said, record)
        own = said or Said()
        usage, more = meter.usage, own.usage.usage()
        if more.calls:
            usage += self.relay.charge(more)
        return AgentOutcome(
            ended=ended,
            answer=own.answer or (self.answer_of(trace) if self.command.agent != OWN else ""),
            cause=cause[:MAX_CAUSE],
            turns=meter.turns,
            usage=usage,
            model_time=meter.model_time,
            uses={"system_prompt.md": 1, **({"memory.md": 1} if harness.memory else {})},
            passed=own.passed if ended == "answered" else None,
        )

    async def _prepare(self, environment: Environment, instruction: str, account: Account) -> dict[str, str]:
        """Starts the way to the relay and writes the task; returns the agent's variables."""
        start = f"mkdir -p -m 777 {SESSION} && exec python3 -I -S {INSIDE}/{FORWARD} {INSIDE}/{SOCKET}"
        started = await environment.exec(start, timeout=START, cwd="/", user="root")
        port = started.text.strip()
        if started.exit_code or not port.isdigit():
            raise SandboxError(
                f"the way to the model did not start ({port[-300:] or started.exit_code}): an image needs python3"
            )
        await environment.write(TASK, instruction.encode())
        root = f"http://127.0.0.1:{port}/{account.token}"
        known = {
            "AHE_BASE_URL": f"{root}/v1",
            "AHE_MODEL": self.relay.model_name,
            "AHE_TASK": TASK,
            "AHE_SESSION": SESSION,
            "OPENAI_BASE_URL": f"{root}/v1",
            "OPENAI_API_BASE": f"{root}/v1",
            "OPENAI_API_KEY": "ahe",
            "ANTHROPIC_BASE_URL": root,
            "ANTHROPIC_API_KEY": "ahe",
        }
        own = ways()[self.command.agent].env
        return {**known, **{name: Template(text).safe_substitute(known) for name, text in own.items()}}

    async def _put(
        self, environment: Environment, harness: Harness, folder: Path
    ) -> tuple[dict[str, bool], list[str]]:
        """Renders the harness into the sandbox. Where the task has a file of that name, our part is put into it.

        Returns the paths of the files, each with whether it is ours alone, and why others are not rendered: a file of
        the task that cannot take our part stays as it is.
        """
        agent, source = self.command.agent, Path(harness.root)
        inside = f"{HARNESS}/" if agent == OWN else ""
        ours: dict[str, bool] = {}
        skipped: list[str] = []
        for name in await asyncio.to_thread(_rendered, source, agent, folder):
            alone = True
            data = (folder / name).read_bytes()
            with contextlib.suppress(OSError):
                theirs = await environment.read(inside + name)
                alone = False
            try:
                if not alone:
                    data = await asyncio.to_thread(_merged, source, agent, name, theirs)
                await environment.write(inside + name, data)
                ours[name] = alone
            except (UsageError, FileExistsError, IsADirectoryError, NotADirectoryError) as error:
                skipped.append(f"{name} is not rendered: {error}")
        return ours, skipped

    async def _take_away(self, environment: Environment, ours: Mapping[str, bool]) -> None:
        """Takes our part of the rendered files away, before the verifier looks; what the agent wrote there stays."""
        if self.command.agent == OWN:
            return
        gone = []
        for name, alone in ours.items():
            try:
                there = await environment.read(name)
            except OSError:
                gone.append(name)
                continue
            kept = await asyncio.to_thread(_without_ours, self.command.agent, name, there, alone)
            if kept is None:
                gone.append(name)
            elif kept != there:
                try:
                    await environment.write(name, kept)
                except OSError:  # what the agent put there, as a link, cannot be written
                    await environment.exec(f"rm -rf -- {shlex.quote(name)}", user="root")
                    with contextlib.suppress(OSError):
                        await environment.write(name, kept)
        folders = sorted({posixpath.dirname(name) for name in gone} - {""}, reverse=True)
        if gone:
            empty = f"; rmdir -p -- {shlex.join(folders)} 2>/dev/null" if folders else ""
            await environment.exec(f"rm -f -- {shlex.join(gone)}{empty}", user="root")

    async def _run(
        self, environment: Environment, variables: Mapping[str, str], account: Account
    ) -> ExecResult:
        """The command's result; one that timed out where a limit ended it."""
        text = self.command.text
        text += f" --harness {HARNESS} --task {TASK}" if self.command.agent == OWN else ""
        script = self.command.script(f"{{ {text}\n}} > {OUTPUT} 2>&1")
        running = asyncio.ensure_future(environment.exec(script, timeout=LONG, env=variables))
        stopped = asyncio.ensure_future(account.stopped.wait())
        try:
            while not running.done() and not stopped.done():
                left = account.meter.seconds_left
                if left <= 0:
                    account.ended = "seconds"
                    break
                await asyncio.wait(
                    {running, stopped}, timeout=min(left, LOOK), return_when=asyncio.FIRST_COMPLETED
                )
            if stopped.done():
                await asyncio.wait({running}, timeout=GRACE)
            return (
                running.result() if running.done() else ExecResult(exit_code=124, output=b"", timed_out=True)
            )
        finally:
            stopped.cancel()
            running.cancel()
            await asyncio.wait({running, stopped})

    async def _collect(self, environment: Environment, record: Path, account: Account) -> Said | None:
        """Copies what the agent printed and recorded; returns the line that a program of one's own printed."""
        printed = await environment.exec(f"tail -c {MAX_OUTPUT} {OUTPUT}", cwd="/", user="root")
        (record / "output.txt").write_bytes(printed.output)
        said = _said(printed.text) if self.command.agent == OWN else None
        patterns = [f"{SESSION}/{pattern}" for pattern in ways()[self.command.agent].session]
        if said and said.trace:
            patterns.append(shlex.quote(said.trace))
        names = '; do [ -f "$f" ] && printf \'%s\\n\' "$f"; done'
        found = await environment.exec(f"for f in {' '.join(patterns)}{names}") if patterns else None
        kept = 0
        for name in (found.text.splitlines() if found else [])[:MAX_FILES]:
            with contextlib.suppress(OSError):
                (record / f"{kept:02d}-{posixpath.basename(name)}").write_bytes(await environment.read(name))
                kept += 1
        if not kept and account.said:
            (record / "chat.json").write_text(json.dumps(account.said), "utf-8")
        return said

    def _ended(
        self, result: ExecResult | AgentFault, account: Account, said: Said | None, record: Path
    ) -> tuple[Ended, str]:
        """How the agent ended, and why."""
        if isinstance(result, AgentFault):
            return "crashed", str(result)
        if account.ended:
            return account.ended, f"the trial's limit of {account.ended} was reached"
        printed = (record / "output.txt").read_text("utf-8", "replace").strip()[-600:]
        calls = account.meter.turns
        if result.exit_code in NOT_FOUND and not calls:
            raise SandboxError(
                f"the command did not start in the sandbox ({printed}): name the folder that holds the program under "
                "[coder] mounts, or correct [coder] command"
            )
        if result.exit_code:
            faults: dict[type[AgentFault], Ended] = {ContextOverflow: "context", BadRequest: "bad_request"}
            ended = faults.get(type(account.fault), "crashed") if account.fault else "crashed"
            why = f"{account.fault}; " if account.fault else ""
            return ended, f"{why}the command ended with exit code {result.exit_code}: {printed}"
        if self.command.agent == OWN:
            return (
                ("answered", "")
                if said
                else ("malformed", f"the command printed no valid line of JSON: {printed}")
            )
        if not calls:
            return "crashed", f"the agent never called its model at AHE_BASE_URL: {printed}"
        return "answered", ""


def _rendered(harness: Path, agent: str, folder: Path) -> list[str]:
    """Renders into a folder what the agent gets, without what only programs of `ahe` serve; returns the paths."""
    with tempfile.TemporaryDirectory() as place:
        source = harness if agent == OWN else Path(place, "harness")
        if source != harness:
            shutil.copytree(harness, source, ignore=lambda at, _: CODE_FOLDERS if Path(at) == harness else ())
        return [name for name in render(source, agent, folder).written if name != RECORD]


def _merged(harness: Path, agent: str, name: str, theirs: bytes) -> bytes:
    """A task's file with our part in it. Raises `UsageError` where it cannot take that."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(theirs)
        _rendered(harness, agent, Path(place))
        return file.read_bytes()


def _without_ours(agent: str, name: str, there: bytes, alone: bool) -> bytes | None:
    """A rendered file without our part; None if nothing else is in it.

    Read as Latin-1, which every byte is a letter of: what the agent wrote there need not be UTF-8.
    """
    with tempfile.TemporaryDirectory() as place:
        file, record = Path(place, name), Path(place, RECORD)
        for each in (file, record):
            each.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(there.decode("latin-1").encode())
        record.write_text(json.dumps({agent: [name] if alone else []}), "utf-8")
        with contextlib.suppress(UsageError):  # the agent has damaged the marks of our part
            remove(agent, Path(place))
        return file.read_bytes().decode().encode("latin-1") if file.is_file() else None


def _said(printed: str) -> Said | None:
    """The last line that is the JSON of a program of one's own; None without one."""
    for line in reversed(printed.splitlines()):
        if line.startswith("{"):
            with contextlib.suppress(ValidationError):
                return Said.model_validate_json(line)
    return None
