"""Several commits in one candidate: leave-one-out attribution in whole runs of `ahe evolve` on a scripted model."""

from __future__ import annotations

import json
from pathlib import Path

import killing
import world

from ahe.history.message import note_text
from ahe.records import FRESH, Verdict

CODER = {f"{name}/*/0": f"WRITE {name.split('-')[0]}" for name in (*world.TRAIN, *world.HELDOUT)}
SCRIPT = {"log": "requests.jsonl", "coder": {**CODER, "*": "Done."}, "evolver": {"*": "Nothing more to do."}}
NOTHING = "class Nothing:\n    pass\n"


def plant(root: Path, change: str, path: str, text: str, subject: str, trailers: bool = True) -> str:
    """Commit a file by hand; with its trailers it is a change that wants to be judged."""
    file = root / "workspace" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    manifest = f"\n\nAhe-Change: {change}\nAhe-Kind: middleware\nAhe-Action: add\n" if trailers else ""
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", f"{subject}{manifest}")
    return world.git(root, "rev-parse", "HEAD").strip()


def helpful_null_harmful(root: Path) -> list[str]:
    return [
        plant(root, "001-1", "middleware/10_act.py", world.ACT, "middleware: act"),
        plant(root, "001-2", "middleware/15_nothing.py", NOTHING, "middleware: nothing"),
        plant(root, "001-3", "middleware/20_block.py", world.BLOCK, "middleware: block"),
    ]


def project(root: Path) -> Path:
    world.write_project(root, SCRIPT, evolve={"gate": "greedy", "rollouts": 1})
    world.ahe(root, "init")
    return root


def verdicts(root: Path) -> dict[str, dict[str, object]]:
    """The verdicts of iteration 1 by change."""
    record = json.loads((root / "runs" / "iterations" / "001" / "verdicts.json").read_text())
    return {commit["change"] or commit["commit"]: commit for commit in record["commits"]}


def outcomes(root: Path) -> dict[str, str]:
    return {change: row["verdict"]["outcome"] for change, row in verdicts(root).items()}  # type: ignore[index]


def middleware(root: Path) -> list[str]:
    return [name.split("/")[1] for name in world.git(root, "ls-files", "middleware").split()][1:]


def test_a_helpful_a_null_and_a_harmful_commit_get_their_own_verdicts(tmp_path: Path) -> None:
    """The harmful one blocks everything, so the whole is no better than the seed and hides the helpful one."""
    root = project(tmp_path / "p")
    planted = helpful_null_harmful(root)
    done = world.ahe(root, "evolve", "--iterations", "1", "--json")
    (iteration,) = json.loads(done.stdout)["iterations"]
    assert outcomes(root) == {"001-1": "kept", "001-2": "reverted", "001-3": "reverted"}
    assert middleware(root) == ["10_act.py"]
    assert (iteration["verdict"]["outcome"], iteration["new_rate"]) == ("kept", 1.0)
    note = world.git(root, "notes", "--ref=ahe", "show", planted[0])
    assert "leave-one-out on 3 disputed tasks: 100% with it, 0% without" in note
    row = verdicts(root)["001-3"]
    assert {(t["task"], t["b"], t["c"]) for t in row["verdict"]["tasks"]} == {(t, 2, 0) for t in world.TRAIN}  # type: ignore[index]
    shown(root)
    shares = [commit["verdict"]["rollouts"] for commit in verdicts(root).values()]  # type: ignore[index]
    assert sum(shares) == iteration["verdict"]["rollouts"] == len(world.stored(root))
    killed_at_every_write(root, planted[-1])


def shown(root: Path) -> None:
    """`ahe show` of a commit with a verdict from attribution: its own arms, and the fresh trials of those."""
    text = world.ahe(root, "show", "001-3").stdout
    assert "points, fresh" in text and "without  with" in text
    measured = json.loads(world.ahe(root, "show", "001-3", "--json").stdout)["measured"]
    (first, *_) = measured["trials"]
    ids = [*first["before"], *first["after"]]
    trials = world.stored(root)
    assert min(trials[id]["attempt"] for id in ids) == FRESH


KILLS = (
    ("notes*add*", False),
    ("update-ref -m*refs/notes/ahe *", False),
    ("update-ref -m*refs/notes/ahe *", True),
    ("commit*", False),
    ("merge*", False),
    ("merge*", True),
    ("commit*", True),
    ("tag*ahe/iter-001*", False),
)
"""The git commands at which a run that decides is killed, one after another, before the command or after it."""


def killed_at_every_write(root: Path, candidate: str) -> None:
    """Verdicts, reverts and tags are taken away, and written again by runs that are killed on the way.

    Every trial is in the store, so what is killed are the writes; and no trial is run again.
    """
    log, known = world.git(root, "log", "--format=%s %T"), world.stored(root)
    noted = world.git(root, "log", "--format=%N").count("Ahe-Verdict")
    for tag in world.git(root, "tag").split():
        world.git(root, "tag", "-d", tag)
    world.git(root, "update-ref", "-d", "refs/notes/ahe")
    world.git(root, "reset", "-q", "--hard", candidate)
    seen = []
    for command, after in KILLS:
        killing.killed_at_git(root, command, "evolve", "--iterations", "1", after=after)
        seen.append(world.git(root, "log", "--format=%N").count("Ahe-Verdict"))
    assert seen == [0, 0, *[noted] * 6], "all verdicts of a decision, or none"
    world.ahe(root, "evolve", "--iterations", "0")
    assert (world.git(root, "log", "--format=%s %T"), world.stored(root)) == (log, known)
    assert log.splitlines()[0].startswith('Revert "middleware: nothing"'), "newest first"
    assert world.git(root, "status", "--porcelain") == ""


