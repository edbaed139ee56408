"""Trees with commits left out, and verdicts that are written all at once."""

from __future__ import annotations

import pytest
from history_helpers import by_hand, evolve, git, snapshot, verdict

from ahe.errors import RevertConflict
from ahe.history import Commit, History
from ahe.loop.judge import LeaveOneOutTrees
from ahe.records import Kind, Verdict


def pending(history: History, *shas: str) -> list[Commit]:
    """Newest first, as a log has them."""
    return [commit for commit in history.commits() if commit.sha in shas]


def test_a_tree_without_a_commit_is_made_beside_the_workspace(history: History) -> None:
    seed = history.head()
    one = evolve(history, "one\n")
    two = evolve(history, "two\n", "001-2", "skills/two.md")
    before, head = snapshot(history.path), history.head()
    without_one = history.without(head, pending(history, one))
    assert history.contents(without_one)["memory.md"].text == ""
    assert history.contents(without_one)["skills/two.md"].text == "two\n"
    neither = history.without(head, pending(history, one, two))
    assert history.harness_id(neither) == history.harness_id(seed)
    assert (snapshot(history.path), history.head()) == (before, head)
    assert git(history.path, "status", "--porcelain") == ""
    assert git(history.path, "worktree", "list").count("\n") == 1


def test_a_tree_with_one_kind_as_it_is_elsewhere(history: History) -> None:
    seed = history.head()
    evolve(history, "one\n")
    head = evolve(history, "two\n", "001-2", "skills/two/SKILL.md")
    before = snapshot(history.path)
    alone, without = history.combined(seed, Kind.SKILL, head), history.combined(head, Kind.SKILL, seed)
    assert history.contents(alone)["skills/two/SKILL.md"].text == "two\n"
    assert history.contents(alone)["memory.md"].text == history.contents(seed)["memory.md"].text
    assert "skills/two/SKILL.md" not in history.contents(without)
    assert history.contents(without)["memory.md"].text == "one\n"
    assert history.harness_id(history.combined(alone, Kind.MEMORY, head)) == history.harness_id(head)
    assert history.harness_id(history.combined(head, Kind.SYSTEM_PROMPT, seed)) == history.harness_id(head)
    assert snapshot(history.path) == before


def test_a_tree_that_git_cannot_make_is_said_to_collide(history: History) -> None:
    one = evolve(history, "one\n")
    evolve(history, "two\n", "001-2")
    before, head = snapshot(history.path), history.head()
    with pytest.raises(RevertConflict, match=r"memory\.md"):
        history.without(head, pending(history, one))
    assert (snapshot(history.path), history.head()) == (before, head)
    assert git(history.path, "status", "--porcelain") == ""


def test_what_builds_on_a_commit_leaves_with_it(history: History) -> None:
    one = evolve(history, "one\n")
    two = evolve(history, "two\n", "001-2")
    other = evolve(history, "a skill\n", "001-3", "skills/other.md")
    leave = LeaveOneOutTrees(history, history.head(), pending(history, one, two, other))
    assert {piece.name: piece.builds_on_it for piece in leave.pieces} == {
        other: frozenset(),
        two: frozenset(),
        one: frozenset({two}),
    }
    assert (leave.blocked, leave.no_op) == ((), ())


def test_a_persons_commit_is_in_every_tree_and_blocks_what_it_builds_on(history: History) -> None:
    one = evolve(history, "one\n")
    free = evolve(history, "a skill\n", "001-2", "skills/free.md")
    person = by_hand(history, "memory.md", "mine\n")
    leave = LeaveOneOutTrees(history, person, pending(history, one, free, person))
    assert [piece.name for piece in leave.pieces] == [free]
    assert leave.blocked == (one,)
    assert history.contents(leave.tree(frozenset({free})))["memory.md"].text == "mine\n"


def test_a_commit_whose_effect_is_gone_is_a_no_op(history: History) -> None:
    one = evolve(history, "one\n")
    back = evolve(history, "", "001-2")
    readme = evolve(history, "Read me.\n", "001-3", "README.md")
    leave = LeaveOneOutTrees(history, history.head(), pending(history, one, back, readme))
    assert readme in leave.no_op
    assert {piece.name: piece.builds_on_it for piece in leave.pieces} == {back: frozenset()}
    assert one in leave.no_op, "it leaves with the one that took it back, and nothing is different"


def test_verdicts_of_one_decision_are_written_together(history: History) -> None:
    one, two = evolve(history, "one\n"), evolve(history, "two\n", "001-2")
    git(history.path, "notes", "--ref=ahe", "add", "-m", "mine", one)
    history.note_all({two: verdict("kept"), one: verdict("reverted")})
    newest, older, *_ = history.commits()
    assert (newest.outcome, older.outcome) == ("kept", "reverted")
    assert older.note.endswith("mine")
    assert git(history.path, "for-each-ref", "--format=%(refname)", "refs/notes") == "refs/notes/ahe\n"


def test_half_written_verdicts_count_for_nothing(history: History) -> None:
    """What a kill leaves is a ref of its own, which the next decision begins anew."""
    one = evolve(history, "one\n")
    git(history.path, "notes", "--ref=ahe-next", "add", "-m", "Ahe-Verdict: kept", one)
    assert history.commits()[0].outcome is None
    decided: dict[str, Verdict] = {one: verdict("reverted")}
    history.note_all(decided)
    assert history.commits()[0].outcome == "reverted"
    history.note_all({})
    assert history.commits()[0].outcome == "reverted"
