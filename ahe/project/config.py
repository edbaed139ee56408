"""The configuration: what `ahe.toml` can say, with its defaults.

Defaults are overridden by `ahe.toml`, that by the environment, that by flags.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ahe.errors import UsageError
from ahe.gate.choose import GATES
from ahe.project.content import entry
from ahe.project.strategies import strategy
from ahe.records import Ceiling, EvidenceLevel, Kind, Limits, ModelSpec, Role
from ahe.text import read_text

FILE = "ahe.toml"
OPENAI_HOST, OPENAI_KEY = "api.openai.com", "OPENAI_API_KEY"
EMBEDDED_LIMITS = Limits(
    turns=10, tokens=40_000, seconds=300, reply_tokens=320, command_seconds=30, output_bytes=2_000
)


class Table(BaseModel):
    """A table of `ahe.toml`: an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelTable(Table):
    """`[model]` for the coder; `[model.debugger]` and `[model.evolver]` override it key by key.

    An empty `api_key_env` means OPENAI_API_KEY at OpenAI's own host and no key anywhere else: a user who only
    changes `base_url` must not send the other server a key that was meant for OpenAI.
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

    @property
    def embedded(self) -> bool:
        """Whether the model runs in this process: slower, and with a shorter window."""
        return self.name.partition(":")[0] == "local"


class CoderTable(Table):
    """`[coder]`: who works on the tasks. `kind` is our own loop (`ahe`), or a `command` that runs the `agent` in the
    sandbox, to whose files the harness is rendered; without a `command` it is run in its usual way. `mounts` are
    folders of this machine that the sandbox shows read-only, at the same paths; what is in their `bin` is found.
    """

    kind: Literal["ahe", "command"] = "ahe"
    agent: str = "command"
    command: str = ""
    mounts: tuple[str, ...] = ()

    @field_validator("agent")
    @classmethod
    def _known_agent(cls, name: str) -> str:
        from ahe.render import AGENTS

        if name not in AGENTS:
            raise ValueError(f"there is no agent {name!r}: use one of {', '.join(AGENTS)}")
        return name


class SuiteTable(Table):
    """`quick` takes only the part of the suite that its suite.toml names for short iterations; a held-out task then
    gets no more rollouts than a train task.
    """

    path: str = "evals/shell-basics"
    quick: bool = False


class EvolveTable(Table):
    """`strategy` names a preset for this table, or is the path of one: what is set here or by a flag goes before it.

    `editor` says where changes come from: the evolver as an agent, its form for small models (`proposal`), the plays of
    the playbook, best fit first (`plays`), removals (`prune`), or the `documents` at these paths, one a candidate.
    `plays` names the plays to try, in this order, whether they fit or not (none named: those that fit).
    Every `prune_every`th iteration proposes a removal instead (0: none does); removals are judged by the gate `lean`.
    `changes` is how many commits may be in one candidate: several are judged by leave-one-out attribution, which takes
    rollouts of its own. `variants` is how many candidates it makes for an iteration: they race, and the best goes to
    the gate. `evidence` is what the evolver is given; `debugger` is how the debugger asks its model (`none`: not at
    all).

    `kinds` are the kinds of component that an edit may touch (none: all seven), `surfaces` how many of them in one
    commit (0: any number). With `same_model` the coder's model proposes too: a run with another evolver or debugger is
    refused. `layers` labels failures by the layer of the harness at which they arose, and withholds those of no layer;
    `replay` refuses a hook that blocks what worked in a rollout that passed.

    `report_tokens` is the debug report's budget, 0 for the default. `tax` is how many points a change has to gain
    for each 1,000 tokens that it adds to the prompt; `comparison` bounds what measuring one candidate on train
    may cost. Both are for the gate `bayes`.
    """

    strategy: str = "ahe"
    iterations: int = Field(10, ge=0)
    rollouts: int = Field(2, ge=1)
    changes: int = Field(1, ge=1, le=3)
    variants: int = Field(1, ge=1, le=8)
    jobs: int = Field(4, ge=1)
    patience: int = Field(0, ge=0)
    target: float = Field(1.0, gt=0, le=1)
    repairs: int = Field(3, ge=0)
    gate: str = "bayes"
    editor: Literal["auto", "agent", "proposal", "plays", "prune", "documents"] = "auto"
    plays: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    prune_every: int = Field(0, ge=0)
    evidence: EvidenceLevel = "report+raw"
    debugger: Literal["auto", "agent", "form", "none"] = "auto"
    kinds: tuple[Kind, ...] = ()
    surfaces: int = Field(0, ge=0)
    same_model: bool = False
    layers: bool = False
    replay: bool = False
    report_tokens: int = Field(0, ge=0)
    tax: float = Field(0.0, ge=0)
    comparison: Ceiling = Ceiling()

    @field_validator("gate")
    @classmethod
    def _known_gate(cls, name: str) -> str:
        if name not in GATES:
            raise ValueError(f"there is no gate {name!r}: use one of {', '.join(GATES)}")
        return name


class BudgetTable(Table):
    """0: no limit. Each counts everything the project has ever spent, but `minutes` only this process."""

    usd: float = Field(2.0, ge=0)
    tokens: int = Field(0, ge=0)
    rollouts: int = Field(0, ge=0)
    minutes: float = Field(0, ge=0)


TABLES: tuple[tuple[str, type[Table]], ...] = (
    ("model", ModelTable),
    ("suite", SuiteTable),
    ("evolve", EvolveTable),
    ("budget", BudgetTable),
)


class GateTable(Table):
    """`price` is how many further tokens a task a point of pass rate may cost, for the gate `bayes`; 0: any number."""

    price: float = Field(0.0, ge=0)


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
    """The whole configuration."""

    root: Path
    models: dict[Role, ModelTable]
    coder: CoderTable = CoderTable()
    suite: SuiteTable = SuiteTable()
    evolve: EvolveTable = EvolveTable()
    budget: BudgetTable = BudgetTable()
    gate: GateTable = GateTable()
    environment: EnvironmentTable = EnvironmentTable()
    limits: LimitsTable = LimitsTable()

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    def suite_path(self) -> Path:
        """The suite's folder: beside ahe.toml, else the bundled one of that name. Raises `UsageError`."""
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
        values = table.model_dump(exclude={"context"})
        values["context"] = table.context or (8_192 if table.embedded else 128_000)
        values["api_key_env"] = table.api_key_env or (OPENAI_KEY if at_openai(table.base_url) else "")
        if table.temperature is None:
            values["temperature"] = 0.7 if table.embedded else None
        return ModelSpec(**values)

    def with_model(self, **own: Any) -> "Config":
        """The same with another model for all roles: `own`, but for None, over the keys of the coder's table."""
        given = {key: value for key, value in own.items() if value is not None}
        table = ModelTable(**_inherit(self.models["coder"].model_dump(exclude_unset=True), given))
        return self.model_copy(update={"models": dict.fromkeys(self.models, table)})

    def trial_limits(self) -> Limits:
        """Limits of a coder's trial; smaller for an embedded model, which is slow and has a short window."""
        limits = EMBEDDED_LIMITS if self.models["coder"].embedded else Limits()
        return limits.model_copy(update=self.limits.model_dump(exclude_none=True))


