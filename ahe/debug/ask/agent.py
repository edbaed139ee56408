"""The debugger as an agent: a shell over the rollouts of one task, and one tool that hands in the answer."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ahe.debug.ask import context
from ahe.debug.ask.answer import Answer, better, judge, parse_draft
from ahe.debug.ask.desk import BEFORE, INDEX, NOTES, RAW, ROLLOUTS, Desk, safe
from ahe.debug.ask.form import FormMode
from ahe.debug.ask.material import State, TaskMaterial
from ahe.debug.ask.quotes import Quotes
from ahe.errors import HarnessError, SandboxError
from ahe.harness.load import load
from ahe.protocols import Environment, Executor, Model
from ahe.records import EnvironmentSpec, Limits
from ahe.runtime.agent import Agent, AgentOutcome
from ahe.runtime.toolbox import offered_tools
from ahe.runtime.trajectory import Trajectory

INSTRUCTION_TOKENS = 800
MAX_ROLLOUTS, MAX_FINDINGS = 40, 12


class AgentMode:
    """Asks about a task with an agent. `limits` hold no seconds: told, they would spoil kept answers.

    `traces` takes the agent's own trajectories, `scratch` the desks. Where the agent ends without having
    handed in anything (a limit met, say), `form` is filled in.
    """

    def __init__(
        self,
        harness: Path,
        model: Model,
        mode: str,
        limits: Limits,
        make_environment: Callable[[EnvironmentSpec, Path], Environment],
        make_executor: Callable[[], Executor],
        traces: Path,
        scratch: Path,
        form: FormMode,
        repairs: int = 3,
    ) -> None:
        self.identity = f"agent {mode} {limits.model_dump_json()} {repairs} {form.identity}"
        self._harness = harness
        self._model = model
        self._mode = mode
        self._limits = limits
        self._make_environment = make_environment
        self._make_executor = make_executor
        self._traces = traces
        self._scratch = scratch
        self._form = form
        self._repairs = repairs

    async def ask(self, material: TaskMaterial, state: State) -> Answer | None:
        """The answer as far as it is founded; None where nothing of it is.

        Raises `AheError` as model and sandbox do, and `HarnessError` where the debugger's own harness fails.
        """
        tray = AnswerSink(material, state, self._repairs)
        folder = self._scratch / f"debug-{safe(material.task)}"
        try:
            outcome = await self._run(material, state, tray, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if outcome.ended == "crashed":
            raise HarnessError(f"the debugger's harness failed: {outcome.cause}")
        answer = tray.best if tray.handed_in else await self._form.ask(material, state)
        if answer is None:
            return None
        tokens = answer.tokens + (outcome.usage + outcome.side_usage).tokens
        return answer.model_copy(update={"model": self._model.spec.name, "tokens": tokens})

    async def _run(
        self, material: TaskMaterial, state: State, tray: AnswerSink, folder: Path
    ) -> AgentOutcome:
        try:
            mounts = await asyncio.to_thread(Desk(folder / "desk").write, material)
        except OSError as error:
            raise SandboxError(f"the rollouts cannot be laid out for the debugger: {error}") from error
        spec = EnvironmentSpec(name="debugger", workdir=NOTES, mounts=mounts)
        environment = self._make_environment(spec, folder / "box")
        harness = load(self._harness)
        name = safe(material.task)
        trajectory = Trajectory(
            self._traces / name, f"debug-{name}", self._model.spec.name, offered_tools(harness)
        )
        agent = Agent(
            harness=harness,
            executor=self._make_executor(),
            environment=environment,
            model=self._model,
            mode=self._mode,
            limits=self._limits,
            trajectory=trajectory,
            role="debugger",
            key=f"debug/{material.task}",
            workdir=NOTES,
            values={"mode": "agent", "state": state},
            host_tools={"answer": tray.hand_in},
            done=lambda: tray.closed,
        )
        try:
            await environment.start()
            outcome = await agent.run(opening(material))
            trajectory.finish(outcome.usage, {"ended": outcome.ended})
            return outcome
        finally:
            await environment.stop()


class AnswerSink:
    """Takes the answers that an agent hands in and sends back what is unfounded, `repairs` times."""

    def __init__(self, material: TaskMaterial, state: State, repairs: int) -> None:
        self.best: Answer | None = None
        self.handed_in = False
        self._task, self._state = material.task, state
        self._quotes = Quotes(material)
        self._refusals = 0
        self._repairs = repairs
        self._accepted = False

    @property
    def closed(self) -> bool:
        """Whether no further answer is wanted."""
        return self._accepted or self._refusals > self._repairs

    async def hand_in(self, arguments: dict[str, Any]) -> str:
        """The tool `answer`. Raises `ValueError` that tells the agent what is missing."""
        try:
            draft = parse_draft(arguments)
        except ValueError:
            self._refusals += 1
            raise
        self.handed_in = True
        judged = judge(draft, self._quotes, self._task, self._state)
        self.best = better(self.best, judged.answer)
        self._accepted = not judged.problems
        if self._accepted:
            return "accepted"
        self._refusals += 1
        return "refused; mend this and hand in the whole answer again:\n" + "\n".join(
            f"- {problem}" for problem in judged.problems
        )


def opening(material: TaskMaterial) -> str:
    """The first message: the task, its rollouts, what a program found, and where the files are."""
    parts = [
        "# The task\n\n" + context.instruction(material, INSTRUCTION_TOKENS),
        "# Its rollouts\n\n" + context.table(material, MAX_ROLLOUTS),
    ]
    lines = [f"- {c}: {context.one_line(c.quote)}" for c in material.findings[:MAX_FINDINGS]]
    if parting := material.outcome.parting:
        lines += [
            f"- {side} first does something else at {c}: {context.one_line(c.quote)}"
            for side, c in (("failing", parting.failing), ("passing", parting.passing))
        ]
    if lines:
        parts.append("# What a program found, not always rightly\n\n" + "\n".join(dict.fromkeys(lines)))
    files = [f"{ROLLOUTS}/{INDEX}", f"{ROLLOUTS}/<label>-<status>/", f"{RAW}/<label>-<status>/"]
    files += [f"{BEFORE}/{INDEX}", f"{BEFORE}/<label>-<status>/"] if material.earlier() else []
    parts.append("# Files\n\n" + "\n".join(files))
    return "\n\n".join(parts)
