"""Frozen records: what the parts hand to each other and what reaches the disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Split = Literal["train", "heldout", "test"]
Role = Literal["coder", "debugger", "evolver"]
ToolCalls = Literal["auto", "native", "text"]


class Record(BaseModel):
    """Base of all records: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """The seven kinds of component, in the order in which people read them."""

    SYSTEM_PROMPT = "system_prompt"
    TOOL_DESCRIPTION = "tool_description"
    TOOL_IMPLEMENTATION = "tool_implementation"
    MIDDLEWARE = "middleware"
    SKILL = "skill"
    SUB_AGENT = "sub_agent"
    MEMORY = "memory"


# ---------------------------------------------------------------- models


class Usage(Record):
    """What model calls cost. `usd` is None where the price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        known = [usage.usd for usage in (self, other) if usage.usd is not None]
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            usd=sum(known) if known else None,
        )


class ToolSpec(Record):
    """A tool as the model is told of it. `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Record):
    """A call the model made. `error` says why it cannot be executed (malformed JSON, say)."""

    id: str
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None


class Message(Record):
    """One message of a conversation, in the vocabulary of chat completions."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Request(Record):
    """One model call. `key` is `<task>/<attempt>/<turn>`: scripted answers are found by role and key."""

    role: Role
    key: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 2048
    seed: int | None = None
    response_schema: dict[str, Any] | None = None
    stop: tuple[str, ...] = ()


class Reply(Record):
    """What came back. `finish` is the endpoint's finish_reason (`length`: cut at max_tokens)."""

    message: Message
    usage: Usage
    finish: str = "stop"


class Limits(Record):
    """What one trial may spend. `tokens` counts input and output of all its calls."""

    turns: int = 30
    tokens: int = 400_000
    seconds: float = 900.0
    reply_tokens: int = 4096
    command_seconds: float = 120.0
    output_bytes: int = 8_000


class ModelSpec(Record):
    """A model as the configuration names it; `fingerprint` enters the identity of every trial."""

    name: str
    base_url: str = ""
    api_key_env: str = ""
    tool_calls: ToolCalls = "auto"
    context: int = 128_000
    temperature: float | None = None
    weights_sha256: str | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    timeout_seconds: float = 600.0
    retries: int = 5


# ---------------------------------------------------------------- environments


class Mount(Record):
    """A folder of the host shown inside a sandbox."""

    host: str
    inside: str
    writable: bool = False


class EnvironmentSpec(Record):
    """What a trial asks of its environment.

    `files` (host folder) becomes the content of `workdir`, `setup` (host file) runs once there as root;
    Docker takes `dockerfile` (host folder with the build context) or `image` instead. `hidden` are
    host paths that must not be readable inside (installation, checkout, caches). `users` lists the
    users other than root that will be asked for.
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
    """Outcome of one command. `output` is stdout and stderr as they came, its middle cut to the limit.

    `omitted` counts the bytes that were cut out; `exit_code` is 124 when `timed_out`.
    """

    exit_code: int
    output: bytes
    omitted: int = 0
    timed_out: bool = False

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


# ---------------------------------------------------------------- tasks and trials


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


# ---------------------------------------------------------------- changes and verdicts


class Citation(Record):
    """`trial#step` with the quoted text that must stand there."""

    trial: str
    step: int
    quote: str

    def __str__(self) -> str:
        return f"{self.trial}#{self.step}"


class Change(Record):
    """The manifest of one commit on the harness."""

    id: str
    kinds: tuple[Kind, ...]
    action: Literal["add", "improve", "remove"]
    subject: str
    evidence: str
    root_cause: str
    fix: str
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    evolver: str = ""
    strategy: str = ""


class Interval(Record):
    """A posterior mean with its 90 % interval, as differences of pass rates in [-1, 1]."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


class Verdict(Record):
    """What was decided about a commit, with the numbers behind it; written as a git note."""

    outcome: Literal["kept", "reverted", "undecided"]
    reason: str
    decided_by: Literal["gate", "person"] = "gate"
    gate: str = ""
    incumbent: str = ""
    candidate: str = ""
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    incumbent_rate: float | None = None
    candidate_rate: float | None = None
    heldout_delta: float | None = None
    rollouts: int = 0
    missing: int = 0
    usage: Usage = Usage()
    predicted: tuple[str, ...] = ()
    observed_up: tuple[str, ...] = ()
    observed_down: tuple[str, ...] = ()


# ---------------------------------------------------------------- the gate's question and answer


class Tally(Record):
    """Rollouts of one task: passes of n scored trials, and how many are missing."""

    passes: int = 0
    n: int = 0
    missing: int = 0

    @property
    def rate(self) -> float | None:
        return self.passes / self.n if self.n else None


class Comparison(Record):
    """What a gate sees: for each task the incumbent's and the candidate's tallies."""

    train: dict[str, tuple[Tally, Tally]]
    heldout: dict[str, tuple[Tally, Tally]] = Field(default_factory=dict)
    heldout_tasks: tuple[str, ...] = ()
    rollouts: int = 2
    spent: int = 0
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


class Ask(Record):
    """More rollouts that a gate wants before it decides: bring each task up to `n` scored trials."""

    task: str
    arm: Literal["incumbent", "candidate"]
    n: int


class Decision(Record):
    """A gate's answer: an outcome with its numbers, or what it wants measured first."""

    outcome: Literal["kept", "reverted", "undecided", "more"]
    reason: str
    asks: tuple[Ask, ...] = ()
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    heldout_delta: float | None = None


# ---------------------------------------------------------------- debugging and editing


class Signature(Record):
    """What kind of failure a trial is, in a controlled vocabulary with `unknown`."""

    cause: str
    status: str
    mechanism: str

    def __str__(self) -> str:
        return f"{self.cause} / {self.status} / {self.mechanism}"


class Cluster(Record):
    """Failed trials with equal signatures, ranked by how many there are."""

    signature: Signature
    trials: tuple[str, ...]
    tasks: tuple[str, ...]


class Evidence(Record):
    """What a debugger gets: the trials of one evaluation on train, and the record so far.

    `folder` (of this iteration) takes the report; `traces` is where the trials' folders lie; `history`
    has one line for each change that was decided, newest first; `budget` is in tokens.
    """

    iteration: int
    harness: str
    trials: tuple[Trial, ...]
    instructions: dict[str, str]
    history: tuple[str, ...]
    folder: str
    traces: str
    budget: int


class DebugReport(Record):
    """A debug report. `citations` are places worth quoting, most telling first."""

    text: str
    tokens: int
    clusters: tuple[Cluster, ...]
    citations: tuple[Citation, ...]
    folder: str


class Brief(Record):
    """What an editor gets. `changes` is how many commits it may make."""

    iteration: int
    head: str
    report: DebugReport
    evidence: Evidence
    history: tuple[str, ...]
    changes: int
