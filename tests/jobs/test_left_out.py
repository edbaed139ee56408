"""Tasks that cannot run here: a run never goes on with less than it had without a word."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import made_project
import pytest

from ahe.errors import UsageError
from ahe.events import Event, Notice
from ahe.jobs.estimate import estimate
from ahe.jobs.evolve import evolve
from ahe.jobs.final import test_tasks as tasks_of_final
from ahe.project.project import Project

NEEDS = '\n[environment.env]\nKEY = "${A_VARIABLE_THAT_IS_NOT_SET}"\n'


@dataclass
class Seen:
    texts: list[str] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.texts.append(event.text)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Its splits are globs, so a task that cannot run is left out."""
    made = made_project.make(tmp_path, 2, 1)
    (tmp_path / "suite/h00").rename(tmp_path / "suite/h-1")
    (tmp_path / "suite/suite.toml").write_text('[splits]\ntrain = ["t*"]\nheldout = ["h*"]\n')
    return made


def needs(project: Project, task: str) -> None:
    with (project.root / "suite" / task / "task.toml").open("a") as file:
        file.write(NEEDS)


async def test_a_run_that_goes_on_with_fewer_tasks_says_so(project: Project) -> None:
    made_project.fill(project, {"t00": [True], "t01": [True]})
    whole, fewer = Seen(), Seen()
    await evolve(project, whole, iterations=0)
    needs(project, "t01")
    await evolve(project, fewer, iterations=0)
    assert whole.texts == []
    first, second = fewer.texts
    assert "what remains is 1 of 2 train:" in first and "A_VARIABLE_THAT_IS_NOT_SET" in first
    assert "1 of the tasks that HEAD was measured on are left out now (t01)" in second


async def test_no_run_starts_without_the_held_out_tasks_that_the_suite_has(project: Project) -> None:
    needs(project, "h-1")
    with pytest.raises(UsageError, match="no heldout tasks that can run here"):
        estimate(project)
    with pytest.raises(UsageError, match="no heldout tasks that can run here"):
        await evolve(project, Seen(), iterations=0)


def test_a_look_names_what_the_test_tasks_lack(project: Project) -> None:
    suite = project.root / "suite" / "suite.toml"
    with pytest.raises(UsageError, match="has no test split"):
        tasks_of_final(project)
    suite.write_text('[splits]\ntrain = ["t*"]\ntest = ["h*"]\n')
    assert [task.name for task in tasks_of_final(project)] == ["h-1"]
    needs(project, "h-1")
    with pytest.raises(UsageError, match=r"no test tasks that can run here(.|\n)*A_VARIABLE_THAT_IS_NOT_SET"):
        tasks_of_final(project)
