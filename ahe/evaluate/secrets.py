"""What of a suite may never stand in a harness: names of tasks, and the texts of verifiers and solutions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ahe.evaluate.suite import Suite
from ahe.records import Record

TEXT_BYTES = 1_000_000
"""Of a larger file, the rest is data that nobody copies by hand."""


class SuiteTexts(Record):
    """`names` and `hidden` texts of all tasks of all splits; `allowed` is what a change may well quote.

    Allowed are the instructions of train tasks, which the evolver reads anyway.
    """

    names: tuple[str, ...]
    hidden: tuple[str, ...]
    allowed: tuple[str, ...]


def suite_texts(suite: Suite) -> SuiteTexts:
    """Read `tests/` and `solution/` of every task, once each; files that are no text are left out."""
    hidden: dict[str, None] = {}
    for task in suite.tasks.values():
        for part in ("tests", "solution"):
            hidden.update(dict.fromkeys(_texts(Path(task.path, part))))
    return SuiteTexts(
        names=tuple(sorted(suite.tasks)),
        hidden=tuple(hidden),
        allowed=tuple(task.instruction for task in suite.part("train")),
    )


def _texts(folder: Path) -> Iterator[str]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if not path.is_file():
                continue
            with path.open("rb") as file:
                content = file.read(TEXT_BYTES)
            if b"\0" not in content:
                yield content.decode("utf-8", "replace")
