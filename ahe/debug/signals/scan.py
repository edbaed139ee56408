"""One pass over a trace: each distinct line of output with its first position, and its templates."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ahe.debug.readers.trace import Channel, Trace
from ahe.debug.signals.mechanisms.match import may_match
from ahe.debug.signals.templates import coarse, digest, fine

MOST = 60_000
"""Distinct lines kept of a trace; further lines are kept only if they may show a mechanism."""

SHOWN = ("result", "error", "injected")
_EXIT = re.compile(
    r"\[exit code:? (-?\d+)\]|<returncode>(-?\d+)</returncode>|exited with (?:code|status) (-?\d+)"
    r"|\"exit_code\": ?(-?\d+)|^exit(?: code|ed with|ed| status):? (-?\d+)",
    re.IGNORECASE | re.MULTILINE,
)
_BLOCK = 1 << 20
LOOKED_AT = 4_000
COUNTED = 20_000
"""Templates of a rollout that are counted over tasks."""


@dataclass(slots=True)
class Output:
    """A text that the agent was shown: its position, the call it answers, and the exit code (None: unknown)."""

    step: int
    text: int
    channel: Channel
    call: str
    exit: int | None


@dataclass(slots=True)
class Seen:
    """A distinct line: its first occurrence, how often its template occurs, and the last step with it.

    `may_match` is the result of the quick filter for mechanisms.
    """

    output: Output
    number: int
    line: str
    fine: bytes
    coarse: bytes
    may_match: bool
    times: int = 1
    last_step: int = 0
    template: int = 0
    shape: int = 0


@dataclass(slots=True)
class Profile:
    """Template digests of the lines of rollouts: fine and coarse ones of all lines, fine ones of lines that may match.

    If a line has fewer than two plain words, its fine template is used as its coarse one.
    """

    fine: set[int] = field(default_factory=set)
    coarse: set[int] = field(default_factory=set)
    may_match: set[int] = field(default_factory=set)

    def add(self, other: Profile) -> None:
        self.fine |= other.fine
        self.coarse |= other.coarse
        self.may_match |= other.may_match

    def counted(self) -> tuple[int, ...]:
        """What is counted over tasks: coarse templates and those of lines that may match, the lowest `COUNTED`.

        Digests are as good as random, so the lowest ones are a fair sample, and the same in every run.
        """
        return tuple(sorted(self.coarse | self.may_match)[:COUNTED])


@dataclass(slots=True)
class Scan:
    """What one pass found. `calls` are the agent's calls as (step, index of the text, text).

    `call_lines` are the lines of the calls, stripped.
    """

    lines: list[Seen]
    profile: Profile
    calls: list[tuple[int, int, str]]
    call_lines: set[str]
    outputs: list[Output]
    steps: int


def scan(trace: Trace) -> Scan:
    """Scan a trace whose texts are resolved. Time is linear in its length; memory is bounded by `MOST`."""
    known: dict[bytes, Seen] = {}
    calls: list[tuple[int, int, str]] = []
    call_lines: set[str] = set()
    outputs: list[Output] = []
    for output, text in _outputs(trace, calls, call_lines):
        outputs.append(output)
        _read(text, output, known)
    profile = Profile()
    shapes: dict[bytes, int] = {}
    for seen in known.values():
        seen.template = digest(seen.fine)
        profile.fine.add(seen.template)
        if seen.may_match:
            profile.may_match.add(seen.template)
        shape = shapes.get(seen.coarse)
        if shape is None:
            shape = shapes[seen.coarse] = digest(seen.coarse)
        seen.shape = shape if b" " in seen.coarse else seen.template
        profile.coarse.add(seen.shape)
    return Scan(list(known.values()), profile, calls, call_lines, outputs, len(trace.steps))


def _outputs(
    trace: Trace, calls: list[tuple[int, int, str]], call_lines: set[str]
) -> Iterator[tuple[Output, str]]:
    """The texts that the agent was shown, each with its call; adds to `calls` and `call_lines`."""
    open_calls: deque[str] = deque()
    last = ""
    for step in trace.steps:
        for place, text in enumerate(step.texts):
            if text.channel == "call":
                calls.append((step.id, place, text.text))
                open_calls.append(text.text)
                call_lines.update(line.strip() for line in text.text.split("\n"))
            elif text.channel in SHOWN and step.source != "system":
                if text.channel != "injected":
                    last = open_calls.popleft() if open_calls else last
                call = "" if text.channel == "injected" else last
                yield Output(step.id, place, text.channel, call, exit_code(text.text)), text.text


def exit_code(text: str) -> int | None:
    """The exit code that a result names near its beginning or end, in the form of a common tool."""
    found = None
    for part in (text[:200], text[-400:]) if len(text) > 600 else (text,):
        for match in _EXIT.finditer(part):
            found = int(next(group for group in match.groups() if group is not None))
    return found


def _read(text: str, output: Output, known: dict[bytes, Seen]) -> None:
    number = 0
    for block in _blocks(text):
        for line, template in zip(block.split("\n"), fine(block).split(b"\n"), strict=True):
            number += 1
            seen = known.get(template)
            if seen is not None:
                seen.times += 1
                seen.last_step = output.step
            elif template and not template.isspace():
                matches = may_match(template[:LOOKED_AT])
                if matches or len(known) < MOST:
                    shape = coarse(template[:LOOKED_AT])
                    known[template] = Seen(output, number, line, template, shape, matches, 1, output.step)


def _blocks(text: str) -> Iterator[str]:
    """The text in blocks of whole lines, about a megabyte each, so that copies stay small."""
    if len(text) <= _BLOCK:
        yield text
        return
    cuts = [0]
    while len(text) - cuts[-1] > _BLOCK:
        at = text.find("\n", cuts[-1] + _BLOCK)
        if at < 0:
            break
        cuts.append(at + 1)
    cuts.append(len(text))
    for begin, end in pairwise(cuts):
        yield text[begin:end] if end == len(text) else text[begin : end - 1]
