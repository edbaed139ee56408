"""Versions of the harness as they were measured: one, two side by side, the best, the final claim, one run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ahe.records import Final, Interval, Observed, slower
from ahe.text import plural
from ahe.views.text import duration, fit, points, rate, spent, table, visible

if TYPE_CHECKING:
    from ahe.jobs.best import Best
    from ahe.jobs.compare import Compared
    from ahe.jobs.evaluate import EvalResult
    from ahe.jobs.run import Left, RunResult

HEADERS = ("points", "π", "predicted")
BEFORE_AFTER = ("before", "after")
SHOWN = 12
"""Names in a line."""


def task_table(
    tasks: Sequence[Observed],
    *,
    predicts: Collection[str] = (),
    risks: Collection[str] = (),
    trials: Mapping[str, Sequence[str]] | None = None,
    arms: tuple[str, str] = BEFORE_AFTER,
    width: int | None = None,
) -> str:
    """A line per task, the most probably changed first; `trials` are ids by task, for `ahe trace`."""
    ordered = sorted(tasks, key=lambda each: (-(each.changed or 0.0), each.task))
    shown = (
        *("task", *arms),
        *HEADERS[: 3 if predicts or risks else 2],
        *(("trials: ahe trace …",) if trials else ()),
    )
    rows = []
    for each in ordered:
        row = [each.task, f"{each.b}/{each.n_b}", f"{each.c}/{each.n_c}"]
        known = each.changed is not None
        row += [points(each.step) if known else "–", f"{each.changed:.2f}" if known else "–"]
        if predicts or risks:
            row.append(_predicted(each, predicts, risks))
        if trials:
            row.append(" ".join(trials.get(each.task, ())))
        rows.append(row)
    return table(shown, rows, width, right=" ".join((*arms, "points π")))


def _predicted(each: Observed, predicts: Collection[str], risks: Collection[str]) -> str:
    """What the change predicted for a task."""
    words = [word for word, names in (("up", predicts), ("at risk", risks)) if each.task in names]
    return " and ".join(words)


def evaluation_text(found: EvalResult, width: int | None = None) -> str:
    """The tasks with their tallies, the pass rate, and what it took."""
    rows = [
        (task, f"{tally.passes} of {tally.n}", rate(tally.rate), str(tally.missing or ""))
        for task, tally in sorted(found.tallies.items())
    ]
    return "\n".join(
        (
            table(("task", "passed", "rate", "missing"), rows, width, right="passed rate missing"),
            "",
            f"pass rate {rate(found.rate)}, the mean over {len(rows)} tasks ({found.label})",
            f"{duration(found.seconds)}, {spent(found.usage)}",
        )
    )


def comparison_text(names: tuple[str, str], found: Compared, width: int | None = None) -> str:
    """The table of tasks, then rates, difference and probability."""
    if found.same:
        return f"{names[0]} and {names[1]} are the same harness ({found.harnesses[0]}): nothing to compare"
    tasks = [task_table(found.tasks, width=width), ""] if found.tasks else []
    left = f"{'left out':12} {found.others} trials of other models, limits or task versions"
    return "\n".join(
        [
            *tasks,
            *_summary(names, found, f"{'delta':12} {found.delta} with 90 %"),
            *([left] if found.others else []),
        ]
    )


def _summary(names: tuple[str, str], found: Compared, difference: str) -> list[str]:
    """Rates, the line of the difference, and probability."""
    if found.delta is None or found.score is None:
        return [f"no task was scored with both {names[0]} and {names[1]}"]
    return [
        f"{'pass rate':12} {rate(found.rates[0])} → {rate(found.rates[1])} on {found.shared} tasks that both tried "
        f"({names[0]} → {names[1]})",
        difference,
        f"{'raw delta':12} {points(found.raw_delta)} points",
        f"{'score':12} P({names[1]} better) = {found.score:.3f}",
        *([f"{'pace':12} {pace}"] if (pace := slower(found.slowdown, names)) else []),
    ]


def gain_line(gain: Interval) -> str:
    """What a run gained, and why that is less than the plain difference."""
    return f"best against seed: {gain} (shrunk: selected rollouts flatter)"


def best_text(found: Best, workspace: str, exported: Path | None, files: int) -> str:
    """The best version, its gain over the seed, the final claim if there is one, and how to get it."""
    tags = ", ".join(tag.removeprefix("ahe/") for tag in found.tags)
    lines = [f"{found.sha[:10]} {visible(found.subject)}" + (f" ({tags})" if tags else "")]
    if found.behind:
        lines.append(f"HEAD is {plural(found.behind, 'commit')} further")
    if not found.moved:
        lines.append("This is the seed: nothing was shown to be better with a probability of .93 yet.")
    else:
        gain = (
            gain_line(found.train.gain) if found.train.gain else f"{'delta':12} {found.train.delta} with 90 %"
        )
        lines += ["", *_summary(("seed", "best"), found.train, gain)]
        lines.append(f"{'':12} on train, which it was chosen by; `ahe final` makes a claim on test")
    if found.final:
        lines += [
            "",
            f"{'test split':12} {found.final.given_tasks} with 90 %, given these tasks (`ahe final`)",
        ]
    lines += [
        "",
        f"to look at it:  git -C {workspace} switch --detach ahe/best   (`switch -` goes back)",
        "to take it:     ahe best --export DIR",
    ]
    return "\n".join(lines + (["", f"exported {files} files to {exported}"] if exported else []))


def final_text(found: Final | None, width: int | None = None) -> str:
    """The claim on the test split; None where the best is the seed."""
    if found is None:
        return "The best is the seed: there is nothing to compare, and nothing was spent (see `ahe best`)."
    plan = found.plan
    over = f"{found.over_tasks} with 90 %" if found.over_tasks else "one task says nothing about others"
    missing = f", {found.missing} missing" if found.missing else ""
    arms = f"{rate(found.seed_rate)} → {rate(found.best_rate)}"
    lines = [
        task_table(found.tasks, width=width),
        "",
        f"pass rate    {arms} on {len(plan.tasks)} test tasks (seed → best)",
        f"difference   {found.given_tasks} with 90 %, given these tasks; P(better) = {found.score:.3f}",
        f"over tasks   {over}, if these tasks stand for others like them",
        f"rollouts     {plan.rollouts} fresh a task and version, from attempt {plan.first + 1}{missing}",
        f"cost         {spent(found.usage)}",
    ]
    if plan.seen:
        lines.append(f"seen before  {plan.seen} rollouts on these tasks were made before this look")
    if plan.again:
        lines.append(f"again        look {plan.look}: {plan.again}")
    return "\n".join([*lines, "", f"kept in the tag ahe/final-{plan.look:03d} of the workspace"])


def run_text(found: RunResult, where: Path) -> str:
    """What `ahe run` changed, where it is, what was left out, what it cost, and why the agent did not finish."""
    if not found.changed:
        what = "no file changed"
    elif found.applied:
        written = plural(len(found.changed) - len(found.collided), "file")
        what = f"{plural(len(found.changed), 'file')} changed; {written} written to {where}"
    else:
        unchanged = f"{where} is as it was; --apply writes, or pipe to `git apply` there"
        what = f"{plural(len(found.changed), 'file')} changed; {unchanged}"
    left = (
        ("not copied", found.skipped),
        ("held back", found.held),
        ("left to you", found.collided),
    )
    lists = "".join(f"{title} {_left(items)}\n" for title, items in left if items)
    unfinished = "" if found.ended == "answered" else f"\nThe agent did not finish: {found.ended}"
    return f"{lists}{what}. {spent(found.usage)}{unfinished}"


def _left(items: Sequence[Left]) -> str:
    """Paths by the reason why they were left: `(git ignores it): a, b`, each where it is kept, if it is."""
    lines = []
    for why in dict.fromkeys(each.why for each in items):
        names = [
            each.path + (f" (in {each.saved})" if each.saved else "") for each in items if each.why == why
        ]
        more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        lines.append(f"({visible(why)}): {', '.join(fit(name, 300) for name in names[:SHOWN] + more)}")
    return "; ".join(lines)
