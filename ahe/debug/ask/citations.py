"""Checks that a quote is in the step that it cites, for evolver and debugger alike.

A quote may match the recorded text or the text that a terminal shows; white space does not matter.
"""

from __future__ import annotations

from pathlib import Path

from ahe.debug.ask.material import TaskMaterial
from ahe.debug.clean.pointers import CLOSE, OPEN
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.read import read_trial
from ahe.debug.readers.trace import Status, Step
from ahe.records import Citation

MIN_QUOTE = 8


def quoted(citation: Citation, traces: Path) -> bool:
    """Whether the quote is in the cited step of a trial whose folder is below `traces`."""
    steps = [step for step in read_trial(traces / citation.trial).steps if step.id == citation.step]
    return bool(citation.words) and any(citation.words in text for step in steps for text in flat_texts(step))


def flat_texts(step: Step) -> tuple[str, str]:
    """The step as recorded and as a terminal shows it, with white space reduced to single blanks."""
    shown = "\n".join(resolve(text.text) for text in step.texts)
    return " ".join(step.raw.split()), " ".join(shown.split())


class CitationChecker:
    """Checks citations of one task's rollouts and explains to the agent what is wrong with one."""

    def __init__(self, material: TaskMaterial) -> None:
        pairs = material.all_rollouts()
        self._statuses: dict[str, Status] = {rollout.label: rollout.status for rollout, _ in pairs}
        self._steps: dict[str, dict[int, Step]] = {
            rollout.label: {step.id: step for step in trace.steps} for rollout, trace in pairs
        }
        self._flat: dict[tuple[str, int], tuple[str, str]] = {}

    @property
    def both(self) -> bool:
        """Whether there are both a failing and a passing rollout to cite."""
        return {"failed", "passed"} <= set(self._statuses.values())

    def problem(self, at: str, quote: str) -> str | None:
        """Why the citation is unfounded, as a line for the agent; None where the quote is in that step."""
        label, step = _place(at)
        if label not in self._steps:
            return f"{at!r} is not a step: cite LABEL#STEP, where LABEL is one of {', '.join(self._steps)}"
        steps = self._steps[label]
        if step not in steps:
            return f"{label} has no step {at.rpartition('#')[2]!r}; its last is {max(steps, default=0)}"
        wanted = Citation(trial=label, step=step, quote=quote).words
        if len(wanted) < MIN_QUOTE:
            return f"the quote {quote!r} is too short: at least {MIN_QUOTE} characters of the step"
        if self._holds(wanted, label, step):
            return None
        if OPEN in quote or CLOSE in quote:
            return (
                f"the quote at {label}#{step} holds a marker {OPEN}…{CLOSE}: quote what stands there itself"
            )
        other = next((number for number in steps if self._holds(wanted, label, number)), None)
        hint = f"; it stands at {label}#{other}" if other is not None else ""
        return f"the quote does not stand at {label}#{step}: {quote[:120]!r}{hint}"

    def citation(self, at: str, quote: str) -> Citation:
        """The citation of a place for which `problem` is None."""
        label, step = _place(at)
        return Citation(trial=label, step=step, quote=quote.strip())

    def status(self, at: str) -> Status:
        """How the rollout at this place ended: passed, failed, …"""
        return self._statuses[_place(at)[0]]

    def _holds(self, wanted: str, label: str, number: int) -> bool:
        if (label, number) not in self._flat:
            self._flat[label, number] = flat_texts(self._steps[label][number])
        return any(wanted in text for text in self._flat[label, number])


def _place(at: str) -> tuple[str, int]:
    """Label and step number; a byte range after the step is ignored. 0, which is never a step, if it is invalid."""
    label, _, rest = at.strip().rpartition("#")
    number = rest.partition(":")[0]
    return label, int(number) if number.isascii() and number.isdigit() and len(number) < 12 else 0
