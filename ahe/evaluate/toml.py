"""Typed reading of TOML: every wrong value is refused with the file and the key that hold it."""

from __future__ import annotations

import math
import tomllib
from typing import Any

from ahe.errors import TaskError


class Table:
    """A TOML table that knows where it stands. `raw` is its plain content."""

    def __init__(self, raw: dict[str, Any], file: str, prefix: str = "") -> None:
        self.raw = raw
        self.file = file
        self.prefix = prefix

    @classmethod
    def read(cls, content: bytes, file: str) -> Table:
        """Parse a whole file. Raises `TaskError` where it is no TOML in UTF-8."""
        try:
            return cls(tomllib.loads(content.decode("utf-8")), file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TaskError(f"{file} is not valid TOML: {error}") from error

    def wrong(self, key: str, wanted: str) -> TaskError:
        """The error for a value that is not what the format wants there."""
        return TaskError(f"{self.file}: {self.prefix}{key} must be {wanted}, not {self.raw[key]!r}")

    def table(self, key: str) -> Table:
        """The table below `key`; empty where the key is absent."""
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Table(value, self.file, f"{self.prefix}{key}.")

    def text(self, key: str) -> str | None:
        """A string, or None where the key is absent."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "a string")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        """One of `choices`, or None where the key is absent."""
        value = self.text(key)
        if value is not None and value not in choices:
            raise self.wrong(key, "one of " + ", ".join(choices))
        return value

    def number(self, key: str, default: float) -> float:
        """A finite number above zero; `default` where the key is absent."""
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "a number")
        if not math.isfinite(value) or value <= 0:
            raise self.wrong(key, "a number above zero")
        return float(value)

    def flag(self, key: str) -> bool | None:
        """true or false, or None where the key is absent."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where the key is absent."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of strings")
        return tuple(value)

    def variables(self, key: str) -> dict[str, str]:
        """A table of strings, as environment variables are written."""
        table = self.table(key)
        for name, value in table.raw.items():
            if not isinstance(value, str):
                raise table.wrong(name, "a string")
        return dict(table.raw)

    def user(self, key: str) -> str | None:
        """A user's name or number, as text; None where the key is absent."""
        value = self.raw.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise self.wrong(key, "a user's name or number")
        return None if value is None else str(value)

    def megabytes(self, key: str, legacy: str, default: int) -> int:
        """`key` in MB, or the older `legacy` key written like "2G", "512M" or "64K"."""
        amount = int(self.number(key, default))
        written = self.raw.get(legacy)
        if written is None:
            return amount
        size = _size(written)
        if size is None:
            raise self.wrong(legacy, f'a size such as "2G" (or use {key})')
        if key in self.raw and size != amount:
            raise self.wrong(legacy, f"equal to {key} = {amount}")
        return size


def _size(written: object) -> int | None:
    """MB of a size such as "2G"; None where it is not written like one."""
    factors = {"G": 1024.0, "M": 1.0, "K": 1 / 1024}
    if not isinstance(written, str) or not written.strip():
        return None
    number, unit = written.strip()[:-1], written.strip()[-1].upper()
    try:
        size = float(number) * factors[unit]
    except (KeyError, ValueError):
        return None
    return max(1, int(size)) if math.isfinite(size) and size > 0 else None
