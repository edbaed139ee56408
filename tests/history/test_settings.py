"""Settings of git that a person, a machine or a repository has, and repositories of other forms."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from history_helpers import evolve, git, make_seed, verdict

from ahe.errors import WorkspaceError
from ahe.history import History

SETTINGS = {
    "color.ui": "always",
    "color.diff": "always",
    "commit.cleanup": "strip",
    "commit.gpgSign": "true",
    "commit.template": "/nowhere",
    "core.abbrev": "4",
    "core.autocrlf": "true",
    "core.excludesFile": "{ignore}",
    "core.fsmonitor": "{hooks}/touch",
    "core.hooksPath": "{hooks}",
    "core.pager": "false",
    "core.quotePath": "true",
    "core.safecrlf": "true",
    "diff.context": "0",
    "diff.dstPrefix": "two/",
    "diff.external": "false",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.orderFile": "/nowhere",
    "diff.srcPrefix": "one/",
    "format.pretty": "fuller",
    "gpg.program": "false",
    "i18n.commitEncoding": "ISO-8859-1",
    "i18n.logOutputEncoding": "ISO-8859-1",
    "init.defaultBranch": "trunk",
    "init.templateDir": "{hooks}",
    "log.decorate": "full",
    "log.diffMerges": "combined",
    "log.excludeDecoration": "refs/tags/*",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "merge.autoStash": "true",
    "merge.ff": "false",
    "merge.verifySignatures": "true",
    "notes.displayRef": "refs/notes/*",
    "notes.mergeStrategy": "ours",
    "pull.rebase": "true",
    "rebase.autoSquash": "true",
    "revert.reference": "true",
    "status.showUntrackedFiles": "no",
    "tag.forceSignAnnotated": "true",
    "tag.gpgSign": "true",
    "trailer.ifexists": "doNothing",
    "trailer.separators": "=",
    "user.useConfigOnly": "true",
}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "commit-msg", "post-merge", "reference-transaction", "post-checkout", "touch"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "ignore").write_text("*.md\ntools\n")
    places = {"hooks": str(hooks), "ignore": str(tmp_path / "ignore")}
    return {key: value.format(**places) for key, value in SETTINGS.items()}


def works(history: History) -> None:
    """A whole iteration: commit, verdict, tags, log, diff and revert, with the right values."""
    start = history.head()
    sha = evolve(history, "count twice\n", subject="zähle zweimal")
    history.note(sha, verdict())
    history.tag("ahe/best", sha)
    history.tag("ahe/iter-001", sha, message="one\n")
    newest = history.commits()[0]
    assert (newest.subject, newest.change_id, newest.outcome) == ("memory: zähle zweimal", "001-1", "kept")
    assert (newest.author, newest.predicts) == ("ahe", ("count-lines", "sum-rows"))
    assert sorted(newest.tags) == ["ahe/best", "ahe/iter-001"]
    text = history.diff(start, sha)
    assert text.startswith("diff --git a/memory.md b/memory.md\n") and "+count twice" in text
    assert history.changed_paths(sha) == ["memory.md"]
    assert history.last_changes(sha)["harness.toml"].sha == history.root()
    assert history.later_commits(start, ["memory.md"])[0].split()[0] == sha[:7]
    new = history.revert(sha)
    assert history.commits()[0].reverts == sha
    assert history.harness_id(new) == history.harness_id(start)
    assert history.branch() == "main"
    history.require_clean()


def test_no_setting_of_the_person_or_the_machine_matters(
    tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("global", "system"):
        file = tmp_path / place
        for key, value in settings.items():
            subprocess.run(["git", "config", "--file", file, key, value], check=True)
        monkeypatch.setenv(f"GIT_CONFIG_{place.upper()}", str(file))
    works(History.create(tmp_path / "workspace", make_seed(tmp_path / "seed")))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("broken", ["[core\n", "[core]\n\tquotePath = perhaps\n"])
def test_a_damaged_configuration_of_the_person_does_not_stop_a_run(
    tmp_path: Path, broken: str, history: History
) -> None:
    (tmp_path / "home" / ".gitconfig").write_text(broken)
    works(History(history.path))


def test_no_setting_of_the_repository_matters(
    history: History, settings: dict[str, str], tmp_path: Path
) -> None:
    for key, value in settings.items():
        git(history.path, "config", key, value)
    (history.path / ".git" / "info" / "attributes").write_text("*.md text eol=crlf\n")
    works(history)
    assert not (tmp_path / "ran").exists()


def test_a_person_reverts_in_their_own_name_under_their_own_settings(
    history: History, settings: dict[str, str], tmp_path: Path
) -> None:
    for key, value in {**settings, "user.name": "Grace", "user.email": "grace@example.org"}.items():
        subprocess.run(["git", "config", "--file", tmp_path / "home" / ".gitconfig", key, value], check=True)
    sha = evolve(history, "one\n")
    history.revert(sha, "too long", person=True)
    commit = history.commits()[0]
    assert (commit.author, commit.email, commit.reverts) == ("Grace", "grace@example.org", sha)
    assert not (tmp_path / "ran").exists()


def test_a_linked_working_tree_is_a_workspace(history: History, tmp_path: Path) -> None:
    git(history.path, "switch", "-qc", "aside")
    git(history.path, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    assert (tmp_path / "linked" / ".git").is_file()
    linked = History(tmp_path / "linked")
    linked.recover()
    works(linked)
    assert git(history.path, "worktree", "list").count("\n") == 2
    impatient = History(history.path)
    impatient._lock._patience = 0.05
    with linked.locked(), pytest.raises(WorkspaceError, match="another ahe"):
        impatient.recover()


def test_a_lock_that_a_killed_ahe_left_in_a_linked_working_tree_is_removed(
    history: History, tmp_path: Path
) -> None:
    git(history.path, "switch", "-qc", "aside")
    git(history.path, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    common = history.path / ".git"
    (common / "ahe.lock").write_text('{"pid": 1, "began": 1}')
    left = [common / "worktrees/linked/index.lock", common / "refs/heads/main.lock"]
    for path in left:
        path.touch()
    works(History(tmp_path / "linked"))
    assert not any(path.exists() for path in left)


def test_a_git_at_work_in_another_working_tree_stops_the_sweep(history: History, tmp_path: Path) -> None:
    git(history.path, "switch", "-qc", "aside")
    git(history.path, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    git(history.path, "worktree", "add", "-q", "--detach", str(tmp_path / "third"))
    (history.path / ".git/ahe.lock").write_text('{"pid": 1, "began": 1}')
    left = history.path / ".git/refs/heads/main.lock"
    left.touch()
    pipe = subprocess.PIPE
    for place in (history.path, tmp_path / "third"):
        person = subprocess.Popen(["git", "cat-file", "--batch"], cwd=place, stdin=pipe, stdout=pipe)
        assert person.stdin and person.stdout
        person.stdin.write(b"HEAD\n")
        person.stdin.flush()
        person.stdout.readline()
        with pytest.raises(WorkspaceError, match="is at work in"):
            History(tmp_path / "linked").recover()
        person.kill()
        person.communicate()
        assert left.exists()


def test_a_shallow_clone_is_named_with_the_fix(history: History, tmp_path: Path) -> None:
    evolve(history, "one\n")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{history.path}", "clone")
    with pytest.raises(WorkspaceError, match=r"shallow clone.*fetch --unshallow"):
        History(tmp_path / "clone")
    git(tmp_path / "clone", "fetch", "-q", "--unshallow")
    works(History(tmp_path / "clone"))


def test_a_trusted_repository_of_another_owner_works(history: History, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (history.path, history.path / ".git"):
        os.chown(path, 12345, 12345)
    (tmp_path / "home" / ".gitconfig").write_text(f"[safe]\n\tdirectory = {history.path.resolve()}\n")
    works(History(history.path))
