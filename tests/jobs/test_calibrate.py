"""`ahe calibrate` on trials that are in the store: what it finds, and that it runs nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import made_project
import pytest

from ahe.events import NullWatcher
from ahe.jobs.calibrate import Rollouts, calibrate, calibration, write_matrix
from ahe.power.worlds import read_matrix
from ahe.project.project import Project
from ahe.views.studies import calibration_text


def flaky(tasks: int, attempts: int) -> dict[str, list[bool]]:
    random = Random(7)
    rates = [random.betavariate(0.7, 0.7) for _ in range(tasks)]
    return {f"t{n:02d}": [random.random() < rate for _ in range(attempts)] for n, rate in enumerate(rates)}


async def rollouts(project: Project, attempts: int = 4) -> Rollouts:
    return await calibrate(project, NullWatcher(), rollouts=attempts)


async def test_a_measured_suite_is_calibrated_without_a_model(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 12)
    (tmp_path / "script.yaml").unlink()  # whoever opened the model would fail
    outcomes = flaky(12, 6)
    made_project.fill(project, outcomes)
    found = calibration(project, await rollouts(project), points=(15.0,))
    assert (found.tasks, found.rollouts, found.ran, found.missing) == (12, 72, 0, 0)
    assert found.rate == pytest.approx(sum(sum(each) for each in outcomes.values()) / 72)
    assert found.never + found.always + found.sometimes == 12
    assert found.copies.copied == 0 and found.warnings == ()
    assert found.spread is not None and found.spread.points == pytest.approx(found.spread.expected, rel=0.35)
    assert found.seen is not None and found.seen.points is not None and 3 < found.seen.points < 25
    assert found.seen.needed[0].rollouts is not None
    text = calibration_text(found)
    assert "12 tasks, 72 rollouts, all known already" in text and "none among 72 rollouts" in text
    assert "for +15 points" in text


async def test_copies_are_called_out(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 3)
    made_project.fill(project, {f"t{n:02d}": [n > 0] * 4 for n in range(3)}, copies=True)
    found = calibration(project, await rollouts(project))
    assert (found.copies.trials, found.copies.distinct) == (12, 3)
    assert "9 of 12 rollouts are copies" in found.warnings[0]
    assert "warning: 9 of 12" in calibration_text(found)


async def test_a_drift_is_called_out(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 10)
    made_project.fill(project, {f"t{n:02d}": [True, True, n > 8, False] for n in range(10)})
    found = calibration(project, await rollouts(project))
    assert found.spread is not None and found.spread.halves < -50
    assert any("differ by more than chance" in text for text in found.warnings)


async def test_the_budget_narrows_what_is_seen(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 8, budget={"rollouts": 36})
    made_project.fill(project, flaky(8, 4))
    found = calibration(project, await rollouts(project))
    assert found.seen is not None and found.seen.limit == 4
    assert found.seen.points is None, "four rollouts decide nothing on eight tasks"


async def test_the_matrix_is_what_the_benchmarks_read(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 2)
    made_project.fill(project, {"t00": [True, False, True, True], "t01": [False] * 4})
    write_matrix(tmp_path / "matrix.csv", (await rollouts(project)).trials)
    assert read_matrix(tmp_path / "matrix.csv") == [0.75, 0.0]
    assert (tmp_path / "matrix.csv").read_text().startswith("task,trial,resolved\nt00,0,1\nt00,1,0\n")
