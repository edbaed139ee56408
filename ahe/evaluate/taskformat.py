"""`task.toml`, schema 1.0 to 1.4, and `suite.toml` as models: their keys and the values that are allowed.

`_unsupported` keys are read so that a task which uses one can be refused (see `support`). Unknown keys have no
meaning here.
"""

import math
import reprlib
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from ahe.errors import TaskError
from ahe.records import Split

SCHEMAS = ("1.0", "1.1", "1.2", "1.3", "1.4")

_FACTORS = {"G": 1024.0, "M": 1.0, "K": 1 / 1024}


def _user(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"must be a user's name or number, not {value!r}")
    return str(value)


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
User = Annotated[str, BeforeValidator(_user)]
Names = tuple[StrictStr, ...]
Variables = dict[str, StrictStr]
NetworkMode = Literal["public", "no-network", "allowlist"]


def _unsupported(feature: str) -> Any:
    """A key that must be absent, empty, false or 0; `feature` says in messages what it asks for."""
    return Field(default=None, title=feature)


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Phase(Section):
    """The keys that environment, agent and verifier share."""

    network_mode: NetworkMode | None = None
    allowed_hosts: Names = ()

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts_need_the_mode(cls, hosts: Names, info: ValidationInfo) -> Names:
        if hosts and info.data.get("network_mode") != "allowlist":
            raise ValueError('needs network_mode = "allowlist" in the same table')
        return hosts


class AgentSection(Phase):
    timeout_sec: Positive = 900.0
    user: User | None = None


class VerifierSection(Phase):
    timeout_sec: Positive = 600.0
    user: User | None = None
    env: Variables = Field(default_factory=dict)
    environment_mode: Any = None
    environment: Any = _unsupported("a separate environment for the verifier")
    collect: Any = _unsupported("collect commands before verification")


class SolutionSection(Section):
    env: Variables = Field(default_factory=dict)


class EnvironmentSection(Phase):
    """`memory` and `storage` are the older forms of `memory_mb` and `storage_mb`, here in MB too."""

    docker_image: StrictStr | None = None
    workdir: StrictStr | None = None
    os: Annotated[StrictStr, AfterValidator(str.lower)] = "linux"
    env: Variables = Field(default_factory=dict)
    build_timeout_sec: Positive = 600.0
    cpus: Positive = 1.0
    memory_mb: Positive | None = None
    storage_mb: Positive | None = None
    memory: int | None = None
    storage: int | None = None
    allow_internet: StrictBool | None = None
    gpus: Any = _unsupported("GPUs")
    gpu_types: Any = _unsupported("GPU types")
    tpu: Any = _unsupported("a TPU")
    mcp_servers: Any = _unsupported("MCP servers")
    sidecars: Any = _unsupported("sidecars")
    skills_dir: Any = _unsupported("a skills_dir for the agent")
    healthcheck: Any = _unsupported("a health check of the environment")

    @field_validator("memory", "storage", mode="before")
    @classmethod
    def _megabytes(cls, written: object, info: ValidationInfo) -> int:
        key = f"{info.field_name}_mb"
        size, exact = _size(written), info.data.get(key)
        if size is None:
            raise ValueError(f'must be a size such as "2G" (or use {key}), not {written!r}')
        if exact is not None and size != int(exact):
            raise ValueError(f"must be equal to {key} = {int(exact)}, not {written!r}")
        return size


class TaskToml(Section):
    """The whole of `task.toml`."""

    schema_version: StrictStr | None = None
    version: Any = None  # the older key; many tasks number themselves with it
    source: Any = None
    task: Any = None
    metadata: Any = None
    agent: AgentSection = Field(default_factory=AgentSection)
    verifier: VerifierSection = Field(default_factory=VerifierSection)
    environment: EnvironmentSection = Field(default_factory=EnvironmentSection)
    solution: SolutionSection = Field(default_factory=SolutionSection)
    artifacts: Any = _unsupported("artifacts to collect")
    steps: Any = _unsupported("several steps")
    multi_step_reward_strategy: Any = _unsupported("a reward over several steps")

    @field_validator("schema_version")
    @classmethod
    def _readable(cls, version: str) -> str:
        if version not in SCHEMAS:
            raise ValueError(f"is {version!r}, and this version of ahe reads {SCHEMAS[0]} to {SCHEMAS[-1]}")
        return version

    def network(self, phase: Phase) -> NetworkMode:
        """The network mode of a phase: its own, else the environment's, else `public`."""
        legacy: NetworkMode = "no-network" if self.environment.allow_internet is False else "public"
        return phase.network_mode or self.environment.network_mode or legacy


