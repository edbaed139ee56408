"""A failed test as the verifier reported it, and the removal of test source from test output.

A framework shows the code around a failure. Those words belong to the test, not to its outcome: a decorator named
`timeout` would turn every assertion into a timeout. So echoed source is removed before a decisive line is chosen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

EXCEPTION = re.compile(
    r"^(?:[A-Za-z_][\w.$]*(?:Error|Exception|Exit|Interrupt|Warning|Failure)|Failed|Timeout)\b"
)
_GENERIC = re.compile(
    r"[\W_]*(?:(?:the |some )?(?:tests?|checks?|verification|verifier|grading|grader|call|case|result)"
    r":? ?(?:has |have )?)?(?:fail(?:ed|ures?)?|errors?|passed|none|null|n/a|unknown|ok)?"
    r"\W*(?:in the \w+ phase.{0,80})?"
    r"|(?:fail(?:ed)?\W+)?[\d.]{1,9}(?: ?(?:of|/|out of) ?\d{1,9})?(?:,? (?:\d{1,9} )?(?:tests?|checks?|cases?"
    r"|examples?|steps?|assertions?|entry|points|failed|passed|failures?|errors?|skipped|failing)){0,4}"
    r"(?: in [\d.]{1,9} ?s)?\W*"
    r"|(?:exit(?:ed)?(?: with)?(?: code| status)?|reward|score):? *[\d.]{1,20}|test result: FAILED.*|FAILED \(.*\)"
    r"|Ran \d+ tests?.*|note: run with .*",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r'\s{0,80}(?:File "[^"\n]{1,400}", line \d+|at \S.{0,400}[:\d)]$|[\^~]{1,400}\s{0,80}$|>?\s{0,20}\d{1,9} \||\|'
    r"|(?:---|\.\.\.|={5,}|-{5,})\s{0,80}$)|\S{1,400}\.py:\d+: (?:in \S+|\w*)$|\+{1,9} \S|note: "
)
"""Frames, source with line numbers, pointers below source, the echo of `set -x`, rules."""
LONG = 2_000
"""Characters kept of a message."""


def generic(text: str) -> bool:
    """Whether a message says no more than that something failed."""
    return _GENERIC.fullmatch(text.strip()[:300]) is not None


@dataclass(frozen=True, slots=True)
class Failure:
    """`message` is what the test printed about its failure, without its source. `decisive` is the one line of it
    that names the failure, exactly as in the file (JSON and XML decoded). Both may be empty.
    """

    test: str
    message: str
    decisive: str

    @property
    def key(self) -> str:
        """The name of the test that is the same in every format: class if any, name, parameters."""
        name, bracket, parameters = self.test.partition("[")
        name = re.sub(r"^(\S+) \(([\w.]+?)(?:\.\1)?\).*", r"\2.\1", name)  # unittest
        parts = [part for part in re.split(r"::|/|\.(?!py\b)", name) if part] or [""]
        kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
        return ".".join(kept) + bracket + parameters


def last_exception(lines: Iterable[str]) -> str:
    """The last line of the last traceback: one that begins with an exception's name."""
    return next((line for line in reversed(list(lines)) if EXCEPTION.match(line)), "")


def failure(test: str, texts: Iterable[str]) -> Failure:
    """The failure from texts about it, the most telling first: the assertion of pytest in any of them, else the first
    text that is not generic."""
    given = [text for text in texts if text.strip()]
    for text in given:
        if re.search(r"^E[ \t]", text, re.MULTILINE):
            return from_section(test, text)
    said = next((text for text in given if not generic(text)), "")
    lines = [line for line in without_frames(said.split("\n")) if line.strip()] or said.split("\n")
    first = lines[0].strip() if said else ""
    traced = "Traceback (most recent call last)" in said or generic(first)
    return Failure(test, "\n".join(lines)[:LONG], ((last_exception(lines) if traced else "") or first)[:LONG])


def from_section(test: str, section: str) -> Failure:
    """The failure of a section of pytest without its heading.

    In the long and short styles, lines before the `E` lines that are indented or marked with `>` are source.
    """
    kept: list[str] = []
    captured = False
    for line in section.split("\n"):
        captured = captured or re.match(r"-{3,} Captured .* -{3,}$", line) is not None
        said = line.startswith(("E  ", "E\t", "E ")) or line == "E" or (line and not line[0].isspace())
        if (captured or said) and not line.startswith(">") and not _NOISE.match(line):
            kept.append(line)
    errors = [line[1:].strip() for line in kept if line[:2] in ("E ", "E\t")]
    decisive = last_exception(errors) or (errors[0] if errors else last_exception(kept))
    return Failure(test, ("\n".join(errors) or decisive)[:LONG], decisive[:LONG])


def without_frames(lines: Iterable[str]) -> list[str]:
    """The lines without traceback frames, the source below each frame, and other noise."""
    kept: list[str] = []
    inside = False
    for line in lines:
        noise = _NOISE.match(line) is not None
        if line.startswith("Traceback (most recent call last)"):
            inside = True
        elif not inside or (line and not line[0].isspace() and not noise):
            inside = False
            kept += [] if noise else [line]
    return kept
