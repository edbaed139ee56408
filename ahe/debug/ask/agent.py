"""The debugger as an agent: a shell over the rollouts of one task, and a tool to submit the answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.agents.forms import parsed
from ahe.agents.play import Player, started
from ahe.debug.ask.answer import Answer, AnswerSink, UncheckedAnswer
from ahe.debug.ask.evidence import instruction_text, one_line, readable, rollout_table
from ahe.debug.ask.form import DebuggerForm
from ahe.debug.ask.material import TaskMaterial, TaskState
from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.outcome import Rollout
from ahe.errors import HarnessError, SandboxError
from ahe.harness.load import load
from ahe.protocols import MakeEnvironment
from ahe.records import EnvironmentSpec, Mount
from ahe.runtime.agent import AgentOutcome

INSTRUCTION_TOKENS = 800
MAX_ROLLOUTS, MAX_FINDINGS = 40, 12
ROLLOUTS, BEFORE, RAW, NOTES = "/rollouts", "/before", "/raw", "/notes"
INDEX = "index.txt"
INDEX_LINE = 120
MOST_FAULTS = 8
"""Most faults that are named for an incomplete answer."""


@dataclass(frozen=True)
class DebuggerAgent:
    """Asks about a task with an agent. `traces` is the folder of its trajectories, `scratch` that of its files.

    The player's limits contain no seconds: the agent would see the time left, and its prompts would never be the same
    as those of kept answers. If the agent ends without an answer (at a limit, for example), `form` is filled in.
    """

    harness: Path
    player: Player
    make_environment: MakeEnvironment
    traces: Path
    scratch: Path
    form: DebuggerForm
    repairs: int = 3

    @property
    def identity(self) -> str:
        limits = self.player.limits.model_dump_json()
        return f"agent {self.player.mode} {limits} {self.repairs} {self.form.identity}"

    async def ask(self, material: TaskMaterial, state: TaskState) -> Answer | None:
        """The founded part of the answer; None if no claim is founded.

        Raises the `AheError` of model and sandbox, and `HarnessError` if the debugger's own harness fails.
        """
        tool = AnswerTool(AnswerSink(material, state), self.repairs)
        folder = self.scratch / f"debug-{safe(material.task)}"
        try:
            outcome = await self._play(material, state, tool, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if outcome.ended == "crashed":
            raise HarnessError(f"the debugger's harness failed: {outcome.cause}")
        answer = tool.sink.best if tool.handed_in else await self.form.ask(material, state)
        if answer is None:
            return None
        tokens = answer.tokens + (outcome.usage + outcome.side_usage).tokens
        return answer.model_copy(update={"model": self.player.model.spec.name, "tokens": tokens})

    async def _play(
        self, material: TaskMaterial, state: TaskState, tool: AnswerTool, folder: Path
    ) -> AgentOutcome:
        try:
            mounts = await asyncio.to_thread(write_files, folder / "files", material)
        except OSError as error:
            raise SandboxError(f"the rollouts cannot be laid out for the debugger: {error}") from error
        spec = EnvironmentSpec(name="debugger", workdir=NOTES, mounts=mounts)
        name = safe(material.task)
        async with started(self.make_environment(spec, folder / "box")) as environment:
            return await self.player.play(
                load(self.harness),
                environment,
                opening(material),
                trace=self.traces / name,
                session=f"debug-{name}",
                key=f"debug/{material.task}",
                workdir=NOTES,
                values={"mode": "agent", "state": state},
                host_tools={"answer": tool.hand_in},
                done=lambda: tool.closed,
            )


@dataclass
class AnswerTool:
    """The tool `answer`. Its result says what is wrong with an answer; up to `repairs` answers are sent back."""

    sink: AnswerSink
    repairs: int
    handed_in: bool = False
    accepted: bool = False
    calls: int = 0

    @property
    def closed(self) -> bool:
        """Whether no further answer is wanted."""
        return self.accepted or self.calls > self.repairs

    async def hand_in(self, arguments: dict[str, Any]) -> str:
        """Check an answer. Raises `ValueError` with a message for the agent if a field is missing or invalid."""
        self.calls += 1
        given = parsed(UncheckedAnswer, arguments, "answer", MOST_FAULTS)
        self.handed_in = True
        problems = self.sink.take(given)
        self.accepted = not problems
        listed = "\n".join(f"- {problem}" for problem in problems)
        return f"refused; fix this and hand in the whole answer again:\n{listed}" if problems else "accepted"


def opening(material: TaskMaterial) -> str:
    """The first message: the task, its rollouts, the findings of the pipeline, and the paths of the files."""
    parts = [
        "# The task\n\n" + instruction_text(material, INSTRUCTION_TOKENS),
        "# Its rollouts\n\n" + rollout_table(material, MAX_ROLLOUTS),
    ]
    lines = [f"- {c}: {one_line(c.quote)}" for c in material.findings[:MAX_FINDINGS]]
    if divergence := material.outcome.divergence:
        lines += [
            f"- {side} first changes something else at {c}: {one_line(c.quote)}"
            for side, c in divergence.sides
        ]
    if lines:
        parts.append("# What a program found, not always rightly\n\n" + "\n".join(dict.fromkeys(lines)))
    files = [f"{ROLLOUTS}/{INDEX}", f"{ROLLOUTS}/<label>-<status>/", f"{RAW}/<label>-<status>/"]
    files += [f"{BEFORE}/{INDEX}", f"{BEFORE}/<label>-<status>/"] if material.earlier() else []
    parts.append("# Files\n\n" + "\n".join(files))
    return "\n\n".join(parts)


def write_files(folder: Path, material: TaskMaterial) -> tuple[Mount, ...]:
    """Write a task's rollouts as files below `folder`; returns their read-only mounts.

    `rollouts/<label>-<status>/NNN-<source>[-<channel>].txt` holds the cleaned texts of step NNN, and `verifier/` the
    verifier's files; `before/` has the same for the previous evaluation; `raw/` has all of them unchanged under the
    same names. `index.txt` in rollouts and before has a line for every file of a step. Nothing of another task is
    included. Raises `OSError`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    places = {inside: folder / inside[1:] for inside in (ROLLOUTS, BEFORE, RAW)}
    for place in places.values():
        place.mkdir(parents=True)
    cleaner = Cleaner()
    for inside, pairs in ((ROLLOUTS, material.current()), (BEFORE, material.earlier())):
        lines = [line for pair in pairs for line in _rollout(places[inside], places[RAW], *pair, cleaner)]
        _write(places[inside] / INDEX, "".join(f"{line}\n" for line in lines))
    _write(places[ROLLOUTS] / "instruction.md", material.instruction)
    _age(folder)
    return tuple(Mount(host=str(place), inside=inside) for inside, place in places.items())


