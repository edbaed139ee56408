from __future__ import annotations

from pathlib import Path

import pytest
from history_helpers import by_hand, change, evolve, git, snapshot, verdict

from ahe.errors import HarnessError, RevertConflict, WorkspaceError
from ahe.history import History
from ahe.records import Kind


def test_a_change_is_one_commit_with_its_manifest(history: History) -> None:
    before = history.head()
    sha = evolve(history, "count twice\n", kinds=(Kind.MEMORY, Kind.SKILL))
    commit = history.commits()[0]
    assert (commit.sha, commit.parents, history.head()) == (sha, (before,), sha)
    assert commit.subject == "memory+skill: remember to count twice"
    assert commit.change_id == "001-1"
    assert commit.kinds == (Kind.MEMORY, Kind.SKILL)
    assert commit.action == "add"
    assert commit.predicts == ("count-lines", "sum-rows")
    assert commit.risks == ("fast-task",)
    assert commit.evidence == ("abc#3", "def#1")
    assert commit.trailer("Ahe-Evolver") == "some-model"
    assert not commit.by_person
    assert "Root cause: Nothing asks for a second look." in commit.body
    assert (history.path / "memory.md").read_text() == "count twice\n"
    assert history.changed_paths(sha) == ["memory.md"]
    assert "\n+count twice\n" in history.diff(f"{sha}~1", sha)
    history.require_clean()


def test_each_edit_of_a_draft_is_a_commit_and_no_edit_is_refused(history: History) -> None:
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("one\n")
        first = history.commit_draft(tree, change("001-1"))
        (tree / "tools/other.py").write_text("x = 1\n")
        second = history.commit_draft(tree, change("001-2"))
        with pytest.raises(HarnessError, match="changes no file"):
            history.commit_draft(tree, change("001-3"))
    assert not tree.exists()
    assert history.changed_paths(first) == ["memory.md"]
    assert history.changed_paths(second) == ["tools/other.py"]
    assert git(history.path, "worktree", "list").count("\n") == 1


