"""A project that an earlier version made, in the middle of a run: it opens, says the same, and pays for nothing twice.

`data/project_before/make.py` says what it holds. `before.json` in the archive is what that version printed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import world

from ahe.project.project import open_project
from ahe.runtime.agent import RUNTIME_VERSION

ARCHIVE = Path(__file__).parent / "data" / "project_before" / "project.tar.xz"

LOG = ("sha", "change", "tags", "kind", "subject", "outcome", "reverts", "by_person")
VERDICT = (
    "outcome",
    "decided_by",
    "gate",
    "incumbent",
    "candidate",
    "score",
    "delta.mean",
    "delta.low",
    "delta.high",
    "raw_delta",
    "incumbent_rate",
    "candidate_rate",
    "heldout_delta",
    "missing",
    "predicted",
    "observed_up",
    "observed_down",
    "tasks",
    "harnesses",
    "apart",
    "fixes.named",
    "fixes.hits",
    "fixes.happened",
    "fixes.chance",
    "regressions.named",
    "regressions.hits",
    "regressions.happened",
    "regressions.chance",
)
COST = ("rollouts", "usage.calls", "usage.input_tokens", "usage.output_tokens")
MEASURED = ("outcome", "gate", "raw_delta", "incumbent_rate", "candidate_rate", "heldout_delta")
COMPARED = ("harnesses", "rates", "raw_delta", "score", "delta.mean", "gain.mean", "tasks", "trials")
TRIAL = ("id", "harness", "task", "attempt", "status", "started", "seconds")
SHOWN = ("001-1", "006-3", "007-1")
"""Kept by the gate, measured by leaving it out, undecided: `ahe log` is compared for all."""
RENAMED: dict[str, str] = {
    "apart": "leave_one_out",
    "fixes.happened": "fixes.observed",
    "regressions.happened": "regressions.observed",
}
"""Fields of the lists above, as the old version names them → what today's JSON calls them: a dotted path as it
stands in a list ("fixes.happened"), or a key inside a value ("n_b" of a task)."""
ADDED = {"rewards": None, "partial": 0.0, "between": 0.0}
"""Keys of a task's row that came later, with their values where no reward is partial."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "project"


@pytest.fixture
def before(root: Path) -> dict[str, Any]:
    return json.loads((root / "before.json").read_text("utf-8"))


