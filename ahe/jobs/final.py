"""One look at the test split: seed against best, with rollouts that were not used to choose anything.

The plan is written before anything runs (`runs/final/NNN/plan.json`), so a look that was killed continues with the same
attempts and does not count as a second one. Then follow result.json and the tag `ahe/final-NNN`, which carries the
result into plain git and every clone.
"""

import os
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from ahe.errors import SandboxError, UsageError
from ahe.evaluate.stored import pairs_of
from ahe.events import Notice
from ahe.gate.claims import claim
from ahe.gate.decisions import unusable
from ahe.gate.predictions import observed
from ahe.gate.retries import tokens_per_task, two_tries
from ahe.history import History
from ahe.history.message import final_tag
from ahe.jobs.best import best_commit
from ahe.jobs.known import version
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Final, FinalPlan, Record, Task, Usage
from ahe.runtime.trajectory import now

R = TypeVar("R", bound=Record)

ROLLOUTS = 4


async def final(
    project: Project, watcher: Watcher, *, rollouts: int | None = None, again: str = ""
) -> Final | None:
    """Score the test split with the seed and the best. None where they are the same: nothing is spent.

    Raises `UsageError` where there is no test split, or where it was scored before and `again` gives no reason;
    `SandboxError` where too many trials broke for a result: then the look is not over, and the next call continues it.
    """
    history, tasks, again = project.history(), test_tasks(project), again.strip()
    with project.run_lock():
        plan = begun(project, history)
        if plan is None:
            plan = planned(project, history, tasks, rollouts or ROLLOUTS, again)
            if plan is None:
                return None
        else:
            _same_model(project, plan)
            watcher.emit(
                Notice(f"continuing look {plan.look}, begun on {plan.begun}: {plan.rollouts} rollouts")
            )
        file = _folder(project, plan.look) / "result.json"
        if file.is_file():
            result = _parsed(Final, file)
        else:
            result = await _look(project, history, watcher, plan)
            _write(file, result)
        history.tag_final(result)
    return result


def test_tasks(project: Project) -> tuple[Task, ...]:
    """The test split. Raises `UsageError` where the suite has none, or none that can run."""
    suite = project.suite()
    if tasks := suite.usable("test", quick=project.config.suite.quick):
        return tasks
    raise UsageError(
        f"the suite {suite.name} has no test split, so nothing can be claimed: put tasks that no run has seen into "
        f"`test = [...]` under [splits] in {suite.path}/suite.toml (without that file a hash of each name splits "
        "the tasks 40/20/40)"
    )


def begun(project: Project, history: History) -> FinalPlan | None:
    """The unfinished look: it has a plan and no tag yet."""
    done = {each.plan.look for each in history.finals()}
    for folder in sorted((project.config.runs / "final").glob("[0-9]*")):
        file = folder / "plan.json"
        if file.is_file():
            plan = _parsed(FinalPlan, file)
            if plan.look not in done:
                return plan
    return None


def planned(
    project: Project, history: History, tasks: tuple[Task, ...], rollouts: int, again: str
) -> FinalPlan | None:
    """A new look, with its plan on disk. None where seed and best are the same harness."""
    seed, best, earlier = history.root(), best_commit(history).sha, history.finals()
    if history.harness_id(seed) == history.harness_id(best):
        return None
    if earlier and not again:
        last = earlier[-1]
        raise UsageError(
            f"the test split was looked at already: {last.given_tasks} on {last.ended[:10]} (`git -C "
            f"{project.config.workspace} show {final_tag(last)}`). A second look is weaker, because the "
            'first may have guided what came after it; take it with --again "REASON", which the result will state'
        )
    look = max((each.plan.look for each in earlier), default=0) + 1
    plan = new_plan(project, history, (seed, best), tasks, rollouts, look, again if earlier else "")
    _write(_folder(project, plan.look) / "plan.json", plan)
    return plan


def new_plan(
    project: Project,
    history: History,
    arms: tuple[str, str],
    tasks: tuple[Task, ...],
    rollouts: int,
    look: int,
    again: str,
) -> FinalPlan:
    """The plan of a look with attempts that were never used."""
    names = tuple(task.name for task in tasks)
    with closing(project.store()) as store:
        first, seen = store.used(names)
    # The store may be gone; attempts that the tags record stay used.
    plans = [*(each.plan for each in history.finals()), *history.looks()]
    return FinalPlan(
        look=look,
        seed=arms[0],
        best=arms[1],
        suite=project.suite().name,
        tasks=names,
        first=max([first, *(plan.first + plan.rollouts for plan in plans)]),
        rollouts=rollouts,
        model=project.config.model_spec("coder").name,
        fingerprint=project.coder(),
        again=again,
        seen=seen,
        begun=now(),
    )


async def _look(project: Project, history: History, watcher: Watcher, plan: FinalPlan) -> Final:
    """Run what the plan still lacks, and count."""
    async with assemble(project, watcher) as parts:
        if missing := ", ".join(name for name in plan.tasks if name not in parts.suite.tasks):
            raise UsageError(
                f"the look that was begun needs the task {missing}, which is missing in {parts.suite.path}: restore it"
            )
        tasks = [parts.suite.tasks[name] for name in plan.tasks]
        arms = [version(project, history, sha) for sha in (plan.seed, plan.best)]
        goals = [(arm, task, plan.rollouts) for task in tasks for arm in arms]
        trials = (await parts.evaluator.in_turns("test split: seed and best", goals, plan.first)).trials
    one, other = ([trial for trial in trials if trial.harness == arm.id] for arm in arms)
    pairs = pairs_of((one, other))
    found, problem = claim(pairs), unusable(pairs)
    if problem or found is None:
        raise SandboxError(
            f"no result: {problem or 'no task was scored in both arms'}. This look is not over: fix the cause (`ahe "
            "trace ID` shows it) and run `ahe final` again; what broke is tried again"
        )
    return Final(
        plan=plan,
        tasks=observed(pairs),
        seed_rate=found.before,
        best_rate=found.after,
        given_tasks=found.given_tasks,
        over_tasks=found.over_tasks,
        score=found.score,
        missing=sum(b.missing + c.missing for b, c in pairs.values()),
        usage=sum((trial.usage + trial.side_usage for trial in trials), Usage()),
        ended=now(),
        twice=two_tries(one),
        tokens=tokens_per_task((one, other), plan.tasks),
    )


def _same_model(project: Project, plan: FinalPlan) -> None:
    name = project.config.model_spec("coder").name
    if name != plan.model or plan.fingerprint not in ("", project.coder()):
        raise UsageError(
            f"look {plan.look} was begun with the model {plan.model!r} and is not over: finish it with that model "
            f"at the same address, not with {name!r} as it is configured now"
        )


def _folder(project: Project, look: int) -> Path:
    return project.config.runs / "final" / f"{look:03d}"


def _parsed(form: type[R], file: Path) -> R:
    try:
        return form.model_validate_json(file.read_bytes())
    except ValueError:
        raise UsageError(
            f"{file} is damaged: bring it back from a copy, or remove it to begin anew"
        ) from None


def _write(path: Path, record: Record) -> None:
    """Write the whole file or nothing, also when the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(record.model_dump_json(indent=1) + "\n", "utf-8")
    os.replace(draft, path)
