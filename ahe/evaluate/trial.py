"""One trial: start the environment, run the agent, run the verifier, commit the trial to the store."""

import asyncio
import hashlib
import json
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ahe.agents.play import MakeExecutor, Player, started
from ahe.environments.layout import remove
from ahe.errors import AheError, BudgetExceeded, Infrastructure, UsageError
from ahe.evaluate.store import Store
from ahe.evaluate.verifier import Verification, verify, work_directory
from ahe.harness.load import Harness, load
from ahe.models.secrets import Secrets
from ahe.protocols import Environment, Model
from ahe.records import ExecResult, Limits, Record, Task, Trial
from ahe.runtime.agent import RUNTIME_VERSION, AgentOutcome
from ahe.runtime.trajectory import now
from ahe.text import without_surrogates

UNEXPECTED = "error.txt"
"""File in a trial's folder with the traceback of an error that nobody expected."""

MakeTaskEnvironment = Callable[[Task, Path], Environment]


class HarnessVersion(Record):
    """A version of a harness: the hash over its files, and the folder that holds them."""

    id: str
    root: str


class Planned(Record):
    """A trial that is wanted."""

    id: str
    harness: HarnessVersion
    task: Task
    attempt: int


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def seed(attempt: int) -> int:
    """Sampling seed of an attempt. Turns add to it; the distance keeps the seeds of two attempts from overlapping."""
    return 1 + attempt * 1_000


class Plays(Protocol):
    """Plays a trial's agent in its started environment; see `Player.play`."""

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
        seed: int | None,
    ) -> AgentOutcome: ...


