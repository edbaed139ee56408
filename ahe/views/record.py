"""The git record for people: the log as a table, one change in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ahe.history import Commit
from ahe.records import PredictionScore, Record, Usage, Verdict
from ahe.views.text import count, money, points, rate, table, visible

SHORT = 10


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
    """The commits as rows, in the same order. A commit above the seed without a note is `pending`."""
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


def log_table(rows: Sequence[LogRow], width: int | None = None) -> str:
    """One line a commit, and how many were kept and reverted."""
    headers = (
        *("tags", "commit", "kind", "subject", "verdict", "delta, 90 %", "score"),
        *("rollouts", "cost", "foretold"),
    )
    lines = []
    for row in rows:
        verdict = row.verdict
        numbers: tuple[str, ...] = ("",) * 5
        if verdict:
            score = "" if verdict.score is None else f"{verdict.score:.2f}"
            rollouts = str(verdict.rollouts or "")
            numbers = (_delta(verdict), score, rollouts, _price(verdict.usage), _foretold(row))
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
    listed = table(headers, lines, width, right="score rollouts cost foretold")
    told = [line for line in (summary, *predictions(rows)) if line]
    return "\n".join([listed, *([""] if told else []), *told])


def predictions(rows: Sequence[LogRow]) -> list[str]:
    """What the predictions of these changes were worth together, in a line each; none without a prediction."""
    verdicts = [row.verdict for row in rows if row.change and row.verdict]
    up = sum((verdict.fixes for verdict in verdicts if verdict.fixes), PredictionScore())
    down = sum((verdict.regressions for verdict in verdicts if verdict.regressions), PredictionScore())
    named = (("predicted fixes", up), ("predicted regressions", down))
    return [f"{name}: {sum_}" for name, sum_ in named if up.named or down.named]


def _foretold(row: LogRow) -> str:
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


def change_text(commit: Commit, diff: str, tasks: str = "") -> str:
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
    parts = ["\n".join(head), _reasons(commit), _verdict(commit), tasks, visible(diff).rstrip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"


def _reasons(commit: Commit) -> str:
    """The body without its trailers, which `change_text` has told already."""
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
            "leave-one-out",
            f"without it {verdict.leave_one_out[0][:SHORT]}, with it {verdict.leave_one_out[1][:SHORT]}"
            if verdict.leave_one_out
            else "",
        ),
        ("rollouts", f"{verdict.rollouts}, {verdict.missing} missing" if verdict.rollouts else ""),
        (
            "cost",
            f"{count(verdict.usage.tokens)} tokens, {money(verdict.usage.usd)}"
            if verdict.usage.calls
            else "",
        ),
        ("fixes", str(verdict.fixes or "")),
        ("regressions", str(verdict.regressions or "")),
        # Where the rollouts are known the table of tasks tells more.
        ("went up", "" if verdict.tasks else ", ".join(verdict.observed_up)),
        ("went down", "" if verdict.tasks else ", ".join(verdict.observed_down)),
    )
    return "\n".join(f"{name:12} {visible(value)}" for name, value in facts if value)


def _rates(verdict: Verdict) -> str:
    if verdict.incumbent_rate is None and verdict.candidate_rate is None:
        return ""
    return f"{rate(verdict.incumbent_rate)} → {rate(verdict.candidate_rate)}"
