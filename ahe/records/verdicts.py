"""`verdicts.json` of an iteration: what was decided, commit by commit."""

from __future__ import annotations

from ahe.records.base import Record
from ahe.records.changes import Verdict


class CommitVerdict(Record):
    """The verdict on one commit, as its note holds it."""

    commit: str
    change: str
    subject: str
    verdict: Verdict


class IterationVerdicts(Record):
    """All of one iteration. `whole` is the verdict on the candidate as a whole; `rest` is that on what remains of
    it, where the gate was asked. Commits stand oldest first."""

    iteration: int
    incumbent: str
    candidate: str
    whole: Verdict
    rest: Verdict | None = None
    commits: tuple[CommitVerdict, ...] = ()
