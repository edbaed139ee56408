"""A project on disk: its configuration, suite, workspace and store. `init` makes one."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.evaluate.store import Store
from ahe.evaluate.suite import Suite, load_suite
from ahe.harness.inventory import Component, inventory
from ahe.history import History
from ahe.project.config import load_config
from ahe.project.content import entry
from ahe.project.settings import FILE, Config
from ahe.records import Task


@dataclass(frozen=True)
class Project:
    """Everything that is found on disk; opening it starts nothing."""

    config: Config

    @property
    def root(self) -> Path:
        return self.config.root

    @classmethod
    def open(cls, root: Path, flags: dict[str, Any] | None = None) -> Project:
        """Read the project in folder `root`; `flags` are dotted names. Raises `UsageError`."""
        return cls(load_config(root.resolve(), flags))

    def suite(self) -> Suite:
        """The suite that the configuration names. Raises `UsageError` or `TaskError`."""
        return load_suite(self.config.suite_path())

    def history(self) -> History:
        """The workspace. Raises `WorkspaceError` where `ahe init` was never run."""
        return History(self.config.workspace)

    def store(self) -> Store:
        return Store(self.config.runs)

    def tasks_in_use(self, suite: Suite) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
        """Train and held-out tasks of a run."""
        quick = self.config.suite.quick
        return suite.part("train", quick=quick), suite.part("heldout", quick=quick)

    def components(self, rev: str = "HEAD") -> list[Component]:
        """The inventory of the harness at a revision, with its uses in the trials that were made of it."""
        history = self.history()
        sha = history.resolve(rev)
        uses: Counter[str] = Counter()
        for trial in self.store().of_harness(history.harness_id(sha)):
            uses.update(trial.uses)
        return inventory(history.contents(sha), history.last_changes(sha), uses)


def init(root: Path) -> list[str]:
    """Make `ahe.toml` and the workspace in folder `root`; what is there stays. Returns what was made."""
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    made = []
    if not (root / FILE).is_file():
        shutil.copyfile(entry(FILE), root / FILE)
        made.append(f"made {root / FILE}")
    if not (root / "workspace" / ".git").exists():
        history = History.create(root / "workspace", entry("components"))
        made.append(f"made {root / 'workspace'}: the seed harness as commit {history.head()[:10]}")
    return made
