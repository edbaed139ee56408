"""Tasks, the environments they ask for, and trials."""

import hashlib
from typing import Any, Literal

from pydantic import Field

from ahe.records.conversation import ModelTime, Record, Usage


class Mount(Record):
    """A folder of the host shown inside a sandbox."""

    host: str
    inside: str
    writable: bool = False


class EnvironmentSpec(Record):
    """What a trial needs of its environment.

    `files` (host folder) becomes the content of `workdir`, `setup` (host file) runs once there as root; Docker takes
    `dockerfile` (host folder with the build context) or `image` instead, and where `workdir` is empty the image's own.
    `env` may take values from this machine (`${NAME}`), which the environment looks up. `hidden` are host paths that
    must not be readable inside (installation, checkout, caches). `users` are the users other than root that commands
    will run as.
    """

    name: str
    workdir: str = "/app"
    files: str | None = None
    setup: str | None = None
    dockerfile: str | None = None
    image: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    network: bool = False
    memory_mb: int = 2048
    file_mb: int = 1024
    processes: int = 256
    cpus: float | None = None
    build_seconds: float = 600.0
    mounts: tuple[Mount, ...] = ()
    hidden: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


class ExecResult(Record):
    """Result of one command. `output` is stdout and stderr as they came; its middle is cut if it is too long.

    `omitted` counts the bytes that were cut out; `exit_code` is 124 when `timed_out`.
    """

    exit_code: int
    output: bytes
    omitted: int = 0
    timed_out: bool = False

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


class Row(Record):
    """A question with its answer, and how an answer is compared with it; `labels` are all answers of its suite."""

    question: str
    answer: str
    scorer: Literal["exact", "label", "number", "contains"] = "exact"
    labels: tuple[str, ...] = ()


class Task(Record):
    """A task in Harbor's format, with the fields that `ahe` uses; `raw` is the whole of task.toml.

    `docker_only` says why bubblewrap cannot run it; empty if it can. `row` is set for a question of a suite of rows,
    which has no folder of its own and no environment.
    """

    name: str
    path: str
    digest: str
    instruction: str
    environment: EnvironmentSpec
    docker_only: str = ""
    agent_seconds: float
    agent_user: str | None = None
    verifier_seconds: float = 600.0
    verifier_env: dict[str, str] = Field(default_factory=dict)
    verifier_user: str | None = None
    solution_env: dict[str, str] = Field(default_factory=dict)
    raw: dict[str, Any] = Field(default_factory=dict)
    row: Row | None = None


Ended = Literal[
    "answered", "turns", "tokens", "seconds", "context", "bad_request", "malformed", "crashed", "broken"
]


FRESH = 1_000
"""Attempts from this number on are the fresh rollouts of leave-one-out attribution, and from twice this number on those
of arms that are measured again side by side. They are never pooled with the plain ones: those selected the tasks, or
were slow; and if the run is killed, the plain comparison must look as it did before."""

STUDY = 2_100 * FRESH
"""Attempts from this number on select nothing: `ahe ablate --fresh` runs them. No pair of harnesses has this series."""


RACE = FRESH * 2_002
"""Attempts from this number on are rollouts of a race between variants, beyond all series of pairs. They chose the
winner, so no verdict counts them."""


def side_by_side_series(incumbent: str, candidate: str) -> int:
    """The first attempt number of the rollouts of these two harnesses that are run side by side. Each pair has numbers
    of its own, so that no rollout of an earlier comparison counts; seeds made of them fit into 31 bits."""
    pair = hashlib.sha256(f"{incumbent} {candidate}".encode()).digest()
    return FRESH * (2 + int.from_bytes(pair[:4], "big") % 2_000)


class Trial(Record):
    """One attempt of one harness at one task with one model. `id` is the hash of its identity.

    `status` is `missing` if the infrastructure failed (it is never scored 0); `ended` says how the agent loop ended.
    `uses` counts the uses of each component, by mount path; `runtime` is the `RUNTIME_VERSION` that ran it. `settings`
    is a digest of limits and tool-call mode; empty in trials of earlier versions.
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
    model_time: ModelTime = ModelTime()
    uses: dict[str, int] = Field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0
    sandboxed: bool = True
    runtime: int = 1
    settings: str = ""

    @property
    def credit(self) -> float | None:
        """The reward as it counts, in [0, 1]: 1 for a pass. None if the trial is missing."""
        if self.status == "missing":
            return None
        return 1.0 if self.status == "passed" else min(1.0, max(0.0, self.reward or 0.0))

    @property
    def series(self) -> int:
        """The first attempt number of its kind: 0 (plain), `FRESH`, or that of a pair (`side_by_side_series`)."""
        return self.attempt // FRESH * FRESH
