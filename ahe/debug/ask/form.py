"""The debugger for small models: one call a task, constrained by a JSON schema, over numbered lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ahe.debug.ask.answer import (
    Answer,
    Component,
    Confidence,
    Draft,
    DraftClaim,
    DraftDivergence,
    better,
    judge,
)
from ahe.debug.ask.excerpts import Evidence
from ahe.debug.ask.material import State, TaskMaterial
from ahe.debug.ask.prompt import rendered
from ahe.debug.ask.quotes import Quotes
from ahe.protocols import Executor, Model
from ahe.records import Kind, Message, Record, Request, Usage
from ahe.text import estimate_tokens

REPLY_TOKENS = 600
LEAST_EVIDENCE = 400
FILL_IN = "Fill in the form. A line is cited by its number in brackets."


class FilledClaim(Record):
    says: str
    line: int


class FilledDivergence(Record):
    failing: int
    passing: int


class Filled(Record):
    """The form as it comes back: lines are cited by number."""

    claims: tuple[FilledClaim, ...]
    first_divergence: FilledDivergence | None = None
    root_cause: str = ""
    success_pattern: str = ""
    component: Component
    hint: str
    confidence: Confidence


class FormMode:
    """Asks about a task with one form. `tokens` is the size of the prompt, `repairs` how often it comes back."""

    def __init__(
        self,
        harness: Path,
        model: Model,
        make_executor: Callable[[], Executor],
        tokens: int,
        repairs: int = 1,
    ) -> None:
        self.identity = f"form {tokens} {repairs}"
        self._harness = harness
        self._model = model
        self._make_executor = make_executor
        self._tokens = tokens
        self._repairs = repairs

    async def ask(self, material: TaskMaterial, state: State) -> Answer | None:
        """The answer as far as it is founded; None where no line can be cited or none was.

        Raises `AheError` as the model does, and `HarnessError` where the debugger's own harness is broken.
        """
        quotes = Quotes(material)
        system = await rendered(self._harness, self._make_executor, {"mode": "form", "state": state})
        size = self._tokens - estimate_tokens(system) - estimate_tokens(FILL_IN) - 2
        evidence = Evidence(material, quotes, max(size, LEAST_EVIDENCE))
        if not evidence.numbers():
            return None
        opening = [
            Message(role="system", content=system),
            Message(role="user", content=f"{evidence.text}\n\n{FILL_IN}"),
        ]
        schema = form(evidence, text_field(material, state))
        messages, best, usage = opening, None, Usage()
        for attempt in range(self._repairs + 1):
            reply = await self._model.complete(
                Request(
                    role="debugger",
                    key=f"debug/{material.task}/form/{attempt}",
                    messages=tuple(messages),
                    max_tokens=REPLY_TOKENS,
                    seed=attempt + 1,
                    response_schema=schema,
                )
            )
            usage += reply.usage
            try:
                judged = judge(draft(reply.message.content, evidence), quotes, material.task, state)
                best, problems = better(best, judged.answer), judged.problems
            except ValidationError:
                problems = ("the reply does not fill in the form; write less",)
            except ValueError as error:
                problems = (str(error),)
            if not problems:
                break
            again = "Refused:\n" + "\n".join(f"- {problem}" for problem in problems) + "\nFill it in again."
            messages = [*opening, reply.message, Message(role="user", content=again)]
        if best is None:
            return None
        return best.model_copy(update={"model": self._model.spec.name, "tokens": usage.tokens})


def text_field(material: TaskMaterial, state: State) -> str:
    """What the form asks for in words: `root_cause`, or `success_pattern` where nothing failed."""
    passing = state == "passed" or (state == "changed" and material.outcome.passes > 0)
    return "success_pattern" if passing else "root_cause"


def form(evidence: Evidence, field: str) -> dict[str, Any]:
    """The JSON schema. The order of the keys makes the model look at lines before it concludes."""
    line: dict[str, Any] = {"type": "integer", "enum": evidence.numbers()}
    claim = _object({"line": line, "says": {"type": "string", "minLength": 15, "maxLength": 160}})
    properties: dict[str, Any] = {"claims": {"type": "array", "items": claim, "minItems": 1, "maxItems": 3}}
    failing, passing = evidence.numbers("failed"), evidence.numbers("passed")
    if failing and passing:
        properties["first_divergence"] = _object(
            {
                "failing": {"type": "integer", "enum": failing},
                "passing": {"type": "integer", "enum": passing},
            }
        )
    properties[field] = {"type": "string", "minLength": 20, "maxLength": 240}
    properties["component"] = {"enum": [*map(str, Kind), "none"]}
    properties["hint"] = {"type": "string", "minLength": 10, "maxLength": 160}
    properties["confidence"] = {"enum": ["low", "medium", "high"]}
    return _object(properties)


def draft(content: str, evidence: Evidence) -> Draft:
    """The filled form as a draft. Raises `ValueError` on a number that no line has."""
    filled = Filled.model_validate_json(content)
    known = set(evidence.numbers())
    named = [claim.line for claim in filled.claims]
    parting = filled.first_divergence
    named += [parting.failing, parting.passing] if parting else []
    if wrong := sorted(set(named) - known):
        raise ValueError(f"there is no line {wrong[0]}; the lines go from 1 to {max(known)}")
    divergence = None
    if parting is not None:
        divergence = DraftDivergence(
            failing=evidence.cited(parting.failing), passing=evidence.cited(parting.passing)
        )
    return Draft(
        claims=tuple(
            DraftClaim(says=claim.says, citations=(evidence.cited(claim.line),)) for claim in filled.claims
        ),
        root_cause=filled.root_cause,
        success_pattern=filled.success_pattern,
        first_divergence=divergence,
        component=filled.component,
        hint=filled.hint,
        confidence=filled.confidence,
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
