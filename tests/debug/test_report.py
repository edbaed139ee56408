"""The debug report: within its budget, the same bytes for the same trials, and every citation true."""

from __future__ import annotations

import json
import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from made_trials import evidence, quoted, trace, trial

from ahe.debug.debugger import AgentDebugger
from ahe.debug.report.compose import Part, Section, compose
from ahe.records import Evidence, Tally
from ahe.text import estimate_tokens

PARTS = st.lists(st.tuples(st.text(max_size=400), st.floats(0, 100)), max_size=8)


@given(st.lists(PARTS, min_size=1, max_size=5), st.integers(0, 600), st.text(max_size=60))
def test_the_report_never_exceeds_its_budget(
    contents: list[list[tuple[str, float]]], budget: int, title: str
) -> None:
    sections = [
        Section(f"S{n}", tuple(Part(text, worth) for text, worth in parts))
        for n, parts in enumerate(contents)
    ]
    assert estimate_tokens(compose(title, sections, budget)) <= budget


@given(st.integers(500, 50_000), st.integers(0, 1_000))
def test_a_long_report_fills_its_budget_and_never_exceeds_it(budget: int, seed: int) -> None:
    dice = random.Random(seed)
    sections = [
        Section(
            f"Section {n}", tuple(Part("word " * dice.randint(1, 300), dice.random()) for _ in range(150))
        )
        for n in range(6)
    ]
    tokens = estimate_tokens(compose("T", sections, budget))
    assert 0.9 * budget - 700 <= tokens <= budget


def test_worth_decides_what_goes_and_the_report_says_so() -> None:
    sections = [
        Section("Low", tuple(Part(f"low {n}", 1) for n in range(50)), "low.md"),
        Section("High", tuple(Part(f"high {n}", 2) for n in range(50))),
    ]
    text = compose("T", sections, 180)
    assert all(f"high {n}\n" in text for n in range(49))
    assert "low 49" not in text
    assert "Cut for length: " in text and "“Low” (low.md)" in text
    whole = compose("T", sections, 10_000)
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
    report = await AgentDebugger().explain(made(tmp_path))
    assert [len(cluster.trials) for cluster in report.clusters] == [2, 1]
    assert report.clusters[0].tasks == ("task-a", "task-b")
    for wanted in (
        "**wrong_value / answered_after_error / no_such_path**: 2 rollouts of 2 tasks (task-a, task-b)",
        "expected 4, got 5",
        "- task-c: 1 of 2",
        "passing: “echo 4 > out.txt”",
        "1 missing",
        "- memory: x: reverted (no gain)",
    ):
        assert wanted in report.text
    folder = Path(report.folder)
    assert (folder / "report.md").read_text("utf-8") == report.text
    assert sorted(p.stem for p in (folder / "detail").iterdir()) == ["task-a", "task-b", "task-c", "task-d"]
    assert "cat: x: No such file" in (folder / "detail" / "task-a.md").read_text("utf-8")
    dumped = json.loads((folder / "clusters.json").read_text("utf-8"))
    assert [cluster["trials"] for cluster in dumped] == [["f1", "f2"], ["f3"]]


async def test_every_citation_stands_where_it_says(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    report = await AgentDebugger().explain(given_)
    assert len(report.citations) == 2
    for citation in report.citations:
        assert quoted(citation, Path(given_.traces))
        assert f"“{citation.quote}” ({citation})" in report.text


async def test_what_got_worse_and_held_out_counts_are_told(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    trace(tmp_path, "b1", [("echo 4", "4")])
    before = (trial("b1", "task-a", "passed"),)
    (tmp_path / "trials" / "b1" / "result.json").write_text(before[0].model_dump_json())
    told = given_.model_copy(update={"before": before, "heldout": Tally(passes=3, n=8)})
    text = (await AgentDebugger().explain(told)).text
    assert "- task-a: 1 of 1 before, 0 of 1 now" in text
    assert "held-out: 3 of 8 rollouts passed" in text


async def test_scores_alone_hold_no_trace(tmp_path: Path) -> None:
    report = await AgentDebugger(level="scores").explain(made(tmp_path))
    assert "- task-c: 1 of 2" in report.text
    assert "No such file" not in report.text and "expected 4" not in report.text
    assert report.level == "scores"
    assert {citation.quote for citation in report.citations} == {"Do it."}


async def test_same_trials_same_bytes_in_any_order(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    wanted = (await AgentDebugger().explain(given_)).text
    files = sorted(Path(given_.folder).rglob("*.*"))
    before = {path: path.read_bytes() for path in files if path.is_file()}
    trials = list(given_.trials)
    dice = random.Random(2)
    for _ in range(5):
        dice.shuffle(trials)
        again = await AgentDebugger().explain(given_.model_copy(update={"trials": tuple(trials)}))
        assert again.text == wanted
        assert {path: path.read_bytes() for path in before} == before


async def test_worker_processes_find_the_same(tmp_path: Path) -> None:
    for name in ("f1", "f2"):
        trace(tmp_path, name, [("cat x", "line\n" * 420_000)], verifier=f"expected {name}")
    given_ = evidence(tmp_path, [trial("f1", "task-a"), trial("f2", "task-b")])
    reports = [(await AgentDebugger(workers=n).explain(given_)).text for n in (1, 2)]
    assert reports[0] == reports[1] and "expected f2" in reports[0]


async def test_a_tight_budget_holds_for_a_real_report(tmp_path: Path) -> None:
    given_ = made(tmp_path)
    for budget in (20, 100, 300):
        report = await AgentDebugger().explain(given_.model_copy(update={"budget": budget}))
        assert report.tokens <= budget
        assert estimate_tokens((Path(report.folder) / "report.md").read_text("utf-8")) <= budget


async def test_damaged_and_absent_traces_are_reported_all_the_same(tmp_path: Path) -> None:
    for name, text in (("cut", '{"steps": [{"step_id": 1'), ("odd", '{"steps": 5}'), ("list", "[]")):
        folder = tmp_path / "trials" / name
        folder.mkdir(parents=True)
        (folder / "trajectory.json").write_text(text)
    trials = [trial(name, f"task-{name}") for name in ("cut", "odd", "list", "absent")]
    report = await AgentDebugger().explain(evidence(tmp_path, trials))
    assert sum(len(cluster.trials) for cluster in report.clusters) == 4
    assert "trajectory.json" in report.text, "the damage is named"
    assert report.citations == ()


async def test_no_trial_at_all_makes_a_report_too(tmp_path: Path) -> None:
    report = await AgentDebugger().explain(evidence(tmp_path, []))
    assert report.clusters == () and report.text.startswith("# Debug report, iteration 1")
