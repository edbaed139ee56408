"""Finds the content, in a checkout and in an installed wheel."""

from pathlib import Path

from ahe.errors import UsageError

PACKAGE = Path(__file__).resolve().parent.parent


def entry(name: str) -> Path:
    """Path of a piece of content: `components`, `debugger`, `evolver`, `evals` or `ahe.toml`.

    A wheel carries them under `ahe/content/`; in a checkout they are beside `ahe/`. Raises `UsageError`.
    """
    for place in (PACKAGE / "content" / name, PACKAGE.parent / name):
        if place.exists():
            return place
    raise UsageError(f"the installation lacks its folder {name!r}: reinstall ahe")
