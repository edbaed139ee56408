"""What the debugger says of a task, and the check that its quotes stand where it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from ahe.debug.ask.material import State
from ahe.debug.ask.quotes import Quotes
from ahe.records import Citation, Kind, Record

Component = Kind | Literal["none"]
"""The kind of component that could help; `none` where the harness cannot."""

Confidence = Literal["low", "medium", "high"]


class Claim(Record):
    """A statement with the places that show it. `citations` name a trial by its label; all were checked."""

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
    state: State
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


class DraftClaim(Record):
    says: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=500)]
    citations: Annotated[tuple[Cited, ...], Field(min_length=1, max_length=4)]


class DraftDivergence(Record):
    failing: Cited
    passing: Cited
    says: Sentence = ""


class Draft(Record):
    """An answer as it is handed in, nothing of it checked."""

    claims: Annotated[tuple[DraftClaim, ...], Field(min_length=1, max_length=8)]
    root_cause: Sentence = ""
    success_pattern: Sentence = ""
    first_divergence: DraftDivergence | None = None
    component: Component
    hint: Sentence = ""
    confidence: Confidence


class Judged(Record):
    """A draft as far as it is founded. `answer` is None without a founded claim; `problems` go back."""

    answer: Answer | None
    problems: tuple[str, ...]


def parse_draft(arguments: dict[str, Any]) -> Draft:
    """The draft in a tool call's arguments. Raises `ValueError` that lists what is wrong with it."""
    try:
        return Draft.model_validate(arguments)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ValueError("the answer is not complete: " + "; ".join(lines[:8])) from None


def judge(draft: Draft, quotes: Quotes, task: str, state: State) -> Judged:
    """Check every quote of a draft. A claim is founded when each of its quotes stands at its place."""
    problems = list(_wanting(draft, state, quotes))
    claims, dropped = [], 0
    for number, claim in enumerate(draft.claims, 1):
        wrong = _unfounded(claim.citations, quotes, f"claim {number}")
        problems += wrong
        dropped += bool(wrong)
        if not wrong:
            cited = tuple(quotes.citation(each.at, each.quote) for each in claim.citations)
            claims.append(Claim(says=claim.says, citations=cited))
    divergence = None
    if draft.first_divergence is not None:
        wrong = _astray(draft.first_divergence, quotes)
        problems += wrong
        dropped += bool(wrong)
        divergence = None if wrong else _divergence(draft.first_divergence, quotes)
    if not claims:
        return Judged(answer=None, problems=tuple(problems))
    answer = Answer(
        task=task,
        state=state,
        root_cause=draft.root_cause,
        success_pattern=draft.success_pattern,
        divergence=divergence,
        component=draft.component,
        hint=draft.hint,
        confidence=draft.confidence,
        claims=tuple(claims),
        dropped=dropped,
    )
    return Judged(answer=answer, problems=tuple(problems))


def better(old: Answer | None, new: Answer | None) -> Answer | None:
    """Of two answers the one with more founded claims; of equals the newer."""
    if old is None or (new is not None and len(new.claims) >= len(old.claims)):
        return new
    return old


def _wanting(draft: Draft, state: State, quotes: Quotes) -> list[str]:
    """What a draft must say in this state and does not."""
    problems = []
    if not draft.root_cause and not draft.success_pattern:
        problems.append("say root_cause, or success_pattern where all passed")
    elif state == "partly" and not draft.root_cause:
        problems.append("root_cause: say why the failing rollouts failed")
    if state == "partly" and draft.first_divergence is None and quotes.both:
        problems.append("first_divergence: name the first step where a failing rollout leaves a passing one")
    return problems


def _unfounded(citations: Sequence[Cited], quotes: Quotes, where: str) -> list[str]:
    found = (quotes.problem(each.at, each.quote) for each in citations)
    return [f"{where}: {problem}" for problem in found if problem]


def _astray(divergence: DraftDivergence, quotes: Quotes) -> list[str]:
    sides = (("failing", divergence.failing), ("passing", divergence.passing))
    problems = []
    for side, cited in sides:
        where = f"first_divergence.{side}"
        wrong = _unfounded((cited,), quotes, where)
        if not wrong and quotes.status(cited.at) != side.replace("ing", "ed"):
            wrong = [f"{where}: the rollout at {cited.at} is not a {side} one"]
        problems += wrong
    return problems


def _divergence(draft: DraftDivergence, quotes: Quotes) -> Divergence:
    return Divergence(
        failing=quotes.citation(draft.failing.at, draft.failing.quote),
        passing=quotes.citation(draft.passing.at, draft.passing.quote),
        says=draft.says,
    )