def _rollout(clean: Path, raw: Path, rollout: Rollout, trace: Trace, cleaner: Cleaner) -> Iterator[str]:
    """Write one rollout below the two folders; yields its lines of the index."""
    name = f"{safe(rollout.label)}-{rollout.status}"
    clean, raw = clean / name, raw / name
    clean.mkdir()
    raw.mkdir()
    width = max(3, len(str(max((step.id for step in trace.steps), default=0))))
    for step in trace.steps:
        names = _file_names(step, width)
        cleaned = cleaner.clean(rollout.label, step)
        for file, text, part in zip(names, step.texts, cleaned.texts, strict=True):
            _write(clean / file, part.text)
            _write(raw / file, text.text)
            yield f"{rollout.label}#{step.id} {name}/{file} [{len(part.text)}] {_gist(text)}"
    for left in trace.verifier:
        target = f"verifier/{safe(left.name)}"
        _write(clean / target, resolve(left.text))
        _write(raw / target, left.text)


def safe(name: str) -> str:
    """The name as a file name. If it is not one, invalid characters are replaced and a hash is added."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:80]
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _file_names(step: Step, width: int) -> list[str]:
    """A file name for each text of a step: with the channel unless it is a message, numbered from the second on."""
    seen: Counter[str] = Counter()
    names = []
    for text in step.texts:
        channel = "" if text.channel == "message" else f"-{text.channel}"
        seen[channel] += 1
        number = f"-{seen[channel]}" if seen[channel] > 1 else ""
        names.append(f"{step.id:0{width}}-{step.source}{channel}{number}.txt")
    return names


def _gist(text: Text) -> str:
    """The name and the first line of a text, for the index."""
    first = next((line.strip() for line in readable(text.text, 2_000).splitlines() if line.strip()), "")
    return (f"{text.name}: {first}" if text.name else first)[:INDEX_LINE]


def _age(folder: Path) -> None:
    """Give all files the same time: a listing that differs between runs would make kept answers unusable."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            os.utime(Path(place, name), (0, 0))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a lone surrogate that represents no byte
        path.write_bytes(text.encode("utf-8", "replace"))
