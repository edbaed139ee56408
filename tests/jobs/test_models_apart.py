"""Trials of two models, or of one at two endpoints, are never pooled; reports say what they leave out."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import made_project
import made_trials

from ahe.evaluate.store import Store
from ahe.events import Event, Notice
from ahe.jobs.change import find_commit, measured
from ahe.jobs.compare import compare_stored, compared, known_rate
from ahe.jobs.debug import debug
from ahe.project.project import Project, open_project
from ahe.records import ModelTime, Observed, Trial, Verdict
from ahe.views.measured import comparison_text


@dataclass
class Seen:
    texts: list[str] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.texts.append(event.text)


def two_models(root: Path) -> tuple[Project, Project]:
    """One model passed all of four trials, the other none of two."""
    one = made_project.make(root, 2)
    made_project.fill(one, {"t00": [True, True], "t01": [True, True]})
    shutil.copyfile(root / "script.yaml", root / "other.yaml")
    other = open_project(root, {"model.name": f"scripted:{root / 'other.yaml'}"})
    made_project.fill(other, {"t00": [False], "t01": [False]})
    return one, other


async def test_a_debug_report_is_about_the_configured_model(tmp_path: Path) -> None:
    for project, notice in zip(
        two_models(tmp_path), ("4 trials, without 2", "2 trials, without 4"), strict=True
    ):
        seen = Seen()
        report = await debug(project, seen, out=tmp_path / "out")
        assert f"reading {notice} of other models, limits or task versions" in seen.texts
        assert len([trial for cluster in report.clusters for trial in cluster.trials]) in (0, 2)


async def test_a_debug_report_is_about_the_tasks_and_limits_of_now(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 2)
    made_project.fill(project, {"t00": [True, True], "t01": [True, True]})
    (tmp_path / "suite/t01/instruction.md").write_text("Another task.\n")
    made_project.fill(project, {"t01": [False]})
    shorter = open_project(tmp_path, {"limits.turns": 3})
    made_project.fill(shorter, {"t00": [False]}, settings="shorter", started="later")
    seen = Seen()
    await debug(shorter, seen, out=tmp_path / "out")
    assert "reading 2 trials, without 4 of other models, limits or task versions" in seen.texts
    head = project.history().head()
    found = compare_stored(shorter, project.history(), head, head)
    assert (found.rates, found.others) == ((0.0, 0.0), 8)


def test_a_change_shows_the_trials_of_the_model_that_decided(tmp_path: Path) -> None:
    one, other = two_models(tmp_path)
    history, head = one.history(), one.history().head()
    for passes, n in ((2, 2), (0, 1)):
        tasks = tuple(Observed(task=task, b=passes, n_b=n, c=passes, n_c=n) for task in ("t00", "t01"))
        history.note(head, Verdict(outcome="kept", reason="", tasks=tasks, incumbent=head, candidate=head))
        commit = find_commit(history, head)
        for asking in (one, other):
            found = measured(asking, history, commit)
            assert [len(task.before) for task in found.trials] == [n, n]


def test_pass_rates_are_those_of_the_configured_model(tmp_path: Path) -> None:
    one, other = two_models(tmp_path)
    head = one.history().head()
    assert [compare_stored(each, each.history(), head, head).others for each in (one, other)] == [4, 8]
    harness = one.history().harness_id(head)
    assert [known_rate(each, harness) for each in (one, other)] == [(1.0, 4), (0.0, 2)]


def test_a_comparison_says_if_the_model_worked_slower_for_one_arm(tmp_path: Path) -> None:
    def arm(name: str, seconds: float) -> list[Trial]:
        time = ModelTime(seconds=seconds, work=5)
        return [made_trials.trial(f"{name}{n}", attempt=n, model_time=time) for n in range(2)]

    with closing(Store(tmp_path)) as store:
        for seconds, said in ((10, ""), (30, "3.0 times slower for b"), (2, "5.0 times slower for a")):
            found = compared("a", "b", ("x", "y"), "train", (arm("a", 10), arm("b", seconds)), store)
            text = comparison_text(("a", "b"), found)
            assert said in text and ("slower" in text) is bool(said)
