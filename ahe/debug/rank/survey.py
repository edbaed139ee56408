"""Candidates for the line that explains why a rollout failed, scored without a model.

What counts: what the line says (the tables in `mechanisms`), whether rollouts of the task that passed show it
too, how the command that printed it ended, where in a chain of errors it stands, whether the verifier names
the same things. What counts against it: that the agent wrote it itself, that it is source or the content of
a file, that the error was expected or was overcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ahe.debug.rank.judge import Judge
from ahe.debug.rank.rank import Candidate, order
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.scan import Profile, Scan, scan

QUIET_SHARE = 4
"""At most a share of 1/4 of the candidates are lines that match no row of the tables."""


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
    """The templates of rollouts that passed; None where none did."""
    if not traces:
        return None
    profile = Profile()
    for trace in traces:
        profile.add(scan(trace).profile)
    return profile


def _candidates(trace: Trace, seen: Scan, passing: Profile | None, most: int) -> tuple[Candidate, ...]:
    judge = Judge(trace, seen, passing)
    telling = [found for line in seen.lines if line.telling and (found := judge.telling(line))]
    telling += judge.destructive()
    telling.sort(key=order)
    room = max(1, most // QUIET_SHARE, most - len(telling))
    quiet = judge.quiet(room)
    kept = [*telling[: most - min(len(quiet), most // QUIET_SHARE)], *quiet]
    return tuple(sorted(kept, key=order)[:most])
