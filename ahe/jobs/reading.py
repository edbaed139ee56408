"""Finds what a project knows already without opening a model: nothing is asked and nothing is spent."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.events import Event
from ahe.models.identity import fingerprint
from ahe.models.roles import settle
from ahe.project.assemble import settled_mode
from ahe.project.project import Project
from ahe.project.sandboxes import trial_runner
from ahe.records import ModelSpec, Reply, Request, Role


@dataclass
class OfflineModel:
    """A model that is only known by name: its trials can be found in the store, and it answers nothing."""

    spec: ModelSpec
    fingerprint: str

    async def complete(self, request: Request) -> Reply:
        raise UsageError(f"{self.spec.name} is not open: this command asks no model")


class NullWatcher:
    """A watcher of work that runs nothing."""

    def emit(self, event: Event) -> None:
        pass


def settled_spec(project: Project, role: Role) -> ModelSpec:
    """The model of a role as trials are stored under it; where its weights are not there yet, as configured."""
    spec = project.config.model_spec(role)
    try:
        return settle(spec)
    except UsageError:
        return spec


def reader(project: Project, store: Store) -> Evaluator | None:
    """Finds trials of the coder. None while there can be none: its tool-call mode was never settled."""
    spec = settled_spec(project, "coder")
    mode = settled_mode(store, spec)
    if mode is None:
        return None
    runner = trial_runner(project, store, OfflineModel(spec, fingerprint(spec)), mode)
    return Evaluator(store, runner, NullWatcher(), jobs=1)
