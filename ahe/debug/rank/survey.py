"""Candidates for the line that explains why a rollout failed, scored without a model.

A line scores by what it says (the tables in `mechanisms`), whether passing rollouts of the task show it too, how the
command that printed it ended, its position in a chain of errors, and whether the verifier names the same things.
It loses if the agent wrote it itself, if it is source code or the content of a file, or if the error was expected or
a retry succeeded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ahe.debug.rank.rank import Candidate, clipped, order
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.calls import destructive, is_content, is_expected, not_a_command, retried
from ahe.debug.signals.causes import cause
from ahe.debug.signals.mechanisms.match import LONGEST, Match, match
from ahe.debug.signals.scan import Output, Profile, Scan, Seen, scan
from ahe.debug.signals.templates import coarse, digest, fine
from ahe.debug.signals.vocabulary import NONE, NOT_A_COMMAND
from ahe.debug.verifiers.failure import Failure
from ahe.debug.verifiers.failures import failures

UNMATCHED_SHARE = 4
"""At most 1/4 of the candidates are lines that match no row of the tables."""

WINDOWS = 4_000
"""Characters of a very long line that are matched against the tables."""

SYMPTOMS = 0.8
"""After this share of a rollout, a line that names what the verifier names is a symptom, not a cause."""

ERROR = 1.5
"""From this weight on a line counts as an error, not as a notice."""

_SOURCE = re.compile(
    r"^\s*(?:\d+\s*[\t|:→-]\s?|[+-]\s+)?(?:raise |except\b|el?if |return |assert |print\(|def |class |import "
    r"|from \S+ import|#|//|/\*|\* "
    r"|throw |echo |console\.|log(?:ger|ging)?\.|try\b|f?printf|self\.|[\w.]+ = |with |for |while |case |fn "
    r"|func |let |const |var )"
)
_TOKEN = re.compile(r"[A-Za-z0-9_./:-]{4,}")
_FOOTER = re.compile(
    r'^\[(?:exit code|left:)|^\s*(?:Traceback \(most recent call last\):$|File "[^"]+", line \d+'
    r"|at [\w.$<>/]+ ?\(|[\^~ ]+$)"
)
"""Lines that frame a message and carry no information of their own."""


class Judge:
    """Scores the lines of one trace."""

    def __init__(self, trace: Trace, seen: Scan, passing: Profile | None) -> None:
        self.seen = seen
        self.call_lines = {line for line in seen.call_lines if len(line) >= 8}
        self.passing = passing
        verdicts = failures(trace.verifier)[:8]
        self.cause = cause(trace.verifier)
        self.tokens = _tokens(verdicts)
        self.symptoms = [b" %b " % coarse(fine(verdict.decisive)) for verdict in verdicts]
        self.span = max(1, seen.steps)
        self.retried = retried(seen.outputs)
        self.errors: dict[tuple[int, int], int] = {}
        self.shapes: dict[int, int] = {}
        for line in seen.lines:
            self.shapes[line.shape] = self.shapes.get(line.shape, 0) + 1
        self.surprise = self._surprise(seen.profile)

    def _surprise(self, profile: Profile) -> float:
        """How much a new line means: little if most of the rollout differs from those that passed."""
        if self.passing is None or not profile.coarse:
            return 0.0
        new = len(profile.coarse - self.passing.coarse)
        share = -1.2 * math.log10(max(new / len(profile.coarse), 1e-3))
        return min(1.6, max(0.2, share, 1.6 - 0.4 * math.log2(1 + new / 4)))

    def matched(self, seen: Seen) -> Candidate | None:
        """The candidate for a line that matches a mechanism; None if it matches none."""
        found = _match(seen.line)
        if found is None or _FOOTER.match(seen.line):
            return None
        if not_a_command(seen.output.call, seen.line):
            found = found._replace(mechanism=NOT_A_COMMAND)
        parts = {"says": found.weight}
        self._novelty(parts, seen, 0.2)
        self._place(parts, seen, found.weight >= ERROR)
        self._against(parts, seen)
        return self._candidate(seen, parts, found)

    def unmatched(self, most: int) -> list[Candidate]:
        """Lines that match no mechanism but may still explain the failure: phrases unlike all other lines.

        If rollouts of the task passed, only lines that none of them shows count. They are taken in their order:
        an early line is more likely a cause than a later one.
        """
        known = self.passing.coarse if self.passing is not None else ()
        found: list[Candidate] = []
        for seen in self.seen.lines:
            if seen.times > 1 or seen.may_match or seen.shape in known or self.shapes[seen.shape] > 1:
                continue
            if seen.coarse.count(b" ") < 2 or _FOOTER.match(seen.line) or _SOURCE.match(seen.line):
                continue
            if seen.line.strip() not in self.call_lines and not is_content(seen.output.call):
                parts = {"says": 0.2}
                self._novelty(parts, seen, 0.3)
                self._place(parts, seen, False)
                found.append(self._candidate(seen, parts, None))
                if len(found) >= 8 * most:
                    break
        return sorted(found, key=order)[:most]

    def _candidate(self, seen: Seen, parts: dict[str, float], found: Match | None) -> Candidate:
        passing = self.passing
        return Candidate(
            step=seen.output.step,
            text=seen.output.text,
            number=seen.number,
            channel=seen.output.channel,
            line=clipped(seen.line, found.start if found else 0),
            mechanism=found.mechanism if found else NONE,
            score=round(sum(parts.values()), 4),
            template=seen.template,
            shape=seen.shape,
            known=passing is not None and seen.template in passing.fine,
            known_shape=passing is not None and seen.shape in passing.coarse,
            parts=tuple((name, round(value, 4)) for name, value in parts.items()),
        )

    def _novelty(self, parts: dict[str, float], seen: Seen, kind: float) -> None:
        if self.passing is None:
            return
        if seen.template in self.passing.fine:
            parts["passing shows it"] = -1.6
        else:
            parts["new"] = 0.3 * self.surprise
            if seen.shape not in self.passing.coarse:
                parts["new kind"] = kind * self.surprise

    def _place(self, parts: dict[str, float], seen: Seen, error: bool) -> None:
        output = seen.output
        if error:
            place = (output.step, output.text)
            before = self.errors[place] = self.errors.get(place, -1) + 1
            parts["first in its output"] = 0.1 - 0.05 * min(before, 6)
        if b" " in seen.coarse and any(b" %b " % seen.coarse in symptom for symptom in self.symptoms):
            parts["verifier says the same"] = -1.6
        elif any(token in seen.line for token in self.tokens):
            parts["verifier names it"] = 0.4 if output.step < SYMPTOMS * self.span else -0.5

    def _against(self, parts: dict[str, float], seen: Seen) -> None:
        output = seen.output
        if seen.line.strip() in self.call_lines:
            parts["the agent wrote it"] = -2.0
        elif _SOURCE.match(seen.line):
            parts["source"] = -1.5
        elif is_content(seen.output.call):
            parts["content of a file"] = -1.0
        if output.exit != 0 and output.call in self.retried:
            parts["overcome"] = -1.0
        if is_expected(output.call):
            parts["expected"] = -0.7

    def destructive(self) -> list[Candidate]:
        """The agent's destructive commands: of little weight, unless the verifier reports damaged input."""
        damaged = self.cause == "damaged_input"
        says = 2.2 if damaged else 0.6
        found = []
        for step, place, call in self.seen.calls:
            for number, line in destructive(call):
                template = fine(line)
                seen = Seen(
                    Output(step, place, "call", "", None), number, line, template, coarse(template), True
                )
                seen.template = seen.shape = digest(template)
                parts = {"says": says}
                if damaged:
                    self._novelty(parts, seen, 0.2)
                found.append(self._candidate(seen, parts, Match("destructive_edit", says, 0)))
        return found


