"""`verdicts.json` of an iteration: what was decided, commit by commit and task by task."""

from __future__ import annotations

from ahe.records.base import Record
from ahe.records.changes import Verdict


class TaskNumbers(Record):
    """One task in a comparison: b passes of n_b before (or without), c of n_c after (or with).

    `changed` is π_t, the probability that its pass rate changed; `shift` the posterior mean of the change.
    """

    task: str
    changed: float
    shift: float
    b: int
    n_b: int
    c: int
    n_c: int


class CommitVerdict(Record):
    """The verdict on one commit. `tasks` are the disputed ones, with fresh rollouts of the trees `without` and
    `base` (harness ids); they are empty where the commit was not judged apart from the whole."""

    commit: str
    change: str
    subject: str
    verdict: Verdict
    base: str = ""
    without: str = ""
    tasks: tuple[TaskNumbers, ...] = ()


class IterationVerdicts(Record):
    """All of one iteration. `whole` is the verdict on the candidate as a whole, over `tasks` of train; `rest` is
    that on what remains of it, where the gate was asked. Commits stand oldest first."""

    iteration: int
    incumbent: str
    candidate: str
    whole: Verdict
    rest: Verdict | None = None
    tasks: tuple[TaskNumbers, ...] = ()
    commits: tuple[CommitVerdict, ...] = ()
