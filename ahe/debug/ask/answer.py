"""What the debugger says about a task: its records, the check of its citations, and its text for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ahe.debug.ask.citations import CitationChecker
from ahe.debug.ask.material import TaskMaterial, TaskState
from ahe.debug.readers.trace import Status
from ahe.debug.report.quote import cite, hanging
from ahe.records import Citation, Kind, Record
from ahe.text import cut

QUOTE = 160
"""Characters of a quote in the report."""

Component = Kind | Literal["none"]
"""The kind of component that could help; `none` if the harness cannot."""

Confidence = Literal["low", "medium", "high"]


class Claim(Record):
    """A statement with checked citations, which name a trial by its label."""

    says: str
    citations: tuple[Citation, ...]


class Divergence(Record):
    """The first step at which a failing rollout differs from a passing one."""

    failing: Citation
    passing: Citation
    says: str = ""


class Answer(Record):
    """What one debugger agent found about one task, with at least one claim.

    `component` is the kind of component that could help, `hint` says how. `dropped` counts the claims and
    divergences that were left out as unfounded. `tokens` is what the answer cost, input and output.
    """

    task: str
    state: TaskState
    root_cause: str = ""
    success_pattern: str = ""
    divergence: Divergence | None = None
    component: Component = "none"
    hint: str = ""
    confidence: Confidence = "low"
    claims: tuple[Claim, ...]
    dropped: int = 0
    model: str = ""
    tokens: int = 0


Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=800)]


class Cited(Record):
    """A citation as the agent writes it: `at` is LABEL#STEP."""

    at: str
    quote: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]


class UncheckedClaim(Record):
    says: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=500)]
    citations: Annotated[tuple[Cited, ...], Field(min_length=1, max_length=4)]


class UncheckedDivergence(Record):
    failing: Cited
    passing: Cited
    says: Sentence = ""


class UncheckedAnswer(Record):
    """An answer as the agent submitted it."""

    claims: Annotated[tuple[UncheckedClaim, ...], Field(min_length=1, max_length=8)]
    root_cause: Sentence = ""
    success_pattern: Sentence = ""
    first_divergence: UncheckedDivergence | None = None
    component: Component
    hint: Sentence = ""
    confidence: Confidence


class AnswerSink:
    """Checks the citations of answers about one task. `best` is the answer with the most founded claims so far."""

    def __init__(self, material: TaskMaterial, state: TaskState) -> None:
        self.best: Answer | None = None
        self.checker = CitationChecker(material)
        self._task, self._state = material.task, state

    def take(self, given: UncheckedAnswer) -> list[str]:
        """What is wrong with an answer; empty if it is accepted. Its founded claims count in any case.

        A claim is founded when each of its quotes is in the step that it cites.
        """
        problems, claims, dropped = self._missing(given), [], 0
        for number, claim in enumerate(given.claims, 1):
            wrong = self._unfounded(claim.citations, f"claim {number}")
            problems += wrong
            dropped += bool(wrong)
            if not wrong:
                claims.append(Claim(says=claim.says, citations=tuple(map(self._citation, claim.citations))))
        divergence = None
        if (named := given.first_divergence) is not None:
            wrong = self._unfounded((named.failing,), "first_divergence.failing", "failed")
            wrong += self._unfounded((named.passing,), "first_divergence.passing", "passed")
            problems += wrong
            dropped += bool(wrong)
            if not wrong:
                failing, passing = self._citation(named.failing), self._citation(named.passing)
                divergence = Divergence(failing=failing, passing=passing, says=named.says)
        if claims and (self.best is None or len(claims) >= len(self.best.claims)):
            self.best = Answer(
                task=self._task,
                state=self._state,
                divergence=divergence,
                claims=tuple(claims),
                dropped=dropped,
                **given.model_dump(exclude={"claims", "first_divergence"}),
            )
        return problems

    def _missing(self, given: UncheckedAnswer) -> list[str]:
        """What an answer must say in this state but does not."""
        problems, partly = [], self._state == "partly"
        if not given.root_cause and not given.success_pattern:
            problems.append("say root_cause, or success_pattern where all passed")
        elif partly and not given.root_cause:
            problems.append("root_cause: say why the failing rollouts failed")
        if partly and given.first_divergence is None and self.checker.both:
            problems.append(
                "first_divergence: name the first step where a failing rollout leaves a passing one"
            )
        return problems

    def _unfounded(self, citations: Sequence[Cited], where: str, status: Status | None = None) -> list[str]:
        """What is wrong with the citations; with a status, their rollouts must have it."""
        problems = []
        for each in citations:
            problem = self.checker.problem(each.at, each.quote)
            if problem is None and status not in (None, self.checker.status(each.at)):
                problem = f"the rollout at {each.at} is not a {where.rpartition('.')[2]} one"
            problems += [f"{where}: {problem}"] if problem else []
        return problems

    def _citation(self, cited: Cited) -> Citation:
        return self.checker.citation(cited.at, cited.quote)


def answer_text(answer: Answer) -> str:
    """The answer for a reader: a line, then a list with the claims and their citations.

    The confidence is left out: nothing checks it, and weak models are always sure.
    """
    lines = [_line(answer.root_cause, answer.success_pattern)]
    if found := answer.divergence:
        says = f". {_line(found.says)}" if found.says else ""
        lines += [f"- failing did {_cite(found.failing)}", f"- passing did {_cite(found.passing)}{says}"]
    for claim in answer.claims:
        lines.append(f"- {_sentence(_line(claim.says))} {', '.join(map(_cite, claim.citations))}")
    if answer.hint:
        where = "" if answer.component == "none" else f" ({answer.component})"
        lines.append(f"- what could help{where}: {_sentence(_line(answer.hint))}")
    elif answer.component == "none":
        lines.append("- the harness cannot help")
    if answer.dropped:
        lines.append(f"- unfounded and left out: {answer.dropped}")
    return "\n".join(line for line in lines if line)


def _cite(citation: Citation) -> str:
    """The quote, cut to `QUOTE` characters, with its place; one of several lines in a fence."""
    return hanging(cite(citation.model_copy(update={"quote": cut(citation.quote, QUOTE).strip()})))


def _line(*texts: str) -> str:
    """The texts on one line."""
    return " ".join(" ".join(texts).split())


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."