def test_what_harms_inside_a_kept_whole_is_found(tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    plant(root, "001-1", "middleware/10_act.py", world.ACT, "middleware: act")
    refuse = world.BLOCK.replace('return "blocked"', 'return "blocked" if "gamma" in str(call) else None')
    plant(root, "001-2", "middleware/20_refuse.py", refuse, "middleware: refuse one")
    world.ahe(root, "evolve", "--iterations", "1")
    assert outcomes(root)["001-1"] == "kept"
    record = json.loads((root / "runs" / "iterations" / "001" / "verdicts.json").read_text())
    assert record["whole"]["outcome"] == "kept" and record["rest"] is None
    tasks = {t["task"]: (t["b"], t["c"]) for t in verdicts(root)["001-2"]["verdict"]["tasks"]}  # type: ignore[index]
    assert tasks["gamma-note"][0] > tasks["gamma-note"][1] == 0


def test_commits_that_cannot_leave_alone_are_judged_together(tmp_path: Path) -> None:
    """The later one rewrites the earlier one's lines: the earlier one leaves with it or not at all."""
    root = project(tmp_path / "p")
    plant(root, "001-1", "middleware/10_act.py", world.BLOCK.replace("Block", "Act"), "middleware: block")
    plant(root, "001-2", "middleware/10_act.py", world.ACT, "middleware: act instead")
    world.ahe(root, "evolve", "--iterations", "1")
    assert outcomes(root) == {"001-1": "kept", "001-2": "kept"}
    assert "Taken: keep both" in str(verdicts(root)["001-1"]["verdict"])
    assert world.git(root, "status", "--porcelain") == ""


def test_both_leave_where_together_they_do_not_hold(tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    plant(root, "001-1", "middleware/10_one.py", NOTHING, "middleware: one")
    plant(root, "001-2", "middleware/10_one.py", world.BLOCK, "middleware: another")
    world.ahe(root, "evolve", "--iterations", "1")
    assert set(outcomes(root).values()) == {"reverted"}
    assert middleware(root) == []


def test_a_commit_that_a_persons_later_one_builds_on_stays_with_its_choices(tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    plant(root, "001-1", "middleware/10_block.py", world.BLOCK, "middleware: block")
    edited = world.BLOCK.replace('"blocked"', '"not now"')
    sha = plant(root, "", "middleware/10_block.py", edited, "Say it kindly", trailers=False)
    world.ahe(root, "evolve", "--iterations", "1")
    assert outcomes(root) == {"001-1": "kept", sha: "kept"}
    reason = str(verdicts(root)["001-1"]["verdict"])
    assert "The choices: revert both by hand" in reason
    assert (root / "workspace/middleware/10_block.py").read_text() == edited
    assert world.git(root, "status", "--porcelain") == ""
    world.ahe(root, "evolve", "--iterations", "1")


def test_a_person_who_builds_on_what_a_killed_run_was_about_to_revert_blocks_nothing(tmp_path: Path) -> None:
    """The note says reverted, the kill came before the revert, and then a person edited the same lines."""
    root = project(tmp_path / "p")
    bad = plant(root, "001-1", "middleware/10_block.py", world.BLOCK, "middleware: block")
    note = note_text(Verdict(outcome="reverted", reason="not better", gate="greedy"))
    world.by_hand(root, "notes", "--ref=ahe", "add", "-m", note, bad)
    edited = world.BLOCK.replace('"blocked"', '"not now"')
    plant(root, "", "middleware/10_block.py", edited, "Say it kindly", trailers=False)
    done = world.ahe(root, "evolve", "--iterations", "1")
    assert "cannot be reverted" in done.stderr and "ahe keeps both" in done.stderr
    assert (root / "workspace/middleware/10_block.py").read_text() == edited
    said = world.git(root, "notes", "--ref=ahe", "show", bad)
    assert "Ahe-Verdict: kept" in said and "The choices: revert both by hand" in said
    assert world.git(root, "status", "--porcelain") == ""
    world.ahe(root, "evolve", "--iterations", "0")


def test_below_the_floor_of_coverage_nothing_is_reverted_and_the_run_stops(tmp_path: Path) -> None:
    """Where the harness acts, the endpoint refuses two of three tasks: that is missing, not failed."""
    refused = {"status": 401, "content": "no such key"}
    coder = {**CODER, **{f"{name}/*/1": refused for name in world.TRAIN[:2]}, "*": "Done."}
    answers = {"coder": coder, "evolver": {"*": "Nothing more to do."}}
    root = world.write_project(tmp_path / "p", answers, evolve={"gate": "bayes", "rollouts": 1})
    world.ahe(root, "init")
    sha = plant(root, "001-1", "middleware/10_act.py", world.ACT, "middleware: act")
    result = json.loads(world.ahe(root, "evolve", "--iterations", "5", "--json").stdout)
    assert [each["verdict"]["outcome"] for each in result["iterations"]] == ["undecided"] * 2
    assert "undecided for the second time: too many trials are missing" in result["stopped"]
    assert world.git(root, "rev-parse", "HEAD").strip() == sha
    assert middleware(root) == ["10_act.py"]
    assert "Ahe-Verdict: undecided" in world.git(root, "notes", "--ref=ahe", "show", sha)
