"""What `ahe.toml` can say: its tables with their defaults, and what follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from ahe.errors import UsageError
from ahe.records import Ceiling, EvidenceLevel, Limits, ModelSpec, Role

FILE = "ahe.toml"
OPENAI_HOST, OPENAI_KEY = "api.openai.com", "OPENAI_API_KEY"
ROLES: tuple[Role, ...] = ("coder", "debugger", "evolver")


class Table(BaseModel):
    """A table of `ahe.toml`: an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(Table):
    """`[model]` for the coder; `[model.debugger]` and `[model.evolver]` override it key by key.

    An empty `api_key_env` is OPENAI_API_KEY at OpenAI's own host and no key anywhere else: who only points
    `base_url` at another server must not send that server a key of somebody else's.
    """

    name: str = "local"
    base_url: str = ""
    api_key_env: str = ""
    tool_calls: Literal["auto", "native", "text"] = "auto"
    context: int | None = None
    temperature: float | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    timeout_seconds: float = 600.0
    retries: int = 5


class SuiteTable(Table):
    """`quick` takes the part of the suite that its suite.toml names for short iterations.

    Held-out then takes no more rollouts a task than train.
    """

    path: str = "evals/shell-basics"
    quick: bool = False


class EvolveTable(Table):
    """`changes` is how many commits the evolver may make in one candidate: more than one are told apart, which takes
    rollouts of its own. `evidence` is what the evolver is given; `debugger` how the debugger asks its model (`none`:
    not at all).

    `report_tokens` is the debug report's budget, 0 for the default. `tax` is how many points a change has to gain
    for each 1,000 tokens that it adds to the prompt; `comparison` bounds what measuring one candidate on train
    may cost. Both are for the gate `bayes`.
    """

    strategy: Literal["ahe"] = "ahe"
    iterations: int = Field(10, ge=0)
    rollouts: int = Field(2, ge=1)
    changes: int = Field(1, ge=1, le=3)
    jobs: int = Field(4, ge=1)
    patience: int = Field(0, ge=0)
    target: float = Field(1.0, gt=0, le=1)
    repairs: int = Field(3, ge=0)
    gate: Literal["bayes", "strict", "pareto", "greedy", "flips"] = "bayes"
    editor: Literal["auto", "agent", "proposal"] = "auto"
    evidence: EvidenceLevel = "report+raw"
    debugger: Literal["auto", "agent", "form", "none"] = "auto"
    report_tokens: int = Field(0, ge=0)
    tax: float = Field(0.0, ge=0)
    comparison: Ceiling = Ceiling()


class BudgetTable(Table):
    """0: no limit. Each counts all that was ever spent in the project, `minutes` those of one process."""

    usd: float = Field(2.0, ge=0)
    tokens: int = Field(0, ge=0)
    rollouts: int = Field(0, ge=0)
    minutes: float = Field(0, ge=0)


class EnvironmentTable(Table):
    kind: Literal["auto", "bwrap", "docker", "unsafe"] = "auto"
    allow_network: bool = True


class LimitsTable(Table):
    """What one trial may spend; a task's own agent timeout caps `seconds`. 0 turns or tokens: no limit."""

    turns: int | None = Field(None, ge=0)
    tokens: int | None = Field(None, ge=0)
    seconds: float | None = Field(None, ge=0)
    reply_tokens: int | None = Field(None, ge=1)
    command_seconds: float | None = Field(None, gt=0)
    output_bytes: int | None = Field(None, ge=200)


class Config(Table):
    """Everything that `ahe` can be told. `origins` says where each value that is no default came from."""

    root: Path
    models: dict[Role, ModelTable]
    suite: SuiteTable = SuiteTable()
    evolve: EvolveTable = EvolveTable()
    budget: BudgetTable = BudgetTable()
    environment: EnvironmentTable = EnvironmentTable()
    limits: LimitsTable = LimitsTable()
    origins: dict[str, str] = Field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    def suite_path(self) -> Path:
        """The suite's folder: beside ahe.toml, else the bundled one of that name. Raises `UsageError`."""
        from ahe.project.content import entry

        own = (self.root / self.suite.path).resolve()
        if own.is_dir():
            return own
        bundled = entry("evals") / Path(self.suite.path).name
        if self.suite.path.startswith("evals/") and bundled.is_dir():
            return bundled
        raise UsageError(f"there is no suite at {own}; set [suite] path in {FILE} or pass --suite")

    def model_spec(self, role: Role) -> ModelSpec:
        """The model of a role, with the defaults that fit an embedded model or an endpoint."""
        table = self.models[role]
        values = table.model_dump(exclude={"context", "temperature"})
        embedded = table.name.split(":")[0] == "local"
        values["context"] = table.context or (8_192 if embedded else 128_000)
        values["api_key_env"] = table.api_key_env or (OPENAI_KEY if at_openai(table.base_url) else "")
        values["temperature"] = table.temperature if table.temperature is not None or not embedded else 0.7
        return ModelSpec(**values)

    def trial_limits(self) -> Limits:
        """Limits of a coder's trial; smaller for an embedded model, which is slow and has a short window."""
        embedded = self.models["coder"].name.split(":")[0] == "local"
        small = Limits(
            turns=10, tokens=40_000, seconds=300, reply_tokens=320, command_seconds=30, output_bytes=2_000
        )
        return (small if embedded else Limits()).model_copy(update=self.limits.model_dump(exclude_none=True))


def at_openai(base_url: str) -> bool:
    """Whether this is OpenAI's own endpoint."""
    return (urlsplit(base_url.strip()).hostname or "") == OPENAI_HOST
