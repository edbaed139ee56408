"""Strategies: `[evolve]` settings of published methods as TOML files. What ahe.toml or a flag says goes before them."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ahe.errors import UsageError
from ahe.project.content import entry
from ahe.text import read_text

ENDING = ".toml"


class Strategy(BaseModel):
    """A preset. `evolve` holds keys of the table `[evolve]` of ahe.toml; `source` says where the method is from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = Field(min_length=10)
    source: str = Field(min_length=5)
    evolve: dict[str, Any] = Field(default_factory=dict)


def strategies() -> tuple[Strategy, ...]:
    """Those that come along, by name."""
    return tuple(_read(path) for path in sorted(_folder().glob(f"*{ENDING}")))


def strategy(name: str, root: Path) -> Strategy:
    """The strategy of a name, or of a file, relative to the project's folder `root`. Raises `UsageError`."""
    path = root / name if name.endswith(ENDING) else _folder() / f"{name}{ENDING}"
    if path.is_file():
        return _read(path)
    known = ", ".join(each.stem for each in sorted(_folder().glob(f"*{ENDING}")))
    raise UsageError(
        f"there is no strategy {name!r}: use {known}, or the path of a {ENDING} file of your own"
    )


def _folder() -> Path:
    return entry("evolver") / "strategies"


def _read(path: Path) -> Strategy:
    try:
        return Strategy.model_validate({"name": path.stem, **tomllib.loads(read_text(path))})
    except (tomllib.TOMLDecodeError, OSError, UnicodeError) as error:
        raise UsageError(f"{path} cannot be read, correct it: {error}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        raise UsageError(f"{path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
