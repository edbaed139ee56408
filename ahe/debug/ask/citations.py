"""Checks that a quote is in the step that it cites, for evolver and debugger alike.

A quote may match the recorded text or the text that a terminal shows; white space does not matter.
"""

import functools
from collections.abc import Mapping

from ahe.debug.clean.pointers import CLOSE, OPEN
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Step, Trace
from ahe.records import Citation

MIN_QUOTE = 8


def flat_texts(step: Step) -> tuple[str, str]:
    """The step as recorded and as a terminal shows it, with white space reduced to single blanks."""
    shown = "\n".join(resolve(text.text) for text in step.texts)
    return " ".join(step.raw.split()), " ".join(shown.split())


class CitationChecker:
    """Checks citations of traces, which are given by the name that a citation uses. Quotes have `least` characters."""

    def __init__(self, traces: Mapping[str, Trace], least: int = MIN_QUOTE) -> None:
        self.traces = traces
        self._least = least
        self._steps = {name: {step.id: step for step in trace.steps} for name, trace in traces.items()}
        self._flat_texts = functools.cache(flat_texts)

    def problem(self, cited: Citation) -> str | None:
        """Why a citation is unfounded, as a line for who made it; None if the quote is in that step."""
        name, words = cited.trial, cited.words
        if name not in self._steps:
            return f"{str(cited)!r} is not a step: cite LABEL#STEP, where LABEL is one of {', '.join(self._steps)}"
        steps = self._steps[name]
        if cited.step not in steps:
            return f"{name} has no step {cited.step}; its last is {max(steps, default=0)}"
        if len(words) < self._least:
            return f"the quote {cited.quote!r} is too short: at least {self._least} characters of the step"
        if self._holds(steps[cited.step], words):
            return None
        if OPEN in cited.quote or CLOSE in cited.quote:
            return f"the quote at {cited} holds a marker {OPEN}…{CLOSE}: quote what stands there itself"
        other = next((number for number, step in steps.items() if self._holds(step, words)), None)
        hint = f"; it stands at {name}#{other}" if other is not None else ""
        return f"the quote does not stand at {cited}: {cited.quote[:120]!r}{hint}"

    def _holds(self, step: Step, words: str) -> bool:
        return any(words in text for text in self._flat_texts(step))
