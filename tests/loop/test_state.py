"""Where a workspace stands, read off logs that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ahe.errors import WorkspaceError
from ahe.history import Commit
from ahe.history.git import AUTHOR_EMAIL
from ahe.history.message import note_text
from ahe.loop.state import next_iteration, without_reverted, workspace_state
from ahe.records import Verdict

PLAIN = Commit(
    sha="",
    parents=(),
    tree="",
    author="",
    email="",
    date="",
    subject="",
    body="",
    trailers={},
    note="",
    tags=(),
)


def commit(sha: str, verdict: str = "", rollouts: int = 4, **fields: Any) -> Commit:
    """A change by the evolver; `verdict` becomes its note."""
    note = ""
    if verdict:
        note = note_text(Verdict.model_validate({"outcome": verdict, "reason": "so", "rollouts": rollouts}))
    trailers = {"Ahe-Change": (f"{sha}-1",)}
    return replace(PLAIN, sha=sha, subject=f"memory: {sha}", note=note, **{"trailers": trailers, **fields})


def by_hand(sha: str, **fields: Any) -> Commit:
    return commit(sha, trailers={}, **fields)


def revert(sha: str, of: str, **fields: Any) -> Commit:
    given = {"trailers": {"Ahe-Reverts": (of,)}, "email": AUTHOR_EMAIL}
    return commit(sha, body=f"This reverts commit {of}.\n", **{**given, **fields})


SEED = commit("seed", trailers={})
A, B, C = ("a" * 40, "b" * 40, "c" * 40)


def test_the_seed_alone_is_head_and_incumbent() -> None:
    state = workspace_state([SEED])
    assert (state.head, state.incumbent, state.pending, state.unreverted) == ("seed", "seed", (), ())
    assert not state.untagged, "the seed closes no iteration"
    assert next_iteration(state) == 1


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(WorkspaceError, match="ahe init"):
        workspace_state([])


def test_commits_without_a_verdict_are_pending_and_their_parent_is_the_incumbent() -> None:
    state = workspace_state([commit(C), commit(B), commit(A, "kept"), SEED])
    assert [c.sha for c in state.pending] == [C, B]
    assert state.incumbent == A


def test_a_kept_head_leaves_nothing_pending() -> None:
    state = workspace_state([commit(A, "kept", tags=("ahe/iter-001",)), SEED])
    assert (state.pending, state.incumbent, state.untagged) == ((), A, False)
    assert next_iteration(state) == 2


def test_a_commit_that_changed_nothing_is_settled() -> None:
    state = workspace_state([commit(B, "unchanged"), commit(A, "kept"), SEED])
    assert (state.pending, state.unreverted, state.incumbent) == ((), (), B)


def test_a_decided_head_without_its_tag_is_untagged() -> None:
    assert workspace_state([commit(A, "kept"), SEED]).untagged
    assert workspace_state([commit(A, "kept", tags=("ahe/best",)), SEED]).untagged


def test_a_note_that_says_reverted_without_its_revert_is_unreverted() -> None:
    state = workspace_state([commit(B, "reverted"), commit(A, "kept"), SEED])
    assert [c.sha for c in state.unreverted] == [B]
    assert state.pending == ()


def test_a_revert_settles_it() -> None:
    state = workspace_state([revert(C, of=B), commit(B, "reverted"), commit(A, "kept"), SEED])
    assert (state.unreverted, state.pending, state.head, state.incumbent) == ((), (), C, C)
    assert state.untagged


def test_several_unreverted_come_newest_first() -> None:
    state = workspace_state([commit(B, "reverted"), commit(A, "reverted"), SEED])
    assert [c.sha for c in state.unreverted] == [B, A]
    half = workspace_state([revert(C, of=B), commit(B, "reverted"), commit(A, "reverted"), SEED])
    assert [c.sha for c in half.unreverted] == [A]


def test_undecided_stays_pending_and_is_counted() -> None:
    state = workspace_state([commit(A, "undecided"), SEED])
    assert [c.sha for c in state.pending] == [A]
    assert state.undecided == 1
    assert workspace_state([commit(B), commit(A, "undecided"), SEED]).undecided == 1
    assert workspace_state([commit(A), SEED]).undecided == 0


def test_a_persons_commit_is_pending_like_any_other() -> None:
    state = workspace_state([by_hand(B), commit(A, "kept"), SEED])
    assert [c.sha for c in state.pending] == [B]
    assert state.incumbent == A


def test_a_persons_revert_is_pending_too() -> None:
    state = workspace_state(
        [
            revert(B, of=A, trailers={}, email="ada@example.org"),
            commit(A, "kept", tags=("ahe/iter-001",)),
            SEED,
        ]
    )
    assert [c.sha for c in state.pending] == [B]
    assert state.incumbent == A


def test_best_gives_way_to_what_stood_before_a_change_that_was_taken_back() -> None:
    D, E = "d" * 40, "e" * 40
    mine: dict[str, Any] = {"trailers": {}, "email": "ada@example.org"}
    good = [commit(B, "kept"), commit(A, "kept"), SEED]
    assert without_reverted(good, B) == B
    assert without_reverted([revert(C, of=B, **mine), *good], B) == A
    assert without_reverted([revert(C, of=A, **mine), *good], B) == "seed", "B holds A"
    assert without_reverted([revert(C, of=B, **mine), *good], A) == A, "A does not hold B"
    assert without_reverted([revert(D, of=C, **mine), revert(C, of=B, **mine), *good], B) == B
    both = [revert(D, of=A, **mine), revert(C, of=B, **mine), *good]
    assert without_reverted(both, B) == without_reverted(both, A) == "seed"
    assert without_reverted(good, E) == E, "on another branch"
    assert without_reverted([revert(C, of="seed", **mine), *good], B) == B, "nothing stands before the seed"


def test_best_gives_way_to_the_incumbent_that_the_change_was_measured_against() -> None:
    """B was one of two commits of a candidate: the other one alone was never measured."""
    note = note_text(Verdict(outcome="kept", reason="so", incumbent="seed"))
    log = [revert(C, of=B, trailers={}), replace(commit(B), note=note), replace(commit(A), note=note), SEED]
    assert without_reverted(log, B) == "seed"


def test_the_highest_tag_counts() -> None:
    log = [
        commit(B, "kept", tags=("ahe/best", "ahe/iter-010")),
        commit(A, "kept", tags=("ahe/iter-002", "ahe/iter-xyz")),
        SEED,
    ]
    assert next_iteration(workspace_state(log)) == 11
