"""The corpus: folders with traces in the files of the tools that make them, each with a `label.toml`.

The traces were written by hand after the shapes of real ones, those of `fresh` later and by somebody who knew neither
the debugger nor the other parts; a third of `fresh` has at least 40 steps. In every part a third of the runs passed:
their verdict is turned to failed and says nothing about the reason. `label.toml` has these keys:

- `format`: the tool whose files these are
- `fault`: `agent`; `not-agent` if it was never installed or started, or endpoint, context, time or environment failed;
  `none` if the run passed
- `passing`: whether it really passed
- `rollouts`: how many there are in the folder; 1 if absent
- `cause`: alternatives, each a text or a list of texts that must all stand in a report that tells the root cause
- `shown_by`: texts of the trace that show the cause
- `must_not_quote`: texts that are no evidence: installer output, instructions, viewed files, errors that were repaired
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

Half = Literal["dev", "report", "fresh"]
Fault = Literal["agent", "not-agent", "none"]
HALVES: tuple[Half, ...] = get_args(Half)
FAULTS: tuple[Fault, ...] = get_args(Fault)
LABEL = "label.toml"
TRACES = Path(__file__).parent / "traces"
_REQUIRED = frozenset(("format", "fault", "passing", "cause", "shown_by", "must_not_quote"))


@dataclass(frozen=True)
class Labelled:
    """One folder of traces and its label. `cause` holds alternatives; all texts of one alternative must occur."""

    folder: Path
    half: Half
    format: str
    fault: Fault
    passing: bool
    rollouts: int
    cause: tuple[tuple[str, ...], ...]
    shown_by: tuple[str, ...]
    must_not_quote: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.folder.name


def corpus(half: Half) -> list[Labelled]:
    """The folders of a part, by name. Raises `ValueError` if a label lacks a key or has an unknown one."""
    return [labelled(path.parent, half) for path in sorted((TRACES / half).glob(f"*/{LABEL}"))]


def labelled(folder: Path, half: Half) -> Labelled:
    """The folder with its label, checked."""
    value = tomllib.loads((folder / LABEL).read_text("utf-8"))
    if keys := value.keys() - {"rollouts"} ^ _REQUIRED:
        raise ValueError(f"{folder / LABEL}: missing or unknown: {', '.join(sorted(keys))}")
    if value["fault"] not in FAULTS or value["passing"] is not (value["fault"] == "none"):
        raise ValueError(
            f"{folder / LABEL}: fault must be one of {', '.join(FAULTS)}; none only if it passed"
        )
    return Labelled(
        folder=folder,
        half=half,
        format=value["format"],
        fault=cast(Fault, value["fault"]),
        passing=value["passing"],
        rollouts=value.get("rollouts", 1),
        cause=tuple((each,) if isinstance(each, str) else tuple(each) for each in value["cause"]),
        shown_by=tuple(value["shown_by"]),
        must_not_quote=tuple(value["must_not_quote"]),
    )