def _tokens(verdicts: Sequence[Failure]) -> tuple[str, ...]:
    """Names, paths and numbers in the verifier's failures: at most 24, in order."""
    text = "\n".join(f"{failure.test} {failure.decisive}" for failure in verdicts)
    found = [token.strip(".:/-") for token in _TOKEN.findall(text)]
    kept = [t for t in found if len(t) >= 4 and (not t.isalpha() or (t != t.lower() and t != t.title()))]
    return tuple(dict.fromkeys(kept))[:24]


def _match(line: str) -> Match | None:
    """The best match in a line; in a very long one, of overlapping windows up to `WINDOWS` characters."""
    if len(line) <= LONGEST:
        return match(line)
    starts = range(0, min(len(line), WINDOWS), LONGEST - 100)
    found = [m._replace(start=b + m.start) for b in starts if (m := match(line[b : b + LONGEST]))]
    return max(found, key=lambda each: each.weight, default=None)


@dataclass(frozen=True, slots=True)
class Survey:
    """The candidates of a rollout, best first, and the templates of its lines."""

    candidates: tuple[Candidate, ...]
    profile: Profile


def survey(trace: Trace, passing: Profile | None = None, most: int = 40) -> Survey:
    """The candidates of a failed rollout; `passing` are the templates of the task's rollouts that passed."""
    seen = scan(trace)
    return Survey(_candidates(trace, seen, passing, most), seen.profile)


def passing_templates(traces: Sequence[Trace]) -> Profile | None:
    """The templates of rollouts that passed; None if there are none."""
    if not traces:
        return None
    profile = Profile()
    for trace in traces:
        profile.add(scan(trace).profile)
    return profile


def _candidates(trace: Trace, seen: Scan, passing: Profile | None, most: int) -> tuple[Candidate, ...]:
    judge = Judge(trace, seen, passing)
    matched = [found for line in seen.lines if line.may_match and (found := judge.matched(line))]
    matched += judge.destructive()
    matched.sort(key=order)
    room = max(1, most // UNMATCHED_SHARE, most - len(matched))
    unmatched = judge.unmatched(room)
    kept = [*matched[: most - min(len(unmatched), most // UNMATCHED_SHARE)], *unmatched]
    return tuple(sorted(kept, key=order)[:most])
