"""What the debugger says about a task: the check of its citations, and the text of it for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ahe.debug.ask.citations import CitationChecker
from ahe.debug.ask.material import TaskState
from ahe.debug.report.quote import cite, hanging
from ahe.records import Citation, Kind, Record
from ahe.records.changes import CUT

QUOTE = 160
"""Characters of a quote in the report."""

Component = Kind | Literal["none"]
"""The kind of component that could help; `none` where the harness cannot."""

Confidence = Literal["low", "medium", "high"]


class Claim(Record):
    """A statement with its citations, all of them checked; they name a trial by its label."""

    says: str
    citations: tuple[Citation, ...]


class Divergence(Record):
    """The first step at which a failing rollout left a passing one."""

    failing: Citation
    passing: Citation
    says: str = ""


class Answer(Record):
    """What one debugger agent found about one task; at least one claim.

    `component` is the kind of component that could help, `hint` how.
    `dropped` counts the claims and divergences that stayed unfounded and were left out. `tokens` is what
    the answer cost, input and output.
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
    """An answer as it was handed in."""

    claims: Annotated[tuple[UncheckedClaim, ...], Field(min_length=1, max_length=8)]
    root_cause: Sentence = ""
    success_pattern: Sentence = ""
    first_divergence: UncheckedDivergence | None = None
    component: Component
    hint: Sentence = ""
    confidence: Confidence


class CheckedAnswer(Record):
    """What of an answer is founded. `answer` is None without a founded claim; `problems` go back."""

    answer: Answer | None
    problems: tuple[str, ...]


def check(given: UncheckedAnswer, checker: CitationChecker, task: str, state: TaskState) -> CheckedAnswer:
    """Check every citation of an answer. A claim is founded when each of its quotes is in the step that it cites."""
    problems = list(_missing(given, state, checker))
    claims, dropped = [], 0
    for number, claim in enumerate(given.claims, 1):
        wrong = _unfounded(claim.citations, checker, f"claim {number}")
        problems += wrong
        dropped += bool(wrong)
        if not wrong:
            cited = tuple(checker.citation(each.at, each.quote) for each in claim.citations)
            claims.append(Claim(says=claim.says, citations=cited))
    divergence = None
    if given.first_divergence is not None:
        wrong = _divergence_problems(given.first_divergence, checker)
        problems += wrong
        dropped += bool(wrong)
        divergence = None if wrong else _divergence(given.first_divergence, checker)
    if not claims:
        return CheckedAnswer(answer=None, problems=tuple(problems))
    answer = Answer(
        task=task,
        state=state,
        root_cause=given.root_cause,
        success_pattern=given.success_pattern,
        divergence=divergence,
        component=given.component,
        hint=given.hint,
        confidence=given.confidence,
        claims=tuple(claims),
        dropped=dropped,
    )
    return CheckedAnswer(answer=answer, problems=tuple(problems))


def better(old: Answer | None, new: Answer | None) -> Answer | None:
    """Of two answers the one with more founded claims; of equals the newer."""
    if old is None or (new is not None and len(new.claims) >= len(old.claims)):
        return new
    return old


def answer_text(answer: Answer, claims: int = 8) -> str:
    """The answer for a reader: a line, then a list, with the first `claims` claims and their citations.

    Its confidence is left out: nothing checks it, and weak models are always sure.
    """
    lines = [_line(answer.root_cause, answer.success_pattern)]
    if parting := answer.divergence:
        said = f". {_line(parting.says)}" if parting.says else ""
        lines += [f"- failing did {_cite(parting.failing)}", f"- passing did {_cite(parting.passing)}{said}"]
    for claim in answer.claims[:claims]:
        lines.append(f"- {_sentence(_line(claim.says))} {', '.join(map(_cite, claim.citations))}")
    if answer.hint:
        where = "" if answer.component == "none" else f" ({answer.component})"
        lines.append(f"- what could help{where}: {_sentence(_line(answer.hint))}")
    elif answer.component == "none":
        lines.append("- the harness cannot help")
    if answer.dropped:
        lines.append(f"- unfounded and left out: {answer.dropped}")
    return "\n".join(line for line in lines if line)


def _missing(given: UncheckedAnswer, state: TaskState, checker: CitationChecker) -> list[str]:
    """What an answer must say in this state and does not."""
    problems = []
    if not given.root_cause and not given.success_pattern:
        problems.append("say root_cause, or success_pattern where all passed")
    elif state == "partly" and not given.root_cause:
        problems.append("root_cause: say why the failing rollouts failed")
    if state == "partly" and given.first_divergence is None and checker.both:
        problems.append("first_divergence: name the first step where a failing rollout leaves a passing one")
    return problems


def _unfounded(citations: Sequence[Cited], checker: CitationChecker, where: str) -> list[str]:
    found = (checker.problem(each.at, each.quote) for each in citations)
    return [f"{where}: {problem}" for problem in found if problem]


def _divergence_problems(divergence: UncheckedDivergence, checker: CitationChecker) -> list[str]:
    sides = (("failing", divergence.failing), ("passing", divergence.passing))
    problems = []
    for side, cited in sides:
        where = f"first_divergence.{side}"
        wrong = _unfounded((cited,), checker, where)
        if not wrong and checker.status(cited.at) != side.replace("ing", "ed"):
            wrong = [f"{where}: the rollout at {cited.at} is not a {side} one"]
        problems += wrong
    return problems


def _divergence(given: UncheckedDivergence, checker: CitationChecker) -> Divergence:
    return Divergence(
        failing=checker.citation(given.failing.at, given.failing.quote),
        passing=checker.citation(given.passing.at, given.passing.quote),
        says=given.says,
    )


def _cite(citation: Citation) -> str:
    """The quote within a length and its place; one of several lines in a fence."""
    quote = citation.quote if len(citation.quote) <= QUOTE else citation.quote[:QUOTE].rstrip() + CUT
    return hanging(cite(citation.model_copy(update={"quote": quote.strip()})))


def _line(*texts: str) -> str:
    """The texts on one line."""
    return " ".join(" ".join(texts).split())


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."
