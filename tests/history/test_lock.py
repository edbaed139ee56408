from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from history_helpers import change, evolve, git, snapshot, verdict

from ahe.errors import WorkspaceError
from ahe.history import History
from ahe.history.lock import Intent, Lock

HOLD = """
import sys, time
from pathlib import Path
from ahe.history import History
with History(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.readline()
"""


def dead_holder(history: History, **fields: object) -> None:
    """What a killed `ahe` leaves in the lock file."""
    intent = Intent(pid=1, began=0.0).model_copy(update=fields)
    (history.path / ".git" / "ahe.lock").write_text(intent.model_dump_json())


def test_a_second_ahe_may_read_but_not_write(history: History) -> None:
    sha = history.head()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(history.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    impatient = Lock(history.path / ".git", lambda intent: None, patience=0.1)
    with pytest.raises(WorkspaceError, match=f"process {process.pid}"), impatient.held():
        pass
    assert history.commits()[0].sha == sha
    process.communicate("\n")
    with history.locked(), history.locked():
        history.tag("ahe/best", sha)
    assert (history.path / ".git" / "ahe.lock").read_text() == ""


def test_an_orphaned_git_keeps_the_lock_of_its_killed_ahe(history: History) -> None:
    lock = Lock(history.path / ".git", lambda intent: None)
    with lock.held():
        child = subprocess.Popen(["sleep", "30"], pass_fds=lock.descriptors)
    other = Lock(history.path / ".git", lambda intent: None, patience=0.1)
    with pytest.raises(WorkspaceError), other.held():
        pass
    child.kill()
    child.wait()
    with other.held():
        pass


def test_stale_locks_of_a_killed_ahe_are_removed(history: History) -> None:
    dead_holder(history)
    for name in ("index.lock", "HEAD.lock", "refs/heads/main.lock", "config.lock"):
        (history.path / ".git" / name).write_text("")
    evolve(history, "count\n")
    assert [p.name for p in (history.path / ".git").rglob("*.lock")] == ["ahe.lock"]


def test_locks_of_other_tools_below_git_stay(history: History) -> None:
    dead_holder(history)
    git_folder = history.path / ".git"
    others = ["annex/mine.lock", "hooks/x.lock", "lfs/a.lock", "modules/sub/index.lock", "objects/aa/b.lock"]
    ours = ["packed-refs.lock", "refs/notes/ahe.lock", "worktrees/w/index.lock"]
    for name in (*others, *ours):
        (git_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (git_folder / name).write_text("")
    history.recover()
    left = sorted(path.relative_to(git_folder).as_posix() for path in git_folder.rglob("*.lock"))
    assert left == ["ahe.lock", *others]


def test_a_lock_that_nobody_of_ours_left_stays(history: History) -> None:
    (history.path / ".git" / "index.lock").write_text("")
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("count\n")
        sha = history.commit_draft(tree, change())
    with pytest.raises(WorkspaceError, match=r"index\.lock"):
        history.advance(sha)
    assert (history.path / ".git" / "index.lock").exists()


def test_a_living_git_of_a_person_stops_the_sweep(history: History) -> None:
    dead_holder(history)
    (history.path / ".git" / "index.lock").write_text("")
    pipe = subprocess.PIPE
    person = subprocess.Popen(["git", "cat-file", "--batch"], cwd=history.path, stdin=pipe, stdout=pipe)
    assert person.stdin and person.stdout
    person.stdin.write(b"HEAD\n")
    person.stdin.flush()
    person.stdout.readline()  # it answers, so it is git by now and no longer the fork that becomes it
    try:
        with pytest.raises(WorkspaceError, match="is at work"):
            history.recover()
        assert (history.path / ".git" / "index.lock").exists()
    finally:
        person.kill()
        person.communicate()
    history.recover()
    assert not (history.path / ".git" / "index.lock").exists()


def test_drafts_of_a_killed_ahe_are_removed(history: History) -> None:
    code = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom ahe.history import History\n"
        "h = History(Path(sys.argv[1]))\n"
        "with h.draft(h.head()) as tree:\n"
        "    print(tree, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(history.path)], capture_output=True, text=True)
    tree = Path(done.stdout.strip())
    assert tree.is_dir()
    history.recover()
    assert not tree.exists()
    assert not list((history.path / ".git" / "worktrees").glob("*"))


@pytest.mark.parametrize("state", ["nothing written", "half a file", "all files", "files and index", "done"])
def test_a_move_that_was_cut_off_is_finished(history: History, state: str) -> None:
    base = history.head()
    with history.draft(base) as tree:
        (tree / "memory.md").write_text("count twice\n" * 10)
        (tree / "skills/one").mkdir(parents=True)
        (tree / "skills/one/SKILL.md").write_text("# one\n")
        (tree / "tools/run.py").unlink()
        sha = history.commit_draft(tree, change())
        wanted = snapshot(tree)
    dead_holder(history, branch="refs/heads/main", start=base, target=sha)
    if state == "half a file":
        (history.path / "memory.md").write_text("count twice\ncou")
        (history.path / ".git" / "index.lock").write_text("")
    elif state == "all files":
        git(history.path, "--work-tree=.", "restore", "--worktree", "--source", sha, ".")
    elif state == "files and index":
        git(history.path, "read-tree", "-u", "--reset", sha)
    elif state == "done":
        git(history.path, "merge", "-q", "--ff-only", sha)
    history.recover()
    history.require_clean()
    assert history.head() == sha
    assert snapshot(history.path) == wanted
    assert history.branch() == "main"


def test_a_persons_edit_after_the_kill_is_left_alone(history: History) -> None:
    base = history.head()
    with history.draft(base) as tree:
        (tree / "memory.md").write_text("count twice\n")
        sha = history.commit_draft(tree, change())
    dead_holder(history, branch="refs/heads/main", start=base, target=sha)
    (history.path / "memory.md").write_text("my own words\n")
    history.recover()
    assert history.head() == base
    assert (history.path / "memory.md").read_text() == "my own words\n"
    with pytest.raises(WorkspaceError, match=r"memory\.md"):
        history.require_clean()


def test_other_edits_of_a_person_survive_the_finished_move(history: History) -> None:
    base = history.head()
    with history.draft(base) as tree:
        (tree / "memory.md").write_text("count twice\n")
        sha = history.commit_draft(tree, change())
    dead_holder(history, branch="refs/heads/main", start=base, target=sha)
    (history.path / "system_prompt.md").write_text("my own words\n")
    git(history.path, "add", "system_prompt.md")
    history.recover()
    assert history.head() == sha
    assert git(history.path, "status", "--porcelain") == "M  system_prompt.md\n"
    assert (history.path / "memory.md").read_text() == "count twice\n"


def test_a_move_that_failed_is_completed_by_the_next_step(history: History) -> None:
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("count\n")
        sha = history.commit_draft(tree, change())
    index = history.path / ".git" / "index.lock"
    index.write_text("")
    with pytest.raises(WorkspaceError, match=r"index\.lock"):
        history.advance(sha)
    assert history.head() != sha
    assert sha in (history.path / ".git" / "ahe.lock").read_text()
    index.unlink()
    history.note(sha, verdict())
    assert history.head() == sha
    assert (history.path / "memory.md").read_text() == "count\n"
    assert (history.path / ".git" / "ahe.lock").read_text() == ""
