"""The git record for people: the log as a table, one change in full, a revert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ahe.history.commits import Commit, prediction_scores
from ahe.records import Record, Verdict, rewards_text, tokens_text
from ahe.views.measured import BEFORE_AFTER, bar, gained, task_table
from ahe.views.text import count, facts, money, points, rate, table, visible

if TYPE_CHECKING:
    from ahe.jobs.change import Measured, Reverted
    from ahe.jobs.compare import Compared

SHORT = 10
OUTCOMES = ("kept", "reverted", "undecided", "unchanged", "lost", "pending")
TRIAL, TRIALS = 8, 2
"""Digits of a trial id as `ahe trace` takes it, and how many trials of each arm a row names."""


class LogRow(Record):
    """One commit of the log, of the attributes of a `Commit`."""

    sha: str
    change: str = Field(validation_alias="change_id")
    tags: tuple[str, ...]
    date: str
    kind: str
    subject: str = Field(validation_alias="title")
    outcome: str = Field(validation_alias="state")
    verdict: Verdict | None
    reverts: str | None
    by_person: bool


def log_rows(commits: Sequence[Commit]) -> list[LogRow]:
    """The commits as rows for --json, in the same order."""
    return [LogRow.model_validate(commit, from_attributes=True) for commit in commits]


def log_text(commits: Sequence[Commit], run: Compared | None = None, width: int | None = None) -> str:
    """One line per commit, how many were kept and reverted, what the run gained, and what retries of the seed reach."""
    headers = (
        *("tags", "commit", "kind", "subject", "verdict", "delta, 90 %", "score"),
        *("rollouts", "cost", "predicted"),
    )
    rows = []
    for commit in commits:
        tags = " ".join(tag.removeprefix("ahe/") for tag in commit.tags)
        numbers = _numbers(commit.verdict, commit.change_id) if commit.verdict else ("",) * 5
        rows.append((tags, commit.sha[:SHORT], commit.kind, commit.title, commit.state, *numbers))
    counts = Counter(commit.state for commit in commits)
    order = [f"{counts[name]} {name}" for name in OUTCOMES if counts[name]]
    nothing = all(commit.kind == "seed" for commit in commits)
    up, down = prediction_scores(commits)
    below = facts(
        ("predicted fixes:", str(up) if up.named or down.named else ""),
        ("predicted regressions:", str(down) if up.named or down.named else ""),
        *([gained(run.gain), *bar("the seed:", run.twice, run.tokens)] if run and run.gain else []),
        title=", ".join(order) or ("no change yet: `ahe evolve` makes the first" if nothing else ""),
    )
    listed = table(headers, rows, width, right="score rollouts cost predicted")
    return f"{listed}\n\n{below}" if below else listed


def _numbers(verdict: Verdict, change: str) -> tuple[str, ...]:
    """Delta, score, rollouts, price, and the expected hits among the fixes that the change itself named (1.8/3)."""
    delta, usage, fixes = verdict.delta, verdict.usage, verdict.fixes if change else None
    price = money(usage.usd) if usage.usd else f"{count(usage.tokens)} tokens"
    return (
        f"{points(delta.mean)} [{points(delta.low)}, {points(delta.high)}]" if delta else "",
        "" if verdict.score is None else f"{verdict.score:.2f}",
        str(verdict.rollouts or ""),
        price if usage.calls else "",
        f"{fixes.hits:.1f}/{fixes.named}" if fixes and fixes.named else "",
    )


def change_record(commit: Commit, diff: str, found: Measured) -> dict[str, Any]:
    """One change for --json: its row in the log, and what else is known."""
    more = {"body": commit.body, "predicts": commit.predicts, "risks": commit.risks, "diff": diff}
    row = log_rows([commit])[0].model_dump(mode="json")
    return {**row, **more, "measured": found.model_dump(mode="json")}


def change_text(commit: Commit, diff: str, found: Measured, width: int | None = None) -> str:
    """One change: what it is and why, the verdict with its numbers, the table of tasks, then the diff."""
    head = facts(
        ("change", commit.change_id),
        ("tags", ", ".join(commit.tags)),
        ("action", commit.action),
        ("expected up", ", ".join(commit.predicts)),
        ("at risk", ", ".join(commit.risks)),
        ("cites", ", ".join(commit.evidence)),
        ("reverts", commit.reverts or ""),
        title=visible(f"{commit.subject}\ncommit {commit.sha}\n{commit.author}, {commit.date}"),
    )
    # The head shows the trailers of the body already.
    paragraphs = visible(commit.body).strip().split("\n\n")
    reasons = "\n\n".join(part for part in paragraphs if not part.startswith("Ahe-")).strip()
    tasks = _tasks(commit, found, width) if found.tasks else ""
    parts = [head, reasons, _verdict(commit), tasks, visible(diff).rstrip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tasks(commit: Commit, found: Measured, width: int | None) -> str:
    """The tasks as the verdict counted them, each with some trials before → after, as `ahe trace` takes them."""
    attributed = commit.verdict is not None and commit.verdict.leave_one_out is not None
    trials = {
        each.task: (
            *(trial[:TRIAL] for trial in each.before[:TRIALS]),
            "→",
            *(trial[:TRIAL] for trial in each.after[:TRIALS]),
        )
        for each in found.trials
    }
    return task_table(
        found.tasks,
        predicts=commit.predicts,
        risks=commit.risks,
        trials=trials,
        arms=("without", "with") if attributed else BEFORE_AFTER,
        width=width,
    )


def _verdict(commit: Commit) -> str:
    verdict = commit.verdict
    if verdict is None:
        return facts(("verdict", commit.outcome or "none yet"))
    by = "" if verdict.decided_by == "gate" else " by a person"
    raw, heldout, rates = (
        verdict.raw_delta,
        verdict.heldout_delta,
        (verdict.incumbent_rate, verdict.candidate_rate),
    )
    without, changed = verdict.leave_one_out or ("", "")
    cost = f"{count(verdict.usage.tokens)} tokens, {money(verdict.usage.usd)}"
    return facts(
        ("verdict", f"{verdict.outcome}{by}: {verdict.reason}"),
        ("delta", f"{verdict.delta} with 90 %" if verdict.delta else ""),
        ("raw delta", "" if raw is None else f"{points(raw)} points, {verdict.basis}"),
        ("score", "" if verdict.score is None else f"P = {verdict.score:.3f} ({verdict.gate})"),
        ("pass rate", "" if rates == (None, None) else " → ".join(map(rate, rates))),
        ("mean reward", rewards_text(verdict.rewards) if verdict.rewards else ""),
        ("tokens", tokens_text(verdict.tokens) if verdict.tokens else ""),
        ("held out", "" if heldout is None else f"{points(heldout)} points"),
        ("attribution", without and f"without it {without[:SHORT]}, with it {changed[:SHORT]}"),
        ("rollouts", f"{verdict.rollouts}, {verdict.missing} missing" if verdict.rollouts else ""),
        ("pace", verdict.pace),
        ("cost", cost if verdict.usage.calls else ""),
        ("fixes", str(verdict.fixes or "")),
        ("regressions", str(verdict.regressions or "")),
        # If the rollouts are known, the table of tasks shows this in more detail.
        ("went up", "" if verdict.tasks else ", ".join(verdict.observed_up)),
        ("went down", "" if verdict.tasks else ", ".join(verdict.observed_down)),
    )


def revert_text(found: Reverted) -> str:
    """What was reverted, what is known of the resulting harness, and where ahe/best went."""
    lines = [f"reverted {found.reverted[:SHORT]} {visible(found.subject)} in {found.commit[:SHORT]}"]
    if found.measured:
        lines.append(
            f"This harness was measured before: {rate(found.rate)} on train in {found.rollouts} rollouts. With the "
            "same model and limits the next `ahe evolve` reads them and runs none again."
        )
    else:
        lines.append("This harness is new: the next `ahe evolve` measures it.")
    if found.best:
        lines.append(
            f"ahe/best contained this change: it now names {found.best[:SHORT]} {visible(found.best_subject)}, the "
            "version before it. The next `ahe evolve` moves it to HEAD if that is better."
        )
    return "\n".join(lines)
