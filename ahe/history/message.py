"""The texts of the record: commit messages with trailers, notes with verdicts, tags with results on the test split.

A model writes the fields of a change, so a field must not be able to add a trailer: a trailer or a subject becomes
one line, and the further lines of a paragraph are indented.
"""

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

from ahe.records import (
    Change,
    Final,
    FinalPlan,
    Observed,
    Record,
    Usage,
    Verdict,
    rewards_text,
    tokens_text,
)
from ahe.text import loads

R = TypeVar("R", bound=Record)

_WIDTH = 78
_RECORD = "Ahe-Record"
_SHOWN = 12
_COLUMNS = tuple(Observed.model_fields)
Trailers = dict[str, tuple[str, ...]]
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")


def one_line(text: str) -> str:
    """Text on one line, without control characters."""
    control = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories
    return " ".join("".join(" " if unicodedata.category(c) in control else c for c in text).split())


def _paragraph(title: str, text: str) -> str:
    """`Title: text`, wrapped, with every line after the first indented so that none reads as a trailer."""
    wrapper = textwrap.TextWrapper(_WIDTH, f"{title}: ", "  ", break_long_words=False, break_on_hyphens=False)
    wrapped: list[str] = []
    for line in filter(None, map(one_line, text.splitlines())):
        wrapped += wrapper.wrap(line)
        wrapper.initial_indent = "  "
    return "\n".join(wrapped) or f"{title}: –"


def change_message(change: Change) -> str:
    """The whole commit message of a change."""
    kinds = "+".join(kind.value for kind in change.kinds) or "harness"
    trailers = [
        ("Ahe-Change", change.id),
        ("Ahe-Kind", _names(kind.value for kind in change.kinds)),
        ("Ahe-Action", change.action),
        ("Ahe-Predicts", _names(change.predicts)),
        ("Ahe-Risks", _names(change.risks)),
        ("Ahe-Evidence", _names(str(citation) for citation in change.citations)),
        ("Ahe-Evolver", change.evolver),
        ("Ahe-Strategy", change.strategy),
        ("Ahe-Play", change.play),
        ("Ahe-Source", change.source),
    ]
    subject = one_line(change.subject).removeprefix(f"{kinds}: ") or "change the harness"
    parts = [
        f"{kinds}: {subject}",
        _paragraph("Evidence", change.evidence),
        _paragraph("Root cause", change.root_cause),
        _paragraph("Fix", change.fix),
        _block(trailers),
    ]
    return "\n\n".join(parts) + "\n"


def revert_message(sha: str, subject: str, tail: str) -> str:
    """Git's own message of a revert, and `tail`: its `Ahe-…: …` lines become trailers, other lines the reason."""
    said, trailers = [], [("Ahe-Reverts", sha)]
    for line in tail.splitlines():
        found = _TRAILER.fullmatch(line.strip())
        if found and found[1].startswith("Ahe-"):
            trailers.append((found[1], found[2]))
        else:
            said.append(line)
    parts = [f'Revert "{one_line(subject)}"', f"This reverts commit {sha}."]
    if "".join(said).strip():
        parts.append(_paragraph("Why", "\n".join(said)))
    return "\n\n".join([*parts, _block(trailers)]) + "\n"


