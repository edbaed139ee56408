"""Makes `project.tar.xz`: a project as commit 304ce4b left it, stopped in the middle of an iteration.

Run once with the code of commit 304ce4b (`PYTHONPATH=. python tests/data/project_before/make.py`) and kept to
show how the fixture was made. Later code must open what that code wrote, so do not make the fixture again.

The model is named by a path relative to the project's folder, because the name enters every trial's identity:
the same ids result wherever the archive is unpacked, as long as `ahe` runs in that folder.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

import world  # noqa: E402

PERSON = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
MODEL = {"name": "scripted:script.yaml"}
LEFT_OUT = ("runs/scratch", "runs/harnesses", "runs/lock", "requests.jsonl", "workspace/.git/hooks")

GAMMA = f"{world.TRAIN[2]}/*/0"
PUT = world.ACT.replace("class Act", "class Put").replace("WRITE ", "PUT ").replace("text[6:]", "text[4:]")
NOTHING = "class Nothing:\n    async def after_model(self, ctx, reply):\n        return None\n"


def script() -> dict[str, Any]:
    """The evolver makes a commit in iterations 1, 2 and 7, and in 6 a helpful, an idle and a harmful one."""
    coder: dict[str, Any] = {
        f"{name}/*/0": f"WRITE {name.split('-')[0]}" for name in (*world.TRAIN, *world.HELDOUT)
    }
    coder |= {GAMMA: "PUT gamma", f"{world.TRAIN[2]}/0/0": "Something must be left to repair."}
    act, block = "middleware/10_act.py", "middleware/{}_block.py"
    turns = {
        "001": [world.edit(act, world.ACT), world.commit("Turn written words into a command")],
        "002": [
            world.edit(block.format(20), world.BLOCK),
            world.commit("Block every call to be safe", risks=[world.TRAIN[1]]),
        ],
        "006": [
            world.edit("middleware/30_put.py", PUT),
            world.commit("Know the other word too", predicts=[world.TRAIN[2]]),
            world.edit("middleware/40_nothing.py", NOTHING),
            world.commit("Watch without acting", predicts=[]),
            world.edit(block.format(50), world.BLOCK),
            world.commit("Block every call once more", predicts=[], risks=[world.TRAIN[0]]),
        ],
        "007": [
            world.edit(block.format(60), world.BLOCK),
            world.commit("Block every call a third time", predicts=[world.TRAIN[1]]),
        ],
    }
    evolver = {
        f"evolve/{number}/{turn}": answer
        for number, answers in turns.items()
        for turn, answer in enumerate(answers)
    }
    return {
        "log": "requests.jsonl",
        "coder": {**coder, "*": "Done."},
        "evolver": {**evolver, "*": "Nothing more to do."},
    }


def write(root: Path, coder: dict[str, Any] | None = None, **evolve: Any) -> None:
    """Write ahe.toml and script.yaml (again), with these answers of the coder over the usual ones."""
    answers = script()
    answers["coder"].update(coder or {})
    world.write_project(root, answers, model=MODEL, evolve={"gate": "bayes", "rollouts": 2, **evolve})


def evolve(root: Path) -> None:
    done = world.ahe(root, "evolve", "--iterations", "1", "--json")
    verdicts = [i["verdict"] and i["verdict"]["outcome"] for i in json.loads(done.stdout)["iterations"]]
    print(verdicts, count(root), "rows")


def by_hand(root: Path, *command: str) -> None:
    world.git(root, *PERSON, *command)


def rows(root: Path) -> dict[str, Any]:
    with sqlite3.connect(root / "runs" / "ahe.sqlite") as db:
        return {id: json.loads(record) for id, record in db.execute("SELECT id, record FROM trial")}


def count(root: Path) -> int:
    """Trials that were scored."""
    return sum(row["status"] != "missing" for row in rows(root).values())


def history(root: Path) -> None:
    """Six closed iterations."""
    write(root)
    world.ahe(root, "init")
    evolve(root)  # 1: kept
    evolve(root)  # 2: reverted
    (root / "workspace" / "memory.md").write_text("Say little.\n")
    by_hand(root, "commit", "-qam", "By hand")
    evolve(root)  # 3: a person's commit, kept though the gate would revert it
    by_hand(root, "revert", "--no-edit", "HEAD")
    evolve(root)  # 4: leads back to a known harness, so it is only noted
    by_hand(root, "commit", "-q", "--allow-empty", "-m", "Nothing by hand")
    evolve(root)  # 5: unchanged
    write(root, gate="greedy", changes=3)
    evolve(root)  # 6: three commits, each measured by leaving it out


def middle(root: Path) -> None:
    """An iteration that is undecided, then measured again and killed."""
    refused = {"status": 401, "content": "no such key"}
    write(root, {f"{name}/*/0": refused for name in world.TRAIN[:2]}, rollouts=1)
    evolve(root)  # 7: undecided, for most of the candidate's trials broke
    write(root, {GAMMA: {"content": "PUT gamma", "delay": 60}}, gate="strict")
    process = subprocess.Popen(
        [sys.executable, "-m", "ahe", "evolve", "--iterations", "1"], cwd=root, env=world.environment()
    )
    before, seen, since = count(root), count(root), time.monotonic()
    while process.poll() is None and (seen == before or time.monotonic() - since < 3):
        time.sleep(0.1)
        if count(root) != seen:
            seen, since = count(root), time.monotonic()
    assert process.poll() is None, "the run ended before it could be killed"
    process.kill()
    process.wait()
    print("killed:", before, "→", seen, "scored rows of", len(rows(root)))
    write(root, gate="strict")  # 8 goes on: this gate decides nothing before all its rollouts are in


def printed(root: Path) -> dict[str, Any]:
    """What the code of that commit says about the project."""

    def told(*arguments: str) -> Any:
        return json.loads(world.ahe(root, *arguments, "--json").stdout)

    log = told("log")
    return {
        "log": log,
        "show": {row["change"]: told("show", row["change"]) for row in log if row["change"]},
        "best": told("best"),
        "compare": told("compare", "001-1~1", "001-1", "--rollouts", "2"),
        "eval": {
            "train": told("eval", "ahe/iter-006", "--rollouts", "2"),
            "heldout": told("eval", "001-1", "--split", "heldout", "--rollouts", "24"),
        },
        "git_log": world.git(root, "log"),
        "trials": rows(root),
    }


def resumed(root: Path) -> dict[str, Any]:
    """What the code of that commit makes of it when the run goes on, in a copy at another place."""
    copy = root.parent / "elsewhere" / "copy"
    shutil.copytree(root, copy, symlinks=True)
    evolve(copy)  # 8: what was undecided is reverted
    assert len(rows(copy)) > len(rows(root)), "the run had something left to do"
    return {"log": json.loads(world.ahe(copy, "log", "--json").stdout), "trials": rows(copy)}


def pack(root: Path) -> None:
    shutil.rmtree(root / "runs" / "scratch", ignore_errors=True)
    record = {**printed(root), "resumed": resumed(root)}
    (root / "before.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert rows(root) == record["trials"], "looking runs nothing"
    world.git(root, "reflog", "expire", "--expire=now", "--all")
    world.git(root, "gc", "-q", "--prune=now")
    with sqlite3.connect(root / "runs" / "ahe.sqlite", isolation_level=None) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("VACUUM")
    db.close()
    for name in LEFT_OUT:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with tarfile.open(HERE / "project.tar.xz", "w:xz", preset=9) as archive:
        archive.add(root, "project", filter=nobody)


def nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry without its owner's name."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ahe-before-") as folder:
        root = Path(folder) / "project"
        history(root)
        middle(root)
        pack(root)


if __name__ == "__main__":
    main()
