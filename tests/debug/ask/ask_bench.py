"""Rollouts made up by hand, and an asker over them: the model a scripted server over HTTP, real boxes."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ahe.debug.ask.asker import Asked, Asker
from ahe.debug.ask.material import Caps, TaskMaterial
from ahe.debug.readers.trace import Status, Step, Text, Trace, VerifierFile
from ahe.debug.signals.outcome import Divergence, Finding, Rollout, TaskOutcome
from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.launch import launch
from ahe.environments.layout import interpreter
from ahe.environments.sandbox import bwrap_command
from ahe.evaluate.store import Store
from ahe.models.ledger import Ledger
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.roles import CachedModel
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.project.content import entry
from ahe.protocols import Executor
from ahe.records import Citation, EnvironmentSpec, ModelSpec, Mount, Signature
from ahe.runtime.executor import BoxExecutor, Process

ERROR = "cat: report.txt: No such file or directory"
COLOURED = "\x1b[31mFound other.txt\x1b[0m instead"
VERDICT = "FAIL: /app/out.txt is missing"
CAPS = Caps(tasks=10, tokens_per_task=60_000)


def executor() -> Executor:
    return BoxExecutor(boxed)


async def boxed(mounts: tuple[Mount, ...], arguments: tuple[str, ...]) -> Process:
    command = [*bwrap_command(mounts=mounts), str(interpreter()), *arguments]
    return await launch(command, EnvironmentSpec(name="box", memory_mb=1024, processes=64, file_mb=64))


def trace(name: str, task: str, status: Status, turns: Sequence[tuple[str, str]], ended: str) -> Trace:
    """System, user, then a step per turn: a message, a call and its result."""
    steps = [
        Step(1, "system", (Text("message", "Work."),)),
        Step(2, "user", (Text("message", f"Do {task}."),)),
    ]
    for number, (command, result) in enumerate(turns, 3):
        texts = (
            Text("reasoning", f"I think about turn {number}."),
            Text("call", command, "run_shell_command"),
            Text("result", result, "run_shell_command"),
        )
        steps.append(Step(number, "agent", texts))
    said = VERDICT if status == "failed" else "ok"
    return Trace(
        id=name,
        task=task,
        steps=tuple(steps),
        status=status,
        ended=ended,
        verifier=(VerifierFile("out.txt", said),),
    )


FAILING = [("cat report.txt", f"{ERROR}\n[exit code 1]"), ("echo gave up", "gave up\n[exit code 0]")]
PASSING = [
    ("ls -l /app", f"{COLOURED}\n[exit code 0]"),
    ("cp other.txt out.txt", "copied it all\n[exit code 0]"),
]


def made(
    task: str = "task-a",
    *statuses: Status,
    ended: str = "answered",
    cause: str = "missing_output",
    first: int = 0,
) -> TaskMaterial:
    """A task whose rollouts ended so: failing ones find no file, passing ones list first. Labels: f0, p1, …"""
    rollouts, traces = [], []
    for number, status in enumerate(statuses, first):
        label = f"{status[0]}{number}{task.removeprefix('task-')}"
        turns = PASSING if status == "passed" else FAILING
        traces.append(trace(f"id-{label}", task, status, turns, ended))
        signed = Signature(cause=cause, status="answered", mechanism="none") if status == "failed" else None
        found = Finding(Citation(trial=label, step=3, quote=ERROR), why="last check")
        rollouts.append(
            Rollout(
                trial=f"id-{label}",
                label=label,
                status=status,
                ended=ended,
                turns=2,
                tokens=100 + number,
                seconds=3.0,
                signature=signed,
                verdict=VERDICT if status == "failed" else "",
                findings=(found,) if status == "failed" else (),
            )
        )
    outcome = TaskOutcome(task, tuple(rollouts))
    if outcome.state == "partly passed":
        fails = next(r.label for r in rollouts if r.status == "failed")
        passes = next(r.label for r in rollouts if r.status == "passed")
        divergence: Divergence = (
            ("failing", Citation(trial=fails, step=3, quote="cat report.txt")),
            ("passing", Citation(trial=passes, step=3, quote="ls -l /app")),
        )
        outcome = replace(outcome, divergence=divergence)
    return TaskMaterial(outcome, f"Write out.txt for {task}.", traces={each.id: each for each in traces})


def with_before(now: TaskMaterial, before: TaskMaterial) -> TaskMaterial:
    return replace(now, before=before.outcome, traces={**before.traces, **now.traces})


def cited(at: str, quote: str) -> dict[str, str]:
    return {"at": at, "quote": quote}


def claim(at: str, quote: str, says: str = "It reads a file that is not there.") -> dict[str, Any]:
    return {"says": says, "citations": [cited(at, quote)]}


def answer(*claims: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A call of the tool `answer`."""
    given = {
        "claims": list(claims),
        "root_cause": "It guesses names instead of listing them.",
        "component": "memory",
        "hint": "List a folder before reading from it.",
        "confidence": "high",
        **fields,
    }
    return {"tool_calls": [{"name": "answer", "arguments": given}]}


def shell(command: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": "run_shell_command", "arguments": {"command": command}}]}


def turns(task: str, *steps: Any) -> dict[str, Any]:
    """The answers of successive turns of one task's agent."""
    return {f"debug/{task}/{number}": step for number, step in enumerate(steps)}


@dataclass
class Bench:
    """`calls` counts the requests that the endpoint got; `requests` are they."""

    folder: Path
    harness: Path
    server: ScriptedServer
    model: OpenAIModel

    @property
    def calls(self) -> int:
        return sum(self.server.calls.values())

    @property
    def requests(self) -> list[dict[str, Any]]:
        log = self.folder / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []

    def payload(self, key: str) -> dict[str, Any]:
        return next(request["payload"] for request in self.requests if request["key"] == key)

    async def ask(
        self,
        *materials: TaskMaterial,
        caps: Caps = CAPS,
        tool_calls: str | None = "native",
        jobs: int = 2,
    ) -> Asked:
        """Ask about the tasks, with replies kept as in a project."""
        by_task = {material.task: material for material in materials}
        with closing(Store(self.folder / "runs")) as store:
            asker = Asker(
                self.harness,
                CachedModel(self.model, store),
                tool_calls,
                caps,
                self.folder / "traces",
                self.folder / "scratch",
                BwrapEnvironment,
                executor,
                jobs,
            )
            unread = [replace(material, traces={}) for material in materials]
            return await asker.ask(unread, lambda task: by_task[task].traces)

    def results(self, task: str = "task-a") -> list[str]:
        """What the calls of the task's agent gave."""
        tree = json.loads((self.folder / "traces" / task / "trajectory.json").read_text())
        return [
            r["content"] for step in tree["steps"] for r in step.get("observation", {}).get("results", [])
        ]


@asynccontextmanager
async def bench(
    folder: Path, script: Mapping[str, Any], ledger: Ledger | None = None
) -> AsyncIterator[Bench]:
    harness = folder / "debugger"
    shutil.copytree(entry("debugger"), harness)
    server = ScriptedServer(Script({"debugger": script}, log=folder / "requests.jsonl"))
    spec = ModelSpec(name="m", base_url=await server.start(), retries=1)
    model = OpenAIModel(spec, keyed=True, ledger=ledger, backoff=Backoff(base=0.01, cap=0.02, patience=0.1))
    try:
        yield Bench(folder, harness, server, model)
    finally:
        await model.aclose()
        await server.stop()
