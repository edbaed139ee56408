"""The seed against an evolved harness elsewhere: with other models, at other temperatures, on other suites."""

import time

from ahe.errors import UsageError
from ahe.jobs.arms import Scope, Study, ends, study
from ahe.models.identity import IN_PROCESS
from ahe.project.config import Config, SuiteTable
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Record


class Transfer(Record):
    """The seed against `rev`, a study for each place."""

    rev: str
    places: tuple[Study, ...]


async def transfer(
    project: Project,
    watcher: Watcher,
    scope: Scope,
    *,
    rev: str = "HEAD",
    models: tuple[str, ...] = (),
    base_url: str | None = None,
    temperatures: tuple[float, ...] = (),
    suites: tuple[str, ...] = (),
) -> Transfer:
    """Measure seed and REV with each model and temperature on the project's suite, and on each suite with its model.

    `base_url` is the endpoint of `models`, the coder's where it is None. Raises as `ends` and `study` do.
    """
    config = project.config
    places: dict[str, Config] = {}
    for name in models:
        address = "" if name.partition(":")[0] in IN_PROCESS else base_url
        places[f"model {name}"] = config.with_model(name=name, base_url=address)
    for degree in temperatures:
        places[f"temperature {degree:g}"] = config.with_model(temperature=degree)
    for path in suites:
        table = SuiteTable(path=path, quick=config.suite.quick)
        places[f"suite {path}"] = config.model_copy(update={"suite": table})
    if not places:
        raise UsageError("say where: with another --model or --temperature, or on another --suite")
    found, started = [], time.monotonic()
    with project.run_lock():
        arms = ends(project.history(), rev)
        for place, there in places.items():
            budget = there.budget
            if budget.minutes:  # each study counts anew, but they are given for all of them
                left = max(1e-6, budget.minutes - (time.monotonic() - started) / 60)
                budget = budget.model_copy(update={"minutes": left})
            there = there.model_copy(update={"budget": budget})
            made = await study(Project(there), watcher, arms, scope)
            found.append(made.model_copy(update={"place": place}))
    return Transfer(rev=rev, places=tuple(found))