@dataclass
class TrialRunner:
    """Runs trials with one model under one set of limits. `mode` is `native` or `text`.

    `make_player` makes what plays a trial instead of our own loop, `identity` is what its trials' ids contain then, and
    `must_call` says that it cannot work without its model.
    """

    store: Store
    model: Model
    mode: str
    limits: Limits
    make_environment: MakeTaskEnvironment
    make_executor: MakeExecutor
    sandboxed: bool = True
    make_player: Callable[[Limits], Plays] | None = None
    identity: tuple[str, ...] = ()
    must_call: bool = False

    def plan(self, harness: HarnessVersion, task: Task, attempt: int) -> Planned:
        """The trial with its id, whether it has run already or not.

        The id is 24 hexadecimal digits, a hash over everything that the outcome may depend on. A finished trial with
        the same id is read from the store and not run again.
        """
        parts = [
            harness.id,
            task.name,
            task.digest,
            self.make_environment(task, self.store.runs).describe,
            RUNTIME_VERSION,
            self.model.fingerprint,
            self.mode,
            self._limits(task).model_dump(),
            attempt,
            *self.identity,
        ]
        return Planned(id=_digest(parts), harness=harness, task=task, attempt=attempt)

    async def run(self, planned: Planned) -> Trial:
        """Run the trial and commit it. If anything but the agent fails, it is `missing`, with the error as its cause.

        That is so too for a request that the endpoint refused, and for an agent that never called its model, as long
        as no trial with this model (and this command) has ended otherwise: then the endpoint or the command may be at
        fault, and `repeated_failure` stops the run. Raises `BudgetExceeded`, `UsageError`, and `HarnessError` if the
        harness cannot be loaded; then nothing is committed.
        """
        harness = load(Path(planned.harness.root))
        started, clock = now(), time.monotonic()
        folder = self.store.new_folder(planned.id)
        agent, verification, broken = AgentOutcome(ended="broken"), None, ""
        try:
            agent, verification = await self._measure(planned, harness, folder)
        except (BudgetExceeded, UsageError):
            raise
        except AheError as error:
            broken = str(error)
        except Exception as error:
            hide = Secrets.of([self.model.spec]).hide
            (folder / UNEXPECTED).write_text(hide(traceback.format_exc()), "utf-8", "backslashreplace")
            broken = (
                f"{type(error).__name__}: {hide(str(error))[:300]} (unexpected: see {folder / UNEXPECTED})"
            )
        silent = agent.ended == "crashed" and self.must_call and not agent.usage.calls
        doubted = agent.ended == "bad_request" or silent
        if doubted and not self.store.answered(self.model.fingerprint, self._player()):
            broken, verification = agent.cause, None
        trial = self._trial(planned, agent, verification, broken, started, time.monotonic() - clock)
        self.store.put(trial)
        return trial

    async def _measure(
        self, planned: Planned, harness: Harness, folder: Path
    ) -> tuple[AgentOutcome, Verification]:
        scratch = Path(tempfile.mkdtemp(prefix=f"{planned.id}-", dir=self.store.scratch.own))
        verification = None
        try:
            try:
                async with started(self.make_environment(planned.task, scratch)) as environment:
                    outcome = await self._play(planned, harness, environment, folder)
                    verification = (
                        await verify(environment, planned.task, outcome.answer)
                        if outcome.passed is None
                        else Verification(reward=float(outcome.passed))
                    )
            finally:
                await asyncio.to_thread(remove, scratch)
        except Infrastructure:
            if verification is None:
                raise
            # Only the end of the sandbox failed: the trial has its result. `Store.sweep` removes the rest.
        verifier = folder / "verifier"
        verifier.mkdir(exist_ok=True)
        (verifier / "test-stdout.txt").write_text(verification.output, "utf-8")
        for name, data in verification.files.items():
            (verifier / name).write_bytes(data)
        return outcome, verification

    async def _play(
        self, planned: Planned, harness: Harness, environment: Environment, folder: Path
    ) -> AgentOutcome:
        task = planned.task
        workdir = "" if task.row is not None else await work_directory(environment, task)
        limits = self._limits(task)
        own = Player("coder", self.model, self.mode, limits, self.make_executor)
        player: Plays = self.make_player(limits) if self.make_player else own
        return await player.play(
            harness,
            AsUser(environment, task.agent_user),
            task.instruction,
            trace=folder,
            session=planned.id,
            key=f"{task.name}/{planned.attempt}",
            seed=seed(planned.attempt),
            workdir=workdir,
        )

    def _trial(
        self,
        planned: Planned,
        agent: AgentOutcome,
        verification: Verification | None,
        broken: str,
        started: str,
        seconds: float,
    ) -> Trial:
        scored = verification or Verification(reward=0.0)
        return Trial(
            id=planned.id,
            harness=planned.harness.id,
            task=planned.task.name,
            task_digest=planned.task.digest,
            environment=self.make_environment(planned.task, self.store.runs).describe,
            model=self.model.fingerprint,
            attempt=planned.attempt,
            status="missing" if verification is None else "passed" if scored.passed else "failed",
            reward=verification.reward if verification else None,
            rewards=scored.rewards,
            ended=agent.ended,
            cause=without_surrogates(broken or agent.cause or scored.problem),
            turns=agent.turns,
            usage=agent.usage,
            side_usage=agent.side_usage,
            model_time=agent.model_time,
            uses=agent.uses,
            started=started,
            seconds=round(seconds, 3),
            sandboxed=self.sandboxed,
            runtime=RUNTIME_VERSION,
            settings=_digest([self.mode, self._limits(planned.task).model_dump()]) + self._player(),
        )

    def _player(self) -> str:
        """What the `settings` of a trial end with, if it was not our own loop that played it."""
        return f"-{_digest([*self.identity])}" if self.identity else ""

    def _limits(self, task: Task) -> Limits:
        own = self.limits.seconds
        return self.limits.model_copy(
            update={"seconds": min(own, task.agent_seconds) if own else task.agent_seconds}
        )


class AsUser:
    """An environment whose commands run as the user that the task names for its agent."""

    def __init__(self, environment: Environment, user: str | None) -> None:
        self.describe = environment.describe
        self._environment = environment
        self._user = user
        self.start, self.stop = environment.start, environment.stop
        self.read, self.write = environment.read, environment.write

    async def exec(self, command: str, **options: Any) -> ExecResult:
        return await self._environment.exec(command, **{"user": self._user, **options})
