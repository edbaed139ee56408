"""One pass over a trace: each distinct line of output where it stands first, and its templates."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ahe.debug.readers.trace import Channel, Trace
from ahe.debug.signals.mechanisms.match import telling
from ahe.debug.signals.templates import coarse, digest, fine

MOST = 60_000
"""Distinct lines that are kept of a trace; beyond it only lines that may show a mechanism are."""

SHOWN = ("result", "error", "injected")
_EXIT = re.compile(
    r"\[exit code:? (-?\d+)\]|<returncode>(-?\d+)</returncode>|exited with (?:code|status) (-?\d+)"
    r"|\"exit_code\": ?(-?\d+)|^exit(?: code|ed with|ed| status):? (-?\d+)",
    re.IGNORECASE | re.MULTILINE,
)
_BLOCK = 1 << 20
LOOKED_AT = 4_000


@dataclass(slots=True)
class Output:
    """A text that the agent was shown: where it is, the call it answers, and how that ended (None: unknown)."""

    step: int
    text: int
    channel: Channel
    call: str
    exit: int | None


@dataclass(slots=True)
class Seen:
    """A distinct line: its first occurrence, and how often and where last its template came again."""

    output: Output
    number: int
    line: str
    fine: bytes
    coarse: bytes
    telling: bool
    times: int = 1
    last_step: int = 0
    template: int = 0
    shape: int = 0


@dataclass(slots=True)
class Profile:
    """Templates of the lines of one or more rollouts: of all lines fine and coarse, and fine of telling ones.

    A line of fewer than two plain words has its fine template for its coarse one.
    """

    fine: set[int] = field(default_factory=set)
    coarse: set[int] = field(default_factory=set)
    telling: set[int] = field(default_factory=set)

    def add(self, other: Profile) -> None:
        self.fine |= other.fine
        self.coarse |= other.coarse
        self.telling |= other.telling

    def counted(self, most: int = 20_000) -> tuple[int, ...]:
        """What is counted over tasks: coarse templates and those of telling lines, sorted, the lowest `most`.

        Digests are as good as random, so the lowest are a fair sample, and the same in every run.
        """
        return tuple(sorted(self.coarse | self.telling)[:most])


@dataclass(slots=True)
class Scan:
    """What one pass found. `calls` are the agent's calls, each with its step and place in it.

    `said` are the lines of the calls, stripped.
    """

    lines: list[Seen]
    profile: Profile
    calls: list[tuple[int, int, str]]
    said: set[str]
    outputs: list[Output]
    steps: int


def scan(trace: Trace) -> Scan:
    """Read a trace whose texts are resolved. Linear in its length; memory as MOST says."""
    known: dict[bytes, Seen] = {}
    calls: list[tuple[int, int, str]] = []
    said: set[str] = set()
    outputs: list[Output] = []
    for output, text in _outputs(trace, calls, said):
        outputs.append(output)
        _read(text, output, known)
    profile = Profile()
    shapes: dict[bytes, int] = {}
    for seen in known.values():
        seen.template = digest(seen.fine)
        profile.fine.add(seen.template)
        if seen.telling:
            profile.telling.add(seen.template)
        shape = shapes.get(seen.coarse)
        if shape is None:
            shape = shapes[seen.coarse] = digest(seen.coarse)
        seen.shape = shape if b" " in seen.coarse else seen.template
        profile.coarse.add(seen.shape)
    return Scan(list(known.values()), profile, calls, said, outputs, len(trace.steps))


def _outputs(trace: Trace, calls: list[tuple[int, int, str]], said: set[str]) -> Iterator[tuple[Output, str]]:
    """The texts that were shown, each with its call; calls and their lines are noted on the way."""
    open_calls: deque[str] = deque()
    last = ""
    for step in trace.steps:
        for place, text in enumerate(step.texts):
            if text.channel == "call":
                calls.append((step.id, place, text.text))
                open_calls.append(text.text)
                said.update(line.strip() for line in text.text.split("\n"))
            elif text.channel in SHOWN and step.source not in ("system",):
                if text.channel != "injected":
                    last = open_calls.popleft() if open_calls else last
                call = "" if text.channel == "injected" else last
                yield Output(step.id, place, text.channel, call, exit_code(text.text)), text.text


def exit_code(text: str) -> int | None:
    """The exit code that a result names near its end or at its beginning, as the common tools write it."""
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
                tells = telling(template[:LOOKED_AT])
                if tells or len(known) < MOST:
                    shape = coarse(template[:LOOKED_AT])
                    known[template] = Seen(output, number, line, template, shape, tells, 1, output.step)


def _blocks(text: str) -> Iterator[str]:
    """The text in blocks of about a megabyte that end with a line, so that copies of it stay small."""
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
