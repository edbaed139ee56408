"""The state of a workspace, derived from its log: what is decided, what is pending, what was left half done."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ahe.errors import WorkspaceError
from ahe.history import Commit
from ahe.history.commits import reverted
from ahe.records import PRUNE

FINAL = ("kept", "reverted", "unchanged")
_ITERATION = re.compile(r"^ahe/iter-(\d+)$")


@dataclass(frozen=True)
class WorkspaceState:
    """`commits` is the log, newest first. `pending` are the commits without a final verdict, newest first.

    `incumbent` is the parent of the oldest pending commit (HEAD where none is pending); `unreverted` are
    commits whose note says `reverted` but which are not reverted yet, newest first; `undecided` is 1 where the
    pending commits were measured without a final verdict, else 0; `untagged` says that HEAD ends an iteration whose
    tag is missing.
    """

    commits: tuple[Commit, ...]
    head: str
    incumbent: str
    pending: tuple[Commit, ...]
    unreverted: tuple[Commit, ...]
    undecided: int
    untagged: bool

    @property
    def by_person(self) -> bool:
        """Whether every pending commit is a person's own decision."""
        return all(commit.by_person for commit in self.pending)

    @property
    def removals(self) -> bool:
        """Whether every pending commit is an enumerated removal."""
        return all(commit.strategy == PRUNE and commit.action == "remove" for commit in self.pending)

    @property
    def predicts(self) -> tuple[str, ...]:
        """Tasks that the pending commits predict to go up."""
        return tuple(name for commit in self.pending for name in commit.predicts)

    @property
    def risks(self) -> tuple[str, ...]:
        """Tasks that the pending commits name as at risk."""
        return tuple(name for commit in self.pending for name in commit.risks)


def workspace_state(log: Sequence[Commit]) -> WorkspaceState:
    """The state that the log of HEAD (newest first) shows. Raises `WorkspaceError` if it is empty."""
    if not log:
        raise WorkspaceError("the workspace has no commit; run `ahe init` in an empty folder")
    reverted = {commit.reverts for commit in log if commit.reverts}
    pending = []
    for commit in log[:-1]:
        if _outcome(commit) in FINAL or (commit.reverts and not commit.by_person):
            break
        pending.append(commit)
    incumbent = log[len(pending)].sha if pending else log[0].sha
    unreverted = tuple(c for c in log if _outcome(c) == "reverted" and c.sha not in reverted)
    untagged = len(log) > 1 and not any(_ITERATION.match(tag) for tag in log[0].tags)
    return WorkspaceState(
        commits=tuple(log),
        head=log[0].sha,
        incumbent=incumbent,
        pending=tuple(pending),
        unreverted=unreverted,
        undecided=int(any(_outcome(c) == "undecided" for c in pending)),
        untagged=untagged,
    )


def without_reverted(log: Sequence[Commit], best: str) -> str:
    """The commit that `ahe/best` may name: `best`, or an older one if `best` contains a change reverted since.

    `log` is HEAD's, newest first. If a commit after `best` reverts a change that `best` contains, it is the incumbent
    that the change was measured against (its parent, if it was never measured), checked in the same way. A revert that
    was itself reverted does not count. A `best` that is not in the log stays.
    """
    places = {commit.sha: place for place, commit in enumerate(log)}
    while best in places:
        undone = reverted(log[: places[best]])
        contained = [places[sha] for sha in undone if places.get(sha, -1) >= places[best]]
        if not contained or max(contained) + 1 == len(log):
            break
        oldest, parent = log[max(contained)], log[max(contained) + 1].sha
        measured = oldest.verdict.incumbent if oldest.verdict else ""
        best = measured if places.get(measured, -1) > max(contained) else parent
    return best


def next_iteration(state: WorkspaceState) -> int:
    """Number of the next iteration: one more than the highest tag."""
    numbers = [int(m[1]) for commit in state.commits for tag in commit.tags if (m := _ITERATION.match(tag))]
    return max(numbers, default=0) + 1


def _outcome(commit: Commit) -> str:
    return commit.verdict.outcome if commit.verdict else ""
