"""Finds what a project knows already without opening a model: nothing is asked and nothing is spent."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.assemble import settled_mode
from ahe.boxes import trial_runner
from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.events import Event
from ahe.models.identity import fingerprint
from ahe.models.roles import settle
from ahe.project import Project
from ahe.records import ModelSpec, Reply, Request, Role


@dataclass
class Unopened:
    """A model that is only known by name: its trials can be found in the store, and it answers nothing."""

    spec: ModelSpec
    fingerprint: str

    async def complete(self, request: Request) -> Reply:
        raise UsageError(f"{self.spec.name} is not open: this command asks no model")


class Deaf:
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
    runner = trial_runner(project, store, Unopened(spec, fingerprint(spec)), mode)
    return Evaluator(store, runner, Deaf(), jobs=1)