def test_a_draft_cannot_point_git_elsewhere(history: History, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    git(evil, "init", "-q")
    with history.draft(history.head()) as tree:
        (tree / ".git").write_text(f"gitdir: {evil}/.git\n")
        (tree / "memory.md").write_text("count\n")
        sha = history.commit_draft(tree, change())
        (tree / "skills/x/.git").mkdir(parents=True)
        with pytest.raises(HarnessError, match="repository of its own"):
            history.commit_draft(tree, change("001-2"))
    assert history.changed_paths(sha) == ["memory.md"]
    assert not git(evil, "rev-list", "--all")


def test_uncommitted_edits_are_refused_with_both_ways_out_and_nothing_is_lost(history: History) -> None:
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("theirs\n")
        sha = history.commit_draft(tree, change())
    (history.path / "memory.md").write_text("mine\n")
    (history.path / "tools/new.py").write_text("x = 1\n")
    (history.path / "notes.txt").write_text("beside the harness\n")
    before = snapshot(history.path)
    for step in (
        lambda: history.advance(sha),
        lambda: history.revert(history.head()),
        history.require_clean,
    ):
        with pytest.raises(WorkspaceError, match="not committed") as caught:
            step()
        assert " M memory.md" in str(caught.value) and "?? tools/new.py" in str(caught.value)
        assert "commit" in str(caught.value) and "stash" in str(caught.value)
        assert "notes.txt" not in str(caught.value)
    assert snapshot(history.path) == before
    git(history.path, "stash", "-u", "-q")
    history.advance(sha)


def test_files_beside_the_harness_do_not_stop_ahe(history: History) -> None:
    (history.path / "notes.txt").write_text("mine\n")
    (history.path / "tools/README.md").write_text("about tools\n")
    history.require_clean()


def test_detached_head_and_half_done_work_are_named(history: History) -> None:
    sha = evolve(history, "count\n")
    git(history.path, "checkout", "-q", "--detach")
    with pytest.raises(WorkspaceError, match="detached HEAD"):
        history.branch()
    assert history.head() == sha
    git(history.path, "switch", "-q", "main")
    git(history.path, "revert", "--no-commit", sha)
    with pytest.raises(WorkspaceError, match=r"a revert is under way.*--abort"):
        history.require_clean()
    git(history.path, "revert", "--abort")
    history.require_clean()


def test_advance_only_goes_forward(history: History) -> None:
    base = history.head()
    with history.draft(base) as tree:
        (tree / "memory.md").write_text("a\n")
        sha = history.commit_draft(tree, change())
    by_hand(history, "system_prompt.md", "Mine.\n")
    with pytest.raises(WorkspaceError, match="moved on"):
        history.advance(sha)
    with pytest.raises(WorkspaceError, match="moved on"):
        history.advance(base)


def test_a_persons_commit_is_theirs_and_can_get_a_note(history: History) -> None:
    sha = by_hand(history, "system_prompt.md", "Mine.\n")
    history.note(sha, verdict("reverted", decided_by="person"))
    commit = history.commits()[0]
    assert commit.by_person and commit.author == "Ada" and commit.outcome == "reverted"
    assert commit.verdict is not None and commit.verdict.decided_by == "person"


def test_a_note_is_replaced_and_a_persons_lines_in_it_stay(history: History) -> None:
    sha = evolve(history, "count\n")
    history.note(sha, verdict("undecided"))
    git(history.path, "notes", "--ref=ahe", "append", "-m", "I doubt this.", sha)
    history.note(sha, verdict("kept"))
    commit = history.commits()[0]
    assert commit.verdict == verdict("kept")
    assert commit.note.count("Ahe-Verdict") == 1
    assert commit.note.endswith("I doubt this.")
    shown = git(history.path, "log", "-1", sha)
    assert "Ahe-Raw-Delta: +7.0 points (selected)" in shown
    assert "Ahe-Delta: +5.0 points [+1.0, +9.0]" in shown


def test_revert_is_gits_own_with_the_verdict_in_its_message(history: History) -> None:
    base = history.harness_id(history.head())
    sha = evolve(history, "count\n")
    new = history.revert(sha, "The gate saw no gain.\nAhe-Verdict: reverted\nAhe-Score: P = 0.05")
    commit = history.commits()[0]
    assert commit.sha == new == history.head()
    assert commit.reverts == sha and not commit.by_person
    assert commit.trailer("Ahe-Reverts") == sha and commit.trailer("Ahe-Score") == "P = 0.05"
    assert commit.subject == 'Revert "memory: remember to count twice"'
    assert f"This reverts commit {sha}." in commit.body and "The gate saw no gain." in commit.body
    assert history.harness_id(new) == base
    history.require_clean()


def test_a_revert_by_hand_reaches_the_known_harness(history: History) -> None:
    base = history.harness_id(history.head())
    sha = evolve(history, "count\n")
    git(history.path, "revert", "--no-edit", sha)
    commit = history.commits()[0]
    assert commit.reverts == sha and commit.by_person
    assert history.harness_id(commit.sha) == base


def test_a_revert_that_conflicts_is_refused_with_choices(history: History) -> None:
    first = evolve(history, "one\n", "001-1")
    second = evolve(history, "two\n", "002-1")
    before = snapshot(history.path)
    with pytest.raises(RevertConflict, match=r"memory\.md") as caught:
        history.revert(first)
    assert second[:7] in str(caught.value) and "git -C" in str(caught.value)
    assert snapshot(history.path) == before and history.head() == second
    history.require_clean()
    history.revert(second)
    history.revert(first)
    assert (history.path / "memory.md").read_text() == ""


def test_nothing_left_to_revert_is_said(history: History) -> None:
    sha = evolve(history, "one\n")
    history.revert(sha)
    with pytest.raises(WorkspaceError, match="gone already"):
        history.revert(sha)
    history.require_clean()


def test_a_merge_by_hand_can_be_reverted(history: History) -> None:
    git(history.path, "switch", "-qc", "idea")
    by_hand(history, "memory.md", "idea\n")
    git(history.path, "switch", "-q", "main")
    by_hand(history, "system_prompt.md", "Mine.\n")
    git(history.path, "merge", "-q", "--no-edit", "idea")
    merge = history.head()
    assert history.changed_paths(merge) == ["memory.md"]
    assert history.contents(merge)["memory.md"].text == "idea\n"
    history.revert(merge)
    assert (history.path / "memory.md").read_text() == ""


def test_tags_move_only_by_force(history: History) -> None:
    base = history.head()
    sha = evolve(history, "one\n")
    history.tag("ahe/best", base)
    history.tag("ahe/best", base)
    with pytest.raises(WorkspaceError, match="already"):
        history.tag("ahe/best", sha)
    history.tag("ahe/best", sha, force=True)
    history.tag("ahe/iter-001", sha)
    git(history.path, "tag", "-a", "-m", "hand-made", "ahe/mine", base)
    git(history.path, "tag", "v1", base)
    assert history.tags() == {"ahe/best": sha, "ahe/iter-001": sha, "ahe/mine": base}
    assert set(history.commits()[0].tags) == {"ahe/best", "ahe/iter-001"}
    with pytest.raises(WorkspaceError, match="name it ahe/"):
        history.tag("best", sha)


def test_a_commit_is_found_by_what_people_call_it(history: History) -> None:
    base = history.head()
    sha = evolve(history, "one\n", "003-1")
    history.tag("ahe/best", sha)
    history.tag("ahe/iter-003", base)
    names = [sha, sha[:8], "003-1", "HEAD", "main", "best", "ahe/best"]
    assert {history.resolve(name) for name in names} == {sha}
    assert {history.resolve(name) for name in ("HEAD~1", "iter-003", "main~1")} == {base}
    for unknown in ("004-1", "nonsense", "--all", "", "HEAD:memory.md"):
        with pytest.raises(WorkspaceError, match="names no commit"):
            history.resolve(unknown)


def test_reading_files_diffs_and_last_changes(history: History) -> None:
    base = history.head()
    first = evolve(history, "one\n", "001-1")
    second = evolve(history, "# n\u00e4mlich\n", "002-1", path="skills/\u00fcben/SKILL.md")
    assert history.contents(first)["memory.md"].text == "one\n"
    assert "skills/\u00fcben/SKILL.md" not in history.contents(base)
    assert "+one" in history.diff(base, "HEAD")
    assert "n\u00e4mlich" not in history.diff(base, first)
    changes = history.last_changes("HEAD")
    assert changes["memory.md"].sha == first and changes["skills/\u00fcben/SKILL.md"].sha == second
    assert changes["tools/run.py"].sha == base
    objects = history.contents(second)
    assert (
        objects["skills/\u00fcben"].git_id == git(history.path, "rev-parse", "HEAD:skills/\u00fcben").strip()
    )
    assert objects["memory.md"].git_id == git(history.path, "rev-parse", "HEAD:memory.md").strip()


def test_an_empty_repository_says_what_is_missing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(WorkspaceError, match="no commit yet"):
        History(tmp_path / "empty").head()


def test_a_person_reverts_in_their_own_name(history: History) -> None:
    sha = evolve(history, "one\n")
    git(history.path, "config", "user.useConfigOnly", "true")  # some machines make up an identity
    with pytest.raises(WorkspaceError, match=r"user\.name"):
        history.revert(sha, person=True)
    git(history.path, "config", "user.name", "Grace")
    git(history.path, "config", "user.email", "grace@example.org")
    history.revert(sha, "it made the answers longer", person=True)
    commit = history.commits()[0]
    assert (commit.author, commit.by_person, commit.reverts) == ("Grace", True, sha)


def test_the_log_follows_first_parents_unless_asked(history: History) -> None:
    root = history.head()
    git(history.path, "switch", "-qc", "idea")
    idea = by_hand(history, "memory.md", "idea\n")
    git(history.path, "switch", "-q", "main")
    by_hand(history, "system_prompt.md", "Mine.\n")
    git(history.path, "merge", "-q", "--no-edit", "idea")
    assert history.root() == root == history.commits()[-1].sha
    assert idea not in [commit.sha for commit in history.commits()]
    assert idea in [commit.sha for commit in history.commits(merged=True)]
