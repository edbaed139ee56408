"""Scores the lines of one rollout for how much they say about its failure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ahe.debug.rank.rank import Candidate, clipped, order
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.calls import destructive, is_content, is_expected, no_command, overcome
from ahe.debug.signals.causes import cause
from ahe.debug.signals.mechanisms.match import LONGEST, Match, match
from ahe.debug.signals.scan import Output, Profile, Scan, Seen
from ahe.debug.signals.templates import coarse, digest, fine
from ahe.debug.signals.vocabulary import NO_COMMAND, NONE
from ahe.debug.verifiers.failure import Failure
from ahe.debug.verifiers.failures import failures

WINDOWS = 4_000
"""How far into a very long line the tables look."""

SYMPTOMS = 0.8
"""The part of a rollout after which a line that names what the verifier names is a symptom, not a cause."""

ERROR = 1.5
"""The weight from which a line counts as an error, not as a notice."""

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
"""Frames around a message, which say nothing themselves."""


class Judge:
    """Scores the lines of one trace."""

    def __init__(self, trace: Trace, seen: Scan, passing: Profile | None) -> None:
        self.seen = seen
        self.said = {line for line in seen.said if len(line) >= 8}
        self.passing = passing
        verdicts = failures(trace.verifier)[:8]
        self.cause = cause(trace.verifier)
        self.tokens = _tokens(verdicts)
        self.symptoms = [b" %b " % coarse(fine(verdict.decisive)) for verdict in verdicts]
        self.span = max(1, seen.steps)
        self.overcome = overcome(seen.outputs)
        self.errors: dict[tuple[int, int], int] = {}
        self.shapes: dict[int, int] = {}
        for line in seen.lines:
            self.shapes[line.shape] = self.shapes.get(line.shape, 0) + 1
        self.surprise = self._surprise(seen.profile)

    def _surprise(self, profile: Profile) -> float:
        """How much it says that a line is new: little where most of a rollout is unlike those that passed."""
        if self.passing is None or not profile.coarse:
            return 0.0
        new = len(profile.coarse - self.passing.coarse)
        share = -1.2 * math.log10(max(new / len(profile.coarse), 1e-3))
        return min(1.6, max(0.2, share, 1.6 - 0.4 * math.log2(1 + new / 4)))

    def telling(self, seen: Seen) -> Candidate | None:
        """The candidate of a line that may show a mechanism; None where it shows none."""
        found = _match(seen.line)
        if found is None or _FOOTER.match(seen.line):
            return None
        if no_command(seen.output.call, seen.line):
            found = found._replace(mechanism=NO_COMMAND)
        parts = {"says": found.weight}
        self._novelty(parts, seen, 0.2)
        self._place(parts, seen, found.weight >= ERROR)
        self._against(parts, seen)
        return self._candidate(seen, parts, found)

    def quiet(self, most: int) -> list[Candidate]:
        """Lines that match nothing and may yet tell: phrases of their own, unlike the other lines.

        Where rollouts passed, only what none of them shows counts. They are taken in the order in which they
        came: what came first is more likely a cause than what followed from it.
        """
        known = self.passing.coarse if self.passing is not None else ()
        found: list[Candidate] = []
        for seen in self.seen.lines:
            if seen.times > 1 or seen.telling or seen.shape in known or self.shapes[seen.shape] > 1:
                continue
            if seen.coarse.count(b" ") < 2 or _FOOTER.match(seen.line) or _SOURCE.match(seen.line):
                continue
            if seen.line.strip() not in self.said and not is_content(seen.output.call):
                found.append(self._silent(seen))
                if len(found) >= 8 * most:
                    break
        return sorted(found, key=order)[:most]

    def _silent(self, seen: Seen) -> Candidate:
        parts = {"says": 0.2}
        self._novelty(parts, seen, 0.3)
        self._place(parts, seen, False)
        return self._candidate(seen, parts, None)

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
        if seen.line.strip() in self.said:
            parts["the agent wrote it"] = -2.0
        elif _SOURCE.match(seen.line):
            parts["source"] = -1.5
        elif is_content(seen.output.call):
            parts["content of a file"] = -1.0
        if output.exit != 0 and output.call in self.overcome:
            parts["overcome"] = -1.0
        if is_expected(output.call):
            parts["expected"] = -0.7

    def destructive(self) -> list[Candidate]:
        """The agent's own commands that destroy: of little weight, unless the verifier misses what was there."""
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
    """Names, paths and numbers that the verifier's failures hold: at most 24, in order."""
    text = "\n".join(f"{failure.test} {failure.decisive}" for failure in verdicts)
    found = [token.strip(".:/-") for token in _TOKEN.findall(text)]
    kept = [t for t in found if len(t) >= 4 and (not t.isalpha() or (t != t.lower() and t != t.title()))]
    return tuple(dict.fromkeys(kept))[:24]


def _match(line: str) -> Match | None:
    """The best match in a line; a very long one is looked at in windows, as far as WINDOWS reaches."""
    if len(line) <= LONGEST:
        return match(line)
    starts = range(0, min(len(line), WINDOWS), LONGEST - 100)
    found = [m._replace(start=b + m.start) for b in starts if (m := match(line[b : b + LONGEST]))]
    return max(found, key=lambda each: each.weight, default=None)
