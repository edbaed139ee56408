"""Evidence as numbered lines, for models that fill in a form: a number that was picked is a true citation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ahe.debug.ask import context
from ahe.debug.ask.answer import Cited
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.ask.quotes import Quotes
from ahe.debug.ask.reading import lines
from ahe.debug.readers.trace import Status, Step, Trace
from ahe.debug.signals.outcome import Rollout
from ahe.text import estimate_tokens

MAX_ROLLOUTS, MAX_FINDINGS = 8, 6
LINE = 160
NUMBER = 3
"""Tokens that a line's number takes."""
HEAD, TAIL = 3, 8
"""Of a long text in the tail of a rollout, so many first and last lines are shown."""
_IDLE = re.compile(r"`{3,}[\w-]*$|\[left: .*\]$|\[exit code 0\]$")
FAILING_SHARE = 0.6
PARTING = "# Where a failing rollout first does something else than a passing one"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A numbered line, with the place that it stands at and how that rollout ended."""

    cited: Cited
    status: Status


@dataclass(frozen=True, slots=True)
class Row:
    """A line to show. `at` is where it stands, empty for a line of ours."""

    at: str
    line: str


class Evidence:
    """The prompt of one form: `text`, of at most about `tokens` tokens, and its numbered lines from 1."""

    def __init__(self, material: TaskMaterial, quotes: Quotes, tokens: int) -> None:
        self.excerpts: list[Excerpt] = []
        self._quotes = quotes
        self._numbers: dict[tuple[str, str], int] = {}
        parts = [
            "# The task\n\n" + context.instruction(material, tokens // 4),
            "# Its rollouts\n\n" + context.clipped(context.table(material, MAX_ROLLOUTS), tokens // 4),
            *self._findings(material),
        ]
        left = tokens - estimate_tokens("\n\n".join(parts))
        shown = _representatives(material)
        for position, (rollout, trace) in enumerate(shown):
            last = position + 1 == len(shown)
            part = self._end(rollout, trace, left if last else int(left * FAILING_SHARE))
            left -= estimate_tokens(part) + 1
            parts.append(part)
        self.text = context.clipped("\n\n".join(part for part in parts if part), tokens)

    def numbers(self, status: Status | None = None) -> list[int]:
        """The numbers of the lines that the text still shows, of rollouts that ended so."""
        return [
            number
            for number, excerpt in enumerate(self.excerpts, 1)
            if status in (None, excerpt.status) and f"[{number}] " in self.text
        ]

    def cited(self, number: int) -> Cited:
        return self.excerpts[number - 1].cited

    def _findings(self, material: TaskMaterial) -> Iterator[str]:
        told = [self._line(str(c), c.quote, place=True) for c in material.findings[:MAX_FINDINGS]]
        if told:
            yield "# Lines that stand out\n\n" + "\n".join(dict.fromkeys(told))
        if parting := material.outcome.parting:
            sides = (parting.failing, parting.passing)
            told = [self._line(str(c), c.words, place=True) for c in sides]
            yield f"{PARTING}\n\n" + "\n".join(told)

    def _end(self, rollout: Rollout, trace: Trace, tokens: int) -> str:
        """The last steps of a rollout, as many of their lines as fit; a step that came again only by its number."""
        title = f"# The end of {rollout.label} ({rollout.status})"
        left = tokens - estimate_tokens(title) - 1
        kept: list[Row] = []
        known: dict[tuple[str, ...], int] = {}
        last = (0, 0)
        for step in reversed(trace.steps):
            if step.source == "system" or (step.source == "user" and step.id <= 2):
                continue
            block = list(rows(f"{rollout.label}#{step.id}", step))
            if not block:
                continue
            later = known.setdefault(tuple(row.line for row in block if row.at), step.id)
            if later != step.id and last[1] == later:
                kept[-1] = Row("", f"#{step.id} to #{last[0]}: the same as #{later}")
                continue
            last = (step.id, later if later != step.id else 0)
            if later != step.id:
                block = [Row("", f"#{step.id}: the same as #{later}")]
            for row in reversed(block):
                left -= estimate_tokens(row.line) + (NUMBER if row.at else 1)
                kept += [row] if left >= 0 else []
            if left < 0:
                break
        told = [self._line(row.at, row.line) if row.at else row.line for row in reversed(kept)]
        return "\n".join([title, *told]) if told else ""

    def _line(self, at: str, line: str, *, place: bool = False) -> str:
        """The line with its number, the same for the same line; without one where it cannot be cited."""
        quote = line.strip()[:LINE].strip()
        before = f"{at}: " if place else ""
        number = self._numbers.get((at, quote))
        if number is None:
            if self._quotes.problem(at, quote) is not None:
                return f"{before}{quote}"
            self.excerpts.append(Excerpt(Cited(at=at, quote=quote), self._quotes.status(at)))
            number = self._numbers[at, quote] = len(self.excerpts)
        return f"[{number}] {before}{quote}"


def rows(at: str, step: Step) -> Iterator[Row]:
    """What is worth reading of a step: the ends of its texts, without what it says twice."""
    said: set[str] = set()
    for text in step.texts:
        shown = [line for line in lines(text.text, 4_000) if not _IDLE.match(line)]
        if not shown or (text.channel == "call" and said.issuperset(shown)):
            continue  # where a model writes its calls as text, the message holds the call
        said.update(shown)
        yield Row("", f"#{step.id} {text.channel if step.source == 'agent' else step.source}:")
        if len(shown) > HEAD + TAIL + 1:
            yield from (Row(at, line) for line in shown[:HEAD])
            yield Row("", "…")
            shown = shown[-TAIL:]
        yield from (Row(at, line) for line in shown)


def _representatives(material: TaskMaterial) -> list[tuple[Rollout, Trace]]:
    """The rollouts whose ends are shown: a failing one and a passing one, else one or two of a kind."""
    pairs = material.everything()
    parting = material.outcome.parting
    first = [parting.failing.trial, parting.passing.trial] if parting else []
    first += [citation.trial for citation in material.findings[:1]]
    pairs.sort(key=lambda pair: pair[0].label not in first)
    failed = [pair for pair in pairs if pair[0].status == "failed"]
    passed = [pair for pair in pairs if pair[0].status == "passed"]
    if failed and passed:
        return [failed[0], passed[0]]
    if passed:
        passed.sort(key=lambda pair: pair[0].tokens)
        return [passed[0], passed[-1]] if passed[-1][0].tokens > passed[0][0].tokens else passed[:1]
    return failed[:2] or pairs[:2]
