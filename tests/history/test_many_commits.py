from __future__ import annotations

import subprocess
from pathlib import Path

import killing
import pytest
from history_helpers import change, git, make_seed, verdict

from ahe.history import History
from ahe.history.message import change_message, note_text


def build(path: Path, count: int) -> list[str]:
    """A repository with `count` changes, each with a note and a tag, through one `git fast-import`."""
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    seed = make_seed(path.parent / "seed-of-many")
    parts: list[bytes] = []
    for n in range(1, count + 1):
        message = change_message(change(f"{n:03d}-1")).encode()
        parts.append(f"commit refs/heads/main\nmark :{n}\ncommitter ahe <ahe@localhost> {n} +0000\n".encode())
        parts.append(b"data %d\n%s\n" % (len(message), message))
        files = {"memory.md": f"line {n}\n".encode()}
        if n == 1:
            files |= {str(f.relative_to(seed)): f.read_bytes() for f in seed.rglob("*") if f.is_file()}
        for name, data in files.items():
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data))
        parts.append(f"reset refs/tags/ahe/iter-{n:03d}\nfrom :{n}\n\n".encode())
    parts.append(b"commit refs/notes/ahe\ncommitter ahe <ahe@localhost> 1 +0000\ndata 0\n")
    for n in range(1, count + 1):
        note = note_text(verdict("kept", rollouts=n)).encode()
        parts.append(b"N inline :%d\ndata %d\n%s\n" % (n, len(note), note))
    (path.parent / "stream").write_bytes(b"".join(parts))
    with (path.parent / "stream").open("rb") as stream:
        subprocess.run(["git", "fast-import", "--quiet"], cwd=path, stdin=stream, check=True)
    git(path, "reset", "-q", "--hard")
    return git(path, "rev-list", "main").split()


def test_a_thousand_commits_are_read_from_few_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = build(tmp_path / "many", 1000)
    monkeypatch.setenv("PATH", killing.counted_git(tmp_path / "counted")["PATH"])
    history = History(tmp_path / "many")
    commits = history.commits()
    assert [commit.sha for commit in commits] == shas
    assert commits[0].change_id == "1000-1" and commits[0].tags == ("ahe/iter-1000",)
    assert commits[-1].verdict == verdict("kept", rollouts=1)
    assert len(history.commits(limit=3)) == 3
    assert len({history.harness_id(sha) for sha in shas[:2]}) == 2  # no command asks for more
    assert history.last_changes("HEAD")["memory.md"].sha == shas[0]
    assert 3 < len((tmp_path / "counted" / "calls").read_text().splitlines()) < 20