def note_text(verdict: Verdict, earlier: str = "") -> str:
    """A verdict as trailer lines for people, and as JSON for `read_verdict`.

    Lines that a person added to the `earlier` note are kept at the end.
    """
    lines = [
        ("Ahe-Verdict", verdict.outcome),
        ("Ahe-Reason", verdict.reason),
        ("Ahe-Delta", "" if verdict.delta is None else str(verdict.delta)),
        ("Ahe-Raw-Delta", _points(verdict.raw_delta, f" ({verdict.basis})")),
        ("Ahe-Score", "" if verdict.score is None else f"P = {verdict.score:.3f}"),
        ("Ahe-Rates", _rates(verdict.incumbent_rate, verdict.candidate_rate)),
        ("Ahe-Rewards", rewards_text(verdict.rewards) if verdict.rewards else ""),
        ("Ahe-Heldout-Delta", _points(verdict.heldout_delta)),
        ("Ahe-Rollouts", f"{verdict.rollouts}{_missing(verdict.missing)}"),
        ("Ahe-Cost", _cost(verdict.usage)),
        ("Ahe-Tokens", tokens_text(verdict.tokens) if verdict.tokens else ""),
        ("Ahe-Predicted", _names(verdict.predicted)),
        ("Ahe-Fixes", str(verdict.fixes or "")),
        ("Ahe-Regressions", str(verdict.regressions or "")),
        ("Ahe-Observed-Up", _observed(verdict.observed_up, verdict)),
        ("Ahe-Observed-Down", _observed(verdict.observed_down, verdict)),
        ("Ahe-Gate", verdict.gate),
        ("Ahe-Incumbent", verdict.incumbent),
        ("Ahe-Harnesses", " → ".join(verdict.harnesses or ())),
        ("Ahe-Leave-One-Out", " against ".join(verdict.leave_one_out or ())),
        ("Ahe-Pace", verdict.pace),
        ("Ahe-Decided-By", verdict.decided_by),
    ]
    # On one line, and each task a list of values, to keep it short: `git log` shows it too. ASCII, so that it cannot
    # contain a Unicode line separator.
    tree = verdict.model_dump(mode="json")
    tree["tasks"] = [_row(each) for each in verdict.tasks]
    own = "\n".join(line for line in earlier.split("\n") if not line.startswith("Ahe-")).strip()
    return f"{_block(lines)}\n{_RECORD}: {json.dumps(tree)}\n" + (f"\n{own}\n" if own else "")


def read_verdict(note: str) -> Verdict | None:
    """The verdict of a note, or None. Its `Ahe-Verdict` line overrides the JSON, because a person may edit it."""
    outcome = read_outcome(note)
    record = _record(note)
    if record is None or outcome is None:
        return None
    try:
        verdict = _unpacked(record)
        if verdict.outcome == outcome:
            return verdict
        changed = {"outcome": outcome, "decided_by": "person", "reason": "the note was edited by hand"}
        return Verdict.model_validate({**verdict.model_dump(), **changed})
    except (ValueError, RecursionError):
        return None


def _unpacked(text: str) -> Verdict:
    """Raises `ValueError` if the text is not a verdict."""
    tree = loads(text)
    if not isinstance(tree, dict) or not isinstance(rows := tree.get("tasks", []), list):
        raise ValueError("not a verdict")
    lists = [row for row in rows if isinstance(row, list)]
    tree["tasks"] = [dict(zip(_COLUMNS[: max(6, len(row))], row, strict=True)) for row in lists]
    return Verdict.model_validate(tree)


def _row(task: Observed) -> list[object]:
    """A task's values; the rewards only where there are partial ones, which earlier versions do not know."""
    values = [*task.model_dump(mode="json").values()]
    return values if task.rewards else values[:-1]


def final_tag(final: Final) -> str:
    """The name of the tag that holds a result on the test split."""
    return f"ahe/final-{final.plan.look:03d}"


def final_text(final: Final) -> str:
    """The message of the annotated tag with a result on the test split: a title, trailers, and the JSON."""
    plan, last = final.plan, final.plan.first + final.plan.rollouts - 1
    lines = [
        ("Ahe-Final", str(plan.look)),
        ("Ahe-Seed", plan.seed),
        ("Ahe-Best", plan.best),
        ("Ahe-Rates", _rates(final.seed_rate, final.best_rate)),
        ("Ahe-Rewards", rewards_text(final.rewards) if final.rewards else ""),
        ("Ahe-Delta-Given-Tasks", str(final.given_tasks)),
        ("Ahe-Delta-Over-Tasks", str(final.over_tasks or "")),
        ("Ahe-Score", f"P = {final.score:.3f}"),
        (
            "Ahe-Rollouts",
            f"attempts {plan.first} to {last} of {len(plan.tasks)} tasks in both arms{_missing(final.missing)}",
        ),
        ("Ahe-Seed-Twice", str(final.twice or "")),
        ("Ahe-Tokens", "" if final.tokens is None else tokens_text(final.tokens)),
        ("Ahe-Cost", _cost(final.usage)),
        ("Ahe-Suite", plan.suite),
        ("Ahe-Model", plan.model),
        ("Ahe-Seen-Before", f"{plan.seen} rollouts on these tasks" if plan.seen else ""),
        ("Ahe-Again", plan.again),
        *(("Ahe-Task", str(each)) for each in final.tasks),
    ]
    title = f"Test split: {final.given_tasks} given these tasks (seed to best)"
    return f"{title}\n\n{_block(lines)}\n{_RECORD}: {json.dumps(final.model_dump(mode='json'))}\n"