def identity(root: Path, trial: dict[str, Any], runtime: int) -> str:
    """The id of a trial, by the parts of its identity; only the version of the runtime has changed since."""
    config = open_project(root).config
    seconds = min(config.trial_limits().seconds, 60)
    limits = config.trial_limits().model_copy(update={"seconds": float(seconds)}).model_dump()
    of = [trial[name] for name in ("harness", "task", "task_digest", "environment")]
    parts = [*of, runtime, trial["model"], "native", limits, trial["attempt"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


@pytest.fixture
def current(root: Path, before: dict[str, Any]) -> dict[str, Any]:
    """The project as if today's runtime had made its trials, and `before` with their ids as they are then."""
    ids = {id: identity(root, trial, RUNTIME_VERSION) for id, trial in before["resumed"]["trials"].items()}
    assert all(id == identity(root, trial, 1) for id, trial in before["resumed"]["trials"].items())
    with closing(sqlite3.connect(root / "runs" / "ahe.sqlite", isolation_level=None)) as store:
        for old, record in store.execute("SELECT id, record FROM trial").fetchall():
            now = json.dumps({**json.loads(record), "id": ids[old], "runtime": RUNTIME_VERSION})
            store.execute("UPDATE trial SET id = ?, record = ? WHERE id = ?", (ids[old], now, old))
            (root / "runs" / "trials" / old).rename(root / "runs" / "trials" / ids[old])
    text = json.dumps(before)
    for old, now in ids.items():
        text = text.replace(old, now)
    return json.loads(text)


def told(root: Path, *arguments: str) -> Any:
    return json.loads(world.ahe(root, *arguments, "--json").stdout)


def field(record: Any, path: str) -> Any:
    """The value at a dotted path; None where something on the way is null."""
    for name in path.split("."):
        record = None if record is None else record[name]
    return record


def rounded(value: Any) -> Any:
    """To nine digits, so that another order of summation does not matter, and under today's names."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        items = [(key, each) for key, each in value.items() if key not in ADDED or each != ADDED[key]]
        return {RENAMED.get(key, key): rounded(each) for key, each in items}
    return value


def same(now: Any, then: Any, names: tuple[str, ...]) -> None:
    today = {name: rounded(field(now, RENAMED.get(name, name))) for name in names}
    assert today == {name: rounded(field(then, name)) for name in names}


def same_rows(now: list[dict[str, Any]], then: list[dict[str, Any]], verdict: tuple[str, ...]) -> None:
    assert len(now) == len(then)
    for new, old in zip(now, then, strict=True):
        same(new, old, LOG)
        same(new["verdict"], old["verdict"], verdict)


def trials(records: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {id: {name: record[name] for name in TRIAL} for id, record in records.items()}


def rows(root: Path) -> dict[str, dict[str, Any]]:
    return trials(world.stored(root))


def noted(log: str) -> list[str]:
    """What plain `git log` shows of trailers and notes."""
    return [line.strip() for line in log.splitlines() if line.strip().startswith("Ahe-")]


def conversations(root: Path) -> list[str]:
    """Keys of the coder's first calls: one for each trial that was run since the archive was unpacked."""
    log = root / "requests.jsonl"
    lines = map(json.loads, log.read_text("utf-8").splitlines() if log.exists() else ())
    return [line["key"] for line in lines if line["role"] == "coder" and line["key"].endswith("/0")]


def nothing_ran(root: Path, before: dict[str, Any]) -> None:
    assert rows(root) == trials(before["trials"])
    assert not (root / "requests.jsonl").exists()


def test_it_says_the_same(root: Path, before: dict[str, Any]) -> None:
    log = told(root, "log")
    same_rows(log, before["log"], (*VERDICT, *COST))
    for change in SHOWN:
        shown, then = told(root, "show", change), before["show"][change]
        same(shown, then, (*LOG, "predicts", "risks", "diff", "measured.tasks", "measured.trials"))
        same(shown["verdict"], then["verdict"], (*VERDICT, *COST))
    best = told(root, "best")
    same(best, before["best"], ("sha", "subject", "tags", "harness", "moved", "behind"))
    same(best["train"], before["best"]["train"], COMPARED)
    assert noted(world.git(root, "log")) == noted(before["git_log"])
    assert before["git_log"].count("    Ahe-Verdict: kept") == 4
    nothing_ran(root, before)


def test_trials_of_an_earlier_runtime_are_kept_but_not_reused(root: Path, before: dict[str, Any]) -> None:
    """What a trial does has changed since, so that old and new ones are not compared."""
    told(root, "eval", "001-1", "--rollouts", "1")
    now = rows(root)
    assert now.items() >= trials(before["trials"]).items()
    assert len(now) == len(before["trials"]) + len(world.TRAIN)


def test_its_trials_are_found_again(root: Path, current: dict[str, Any]) -> None:
    """These commands run what the store lacks; it lacks nothing as long as a trial's identity is the same."""
    same(told(root, "compare", "001-1~1", "001-1", "--rollouts", "2"), current["compare"], COMPARED)
    fields = ("harness", "rate", "tallies", "trials")
    same(told(root, "eval", "ahe/iter-006", "--rollouts", "2"), current["eval"]["train"], fields)
    heldout = told(root, "eval", "001-1", "--split", "heldout", "--rollouts", "24")
    same(heldout, current["eval"]["heldout"], fields)
    nothing_ran(root, current)


def test_the_run_goes_on_and_no_finished_trial_is_run_again(root: Path, current: dict[str, Any]) -> None:
    (iteration,) = told(root, "evolve", "--iterations", "1")["iterations"]
    assert iteration["verdict"]["outcome"] == "reverted"
    now, then = rows(root), trials(current["trials"])
    assert {id: now[id] for id in then} == then, "with the times at which they started"
    assert set(now) == set(current["resumed"]["trials"]), "the ids that the old version planned"
    new = sorted(f"{now[id]['task']}/{now[id]['attempt']}/0" for id in now.keys() - then.keys())
    assert new and sorted(conversations(root)) == new
    log, expected = told(root, "log"), current["resumed"]["log"]
    same(log[0], expected[0], tuple(name for name in LOG if name != "sha"))
    same_rows(log[1:], expected[1:], VERDICT)
    assert world.git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("first", "last", "gate", "fields"),
    [("001-1", "001-1", "bayes", MEASURED), ("006-1", "006-3", "greedy", VERDICT)],
)
def test_the_same_trials_give_the_same_verdicts(
    root: Path, current: dict[str, Any], first: str, last: str, gate: str, fields: tuple[str, ...]
) -> None:
    """An iteration's verdicts are taken away and made again: one with held-out, one that leaves out each of three.

    Of iteration 1, whose arms were given more rollouts later, only what those did not move.
    """
    then = {row["change"]: row for row in current["log"] if row["change"]}
    changes = [change for change in then if first <= change <= last]
    world.git(root, "reset", "-q", "--hard", then[last]["sha"])
    world.git(root, "notes", "--ref=ahe", "remove", *(then[change]["sha"] for change in changes))
    number = int(first.split("-")[0])
    tags = world.git(root, "tag", "-l", "ahe/iter-*").split()
    world.git(root, "tag", "-d", *(tag for tag in tags if int(tag[-3:]) >= number))
    settings = root / "ahe.toml"
    settings.write_text(settings.read_text().replace('gate = "strict"', f'gate = "{gate}"'))
    world.ahe(root, "evolve", "--iterations", "1")
    now = {row["change"]: row for row in told(root, "log") if row["change"]}
    for change in changes:
        same(now[change]["verdict"], then[change]["verdict"], fields)
    nothing_ran(root, current)
