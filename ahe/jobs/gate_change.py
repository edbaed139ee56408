"""A change that is proposed, as in a pull request: checked by the rules, and measured by the gate.

Nothing is decided in the workspace: no note, no revert, no tag.
"""

import math
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ahe.errors import BudgetExceeded, HarnessError, UsageError
from ahe.events import QUIET
from ahe.gate.choose import make_gate
from ahe.gate.decisions import PER_ARM
from ahe.harness.layout import Problem
from ahe.harness.preflight import PROMPT, Preflight
from ahe.jobs.known import version
from ahe.loop.measurement import Measurement
from ahe.project.assemble import assemble, preflight
from ahe.project.project import Project
from ahe.protocols import Gate, MakeEnvironment, Watcher
from ahe.records import Record, Verdict

OF_A_CHANGE = ("change", "growth", "mounts")
"""Rules about how much one change of the evolver's may do: they do not bind people."""


class GatedChange(Record):
    """The gate's verdict on version `rev` (commit `candidate`) against `base` (commit `incumbent`)."""

    rev: str
    base: str
    verdict: Verdict

    @property
    def exit_code(self) -> int:
        """0 where it may go in, 1 where it is not better, 2 where it could not be measured."""
        return {"kept": 0, "unchanged": 0, "undecided": 2}.get(self.verdict.outcome, 1)


def check(folder: Path, rules: Preflight) -> list[Problem]:
    """What is wrong with the harness in `folder`. Raises `HarnessError` where there is none."""
    if not (folder / PROMPT).is_file():
        raise HarnessError(f"{folder} holds no harness: {PROMPT} is missing; name the folder of one")
    with tempfile.TemporaryDirectory() as empty:
        found = rules.check(folder, Path(empty), "remove")
    return [problem for problem in found if problem.rule not in OF_A_CHANGE]


async def gate_change(
    project: Project,
    rev: str,
    base: str = "",
    watcher: Watcher = QUIET,
    *,
    most: int = 0,
    environment: MakeEnvironment | None = None,
) -> GatedChange:
    """Measure `rev` against `base` (default: its parent) by the project's gate, with `most` rollouts at most (0: any).

    Raises `UsageError` and `HarnessError` before anything is spent, and the errors of a run. A spent budget leaves the
    verdict `undecided`.
    """
    history = project.history()
    base = base or f"{rev}~1"
    old, new = (version(project, history, each) for each in (base, rev))
    if problems := check(Path(new.root), preflight(project.suite())):
        raise HarnessError(f"{rev} breaks the rules: " + "; ".join(map(str, problems)))
    config = project.config
    train, heldout = ([task.name for task in tasks] for tasks in project.tasks_in_use(project.suite()))
    gate = _gate(project, most, len(heldout))
    if most:
        with closing(project.store()) as store:
            budget = config.budget.model_copy(update={"rollouts": store.count() + most})
        project = replace(project, config=config.model_copy(update={"budget": budget}))
    with project.run_lock():
        async with assemble(project, watcher, environment) as parts:
            measurement = Measurement(
                gate,
                parts.evaluator,
                parts.suite,
                incumbent=old,
                candidate=new,
                train=tuple(train),
                heldout=tuple(heldout),
                rollouts=config.evolve.rollouts,
            )
            try:
                verdict = await measurement.verdict()
            except BudgetExceeded as error:
                verdict = Verdict(outcome="undecided", reason=str(error), gate=gate.name)
    ends = {"incumbent": history.resolve(base), "candidate": history.resolve(rev)}
    return GatedChange(rev=rev, base=base, verdict=verdict.model_copy(update=ends))


def _gate(project: Project, most: int, heldout: int) -> Gate:
    """The project's gate. Of `most` rollouts held-out gets what its veto needs, train the rest."""
    table, quick = project.config.evolve, project.config.suite.quick
    each = max(table.rollouts, 0 if quick else math.ceil(PER_ARM / max(1, heldout)))
    left = most - 2 * each * heldout
    if most and left <= 0:
        raise UsageError(
            f"{most} rollouts do not pay for the held-out veto, which takes up to {2 * each * heldout}: raise "
            "--max-rollouts, or use --quick"
        )
    ceiling = table.comparison.model_copy(update={"rollouts": left}) if most else table.comparison
    price = project.config.gate.price
    return make_gate(table.gate, quick=quick, tax=table.tax, price=price, ceiling=ceiling)
