"""Trials of two models, or of one at two endpoints, are never pooled; reports say what they leave out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import made_project

from ahe.events import Event, Notice
from ahe.jobs.compare import compare_stored, known_rate
from ahe.jobs.debug import debug
from ahe.project.project import Project, open_project


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
        assert f"reading {notice} of other models or endpoints" in seen.texts
        assert len([trial for cluster in report.clusters for trial in cluster.trials]) in (0, 2)


def test_pass_rates_are_those_of_the_configured_model(tmp_path: Path) -> None:
    one, other = two_models(tmp_path)
    head = one.history().head()
    assert [compare_stored(each, each.history(), head, head).others for each in (one, other)] == [4, 8]
    harness = one.history().harness_id(head)
    assert [known_rate(each, harness) for each in (one, other)] == [(1.0, 4), (0.0, 2)]
