"""Automatic harness engineering for coding agents. The names below are the Python API: docs/api.md shows them at work.

`import ahe` loads nothing; each name is loaded on first use. Errors are those of `ahe.errors`, the records that the
protocols pass are in `ahe.records`, events in `ahe.events`, and what tests of your own parts need in `ahe.testing`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ahe.events import NullWatcher
    from ahe.harness.load import Harness
    from ahe.jobs.compare import compare
    from ahe.jobs.debug import debug
    from ahe.jobs.evaluate import evaluate
    from ahe.jobs.evolve import evolve
    from ahe.project.project import open_project
    from ahe.protocols import (
        Debugger,
        Editor,
        Environment,
        Executor,
        Gate,
        Host,
        MakeEnvironment,
        Model,
        Watcher,
    )
    from ahe.records import Task, Trial, Verdict

__version__ = "0.1.0"

__all__ = [
    "Debugger",
    "Editor",
    "Environment",
    "Executor",
    "Gate",
    "Harness",
    "Host",
    "MakeEnvironment",
    "Model",
    "NullWatcher",
    "Task",
    "Trial",
    "Verdict",
    "Watcher",
    "compare",
    "debug",
    "evaluate",
    "evolve",
    "open_project",
]

_HOMES = {
    "NullWatcher": "ahe.events",
    "Harness": "ahe.harness.load",
    **{name: f"ahe.jobs.{name}" for name in ("compare", "debug", "evaluate", "evolve")},
    "open_project": "ahe.project.project",
    **dict.fromkeys(("Task", "Trial", "Verdict"), "ahe.records"),
}
"""Where a name is defined; all others are protocols."""


def __getattr__(name: str) -> Any:
    """Load a name of the API on first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'ahe' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "ahe.protocols")), name)


class _Api(ModuleType):
    """The class of the module `ahe`: its functions win over the packages of the same names.

    Importing `ahe.evolve.draft` would otherwise bind `ahe.evolve` to the package (likewise `evaluate` and `debug`).
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Api
