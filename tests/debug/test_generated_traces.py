"""The benchmarks' generator: same seed, same bytes; our readers read it; each planted line occurs once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ahe.debug.readers.find import find
from ahe.debug.readers.read import read
from ahe.records import Trial
from benchmarks.traces import corpus, plan, score
from benchmarks.traces.corpus import Planted
from benchmarks.traces.loud import LOUD
from benchmarks.traces.quiet import QUIET

SIZE, TASKS = 600_000, 10


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Planted]]:
    folder = tmp_path_factory.mktemp("corpus")
    return folder, corpus.write(folder, 3, SIZE, TASKS)


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def test_a_seed_gives_the_same_bytes_again_and_another_gives_others(
    made: tuple[Path, list[Planted]], tmp_path: Path
) -> None:
    folder, planted = made
    assert corpus.write(tmp_path / "again", 3, SIZE, TASKS) == planted
    assert digest(tmp_path / "again") == digest(folder)
    corpus.write(tmp_path / "other", 5, SIZE, TASKS)
    assert digest(tmp_path / "other") != digest(folder)


def test_the_size_is_about_what_was_asked_for(tmp_path: Path) -> None:
    corpus.write(tmp_path, 0, 3_000_000, 10)
    total = sum(path.stat().st_size for path in tmp_path.rglob("trajectory.json"))
    assert 2_400_000 < total < 4_000_000


def test_the_trials_are_read_as_our_own(made: tuple[Path, list[Planted]]) -> None:
    folder, _ = made
    traces = [read(source) for source in find([folder / "trials"])]
    assert len(traces) == (TASKS + 1) * corpus.ROLLOUTS
    assert len({trace.task for trace in traces}) == TASKS + 1
    for trace in traces:
        assert not trace.damage
        assert trace.format == "atif"
        assert [step.id for step in trace.steps] == list(range(1, len(trace.steps) + 1))
        assert any(file.name == "test-stdout.txt" for file in trace.verifier)
        record = Trial.model_validate_json((folder / "trials" / trace.id / "result.json").read_bytes())
        assert (record.task, record.status) == (trace.task, trace.status)


def test_a_planted_line_stands_once_in_its_trial_at_its_step(made: tuple[Path, list[Planted]]) -> None:
    folder, planted = made
    traces = {trace.id: trace for trace in map(read, find([folder / "trials"]))}
    assert {each.task for each in planted} == {
        trace.task for trace in traces.values() if trace.status == "failed"
    }
    for each in planted:
        trace = traces[each.trial]
        assert trace.status == "failed"
        assert sum(step.raw.count(each.line) for step in trace.steps) == 1
        assert each.shown in trace.steps[each.step - 1].raw.split("\n")
        assert not any(each.line in file.text for file in trace.verifier)


def test_decoys_are_in_passing_rollouts_only() -> None:
    rollouts = [rollout for task in plan.tasks(0, 4_000_000, 60, 4) for rollout in task]
    decoys = [rollout for rollout in rollouts if any(insert.role == "decoy" for insert in rollout.inserts)]
    herrings = [
        rollout for rollout in rollouts if any(insert.role == "herring" for insert in rollout.inserts)
    ]
    assert decoys and not any(rollout.failed for rollout in decoys)
    assert {rollout.failed for rollout in herrings} == {True, False}


def test_the_halves_of_the_wordings_are_apart() -> None:
    kinds = (*LOUD, *QUIET)
    assert len({kind.name for kind in kinds}) == len(kinds) == 20
    even = {wording for kind in kinds for wording in kind.wordings(0)}
    odd = {wording for kind in kinds for wording in kind.wordings(1)}
    assert len(even) == len(odd) == 80 and not even & odd


def planted(kind: str, task: str, trial: str, line: str = "x") -> Planted:
    return Planted(task, trial, 0, kind, 3, line, line)


def test_degenerate_clusters_score_nothing() -> None:
    rows = [planted(kind, f"{kind}{n}", f"{kind}-{n}") for kind in ("a", "b", "c") for n in range(4)]
    assert score.right(rows, {each.trial: each.kind for each in rows}) == {each.trial for each in rows}
    assert not score.right(rows, {each.trial: "all" for each in rows})
    assert not score.right(rows, {each.trial: each.trial for each in rows})
    assert not score.right(rows, {each.trial: "unknown" for each in rows})


def test_a_kind_scattered_over_many_clusters_counts_for_three() -> None:
    rows = [planted("a", f"t{n}", f"trial{n}") for n in range(10)]
    names = {f"trial{n}": f"part{n // 2}" for n in range(10)}
    assert len(score.right(rows, names)) == 6


def test_a_quote_may_be_wrapped_but_not_cut() -> None:
    rows = [planted("a", "t", "x", "disk is full at /x"), planted("b", "u", "y", "port 80 taken")]
    answer = score.Answer("…", {"t": "> disk is\n  full at /x", "u": "port 80"}, {}, {}, 0)
    assert score.quoted(rows, answer) == {("t", "a")}


def test_head_and_tail_sees_the_ends_only(tmp_path: Path) -> None:
    folder = tmp_path / "t1"
    folder.mkdir()
    step = {"step_id": 1, "source": "agent", "message": "first" + "-" * 5000 + "middle" + "-" * 5000 + "last"}
    (folder / "trajectory.json").write_text(json.dumps({"steps": [step]}))
    (folder / "result.json").write_text(json.dumps({"task": "t", "status": "failed", "attempt": 0}))
    rows = [
        planted("a", "t", "t1", "first"),
        planted("b", "t", "t1", "middle"),
        planted("c", "t", "t1", "last"),
    ]
    assert score.head_and_tail(rows, tmp_path, 100) == {("t", "a"), ("t", "c")}
    assert len(score.head_and_tail(rows, tmp_path, 10_000)) == 3
