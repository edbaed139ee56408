"""Finds the content folders, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from ahe.errors import UsageError

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Path of a content folder: `components`, `debugger`, `evolver` or `evals`.

    A wheel carries them under `ahe/content/`; in a checkout they stand beside `ahe/`.
    """
    for place in (PACKAGE / "content" / name, PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise UsageError(f"the content folder {name!r} is missing: reinstall ahe")


def installation() -> tuple[Path, ...]:
    """Paths that no sandbox may show: the package, and the checkout where there is one."""
    checkout = PACKAGE.parent
    return (checkout,) if (checkout / "pyproject.toml").is_file() else (PACKAGE,)
