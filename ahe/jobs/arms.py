"""Several versions of the harness measured alike: rates, and what each gains on the seed and on one version of it.

`ahe ablate` and `ahe transfer` both ask this. Every arm gets the same attempts at the same tasks, in turns. They are
trials like any other: what the store holds is not run again.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import fmean

from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator, tallies
from ahe.evaluate.stored import mean_tokens, pairs_of
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Notice
from ahe.gate.claims import claim, rate_interval
from ahe.gate.decisions import unusable
from ahe.history import History
from ahe.jobs import known
from ahe.jobs.final import new_plan
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import STUDY, Cost, Interval, Record, Split, Task, Trial, Usage

Goals = Sequence[tuple[HarnessVersion, Task, int]]


@dataclass(frozen=True)
class Scope:
    """Which tasks, how many attempts, and whether they are `fresh`: of a series that selects nothing.

    `again` is the reason for a look at the test split. With `dry_run` nothing runs.
    """

    split: Split = "train"
    rollouts: int | None = None
    fresh: bool = False
    again: str = ""
    dry_run: bool = False


class Arm(Record):
    """A harness with all its `names`. Intervals hold 90 %, given the tasks; `tokens` is the mean per task.

    `to_seed` and `to_rev` are this arm less the seed and less REV. They are None for that arm itself, and where too
    many trials are missing, which `problem` says.
    """

    names: tuple[str, ...]
    harness: str
    rate: Interval | None = None
    tokens: float | None = None
    missing: int = 0
    to_seed: Interval | None = None
    to_rev: Interval | None = None
    problem: str = ""


class Study(Record):
    """The arms on one suite with one model, seed and REV first. Attempts are `first` to `first + rollouts − 1`.

    `ran` of the trials were new and cost `usage`. In a dry run `cost` is what it would take, `short` are the budgets
    that do not cover it, and the arms are not measured. `place` is what differs from the project, as it was named.
    """

    place: str = ""
    suite: str
    model: str
    split: Split
    tasks: int
    rollouts: int
    first: int
    arms: tuple[Arm, ...]
    ran: int = 0
    usage: Usage = Usage()
    cost: Cost | None = None
    short: tuple[str, ...] = ()

    @property
    def effect(self) -> str:
        """`harm` where the whole interval of REV less the seed is below zero, `gain` where it is above."""
        found = self.arms[1].to_seed
        return "" if found is None else "harm" if found.high < 0 else "gain" if found.low > 0 else ""


def ends(history: History, rev: str) -> dict[str, str]:
    """The commits of the seed and of a revision, by name. Raises `UsageError` where both have the same harness."""
    if rev == "HEAD":
        history.require_clean()
    head = history.resolve(rev)
    seed = history.commits(start=head)[-1].sha
    if history.harness_id(seed) == history.harness_id(head):
        raise UsageError(
            f"{rev} has the harness of the seed, so there is nothing to compare: name another version"
        )
    return {"seed": seed, rev: head}


async def study(project: Project, watcher: Watcher, commits: Mapping[str, str], scope: Scope) -> Study:
    """Measure these commits, by name: first the seed, then REV. Equal harnesses are one arm.

    Raises as `ahe eval` does, and `UsageError` where the test split may not be looked at.
    """
    history, suite = project.history(), project.suite()
    tasks = suite.needed(scope.split, quick=project.config.suite.quick)
    rollouts = scope.rollouts or project.config.evolve.rollouts
    first = STUDY if scope.fresh else 0
    if scope.split == "test":
        seed, rev = [*commits.values()][:2]
        first = _look(project, history, watcher, tasks, (seed, rev), rollouts, scope)
    names: dict[str, list[str]] = {}
    for name, sha in commits.items():
        names.setdefault(history.harness_id(sha), []).append(name)
    versions = [known.version(project, history, commits[same[0]]) for same in names.values()]
    goals = [(version, task, rollouts) for task in tasks for version in versions]
    ran, usage, cost = 0, Usage(), None
    short: tuple[str, ...] = ()
    with closing(project.store()) as store:
        trials = _stored(known.reader(project, store), goals, first)
        lacking = rollouts * len(goals) - len(trials)
        if scope.dry_run:
            cost = known.rollout_cost(project, store).times(lacking, "comparisons")
            budgets = known.allowances(project, store)
            short = tuple(each.name for each in budgets if (getattr(cost, each.unit) or 0.0) > each.left)
    if lacking and not scope.dry_run:
        async with assemble(project, watcher) as parts:
            label = f"{len(versions)} arms on {scope.split} of {suite.name}"
            evaluation = await parts.evaluator.in_turns(label, goals, first)
            trials, ran, usage = evaluation.trials, len(evaluation.ran), parts.spent
    by_arm = {key: [trial for trial in trials if trial.harness == key] for key in names}
    arms = [_arm(key, tuple(same), by_arm[key], *[*by_arm.values()][:2]) for key, same in names.items()]
    return Study(
        suite=suite.name,
        model=project.config.model_spec("coder").name,
        split=scope.split,
        tasks=len(tasks),
        rollouts=rollouts,
        first=first,
        arms=tuple(arms),
        ran=ran,
        usage=usage,
        cost=cost,
        short=short,
    )


def _stored(reader: Evaluator | None, goals: Goals, first: int) -> list[Trial]:
    """The wanted trials that are scored already."""
    if reader is None:
        return []
    plan = reader.runner.plan
    ids = [plan(arm, task, first + turn).id for arm, task, n in goals for turn in range(n)]
    return [trial for trial in reader.store.find(ids).values() if trial.status != "missing"]


def _arm(key: str, names: tuple[str, ...], mine: list[Trial], seed: list[Trial], rev: list[Trial]) -> Arm:
    found: dict[str, Interval] = {}
    problem, tokens = "", mean_tokens(mine)
    for name, base in (("to_seed", seed), ("to_rev", rev)):
        pairs = pairs_of((base, mine))
        if base is mine or not pairs:
            continue
        if why := unusable(pairs):
            problem = why
        elif claimed := claim(pairs):
            found[name] = claimed.given_tasks
    return Arm(
        names=names,
        harness=key,
        rate=rate_interval([*tallies(mine).values()]),
        tokens=fmean(tokens.values()) if tokens else None,
        missing=sum(trial.status == "missing" for trial in mine),
        problem=problem,
        **found,
    )


def _look(
    project: Project,
    history: History,
    watcher: Watcher,
    tasks: tuple[Task, ...],
    arms: tuple[str, str],
    rollouts: int,
    scope: Scope,
) -> int:
    """The first attempt of a look at the test split beside `ahe final`, which has to make its claim first.

    The plan goes into a tag before anything runs, so that the look is on record whatever becomes of it. The same look
    again is continued with the same attempts. Raises `UsageError` without a reason, or before the claim.
    """
    suite, looks = project.suite().name, history.looks()
    if not any(final.plan.suite == suite for final in history.finals()):
        raise UsageError(
            f"the test split of {suite} was not scored yet, and a look at it could guide what comes after: make the "
            "claim with `ahe final` first, or take --split train or heldout"
        )
    if not scope.again.strip():
        raise UsageError('this is a further look at the test split: give its reason with --again "REASON"')
    taken = [
        int(name[-3:]) for name in history.tags() if name.startswith("ahe/look-") and name[-3:].isdigit()
    ]
    plan = new_plan(project, history, arms, tasks, rollouts, max(taken, default=0) + 1, scope.again.strip())
    same = {"look", "first", "seen", "begun"}
    for earlier in looks:
        if earlier.model_dump(exclude=same) == plan.model_dump(exclude=same):
            return earlier.first
    if not scope.dry_run:
        history.tag_look(plan)
        watcher.emit(Notice(f"a further look at the test split, in the tag ahe/look-{plan.look:03d}"))
    return plan.first
