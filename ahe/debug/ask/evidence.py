"""What the debugger's prompt shows of a task: a line for each rollout, and evidence as numbered lines.

A model that fills in a form cites lines by number, so that it cannot invent a citation.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from ahe.agents.answering import object_schema
from ahe.debug.ask.answer import Cited
from ahe.debug.ask.citations import CitationChecker
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Status, Trace
from ahe.debug.signals.acts import acts
from ahe.debug.signals.outcome import Rollout
from ahe.records import Kind
from ahe.text import BYTES_PER_TOKEN, estimate_tokens, without_surrogates

VERDICT, INSTRUCTION = 300, 20_000
"""Characters of a verifier's line, and of an instruction."""
MAX_ROLLOUTS, MAX_FINDINGS = 8, 6
LINE = 160
NUMBER = 3
"""Tokens that a line's number takes."""
HEAD, TAIL, COMMAND = 3, 8, 6
"""First and last lines that are shown of an act's output, and lines of its command."""
FAILING_SHARE = 0.6
PARTING = "# Where a failing rollout first changes something else than a passing one"
Lines = list[tuple[int | None, str]]
"""Lines with the step in which each stands; None for a heading, which cannot be cited."""


class NumberedEvidence:
    """The prompt of one form: `text` of at most about `tokens` tokens, with lines numbered from 1."""

    def __init__(self, material: TaskMaterial, checker: CitationChecker, tokens: int) -> None:
        self._checker = checker
        self._lines: dict[Cited, int] = {}
        self._passing = material.outcome.passes > 0 and material.state != "partly"
        parts = [
            "# The task\n\n" + clipped(readable(material.instruction, INSTRUCTION).strip(), tokens // 4),
            "# Its rollouts\n\n" + clipped(rollout_table(material, MAX_ROLLOUTS), tokens // 4),
        ]
        found = [self._line(c.trial, c.step, c.quote, place=True) for c in material.findings[:MAX_FINDINGS]]
        if found:
            parts.append("# Lines that stand out\n\n" + "\n".join(dict.fromkeys(found)))
        if divergence := material.outcome.divergence:
            sides = [self._line(c.trial, c.step, c.words, place=True) for _, c in divergence]
            parts.append(f"{PARTING}\n\n" + "\n".join(sides))
        left = tokens - estimate_tokens("\n\n".join(parts))
        shown = _representatives(material)
        for pair in shown:
            parts.append(self._end(*pair, left if pair is shown[-1] else int(left * FAILING_SHARE)))
            left -= estimate_tokens(parts[-1]) + 1
        self.text = clipped("\n\n".join(part for part in parts if part), tokens)

    def numbers(self, status: Status | None = None) -> list[int]:
        """The numbers of the lines in the text; with a status, only lines of rollouts with it."""
        return [
            number
            for cited, number in self._lines.items()
            if status in (None, self._checker.traces[cited.trial].status) and f"[{number}] " in self.text
        ]

    def cited(self, number: int) -> Cited:
        """The citation of a numbered line. Raises `ValueError` for a number that the text does not show."""
        shown = self.numbers()
        if number not in shown:
            raise ValueError(f"there is no line {number}; the lines go from 1 to {max(shown)}")
        return list(self._lines)[number - 1]

    def schema(self) -> dict[str, Any]:
        """The form's JSON schema. Keys are ordered so that the model cites lines before it concludes."""
        says = {"type": "string", "minLength": 15, "maxLength": 160}
        claim = object_schema({"line": _one_of(self.numbers()), "says": says})
        properties: dict[str, Any] = {
            "claims": {"type": "array", "items": claim, "minItems": 1, "maxItems": 3}
        }
        failing, passing = self.numbers("failed"), self.numbers("passed")
        if failing and passing:
            sides = {"failing": _one_of(failing), "passing": _one_of(passing)}
            properties["first_divergence"] = object_schema(sides)
        field = "success_pattern" if self._passing else "root_cause"
        properties[field] = {"type": "string", "minLength": 20, "maxLength": 240}
        properties["component"] = {"enum": [*map(str, Kind), "none"]}
        properties["hint"] = {"type": "string", "minLength": 10, "maxLength": 160}
        properties["confidence"] = {"enum": ["low", "medium", "high"]}
        return object_schema(properties)

    def _end(self, rollout: Rollout, trace: Trace, tokens: int) -> str:
        """The agent's last acts and words, as many lines as fit; of equal acts in a row only the last is shown."""
        title = f"# The end of {rollout.label} ({rollout.status})"
        left = tokens - estimate_tokens(title) - 1
        kept: Lines = []
        for block in reversed(list(_acts(trace))):
            for step, line in reversed(block):
                left -= estimate_tokens(line) + NUMBER
                kept += [(step, line)] if left >= 0 else []
            if left < 0:
                break
        lines = [self._line(rollout.label, step, line) if step else line for step, line in reversed(kept)]
        return "\n".join([title, *lines]) if kept else ""

    def _line(self, label: str, step: int, line: str, *, place: bool = False) -> str:
        """The line with its number (equal lines have the same one), or without a number if it cannot be cited."""
        quote = without_surrogates(line.strip()[:LINE].strip())
        cited = Cited(trial=label, step=step, quote=quote)
        shown = f"{cited}: {quote}" if place else quote
        if cited not in self._lines:
            if self._checker.problem(cited) is not None:
                return shown
            self._lines[cited] = len(self._lines) + 1
        return f"[{self._lines[cited]}] {shown}"


def _one_of(numbers: list[int]) -> dict[str, Any]:
    return {"type": "integer", "enum": numbers}


def _acts(trace: Trace) -> Iterator[Lines]:
    """The agent's acts and its last words."""
    for _, group in itertools.groupby(acts(trace), lambda act: (act.key, act.result)):
        same = list(group)
        act, more = same[-1], f", the same as {len(same) - 1} before" * (len(same) > 1)
        lines = [line.strip()[:LINE] for line in act.lines()]
        shown = lines if len(lines) <= HEAD + TAIL + 1 else [*lines[:HEAD], "…", *lines[-TAIL:]]
        asked = [line.strip() for line in act.command.split("\n") if line.strip()][:COMMAND]
        block: Lines = [(None, f"#{act.step} call{more}:"), *((act.step, line) for line in asked)]
        yield [*block, *((act.result_step if line != "…" else None, line) for line in shown)]
    for step in trace.steps[-1:]:
        said = [line for text in step.texts if text.channel == "message" for line in text.text.split("\n")]
        if step.source == "agent" and not any(text.channel == "call" for text in step.texts):
            lines = [line.strip()[:LINE] for line in said if line.strip()][:TAIL]
            yield [(None, f"#{step.id} message:"), *((step.id, line) for line in lines)]


def _representatives(material: TaskMaterial) -> list[tuple[Rollout, Trace]]:
    """The rollouts whose ends are shown: a failing and a passing one, else one or two of the same status."""
    pairs = material.all_rollouts()
    first = [citation.trial for _, citation in material.outcome.divergence]
    first += [citation.trial for citation in material.findings[:1]]
    pairs.sort(key=lambda pair: pair[0].label not in first)
    failed = [pair for pair in pairs if pair[0].status == "failed"]
    passed = [pair for pair in pairs if pair[0].status == "passed"]
    if failed and passed:
        return [failed[0], passed[0]]
    if passed:
        passed.sort(key=lambda pair: pair[0].tokens)
        return [passed[0], passed[-1]] if passed[-1][0].tokens > passed[0][0].tokens else passed[:1]
    return failed[:2]


def rollout_table(material: TaskMaterial, most: int) -> str:
    """A line for each rollout: how it ended, what it used, and the verifier's decisive line."""
    lines = [_rollout_line(*pair) for pair in material.current()]
    if earlier := material.earlier():
        lines += ["Of the evaluation before, with another version of the harness:"]
        lines += [_rollout_line(*pair) for pair in earlier]
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(lines[:most] + more)


def _rollout_line(rollout: Rollout, trace: Trace) -> str:
    used = [f"{len(trace.steps)} steps"]
    used += [f"{rollout.tokens} tokens"] if rollout.tokens else []
    used += [f"{rollout.seconds:.0f} s"] if rollout.seconds else []
    ended = f", ended: {rollout.ended}" if rollout.ended else ""
    last = (line for file in trace.verifier for line in reversed(file.text.splitlines()) if line.strip())
    said = one_line(rollout.verdict or next(last, "")) if rollout.status != "passed" else ""
    verifier = f", verifier: {said}" if said else ""
    return f"- {rollout.label} {rollout.status}{ended}, {', '.join(used)}{verifier}"


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


def readable(text: str, limit: int) -> str:
    """A text for a model: as a terminal shows it, valid Unicode, a long one cut in the middle."""
    seen = resolve(text)
    if len(seen) <= limit:
        return seen
    return f"{seen[: limit // 3]}\n[…]\n{seen[-(limit - limit // 3) :]}"
