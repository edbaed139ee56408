"""A project on disk: its configuration, suite, workspace and store. `init` makes one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.config import FILE, Config, load_config
from ahe.content import folder
from ahe.evaluate.store import Store
from ahe.evaluate.suite import Suite, load_suite
from ahe.harness.inventory import Component, inventory
from ahe.history import History
from ahe.records import Task

EXAMPLE = """\
[model]                       # the coder's; debugger and evolver default to it
name = "local"                # the embedded model · or any name that the endpoint knows
base_url = ""                 # empty for local · "https://api.openai.com/v1" · "http://localhost:11434/v1"
api_key_env = "OPENAI_API_KEY"
tool_calls = "auto"           # native | text; auto is settled once by asking the model
# [model.evolver]             # likewise [model.debugger]
# name = "…"

[suite]
path = "evals/shell-basics"   # a folder of tasks in Harbor's format
quick = false                 # true: the small part of the suite that its suite.toml names

[evolve]
iterations = 10
rollouts = 2                  # per task and evaluation
jobs = 4                      # trials at once

[budget]                      # 0: no limit
usd = 2.0                     # priced endpoints only
tokens = 0
minutes = 0

[environment]
kind = "auto"                 # bwrap | docker
"""


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
        (root / FILE).write_text(EXAMPLE, "utf-8")
        made.append(f"made {root / FILE}")
    if not (root / "workspace" / ".git").exists():
        history = History.create(root / "workspace", folder("components"))
        made.append(f"made {root / 'workspace'}: the seed harness as commit {history.head()[:10]}")
    return made
