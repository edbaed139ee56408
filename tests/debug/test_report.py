"""The debug report: within its budget, the same bytes for the same trials, and every citation true."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from made_trials import evidence, trace, trial

from ahe.debug.heuristic import HeuristicDebugger
from ahe.debug.report import Section, compose
from ahe.evolve.manifest import quoted
from ahe.records import Evidence
from ahe.tokens import estimate_tokens

PARTS = st.lists(st.text(max_size=400), max_size=8)


@given(st.lists(PARTS, min_size=1, max_size=5), st.integers(0, 600), st.text(max_size=60))
def test_the_report_never_exceeds_its_budget(contents: list[list[str]], budget: int, title: str) -> None:
    sections = [Section(f"S{n}", tuple(parts), n) for n, parts in enumerate(contents)]
    assert estimate_tokens(compose(title, sections, budget, "More elsewhere.")) <= budget


def test_priority_decides_what_goes_and_the_report_says_so() -> None:
    sections = [
        Section("Low", tuple(f"low {n}" for n in range(50)), 4),
        Section("High", tuple(f"high {n}" for n in range(50)), 0),
    ]
    text = compose("T", sections, 180, "See detail/.")
    assert all(f"high {n}\n" in text for n in range(49))
    assert "low 49" not in text
    assert "Cut for length: " in text and "“Low”" in text and "See detail/." in text
    whole = compose("T", sections, 10_000, "See detail/.")
    assert "Cut for length" not in whole and "low 49" in whole


def made(runs: Path) -> Evidence:
    """Five trials: two alike failures, another failure, one partly passing task, one missing."""
    trace(
        runs,
        "f1",
        [("cat x", "cat: x: No such file or directory\n[exit code 1]")],
        verifier="expected 4, got 5",
    )
    trace(
        runs,
        "f2",
        [("cat y", "cat: y: No such file or directory\n[exit code 1]")],
        verifier="expected 2, got 3",
    )
    trace(runs, "f3", [], answer="I cannot do this.", verifier="out.txt does not exist")
    trace(runs, "p1", [("echo 4 > out.txt", "\n[exit code 0]")])
    trials = [
        trial("f1", "task-a"),
        trial("f2", "task-b"),
        trial("f3", "task-c"),
        trial("p1", "task-c", "passed", attempt=1),
        trial("m1", "task-d", "missing", ended="broken"),
    ]
    return evidence(runs, trials, history=("- memory: x: reverted (no gain)",))


async def test_it_names_clusters_rates_and_places(tmp_path: Path) -> None:
    report = await HeuristicDebugger().explain(made(tmp_path))
    assert [len(cluster.trials) for cluster in report.clusters] == [2, 1]
    assert report.clusters[0].tasks == ("task-a", "task-b")
    for wanted in (
        "### wrong_value / answered_after_error / no_such_path (2 trials)",
        "Verifier: expected 4, got 5",
        "- task-c: 1 of 2",
        "- task-d: 0 of 0, 1 missing",
        "- memory: x: reverted (no gain)",
        "Partly passing",
    ):
        assert wanted in report.text
    folder = Path(report.folder)
    assert (folder / "report.md").read_text("utf-8") == report.text
    assert sorted(p.stem for p in (folder / "detail").iterdir()) == ["task-a", "task-b", "task-c", "task-d"]
    assert "cat: x: No such file" in (folder / "detail" / "task-a.md").read_text("utf-8")


async def test_every_citation_stands_where_it_says(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    report = await HeuristicDebugger().explain(given_)
    assert len(report.citations) == 2
    for citation in report.citations:
        assert quoted(citation, Path(given_.traces))
        assert f"At {citation}: “{citation.quote}”" in report.text


async def test_same_trials_same_bytes_in_any_order(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    wanted = (await HeuristicDebugger().explain(given_)).text
    files = sorted(Path(given_.folder).rglob("*.*"))
    before = {path: path.read_bytes() for path in files if path.is_file()}
    trials = list(given_.trials)
    dice = random.Random(2)
    for _ in range(5):
        dice.shuffle(trials)
        again = await HeuristicDebugger().explain(given_.model_copy(update={"trials": tuple(trials)}))
        assert again.text == wanted
        assert {path: path.read_bytes() for path in before} == before


async def test_a_tight_budget_holds_for_a_real_report(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    for budget in (20, 100, 300):
        report = await HeuristicDebugger().explain(given_.model_copy(update={"budget": budget}))
        assert report.tokens <= budget
        assert estimate_tokens((Path(report.folder) / "report.md").read_text("utf-8")) <= budget


async def test_damaged_and_absent_traces_are_reported_all_the_same(tmp_path: Path) -> None:
    for name, text in (("cut", '{"steps": [{"step_id": 1'), ("odd", '{"steps": 5}'), ("list", "[]")):
        folder = tmp_path / "trials" / name
        folder.mkdir(parents=True)
        (folder / "trajectory.json").write_text(text)
    trials = [trial(name, f"task-{name}") for name in ("cut", "odd", "list", "absent")]
    report = await HeuristicDebugger().explain(evidence(tmp_path, trials))
    (cluster,) = report.clusters
    assert len(cluster.trials) == 4
    assert str(cluster.signature) == "unknown / no_action / none"
    assert report.citations == ()


async def test_no_trial_at_all_makes_a_report_too(tmp_path: Path) -> None:
    report = await HeuristicDebugger().explain(evidence(tmp_path, []))
    assert report.clusters == () and report.text.startswith("# Debug report, iteration 1")
