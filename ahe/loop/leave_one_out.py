"""The trees of a candidate with some of its commits left out, made by git beside the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ahe.errors import RevertConflict
from ahe.gate.attribution import LeftOut, Piece
from ahe.history import Commit, History


@dataclass
class LeaveOneOutTrees:
    """`pending` are the candidate's commits, newest first; pieces are named by their commit ids.

    A person's commit is no piece: it is in every tree. `held` are commits that cannot be reverted while a
    person's later commit stays; `idle` are those without which the harness is the very same.
    """

    history: History
    head: str
    pending: Sequence[Commit]
    pieces: tuple[Piece, ...] = ()
    blocked: tuple[str, ...] = ()
    no_op: tuple[str, ...] = ()
    _made: dict[LeftOut, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole = self.history.harness_id(self.head)
        for place, commit in enumerate(self.pending):
            if commit.by_person:
                continue
            with_it = next(self._clean(commit, self.pending[:place]), None)
            if with_it is None:
                self.blocked += (commit.sha,)
            elif self.history.harness_id(self.tree(with_it | {commit.sha})) == whole:
                self.no_op += (commit.sha,)
            else:
                self.pieces += (Piece(commit.sha, with_it),)

    def tree(self, without: LeftOut) -> str:
        """A commit with that tree, on no branch. Raises `RevertConflict` where git cannot make it."""
        if not without:
            return self.head
        if without not in self._made:
            leaving = [commit for commit in self.pending if commit.sha in without]
            self._made[without] = self.history.without(self.head, leaving)
        return self._made[without]

    def _clean(self, commit: Commit, later: Sequence[Commit]) -> Iterator[LeftOut]:
        """Sets of later commits with which it can be reverted cleanly: none, one, or all that touch its files."""
        mine = set(self.history.changed_paths(commit.sha))
        movable = [other for other in later if not other.by_person]
        touching = [c.sha for c in movable if mine & set(self.history.changed_paths(c.sha))]
        sets = [[], *([sha] for sha in reversed(touching)), touching, [c.sha for c in movable]]
        for shas in dict.fromkeys(map(frozenset, sets)):
            try:
                self.tree(shas | {commit.sha})
            except RevertConflict:
                continue
            yield shas