class RowsToml(Section):
    """`[rows]`: the files of a suite of rows, with one question and its answer in each line.

    `question` is a file whose text precedes every question; `quick` is how many rows of each split a quick run takes.
    """

    question: StrictStr = ""
    scorer: Literal["exact", "label", "number", "contains"] = "exact"
    train: StrictStr
    heldout: StrictStr = ""
    test: StrictStr = ""
    quick: Annotated[int, Field(ge=0)] = 0

    def files(self) -> dict[Split, str]:
        """The file of each split that has one."""
        named: dict[Split, str] = {"train": self.train, "heldout": self.heldout, "test": self.test}
        return {split: name for split, name in named.items() if name}


class SuiteToml(Section):
    """The whole of `suite.toml`. Names of tasks may be globs, such as `data-*`. A suite of rows has no folders."""

    name: StrictStr = ""
    description: StrictStr = ""
    exclude: Names = ()
    splits: dict[Split, Names] = Field(default_factory=dict)
    quick: dict[Split, Names] = Field(default_factory=dict)
    rows: RowsToml | None = None


Model = TypeVar("Model", TaskToml, SuiteToml)


def parse(model: type[Model], content: bytes, file: str) -> tuple[Model, dict[str, Any]]:
    """A whole file as its model and as a dict. Raises `TaskError` that names the file and every wrong key."""
    try:
        raw = tomllib.loads(content.decode("utf-8-sig"))
        return model.model_validate(raw), raw
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TaskError(f"{file} is not valid TOML: {error}") from error
    except ValidationError as errors:
        raise TaskError(f"{file}: " + "; ".join(map(_complaint, errors.errors()))) from None


def _tables(toml: TaskToml) -> Iterator[tuple[str, Section]]:
    """The file and each of its tables, with what comes before the name of a key."""
    yield "", toml
    yield from ((f"{name}.", table) for name, table in toml if isinstance(table, Section))


def unsupported_keys(toml: TaskToml) -> dict[str, str]:
    """The `_unsupported` keys that a task uses, as `section.key`, with the names of the features."""
    return {
        place + key: field.title
        for place, table in _tables(toml)
        for key, field in type(table).model_fields.items()
        if field.title and getattr(table, key)
    }


def unknown_keys(raw: Mapping[str, Any]) -> list[str]:
    """Keys of a task.toml that the format does not have, as `section.key`: often typing mistakes."""
    tables = _tables(TaskToml.model_validate(raw))
    return [place + key for place, table in tables for key in table.model_extra or ()]


def _size(written: object) -> int | None:
    """MB of a size such as "2G", "512M" or "64K"; None if it has another form."""
    if not isinstance(written, str) or not written.strip():
        return None
    number, unit = written.strip()[:-1], written.strip()[-1].upper()
    try:
        size = float(number) * _FACTORS[unit]
    except (KeyError, ValueError):
        return None
    return max(1, int(size)) if math.isfinite(size) and size > 0 else None


# Where pydantic speaks of Python's types.
_WANTED = {"model_type": "a table", "dict_type": "a table", "tuple_type": "a list of strings"}


def _complaint(error: ErrorDetails) -> str:
    """One error of pydantic, with the key and the value."""
    key = ".".join(map(str, error["loc"])).removesuffix(".[key]")
    if error["type"] == "value_error":
        return f"{key} {error['ctx']['error']}"
    wanted = _WANTED.get(error["type"], error["msg"].removeprefix("Input should be "))
    return f"{key} must be {wanted}, not {reprlib.repr(error['input'])}"  # shortened: it may be a megabyte
