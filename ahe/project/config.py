"""The configuration: defaults, `ahe.toml`, the environment, flags; each value with its origin."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ahe.errors import UsageError
from ahe.project.settings import FILE, BudgetTable, Config, EvolveTable, ModelTable, SuiteTable, Table


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds ahe.toml, else `start` itself."""
    for place in (start, *start.parents):
        if (place / FILE).is_file():
            return place
    return start


def load_config(
    root: Path, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Config:
    """Read the configuration of the project in `root`.

    `flags` maps dotted names (`evolve.jobs`) to values, None for those not given. Of the environment,
    `AHE_<TABLE>_<KEY>` is read (`AHE_MODEL_NAME`). Raises `UsageError` that names the wrong key.
    """
    tree, origins = _read_file(root / FILE)
    for name, value in _environment(environ if environ is not None else os.environ).items():
        _put(tree, name, value, origins, "environment")
    for name, value in (flags or {}).items():
        if value is not None:
            _put(tree, name, value, origins, "flag")
    model = _table(tree.pop("model", {}), "model")
    own = {role: _table(model.pop(role, {}), f"model.{role}") for role in ("debugger", "evolver")}
    tables = {"coder": model, **{role: _inherit(model, table) for role, table in own.items()}}
    try:
        return Config.model_validate({**tree, "root": root, "models": tables, "origins": origins})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise UsageError(f"{FILE}: {where}: {problem['msg']}") from None


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{FILE}: {name} is a table: write its keys below [{name}]")
    return value


def _inherit(coder: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A role's model: the coder's, with its own keys over it.

    Another model inherits no prices or window, another endpoint no key.
    """
    if own.get("base_url", coder.get("base_url")) != coder.get("base_url"):
        coder = {key: value for key, value in coder.items() if key != "api_key_env"}
    if "name" not in own:
        return {**coder, **own}
    kept = ("base_url", "api_key_env", "timeout_seconds", "retries")
    return {**{key: coder[key] for key in kept if key in coder}, **own}


def _read_file(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    if not path.is_file():
        return {}, {}
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    return tree, dict.fromkeys(_leaves(tree), FILE)


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in tree.items():
        names += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return names


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    tables: dict[str, type[Table]] = {
        "MODEL": ModelTable,
        "SUITE": SuiteTable,
        "EVOLVE": EvolveTable,
        "BUDGET": BudgetTable,
    }
    found: dict[str, Any] = {}
    for table, form in tables.items():
        for key in form.model_fields:
            value = environ.get(f"AHE_{table}_{key.upper()}")
            if value:
                found[f"{table.lower()}.{key}"] = value
    return found


def _put(tree: dict[str, Any], name: str, value: Any, origins: dict[str, str], origin: str) -> None:
    *path, last = name.split(".")
    for part in path:
        tree = _table(tree.setdefault(part, {}), part)
    tree[last] = value
    origins[name] = origin
