"""The ablation switch: what an evolver is given at each level of evidence."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from evolve_bench import OTHER, TRIAL, Bench

from ahe.evolve.editor import gather
from ahe.records import EarlierCandidate, EvidenceLevel

NAMES = ("report.md", "clusters.json", f"traces/{TRIAL}/trajectory.json", "candidates/seed/scores.json")


def test_each_level_shows_more_than_the_one_before(bench: Bench, tmp_path: Path) -> None:
    (other,) = (trial for trial in bench.brief.evidence.trials if trial.id == OTHER)
    seed = EarlierCandidate(name="seed", said="- the seed", root=str(bench.history.path), trials=(other,))
    evidence = bench.brief.evidence.model_copy(update={"earlier": (seed,)})
    for shown, level in enumerate(get_args(EvidenceLevel), 1):
        report = bench.brief.report.model_copy(update={"level": level})
        brief = bench.brief.model_copy(update={"report": report, "evidence": evidence})
        folder = gather(brief, tmp_path / level)
        assert [(folder / name).is_file() for name in NAMES] == [n < shown for n in range(len(NAMES))]
    place = tmp_path / "candidates" / "candidates" / "seed"
    assert (place / "traces" / OTHER / "trajectory.json").is_file() and not (
        place / "traces" / TRIAL
    ).exists()
    assert (place / "harness" / "system_prompt.md").is_file()