def at_openai(base_url: str) -> bool:
    """Whether this is OpenAI's own endpoint."""
    try:
        return urlsplit(base_url.strip()).hostname == OPENAI_HOST
    except ValueError:
        return False  # `served_here` says what is wrong with the address.


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds ahe.toml, else `start` itself."""
    for place in (start, *start.parents):
        if (place / FILE).is_file():
            return place
    return start


def load_config(root: Path, flags: Mapping[str, Any] | None = None) -> Config:
    """Read the configuration of the project in `root`.

    `flags` maps dotted names (`evolve.jobs`) to values, None for those not given. Of the environment,
    `AHE_<TABLE>_<KEY>` is read (`AHE_MODEL_NAME`). Raises `UsageError` that names the wrong key.
    """
    tree = _read_file(root / FILE)
    names = [f"{table}.{key}" for table, form in TABLES for key in form.model_fields]
    given = {name: os.environ.get(f"AHE_{name.replace('.', '_')}".upper()) or None for name in names}
    for name, value in (*given.items(), *(flags or {}).items()):
        if value is not None:
            *path, last = name.split(".")
            table = tree
            for part in path:
                table = _table(table.setdefault(part, {}), part)
            table[last] = value
    evolve = _table(tree.setdefault("evolve", {}), "evolve")
    preset = strategy(str(evolve.get("strategy", EvolveTable().strategy)), root)
    tree["evolve"] = {**preset.evolve, **evolve}
    model = _table(tree.pop("model", {}), "model")
    own = {role: _table(model.pop(role, {}), f"model.{role}") for role in ("debugger", "evolver")}
    tables = {"coder": model, **{role: _inherit(model, table) for role, table in own.items()}}
    try:
        config = Config.model_validate({**tree, "root": root, "models": tables})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        hint = f"look into {FILE}, the flags and the AHE_ variables; `ahe init` in an empty folder shows every key"
        raise UsageError(f"{FILE}: {where}: {problem['msg']} ({hint})") from None
    _require_same_model(config)
    return config


def _require_same_model(config: Config) -> None:
    """Raise `UsageError` where `same_model` is set and another role that is asked has another model than the coder."""
    table, coder = config.evolve, config.models["coder"]
    asked: list[Role] = ["evolver"] if table.debugger == "none" else ["evolver", "debugger"]
    for role in asked if table.same_model else []:
        own = config.models[role]
        if (own.name, own.base_url) != (coder.name, coder.base_url):
            raise UsageError(
                f"{FILE}: with the strategy {table.strategy} the coder's own model proposes ([evolve] same_model), but "
                f"[model.{role}] names {own.name}: remove that table, or set same_model = false"
            )


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{FILE}: {name} is a table: write its keys under [{name}]")
    return value


def _inherit(coder: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A role's model: the coder's, with its own keys over it. A model of another name does not inherit prices or
    window, one at another endpoint does not inherit the key.
    """
    if own.get("base_url", coder.get("base_url")) != coder.get("base_url"):
        coder = {key: value for key, value in coder.items() if key != "api_key_env"}
    if "name" not in own:
        return {**coder, **own}
    kept = ("base_url", "api_key_env", "timeout_seconds", "retries")
    return {**{key: coder[key] for key in kept if key in coder}, **own}


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML, correct it: {error}") from None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{path} cannot be read, correct it: {error}") from None
