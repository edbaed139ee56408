from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from history_helpers import evolve, git, make_seed, snapshot, verdict

from ahe.errors import WorkspaceError
from ahe.harness.load import load
from ahe.history import History

EVOLVED = Path(__file__).parents[2] / "evolved"


def test_a_new_workspace_holds_the_seed_and_is_clean(tmp_path: Path, seed: Path) -> None:
    history = History.create(tmp_path / "new", seed)
    assert snapshot(tmp_path / "new") == snapshot(seed)
    assert history.branch() == "main"
    history.require_clean()
    assert git(history.path, "status", "--porcelain") == ""
    (commit,) = history.commits()
    assert commit.author == "ahe" and not commit.by_person
    assert not [p for p in (tmp_path / "new").iterdir() if p.name.startswith(".ahe")]


def test_what_was_there_before_is_neither_overwritten_nor_tracked(tmp_path: Path, seed: Path) -> None:
    outer = tmp_path / "outer"
    place = outer / "workspace"
    place.mkdir(parents=True)
    (place / "README.md").write_text("of the checkout\n")
    git(outer, "init", "-q")
    history = History.create(place, seed)
    assert (place / "README.md").read_text() == "of the checkout\n"
    assert git(place, "status", "--porcelain") == ""
    assert "README.md" not in git(place, "ls-files")
    history.require_clean()


def test_an_existing_workspace_or_harness_is_refused(tmp_path: Path, seed: Path) -> None:
    History.create(tmp_path / "new", seed)
    with pytest.raises(WorkspaceError, match="already"):
        History.create(tmp_path / "new", seed)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "memory.md").write_text("precious\n")
    with pytest.raises(WorkspaceError, match="without a"):
        History.create(mine, seed)
    assert snapshot(mine) == {"memory.md": b"precious\n"}


def test_a_half_made_workspace_is_completed(tmp_path: Path, seed: Path) -> None:
    place = tmp_path / "new"
    (place / ".ahe-init-dead" / ".git").mkdir(parents=True)
    shutil.copy(seed / "memory.md", place / "memory.md")
    shutil.copytree(seed / "tools", place / "tools")
    shutil.copy(seed / "README.md", place / "README.md")
    history = History.create(place, seed)
    history.require_clean()
    assert snapshot(place) == snapshot(seed)
    assert "README.md" in git(place, "ls-files")


def test_a_folder_inside_another_repository_is_no_workspace(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = make_seed(tmp_path / "inner")
    with pytest.raises(WorkspaceError, match="ahe init"):
        History(inner)
    (inner / ".git").mkdir()
    with pytest.raises(WorkspaceError, match="not a usable repository"):
        History(inner)


def test_another_repository_in_the_environment_is_not_touched(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    for name, value in {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_AUTHOR_NAME": "someone",
        "GIT_NAMESPACE": "elsewhere",
    }.items():
        monkeypatch.setenv(name, value)
    again = History(history.path)
    evolve(again, "count twice\n")
    assert [c.author for c in again.commits()] == ["ahe", "ahe"]
    monkeypatch.undo()
    assert not git(other, "rev-list", "--all")


def test_hooks_signing_and_odd_settings_of_the_person_do_not_matter(history: History, seed: Path) -> None:
    hooks = history.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "commit-msg", "post-merge", "reference-transaction", "post-checkout"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    for key, value in {
        "commit.gpgSign": "true",
        "core.commentChar": "A",
        "color.ui": "always",
        "diff.external": "false",
        "diff.noprefix": "true",
        "merge.ff": "false",
        "revert.reference": "true",
        "core.autocrlf": "true",
        "log.showSignature": "true",
        "status.showUntrackedFiles": "no",
        "log.excludeDecoration": "refs/tags/*",
    }.items():
        git(history.path, "config", key, value)
    sha = evolve(history, "count twice\n")
    history.note(sha, verdict())
    history.tag("ahe/best", sha)
    new = history.revert(sha)
    assert history.commits()[0].reverts == sha
    assert history.commits()[1].tags == ("ahe/best",)
    assert history.commits()[1].change_id == "001-1"
    assert history.harness_id(new) == history.harness_id(f"{sha}~1")


def test_another_owner_is_named_with_the_remedy(history: History) -> None:

    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (history.path, history.path / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(WorkspaceError, match=r"safe\.directory"):
        History(history.path)


def test_plain_git_log_tells_the_verdict_and_a_clone_keeps_it(tmp_path: Path, history: History) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(history.path, "remote", "add", "origin", str(tmp_path / "remote.git"))
    history.recover()
    history.recover()
    sha = evolve(history, "count twice\n")
    history.note(sha, verdict())
    history.tag("ahe/best", sha)
    assert "Ahe-Verdict: kept" in git(history.path, "log")
    git(history.path, "push", "-q")
    git(tmp_path, "clone", "-q", str(tmp_path / "remote.git"), "clone")
    clone = History(tmp_path / "clone")
    clone.recover()
    git(clone.path, "fetch", "-q")
    assert "Ahe-Verdict: kept" in git(clone.path, "log")
    assert clone.commits()[0].verdict == verdict()
    assert clone.tags() == {"ahe/best": sha}
    assert git(clone.path, "config", "--get-all", "notes.displayRef").split() == ["refs/notes/ah[e]"]


def test_plain_git_has_nothing_to_warn_of_before_the_first_verdict(tmp_path: Path) -> None:
    History.create(tmp_path / "workspace", make_seed(tmp_path / "seed"))
    done = subprocess.run(
        ["git", "-C", str(tmp_path / "workspace"), "log"], text=True, capture_output=True, check=True
    )
    assert not done.stderr and "Seed harness" in done.stdout


def test_importing_history_does_not_import_gitpython() -> None:

    code = "import sys, ahe.history; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_evolved_harness_comes_with_its_verdicts_and_tags(tmp_path: Path, history: History) -> None:
    sha = evolve(history, "count twice\n")
    history.note(sha, verdict())
    history.tag("ahe/best", sha)
    bundle = tmp_path / "evolved.bundle"
    git(history.path, "bundle", "create", "--quiet", str(bundle), "--all")
    copy = History.unpack(tmp_path / "copy", bundle)
    assert copy.commits() == history.commits() and copy.commits()[0].verdict == verdict()
    assert copy.tags() == {"ahe/best": sha} and not git(copy.path, "status", "--porcelain")
    with pytest.raises(WorkspaceError, match="not empty"):
        History.unpack(tmp_path / "copy", bundle)


def test_a_bundle_without_a_harness_leaves_nothing_behind(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "other")
    git(tmp_path / "other", "commit", "--quiet", "--allow-empty", "--message", "nothing")
    git(tmp_path / "other", "bundle", "create", "--quiet", str(tmp_path / "other.bundle"), "--all")
    (tmp_path / "text.bundle").write_text("not a bundle\n")
    for name in ("other.bundle", "text.bundle"):
        with pytest.raises(WorkspaceError, match=r"bundle"):
            History.unpack(tmp_path / "copy", tmp_path / name)
        assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("bundle", sorted(EVOLVED.glob("*.bundle")), ids=lambda path: path.stem)
def test_the_bundles_that_come_along_hold_a_result_that_beats_the_seed(tmp_path: Path, bundle: Path) -> None:
    made = History.unpack(tmp_path / "workspace", bundle)
    assert [commit.outcome for commit in made.commits()[:-1]].count("kept") >= 1
    assert load(made.path).middleware
    assert all(final.given_tasks.low > 0 for final in made.finals()) and made.finals()
