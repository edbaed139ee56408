"""Every protocol between the parts, on one screen. Tests use fakes for these and for nothing else."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from ahe.events import Event
from ahe.records import (
    Brief,
    Comparison,
    DebugReport,
    Decision,
    EnvironmentSpec,
    Evidence,
    ExecResult,
    ModelSpec,
    Reply,
    Request,
)

waiting: ContextVar[Callable[[float], object]] = ContextVar("waiting", default=lambda seconds: None)
"""Called with the seconds that a model's call has lost, or is about to wait, because its endpoint refused or failed."""


class Model(Protocol):
    """A language model behind an OpenAI-compatible endpoint.

    Two models have the same `fingerprint` exactly if their trials may be pooled. `complete` raises
    `ModelUnavailable`, `ContextOverflow`, `BadRequest` or `BudgetExceeded`.
    """

    spec: ModelSpec
    fingerprint: str

    async def complete(self, request: Request) -> Reply: ...


class Environment(Protocol):
    """Where a task's commands run. Background processes run until `stop`, which ends them all.

    Every method raises `SandboxError` if the sandbox itself fails, and `EnvironmentLost` if what ran
    inside brought it down. A path that does not exist raises `FileNotFoundError`, one that cannot
    exist (with a zero byte) another `OSError`. `describe` is part of a trial's identity (`bwrap`,
    `docker`, `unsafe`).
    """

    describe: str

    async def start(self) -> None: ...
    async def exec(
        self,
        command: str,
        *,
        timeout: float = 120.0,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        output_limit: int = 1_000_000,
    ) -> ExecResult: ...
    async def read(self, path: str) -> bytes: ...
    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None: ...
    async def stop(self) -> None: ...


MakeEnvironment = Callable[[EnvironmentSpec, Path], Environment]
"""Makes an environment for a spec, not started yet. It may use the folder for its files on the host."""


class Host(Protocol):
    """Serves requests of code in the box: commands in the task environment, and model calls."""

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any: ...


class Executor(Protocol):
    """Runs templates, tools and middleware. `call` raises `HarnessError` if evolved code fails.

    `timeout` is in seconds; of it, each hook of a chain has `each`.
    """

    async def start(self, harness: Path, host: Host) -> None: ...
    async def call(
        self, what: str, arguments: dict[str, Any], timeout: float, each: float | None = None
    ) -> Any: ...
    async def stop(self) -> None: ...


class Gate(Protocol):
    """Decides about a candidate, or says which rollouts it needs first."""

    name: str

    def decide(self, comparison: Comparison) -> Decision: ...


class Watcher(Protocol):
    """Receives the events of long work, as they happen."""

    def emit(self, event: Event) -> None: ...


class Debugger(Protocol):
    """Explains an evaluation of the train split in a report that fits the evolver."""

    async def explain(self, evidence: Evidence) -> DebugReport: ...


class Editor(Protocol):
    """Turns a debug report into commits on a draft of the harness; returns their ids, oldest first."""

    async def edit(self, brief: Brief) -> list[str]: ...
