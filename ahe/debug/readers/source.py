"""Where a trace is."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.debug.readers.files import WHOLE, Span
from ahe.debug.readers.sniff import Shape
from ahe.debug.readers.trace import Status


@dataclass(frozen=True, slots=True)
class Source:
    """A trace that was found and not yet read. Small and picklable.

    `path` is the file with the steps (empty where a trial has none), `span` the bytes of the trace in it,
    `trial` the folder of a trial, `more` files of sub-agents, `size` how many bytes there are to read.
    """

    path: str
    format: str
    id: str
    task: str
    shape: Shape = "document"
    span: Span = WHOLE
    trial: str = ""
    more: tuple[str, ...] = ()
    status: Status = "unknown"
    attempt: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is no trace of its own, and why."""

    path: str
    why: str
