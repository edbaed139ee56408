"""Two versions of the harness side by side, from the trials that exist; new ones run only on request."""

from contextlib import closing

from ahe.evaluate.evaluation import pass_rate
from ahe.evaluate.store import Store
from ahe.evaluate.stored import Arms, paired, pairs_of, slowdown, stored_trials
from ahe.events import QUIET
from ahe.gate.claims import gain
from ahe.gate.posterior import fit_concentration, mean_rewards, posterior
from ahe.gate.predictions import observed
from ahe.gate.retries import tokens_per_task, two_tries
from ahe.history import History
from ahe.project.project import Project
from ahe.protocols import MakeEnvironment, Watcher
from ahe.records import Interval, Observed, Record, Split, Trial, TwoTries


class TaskTrials(Record):
    """Ids of a task's trials, before and after, in the order of their attempts."""

    task: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Compared(Record):
    """Version `b` against version `a` on one split. `rates` are means over the tasks that both arms scored; so are the
    `rewards`, None where every reward is 0 or 1.

    `delta` is the posterior mean of the difference with its 90 % interval and `score` is P(b better than a),
    as the gate computes them. `gain` is the difference if a is a run's seed and b its best: `delta` models a single
    edit, and `raw_delta` is too high because these rollouts selected b. All are None where the arms share no scored
    task, or are the same harness. `others` counts the plain trials that were left out: see `paired`.
    `slowdown` is how many times slower the model worked for b. `twice` is version a tried once and twice, the bar
    for b; `tokens` are the means per task, before and after. Both are over the tasks that both arms scored.
    """

    a: str
    b: str
    harnesses: tuple[str, str]
    split: Split
    tasks: tuple[Observed, ...] = ()
    trials: tuple[TaskTrials, ...] = ()
    rates: tuple[float | None, float | None] = (None, None)
    rewards: tuple[float, float] | None = None
    delta: Interval | None = None
    gain: Interval | None = None
    raw_delta: float | None = None
    score: float | None = None
    others: int = 0
    slowdown: float | None = None
    twice: TwoTries | None = None
    tokens: tuple[float, float] | None = None

    @property
    def same(self) -> bool:
        """Whether both are the same harness."""
        return self.harnesses[0] == self.harnesses[1]

    @property
    def shared(self) -> int:
        """How many tasks both arms have scored."""
        return sum(1 for each in self.tasks if each.changed is not None)


def compare_stored(project: Project, history: History, a: str, b: str, *, split: Split = "train") -> Compared:
    """Compare two commits from the store alone, on a split. Nothing runs, no model opens."""
    chosen = project.suite().part(split, quick=project.config.suite.quick)
    ids = {sha: history.harness_id(sha) for sha in (a, b)}
    with closing(project.store()) as store:
        both = store.of_harness(ids[a]), store.of_harness(ids[b])
        arms = paired(*both, chosen, model=project.coder())
        found = compared(a, b, (ids[a], ids[b]), split, arms, store)
    names = {task.name for task in chosen}
    plain, used = sum(t.task in names and not t.series for arm in both for t in arm), sum(map(len, arms))
    return found.model_copy(update={"others": plain - used if used else 0})


async def compare(
    project: Project,
    a: str,
    b: str = "HEAD",
    watcher: Watcher = QUIET,
    *,
    split: Split = "train",
    rollouts: int | None = None,
    environment: MakeEnvironment | None = None,
) -> Compared:
    """Compare two revisions; with `rollouts` both arms are first brought to that many attempts per task.

    Missing attempts are run in turns, task by task and arm by arm, so that a drift affects both alike. Raises
    `UsageError` where the split is empty.
    """
    history = project.history()
    first, second = history.resolve(a), history.resolve(b)
    chosen = project.suite().needed(split, quick=project.config.suite.quick)
    ids = {sha: history.harness_id(sha) for sha in (first, second)}
    if not rollouts or ids[first] == ids[second]:
        return compare_stored(project, history, first, second, split=split)
    # Imported here, because `ahe log`, `best` and `show` only read, and these bring all that runs.
    from ahe.jobs.known import version
    from ahe.project.assemble import assemble

    with project.run_lock():
        async with assemble(project, watcher, environment) as parts:
            harnesses = [version(project, history, rev) for rev in (first, second)]
            goals = [(harness, task, rollouts) for task in chosen for harness in harnesses]
            await parts.evaluator.in_turns(f"{a} and {b} on {split}", goals)
            one, other = (stored_trials(parts.evaluator, harness, chosen) for harness in harnesses)
            return compared(first, second, (ids[first], ids[second]), split, (one, other), parts.store)


def compared(a: str, b: str, harnesses: tuple[str, str], split: Split, arms: Arms, store: Store) -> Compared:
    """The comparison of two arms' trials."""
    pairs = pairs_of(arms)
    model = next((trial.model for arm in arms for trial in arm), "")
    concentration = fit_concentration([row for row in store.tallies(model) if row[0] in pairs])
    found = None if harnesses[0] == harnesses[1] else posterior(pairs, concentration)
    both = {task: pair for task, pair in pairs.items() if pair[0].n and pair[1].n}
    return Compared(
        a=a,
        b=b,
        harnesses=harnesses,
        split=split,
        tasks=observed(pairs, concentration) if found else (),
        trials=trials_by_task(arms),
        rates=(pass_rate({t: p[0] for t, p in both.items()}), pass_rate({t: p[1] for t, p in both.items()})),
        rewards=mean_rewards(pairs),
        delta=found.interval() if found else None,
        gain=gain(pairs, concentration) if found else None,
        raw_delta=found.raw if found else None,
        score=found.above() if found else None,
        slowdown=slowdown(arms) if found else None,
        twice=two_tries(trial for trial in arms[0] if trial.task in both),
        tokens=tokens_per_task(arms, both),
    )


def trials_by_task(arms: Arms) -> tuple[TaskTrials, ...]:
    """Trial ids of both arms by task."""

    def ids(arm: list[Trial], task: str) -> tuple[str, ...]:
        return tuple(t.id for t in sorted(arm, key=lambda t: t.attempt) if t.task == task)

    tasks = sorted({trial.task for arm in arms for trial in arm})
    return tuple(TaskTrials(task=task, before=ids(arms[0], task), after=ids(arms[1], task)) for task in tasks)


def known_rate(project: Project, harness: str) -> tuple[float | None, int]:
    """Pass rate on train of a harness that was measured before, and its scored rollouts. Costs nothing."""
    train = project.suite().part("train", quick=project.config.suite.quick)
    with closing(project.store()) as store:
        mine, _ = paired(store.of_harness(harness), [], train, model=project.coder())
    counted = {task: pair[0] for task, pair in pairs_of((mine, [])).items()}
    return pass_rate(counted), sum(tally.n for tally in counted.values())
