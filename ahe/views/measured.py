"""Versions of the harness as they were measured: one, two side by side, the best, the final claim, one run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ahe.records import Final, Interval, Observed, TwoTries, rewards_text, slower, tokens_text
from ahe.text import plural
from ahe.views.text import Fact, duration, facts, fit, points, rate, spent, table, visible

if TYPE_CHECKING:
    from ahe.jobs.best import Best
    from ahe.jobs.compare import Compared
    from ahe.jobs.evaluate import EvalResult
    from ahe.jobs.gate_change import GatedChange
    from ahe.jobs.run import Left, RunResult

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
    headers = ["task", *arms, "points", "π"]
    if predicts or risks:
        headers.append("predicted")
    if trials:
        headers.append("trials: ahe trace …")
    rows = []
    for each in sorted(tasks, key=lambda each: (-(each.changed or 0.0), each.task)):
        row = [each.task, f"{each.b}/{each.n_b}", f"{each.c}/{each.n_c}"]
        if each.rewards:
            row[1:] = [f"{own} ({mean:.2f})" for own, mean in zip(row[1:], each.rewards, strict=True)]
        row += ["–", "–"] if each.changed is None else [points(each.step), f"{each.changed:.2f}"]
        if predicts or risks:
            words = (("up", predicts), ("at risk", risks))
            row.append(" and ".join(word for word, names in words if each.task in names))
        if trials:
            row.append(" ".join(trials.get(each.task, ())))
        rows.append(row)
    return table(headers, rows, width, right=" ".join((*arms, "points π")))


def evaluation_text(found: EvalResult, width: int | None = None) -> str:
    """The tasks with their tallies, the pass rate, and what it took."""
    rows = [
        (
            *(task, f"{tally.passes} of {tally.n}", rate(tally.rate)),
            *([] if found.reward is None else ["" if tally.mean is None else f"{tally.mean:.3f}"]),
            str(tally.missing or ""),
        )
        for task, tally in sorted(found.tallies.items())
    ]
    reward, column = ("", ()) if found.reward is None else (f", reward {found.reward:.3f}", ("reward",))
    heads = ("task", "passed", "rate", *column, "missing")
    return "\n".join(
        (
            table(heads, rows, width, right="passed rate reward missing"),
            "",
            f"pass rate {rate(found.rate)}{reward}, the mean over {len(rows)} tasks ({found.label})",
            f"{duration(found.seconds)}, {spent(found.usage)}",
        )
    )


def comparison_text(names: tuple[str, str], found: Compared, width: int | None = None) -> str:
    """The table of tasks, then rates, difference and probability."""
    if found.same:
        return f"{names[0]} and {names[1]} are the same harness ({found.harnesses[0]}): nothing to compare"
    tasks = [task_table(found.tasks, width=width), ""] if found.tasks else []
    others = f"{found.others} trials of other models, limits or task versions" if found.others else ""
    summary = _summary(names, found, ("delta", f"{found.delta} with 90 %"), ("left out", others))
    return "\n".join([*tasks, summary])


def _summary(names: tuple[str, str], found: Compared, difference: Fact, *more: Fact) -> str:
    """Rates, difference and probability, or that there are none."""
    if found.delta is None or found.score is None:
        return facts(*more, title=f"no task was scored with both {names[0]} and {names[1]}")
    tasks = f"{found.shared} tasks that both tried ({names[0]} → {names[1]})"
    return facts(
        ("pass rate", f"{rate(found.rates[0])} → {rate(found.rates[1])} on {tasks}"),
        ("mean reward", rewards_text(found.rewards) if found.rewards else ""),
        difference,
        ("raw delta", f"{points(found.raw_delta)} points"),
        ("score", f"P({names[1]} better) = {found.score:.3f}"),
        *bar(names[0], found.twice, found.tokens),
        ("pace", slower(found.slowdown, names)),
        *more,
    )


def bar(name: str, twice: TwoTries | None, tokens: tuple[float, float] | None) -> tuple[Fact, Fact]:
    """What simple retries of the first version reach, with an oracle that picks the better try; and the tokens."""
    return (
        ("retries", f"{name} {twice}" if twice else ""),
        ("tokens", tokens_text(tokens) if tokens and any(tokens) else ""),
    )


def gained(gain: Interval) -> Fact:
    """What a run gained, and why that is less than the plain difference."""
    return "best against seed:", f"{gain} (shrunk: selected rollouts flatter)"


def best_text(found: Best, workspace: str, exported: Path | None, files: int) -> str:
    """The best version, its gain over the seed, the final claim if there is one, and how to get it."""
    tags = ", ".join(tag.removeprefix("ahe/") for tag in found.tags)
    lines = [f"{found.sha[:10]} {visible(found.subject)}" + (f" ({tags})" if tags else "")]
    if found.behind:
        lines.append(f"HEAD is {plural(found.behind, 'commit')} further")
    if not found.moved:
        lines.append("This is the seed: nothing was shown to be better with a probability of .93 yet.")
    else:
        train = found.train
        gain = gained(train.gain) if train.gain else ("delta", f"{train.delta} with 90 %")
        chosen = "on train, which it was chosen by; `ahe final` makes a claim on test"
        lines += ["", _summary(("seed", "best"), train, gain, ("", chosen))]
    if found.final:
        claim = f"{found.final.given_tasks} with 90 %, given these tasks (`ahe final`)"
        lines += ["", facts(("test split", claim))]
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
    given = f"{found.given_tasks} with 90 %, given these tasks; P(better) = {found.score:.3f}"
    seen = f"{plan.seen} rollouts on these tasks were made before this look"
    summary = facts(
        ("pass rate", f"{arms} on {len(plan.tasks)} test tasks (seed → best)"),
        ("mean reward", rewards_text(found.rewards) if found.rewards else ""),
        ("difference", given),
        *bar("the seed:", found.twice, found.tokens),
        ("over tasks", f"{over}, if these tasks stand for others like them"),
        ("rollouts", f"{plan.rollouts} fresh a task and version, from attempt {plan.first + 1}{missing}"),
        ("cost", spent(found.usage)),
        ("seen before", seen if plan.seen else ""),
        ("again", f"look {plan.look}: {plan.again}" if plan.again else ""),
    )
    kept = f"kept in the tag ahe/final-{plan.look:03d} of the workspace"
    return "\n".join([task_table(found.tasks, width=width), "", summary, "", kept])


def gated_text(found: GatedChange) -> str:
    """The verdict on a proposed change, in Markdown: the difference, the tasks that moved, the tokens."""
    verdict = found.verdict
    title = {"kept": "better", "unchanged": "no change", "undecided": "not measured"}.get(
        verdict.outcome, "not better"
    )
    names = f"`{found.rev}` ({verdict.candidate[:10]}) against `{found.base}` ({verdict.incumbent[:10]})"
    lines = [f"### Harness: {title}", "", f"{names}: {verdict.reason}"]
    if verdict.delta is not None and verdict.score is not None:
        rates = f"{rate(verdict.incumbent_rate)} → {rate(verdict.candidate_rate)}"
        scored = (
            f"{rates}, **{verdict.delta}** with 90 %, P(better) = {verdict.score:.2f}, gate `{verdict.gate}`"
        )
        lines += [
            "",
            scored
            + (f", held-out {points(verdict.heldout_delta)}" if verdict.heldout_delta is not None else ""),
        ]
    if moved := [each for each in verdict.tasks if each.step]:
        lines += ["", "| task | before | after | points | π |", "|---|---|---|---|---|"]
        for each in sorted(moved, key=lambda each: (-(each.changed or 0.0), each.task)):
            tallies = f"{each.b}/{each.n_b} | {each.c}/{each.n_c}"
            lines.append(f"| {each.task} | {tallies} | {points(each.step)} | {each.changed or 0.0:.2f} |")
        lines += [
            "",
            f"{len(moved)} of {plural(len(verdict.tasks), 'task')} moved; π is the probability that a rate changed.",
        ]
    tokens = f"tokens {tokens_text(verdict.tokens)}; " if verdict.tokens and any(verdict.tokens) else ""
    return "\n".join(
        [*lines, "", f"{tokens}{plural(verdict.rollouts, 'rollout')} run, {spent(verdict.usage)}"]
    )


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
    left = (("not copied", found.skipped), ("held back", found.held), ("left to you", found.collided))
    lists = "".join(f"{title} {_left(items)}\n" for title, items in left if items)
    unfinished = "" if found.ended == "answered" else f"\nThe agent did not finish: {found.ended}"
    return f"{lists}{what}. {spent(found.usage)}{unfinished}"


def _left(items: Sequence[Left]) -> str:
    """Paths by the reason why they were left: `(git ignores it): a, b`, each where it is kept, if it is."""
    by_reason: dict[str, list[str]] = {}
    for each in items:
        kept = f" (in {each.saved})" if each.saved else ""
        by_reason.setdefault(each.why, []).append(fit(each.path + kept, 300))
    lines = []
    for why, names in by_reason.items():
        more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        lines.append(f"({visible(why)}): {', '.join(names[:SHOWN] + more)}")
    return "; ".join(lines)
