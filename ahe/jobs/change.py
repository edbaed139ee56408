"""One change: what is known about it, and how a person reverts it."""

from contextlib import closing
from itertools import chain

from ahe.errors import AheError, TaskError, UsageError, WorkspaceError
from ahe.evaluate.stored import Arms, paired, pairs_of
from ahe.history import Commit, History
from ahe.jobs.best import retag_best
from ahe.jobs.compare import TaskTrials, known_rate, trials_by_task
from ahe.project.project import Project
from ahe.records import Observed, Record, Verdict


class Measured(Record):
    """Tasks of a change with π_t, and the trials of both arms that the store holds."""

    tasks: tuple[Observed, ...] = ()
    trials: tuple[TaskTrials, ...] = ()


class Reverted(Record):
    """A change that a person reverted in `commit`. `best` is where the tag ahe/best went, if it moved.

    `measured` says whether the resulting `harness` has trials already: then `rate` on train, in `rollouts` of them.
    """

    reverted: str
    subject: str
    commit: str
    best: str | None
    best_subject: str
    harness: str
    measured: bool
    rate: float | None
    rollouts: int


def find_commit(history: History, text: str) -> Commit:
    """The commit that a revision or a change id names. Raises `WorkspaceError` where there is none."""
    sha = history.resolve(text)
    for commit in chain.from_iterable(read() for read in (history.commits, history.variants)):
        if commit.sha == sha:
            return commit
    raise WorkspaceError(f"{text} is not part of HEAD's history: see `ahe log`")


def measured(project: Project, history: History, commit: Commit) -> Measured:
    """The tasks and trials behind the verdict; after leave-one-out attribution, without the change and with it.

    The tasks come from the note, the trials from the store, as long as it exists.
    """
    verdict = commit.verdict
    if verdict is None or not verdict.tasks:
        return Measured()
    names = {task.task for task in verdict.tasks}
    try:
        ids = verdict.leave_one_out or tuple(map(history.harness_id, (verdict.incumbent, verdict.candidate)))
        wanted = [task for task in project.suite().tasks.values() if task.name in names]
    except AheError:
        return Measured(tasks=verdict.tasks)
    with closing(project.store()) as store:
        both = store.of_harness(ids[0]), store.of_harness(ids[1])
    models = {project.coder(): None, **dict.fromkeys(trial.model for arm in both for trial in arm)}
    found = [paired(*both, wanted, series=verdict.series, model=model) for model in models]
    arms = max(found, key=lambda arms: _agreement(verdict, arms))
    return Measured(tasks=verdict.tasks, trials=trials_by_task(arms))


def _agreement(verdict: Verdict, arms: Arms) -> int:
    """How many tasks have the tallies that decided. Which model the trials were of, the note does not say."""
    pairs = {task: (b.passes, b.n, c.passes, c.n) for task, (b, c) in pairs_of(arms).items()}
    return sum(pairs.get(each.task) == (each.b, each.n_b, each.c, each.n_c) for each in verdict.tasks)


def revert(project: Project, change: str, reason: str) -> Reverted:
    """Revert a change with `git revert` in the person's name, and note that a person decided so.

    Raises `WorkspaceError`; where later work touched the same lines, `RevertConflict`, and nothing is done.
    """
    history = project.history()
    with history.locked():
        commit = find_commit(history, change)
        new = history.revert(commit.sha, f"{reason}\nAhe-Verdict: reverted", person=True)
        # The note comes after the revert: without its revert the next run would complete it, also at a conflict.
        # It keeps the verdict so far with its numbers, and has the person's decision over it.
        decided = {"outcome": "reverted", "decided_by": "person", "reason": reason or "a person took it back"}
        so_far = commit.verdict.model_dump() if commit.verdict else {}
        history.note(commit.sha, Verdict.model_validate({**so_far, **decided}))
        moved = retag_best(history)
    harness = history.harness_id(new)
    try:
        rate, rollouts = known_rate(project, harness)
    except (TaskError, UsageError):
        # Reverting a change must not depend on a suite that cannot be read now.
        rate, rollouts = None, 0
    return Reverted(
        reverted=commit.sha,
        subject=commit.subject,
        commit=new,
        best=moved.sha if moved else None,
        best_subject=moved.subject if moved else "",
        harness=harness,
        measured=rate is not None,
        rate=rate,
        rollouts=rollouts,
    )
