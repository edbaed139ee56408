"""What the debugger's prompt shows of a task: a line for each rollout, and evidence as numbered lines.

A model that fills in a form cites lines by number, so that it cannot invent a citation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ahe.debug.ask.answer import Cited
from ahe.debug.ask.citations import CitationChecker
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Status, Trace
from ahe.debug.signals.acts import acts
from ahe.debug.signals.outcome import Rollout
from ahe.text import BYTES_PER_TOKEN, estimate_tokens

VERDICT = 300
"""Characters of a verifier's line."""
MAX_ROLLOUTS, MAX_FINDINGS = 8, 6
LINE = 160
NUMBER = 3
"""Tokens that a line's number takes."""
HEAD, TAIL, COMMAND = 3, 8, 6
"""First and last lines that are shown of an act's output, and lines of its command."""
FAILING_SHARE = 0.6
PARTING = "# Where a failing rollout first changes something else than a passing one"


class NumberedEvidence:
    """The prompt of one form: `text` of at most about `tokens` tokens, with lines numbered from 1."""

    def __init__(self, material: TaskMaterial, checker: CitationChecker, tokens: int) -> None:
        self.lines: list[Cited] = []
        self._checker = checker
        self._numbers: dict[tuple[str, str], int] = {}
        parts = [
            "# The task\n\n" + instruction_text(material, tokens // 4),
            "# Its rollouts\n\n" + clipped(rollout_table(material, MAX_ROLLOUTS), tokens // 4),
            *self._findings(material),
        ]
        left = tokens - estimate_tokens("\n\n".join(parts))
        shown = _representatives(material)
        for position, (rollout, trace) in enumerate(shown):
            last = position + 1 == len(shown)
            part = self._end(rollout, trace, left if last else int(left * FAILING_SHARE))
            left -= estimate_tokens(part) + 1
            parts.append(part)
        self.text = clipped("\n\n".join(part for part in parts if part), tokens)

    def numbers(self, status: Status | None = None) -> list[int]:
        """The numbers of the lines in the text; with a status, only lines of rollouts with it."""
        return [
            number
            for number, cited in enumerate(self.lines, 1)
            if status in (None, self._checker.status(cited.at)) and f"[{number}] " in self.text
        ]

    def cited(self, number: int) -> Cited:
        """The citation of a numbered line. Raises `ValueError` for a number that the text does not show."""
        shown = self.numbers()
        if number not in shown:
            raise ValueError(f"there is no line {number}; the lines go from 1 to {max(shown)}")
        return self.lines[number - 1]

    def _findings(self, material: TaskMaterial) -> Iterator[str]:
        numbered = [self._line(str(c), c.quote, place=True) for c in material.findings[:MAX_FINDINGS]]
        if numbered:
            yield "# Lines that stand out\n\n" + "\n".join(dict.fromkeys(numbered))
        if divergence := material.outcome.divergence:
            numbered = [self._line(str(c), c.words, place=True) for _, c in divergence.sides]
            yield f"{PARTING}\n\n" + "\n".join(numbered)

    def _end(self, rollout: Rollout, trace: Trace, tokens: int) -> str:
        """The agent's last acts and words, as many lines as fit; of equal acts in a row only the last is shown."""
        title = f"# The end of {rollout.label} ({rollout.status})"
        left = tokens - estimate_tokens(title) - 1
        kept: list[tuple[str, str]] = []
        for block in reversed(list(_acts(rollout.label, trace))):
            for at, line in reversed(block):
                left -= estimate_tokens(line) + NUMBER
                kept += [(at, line)] if left >= 0 else []
            if left < 0:
                break
        numbered = [self._line(at, line) if at else line for at, line in reversed(kept)]
        return "\n".join([title, *numbered]) if kept else ""

    def _line(self, at: str, line: str, *, place: bool = False) -> str:
        """The line with its number (equal lines have the same one), or without a number if it cannot be cited."""
        quote = line.strip()[:LINE].strip()
        before = f"{at}: " if place else ""
        number = self._numbers.get((at, quote))
        if number is None:
            if self._checker.problem(at, quote) is not None:
                return f"{before}{quote}"
            self.lines.append(Cited(at=at, quote=quote))
            number = self._numbers[at, quote] = len(self.lines)
        return f"[{number}] {before}{quote}"


def _acts(label: str, trace: Trace) -> Iterator[list[tuple[str, str]]]:
    """The agent's acts and its last words, each as lines with their places; no place for a heading."""
    for _, group in itertools.groupby(acts(trace), lambda act: (act.key, act.result)):
        same = list(group)
        act, more = same[-1], f", the same as {len(same) - 1} before" * (len(same) > 1)
        lines = [line.strip()[:LINE] for line in act.lines()]
        shown = lines if len(lines) <= HEAD + TAIL + 1 else [*lines[:HEAD], "…", *lines[-TAIL:]]
        asked = [line for line in act.command.split("\n") if line.strip()][:COMMAND]
        block = [("", f"#{act.step} call{more}:"), *((f"{label}#{act.step}", line.strip()) for line in asked)]
        yield [*block, *((f"{label}#{act.result_step}" if line != "…" else "", line) for line in shown)]
    for step in trace.steps[-1:]:
        said = [line for text in step.texts if text.channel == "message" for line in text.text.split("\n")]
        if step.source == "agent" and not any(text.channel == "call" for text in step.texts):
            lines = [line.strip()[:LINE] for line in said if line.strip()][:TAIL]
            yield [("", f"#{step.id} message:"), *((f"{label}#{step.id}", line) for line in lines)]


def _representatives(material: TaskMaterial) -> list[tuple[Rollout, Trace]]:
    """The rollouts whose ends are shown: a failing and a passing one, else one or two of the same status."""
    pairs = material.all_rollouts()
    divergence = material.outcome.divergence
    first = [citation.trial for _, citation in divergence.sides] if divergence else []
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


def instruction_text(material: TaskMaterial, tokens: int) -> str:
    """The task's instruction within about `tokens` tokens."""
    return clipped(readable(material.instruction, 20_000).strip(), tokens)


def rollout_table(material: TaskMaterial, most: int) -> str:
    """A line for each rollout: how it ended, what it used, and the verifier's decisive line."""
    lines = [_rollout_line(rollout, trace) for rollout, trace in material.current()]
    if earlier := material.earlier():
        lines += ["Of the evaluation before, with another version of the harness:"]
        lines += [_rollout_line(rollout, trace) for rollout, trace in earlier]
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(lines[:most] + more)


def verdict(rollout: Rollout, trace: Trace) -> str:
    """The verifier's decisive line, else the last line of its files that is not empty."""
    said = rollout.verdict or next(
        (line for file in trace.verifier for line in reversed(file.text.splitlines()) if line.strip()), ""
    )
    return one_line(said)


def one_line(text: str) -> str:
    return " ".join(readable(text, VERDICT).split())


def clipped(text: str, tokens: int) -> str:
    """The text within a number of tokens, cut in the middle, because the ends matter most."""
    if estimate_tokens(text) <= tokens:
        return text
    size = max(20, int(tokens * BYTES_PER_TOKEN) - 10)
    while True:
        cut = f"{text[: size * 2 // 3]}\n[…]\n{text[-(size // 3) :]}"
        if estimate_tokens(cut) <= tokens or size <= 20:
            return cut
        size = size * 3 // 4


def _rollout_line(rollout: Rollout, trace: Trace) -> str:
    used = [f"{len(trace.steps)} steps"]
    used += [f"{rollout.tokens} tokens"] if rollout.tokens else []
    used += [f"{rollout.seconds:.0f} s"] if rollout.seconds else []
    ended = f", ended: {rollout.ended}" if rollout.ended else ""
    said = verdict(rollout, trace) if rollout.status != "passed" else ""
    return f"- {rollout.label} {rollout.status}{ended}, {', '.join(used)}" + (
        f", verifier: {said}" if said else ""
    )


def readable(text: str, limit: int) -> str:
    """A text for a model: as a terminal shows it, valid Unicode, a long one cut in the middle."""
    seen = resolve(text)
    if len(seen) <= limit:
        return seen
    return f"{seen[: limit // 3]}\n[…]\n{seen[-(limit - limit // 3) :]}"
