"""The claim at the end: the seed against the best on tasks that nothing was chosen by."""

from __future__ import annotations

from ahe.records.base import Record
from ahe.records.changes import Interval
from ahe.records.models import Usage
from ahe.records.observed import Observed


class FinalPlan(Record):
    """A look at the test split before it is taken. What is begun is finished as it was planned.

    Attempts `first` to `first + rollouts − 1` of each task and arm: nothing used them before. `again` is the
    reason of a look after the first. `seen` counts rollouts on these tasks that were made before this look.
    """

    look: int
    seed: str
    best: str
    suite: str
    tasks: tuple[str, ...]
    first: int
    rollouts: int
    model: str
    again: str = ""
    seen: int = 0
    begun: str = ""


class Final(Record):
    """The result of a look. `given_tasks` is the headline: the mean difference on these very tasks.

    `over_tasks` is about tasks like these, None where there is only one. Both are 90 % intervals of
    best − seed. `score` is P(best better on these tasks).
    """

    plan: FinalPlan
    tasks: tuple[Observed, ...]
    seed_rate: float
    best_rate: float
    given_tasks: Interval
    over_tasks: Interval | None
    score: float
    missing: int
    usage: Usage
    ended: str = ""
