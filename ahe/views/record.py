"""The git record for people: the log as a table, one change in full, a revert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ahe.records import Interval, PredictionScore, Record, Usage, Verdict
from ahe.views.measured import BEFORE_AFTER, gain_line, task_table
from ahe.views.text import count, money, points, rate, table, visible

if TYPE_CHECKING:
    from ahe.history import Commit
    from ahe.jobs.change import Measured, Reverted

SHORT = 10
TRIAL, TRIALS = 8, 2
"""Digits of a trial id as `ahe trace` takes it, and how many trials of each arm a row names."""


class LogRow(Record):
    """One commit of the log. `kind` is `seed`, `revert` or `by hand` for a commit that has no manifest."""

    sha: str
    change: str
    tags: tuple[str, ...]
    date: str
    kind: str
    subject: str
    outcome: str
    verdict: Verdict | None
    reverts: str | None
    by_person: bool


def log_rows(commits: Sequence[Commit]) -> list[LogRow]:
    """The commits as rows, in the same order. A commit after the seed that has no note is `pending`."""
    return [
        LogRow(
            sha=commit.sha,
            change=commit.change_id,
            tags=commit.tags,
            date=commit.date,
            kind=_kind(commit),
            subject=_subject(commit),
            outcome=commit.outcome or ("" if _settled(commit) else "pending"),
            verdict=commit.verdict,
            reverts=commit.reverts,
            by_person=commit.by_person,
        )
        for commit in commits
    ]


def _settled(commit: Commit) -> bool:
    return not commit.parents or (commit.reverts is not None and not commit.by_person)


def _kind(commit: Commit) -> str:
    if commit.kinds:
        return "+".join(commit.kinds)
    if not commit.parents:
        return "seed"
    return "revert" if commit.reverts else "by hand"


def _subject(commit: Commit) -> str:
    """The subject without the kind, which has a column of its own."""
    kind = _kind(commit) + ": "
    return commit.subject.removeprefix(kind)


def log_text(rows: Sequence[LogRow], gain: Interval | None = None, width: int | None = None) -> str:
    """One line per commit, how many were kept and reverted, and what the run gained, where it is known."""
    headers = (
        *("tags", "commit", "kind", "subject", "verdict", "delta, 90 %", "score"),
        *("rollouts", "cost", "predicted"),
    )
    lines = []
    for row in rows:
        verdict = row.verdict
        numbers: tuple[str, ...] = ("",) * 5
        if verdict:
            score = "" if verdict.score is None else f"{verdict.score:.2f}"
            rollouts = str(verdict.rollouts or "")
            numbers = (_delta(verdict), score, rollouts, _price(verdict.usage), _predicted(row))
        tags = " ".join(tag.removeprefix("ahe/") for tag in row.tags)
        lines.append((tags, row.sha[:SHORT], row.kind, row.subject, row.outcome, *numbers))
    counts = Counter(row.outcome for row in rows if row.outcome)
    order = [
        f"{counts[name]} {name}"
        for name in ("kept", "reverted", "undecided", "unchanged", "pending")
        if counts[name]
    ]
    nothing = "no change yet: `ahe evolve` makes the first" if all(r.kind == "seed" for r in rows) else ""
    summary = ", ".join(order) or nothing
    listed = table(headers, lines, width, right="score rollouts cost predicted")
    below = [line for line in (summary, *predictions(rows)) if line]
    return "\n".join([listed, *([""] if below else []), *below, *([gain_line(gain)] if gain else [])])


def predictions(rows: Sequence[LogRow]) -> list[str]:
    """How well the predictions of these changes came true, fixes and regressions in a line each."""
    verdicts = [row.verdict for row in rows if row.change and row.verdict]
    up = sum((verdict.fixes for verdict in verdicts if verdict.fixes), PredictionScore())
    down = sum((verdict.regressions for verdict in verdicts if verdict.regressions), PredictionScore())
    named = (("predicted fixes", up), ("predicted regressions", down))
    return [f"{name}: {sum_}" for name, sum_ in named if up.named or down.named]


def _predicted(row: LogRow) -> str:
    """Expected hits among the fixes that the change itself named, such as 1.8/3."""
    fixes = row.verdict.fixes if row.change and row.verdict else None
    return f"{fixes.hits:.1f}/{fixes.named}" if fixes and fixes.named else ""


def _price(usage: Usage) -> str:
    """Money where the price is known and not nothing, else tokens."""
    if not usage.calls:
        return ""
    return money(usage.usd) if usage.usd else f"{count(usage.tokens)} tokens"


def _delta(verdict: Verdict) -> str:
    delta = verdict.delta
    return f"{points(delta.mean)} [{points(delta.low)}, {points(delta.high)}]" if delta else ""


def change_record(commit: Commit, diff: str, found: Measured) -> dict[str, Any]:
    """One change for --json: its row in the log, and what else is known."""
    more = {"body": commit.body, "predicts": commit.predicts, "risks": commit.risks, "diff": diff}
    row = log_rows([commit])[0].model_dump(mode="json")
    return {**row, **more, "measured": found.model_dump(mode="json")}


def change_text(commit: Commit, diff: str, found: Measured, width: int | None = None) -> str:
    """One change: what it is and why, the verdict with its numbers, the table of tasks, then the diff."""
    head = [f"{visible(commit.subject)}", f"commit {commit.sha}", f"{visible(commit.author)}, {commit.date}"]
    facts = (
        ("change", commit.change_id),
        ("tags", ", ".join(commit.tags)),
        ("action", commit.action),
        ("expected up", ", ".join(commit.predicts)),
        ("at risk", ", ".join(commit.risks)),
        ("cites", ", ".join(commit.evidence)),
        ("reverts", commit.reverts or ""),
    )
    head += [f"{name:12} {visible(value)}" for name, value in facts if value]
    tasks = _tasks(commit, found, width) if found.tasks else ""
    parts = ["\n".join(head), _reasons(commit), _verdict(commit), tasks, visible(diff).rstrip("\n")]
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


def _reasons(commit: Commit) -> str:
    """The body without its trailers, which the head of the text shows already."""
    paragraphs = visible(commit.body).strip().split("\n\n")
    return "\n\n".join(part for part in paragraphs if not part.startswith("Ahe-")).strip()


def _verdict(commit: Commit) -> str:
    verdict = commit.verdict
    if verdict is None:
        return f"verdict      {commit.outcome or 'none yet'}"
    by = "" if verdict.decided_by == "gate" else " by a person"
    facts = (
        ("verdict", f"{verdict.outcome}{by}: {verdict.reason}"),
        ("delta", f"{verdict.delta} with 90 %" if verdict.delta else ""),
        (
            "raw delta",
            f"{points(verdict.raw_delta)} points, {verdict.basis}" if verdict.raw_delta is not None else "",
        ),
        ("score", f"P = {verdict.score:.3f} ({verdict.gate})" if verdict.score is not None else ""),
        ("pass rate", _rates(verdict)),
        ("held out", f"{points(verdict.heldout_delta)} points" if verdict.heldout_delta is not None else ""),
        (
            "attribution",
            f"without it {verdict.leave_one_out[0][:SHORT]}, with it {verdict.leave_one_out[1][:SHORT]}"
            if verdict.leave_one_out
            else "",
        ),
        ("rollouts", f"{verdict.rollouts}, {verdict.missing} missing" if verdict.rollouts else ""),
        ("pace", verdict.pace),
        (
            "cost",
            f"{count(verdict.usage.tokens)} tokens, {money(verdict.usage.usd)}"
            if verdict.usage.calls
            else "",
        ),
        ("fixes", str(verdict.fixes or "")),
        ("regressions", str(verdict.regressions or "")),
        # If the rollouts are known, the table of tasks shows this in more detail.
        ("went up", "" if verdict.tasks else ", ".join(verdict.observed_up)),
        ("went down", "" if verdict.tasks else ", ".join(verdict.observed_down)),
    )
    return "\n".join(f"{name:12} {visible(value)}" for name, value in facts if value)


def _rates(verdict: Verdict) -> str:
    if verdict.incumbent_rate is None and verdict.candidate_rate is None:
        return ""
    return f"{rate(verdict.incumbent_rate)} → {rate(verdict.candidate_rate)}"


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
