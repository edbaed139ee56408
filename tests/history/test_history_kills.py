"""SIGKILL at random moments, git included: afterwards the workspace is whole and the work goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import killing
import pytest
import world
from history_helpers import git, make_seed, snapshot

from ahe.errors import WorkspaceError
from ahe.history import History

WORK = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from ahe.history import History
from history_helpers import evolve, verdict

path, seed = Path(sys.argv[1]), Path(sys.argv[2])
history = History(path) if (path / ".git").exists() else History.create(path, seed)
history.recover()
history.require_clean()
print("ready", flush=True)
number = len(history.commits())
while True:
    number += 1
    path = ("memory.md", f"skills/s{number % 3}/SKILL.md", "tools/run.py")[number % 3]
    sha = evolve(history, f"text {number}\\n" * 50, f"{number:03d}-1", path=path)
    history.note(sha, verdict("undecided"))
    history.note(sha, verdict("reverted"))
    if number % 2:
        history.revert(sha, "Ahe-Verdict: reverted")
    history.tag(f"ahe/iter-{number:03d}", history.head(), force=True)
    history.tag("ahe/best", history.head(), force=True)
"""


def work(place: Path, **environment: str) -> subprocess.Popen[str]:
    """`WORK` in the background, in a process group of its own."""
    folders = (str(folder) for folder in (*Path(__file__).parents[:2], world.ROOT))
    workspace, seed = str(place / "workspace"), str(place / "seed")
    return subprocess.Popen(
        [sys.executable, "-c", WORK, workspace, seed, *folders],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(place / "drafts"), **environment},
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    make_seed(tmp_path / "seed")
    (tmp_path / "drafts").mkdir()
    return tmp_path


@pytest.mark.parametrize("round", range(3))
def test_a_kill_at_any_moment_leaves_a_workspace_that_works(place: Path, round: int) -> None:
    chance = random.Random(round)
    last = 0
    for _ in range(4):
        process = work(place)
        if chance.random() < 0.75:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        time.sleep(chance.random() * 0.3)
        assert process.poll() is None, process.communicate()[1]
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if (place / "workspace" / ".git").exists():
            last = check(place / "workspace", last)
    assert not [p for p in (place / "drafts").iterdir() if any(p.iterdir())]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["commit*", "merge*", "revert*", "notes*add*", "worktree*add*", "tag*"])
def test_a_kill_at_a_git_call_leaves_a_workspace_that_works(place: Path, call: str, after: bool) -> None:
    """Python and git die together, before git has done its work or after it; the work was announced."""
    last = check(History.create(place / "workspace", place / "seed").path, 1)
    process = work(place, **killing.deadly_git(place / "deadly", call, after=after, victim="-$PPID"))
    said = process.communicate(timeout=60)[1]
    assert process.returncode == -signal.SIGKILL, said
    assert (place / "workspace" / ".git" / "ahe.lock").read_text() != "", "nothing was under way"
    check(place / "workspace", last)
    assert not [p for p in (place / "drafts").iterdir() if any(p.iterdir())]


def check(path: Path, at_least: int) -> int:
    history = History(path)
    history.recover()
    history.require_clean()
    git(path, "fsck", "--no-progress", "--connectivity-only")
    assert git(path, "status", "--porcelain") == ""
    commits = history.commits()
    assert len(commits) >= at_least
    for commit in commits:
        assert commit.change_id or commit.reverts or not commit.parents
        assert commit.verdict is None or commit.verdict.outcome == commit.outcome
    assert snapshot(path).keys() == set(git(path, "ls-files").split())
    assert [p.name for p in (path / ".git").rglob("*.lock")] == ["ahe.lock"]
    try:
        history.revert(commits[0].sha)
    except WorkspaceError:
        assert len(commits) == 1
    return len(commits)