def look_text(plan: FinalPlan) -> str:
    """The message of the annotated tag with a further look at the test split, planned after the claim was made."""
    again, model = ("Ahe-Again", plan.again), ("Ahe-Model", plan.model)
    lines = [("Ahe-Look", str(plan.look)), ("Ahe-Seed", plan.seed), ("Ahe-Suite", plan.suite), model, again]
    title = f"Test split: a further look, {plan.rollouts} rollouts of {len(plan.tasks)} tasks in each arm"
    return f"{title}\n\n{_block(lines)}\n{_RECORD}: {json.dumps(plan.model_dump(mode='json'))}\n"


def read_final(text: str) -> Final | None:
    """The result in the message of a tag, or None."""
    return _read(Final, text)


def read_look(text: str) -> FinalPlan | None:
    """The plan in the message of a tag, or None."""
    return _read(FinalPlan, text)


def _read(form: type[R], text: str) -> R | None:
    record = _record(text)
    try:
        return None if record is None else form.model_validate_json(record)
    except ValueError:
        return None


def _record(text: str) -> str | None:
    """The JSON in the last `Ahe-Record` line of a text, or None."""
    lines = [line for line in text.split("\n") if line.startswith(f"{_RECORD}: ")]
    return lines[-1].removeprefix(f"{_RECORD}: ") if lines else None


def read_outcome(note: str) -> str | None:
    """The outcome that a note states, or None."""
    for line in note.split("\n"):
        if line.startswith("Ahe-Verdict:"):
            return line.removeprefix("Ahe-Verdict:").strip() or None
    return None


def read_trailers(text: str) -> Trailers:
    """Trailers by name, from the lines that `%(trailers:only,unfold)` of git gives."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        if match := _TRAILER.fullmatch(line):
            found.setdefault(match[1], []).append(match[2].strip())
    return {name: tuple(values) for name, values in found.items()}


def names(values: tuple[str, ...]) -> tuple[str, ...]:
    """The names in comma lists."""
    return tuple(name for value in values for part in value.split(",") if (name := part.strip()))


def _block(trailers: Iterable[tuple[str, str]]) -> str:
    """Trailer lines; trailers without a value are left out."""
    return "\n".join(f"{name}: {value}" for name, text in trailers if (value := one_line(text)))


def _names(values: Iterable[str]) -> str:
    """A comma list; commas inside a name are replaced."""
    return ", ".join(one_line(value).replace(",", " ") for value in values)


def _observed(tasks: tuple[str, ...], verdict: Verdict) -> str:
    """Tasks with their rollouts, those that most probably changed first; only names if there are no rollouts."""
    counted = [each for each in verdict.tasks if each.task in tasks]
    if not counted:
        return _names(tasks)
    counted.sort(key=lambda each: -(each.changed or 0.0))
    more = f", {len(counted) - _SHOWN} more" if len(counted) > _SHOWN else ""
    return _names(str(each) for each in counted[:_SHOWN]) + more


def _points(delta: float | None, word: str = "") -> str:
    return "" if delta is None else f"{100 * delta:+.1f} points{word}"


def _rates(one: float | None, other: float | None) -> str:
    return "" if one is None or other is None else f"{100 * one:.1f} % → {100 * other:.1f} %"


def _missing(rollouts: int) -> str:
    return f" ({rollouts} missing)" if rollouts else ""


def _cost(usage: Usage) -> str:
    """Money where the price is known, and tokens."""
    tokens = f"{usage.tokens:,} tokens"
    return tokens if usage.usd is None else f"${usage.usd:.4f}, {tokens}"
