"""Tasks and the trials at them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ahe.records.base import Record
from ahe.records.environments import EnvironmentSpec
from ahe.records.models import Usage


class Task(Record):
    """A task in Harbor's format, as far as `ahe` acts on it; `raw` is the whole of task.toml."""

    name: str
    path: str
    digest: str
    instruction: str
    environment: EnvironmentSpec
    agent_seconds: float
    agent_user: str | None = None
    verifier_seconds: float = 600.0
    verifier_env: dict[str, str] = Field(default_factory=dict)
    verifier_user: str | None = None
    solution_env: dict[str, str] = Field(default_factory=dict)
    raw: dict[str, Any] = Field(default_factory=dict)


Ended = Literal[
    "answered", "turns", "tokens", "seconds", "context", "bad_request", "malformed", "crashed", "broken"
]


FRESH = 1_000
"""Attempts from here on are the fresh rollouts that tell a candidate's commits apart. Nothing pools them with the
plain ones: those chose the tasks, and after a kill the plain comparison has to look as it did before."""


class Trial(Record):
    """One attempt of one harness at one task with one model. `id` is the hash of its identity.

    `status` is `missing` when the infrastructure broke (never scored 0); `ended` says how the agent
    loop ended. `uses` counts what the harness's components did, by mount path.
    """

    id: str
    harness: str
    task: str
    task_digest: str
    environment: str
    model: str
    attempt: int
    status: Literal["passed", "failed", "missing"]
    reward: float | None
    rewards: dict[str, float] = Field(default_factory=dict)
    ended: Ended
    cause: str = ""
    turns: int = 0
    usage: Usage = Usage()
    side_usage: Usage = Usage()
    uses: dict[str, int] = Field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0
    sandboxed: bool = True

    @property
    def fresh(self) -> bool:
        """Whether it is one of the rollouts that tell commits apart."""
        return self.attempt >= FRESH
