"""What is known about one change: its tasks as the verdict counted them, and the trials behind them."""

from __future__ import annotations

from ahe.errors import AheError
from ahe.evaluate.stored import paired
from ahe.history import Commit, History
from ahe.jobs.compare import TaskTrials, trials_by_task
from ahe.project.project import Project
from ahe.records import Observed, Record

LABEL = 8
EACH = 2


class Measured(Record):
    """Tasks of a change with π_t, and the trials of both arms that the store holds."""

    tasks: tuple[Observed, ...] = ()
    trials: tuple[TaskTrials, ...] = ()

    def links(self) -> dict[str, tuple[str, ...]]:
        """For each task some trials as `ahe trace` takes them, before → after."""
        return {
            each.task: (
                *(i[:LABEL] for i in each.before[:EACH]),
                "→",
                *(i[:LABEL] for i in each.after[:EACH]),
            )
            for each in self.trials
        }


def measured(project: Project, history: History, commit: Commit) -> Measured:
    """What the verdict counted; after leave-one-out attribution, without the change and with it.

    The trials are there as long as the store is; without the store the note stands alone.
    """
    verdict = commit.verdict
    if verdict is None or not verdict.tasks:
        return Measured()
    try:
        ids = verdict.leave_one_out or tuple(
            history.harness_id(sha) for sha in (verdict.incumbent, verdict.candidate)
        )
        wanted = [
            task for task in project.suite().tasks.values() if task.name in {t.task for t in verdict.tasks}
        ]
    except AheError:
        return Measured(tasks=verdict.tasks)
    store = project.store()
    try:
        both = store.of_harness(ids[0]), store.of_harness(ids[1])
        arms = paired(*both, wanted, fresh=verdict.leave_one_out is not None)
    finally:
        store.close()
    return Measured(tasks=verdict.tasks, trials=trials_by_task(arms))
