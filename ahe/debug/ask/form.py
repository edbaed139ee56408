"""The debugger for small models: one call per task, constrained by a JSON schema, over numbered lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.agents.forms import Form, object_schema, rendered_prompt
from ahe.agents.play import MakeExecutor
from ahe.debug.ask.answer import (
    Answer,
    AnswerSink,
    Component,
    Confidence,
    UncheckedAnswer,
    UncheckedClaim,
    UncheckedDivergence,
)
from ahe.debug.ask.evidence import NumberedEvidence
from ahe.debug.ask.material import TaskMaterial, TaskState
from ahe.protocols import Model
from ahe.records import Kind, Record
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
    """The filled-in form: lines are cited by number."""

    claims: tuple[FilledClaim, ...]
    first_divergence: FilledDivergence | None = None
    root_cause: str = ""
    success_pattern: str = ""
    component: Component
    hint: str
    confidence: Confidence


@dataclass(frozen=True)
class DebuggerForm:
    """Asks about a task with one form. `tokens` is the size of the prompt; a form is sent back `repairs` times."""

    harness: Path
    model: Model
    make_executor: MakeExecutor
    tokens: int
    repairs: int = 1

    @property
    def identity(self) -> str:
        return f"form {self.tokens} {self.repairs}"

    async def ask(self, material: TaskMaterial, state: TaskState) -> Answer | None:
        """The founded part of the answer; None if no line can be cited or no claim was founded.

        Raises the model's `AheError`, and `HarnessError` if the debugger's own harness is broken.
        """
        sink = AnswerSink(material, state)
        system = await rendered_prompt(self.harness, self.make_executor, {"mode": "form", "state": state})
        size = self.tokens - estimate_tokens(system) - estimate_tokens(FILL_IN) - 2
        evidence = NumberedEvidence(material, sink.checker, max(size, LEAST_EVIDENCE))
        if not evidence.numbers():
            return None

        async def take(content: str) -> list[str]:
            return sink.take(unchecked(content, evidence))

        form = Form(
            role="debugger",
            key=f"debug/{material.task}/form",
            system=system,
            question=f"{evidence.text}\n\n{FILL_IN}",
            schema=form_schema(evidence, text_field(material, state)),
            reply_tokens=REPLY_TOKENS,
            first_seed=1,
            repairs=self.repairs,
            again="Fill it in again.",
        )
        usage = await form.fill_in(self.model, take)
        if sink.best is None:
            return None
        return sink.best.model_copy(update={"model": self.model.spec.name, "tokens": usage.tokens})


def text_field(material: TaskMaterial, state: TaskState) -> str:
    """The text field that the form asks for: `root_cause`, or `success_pattern` if rollouts pass."""
    passing = state == "passed" or (state == "changed" and material.outcome.passes > 0)
    return "success_pattern" if passing else "root_cause"


def form_schema(evidence: NumberedEvidence, field: str) -> dict[str, Any]:
    """The JSON schema. Keys are ordered so that the model cites lines before it concludes."""
    line: dict[str, Any] = {"type": "integer", "enum": evidence.numbers()}
    claim = object_schema({"line": line, "says": {"type": "string", "minLength": 15, "maxLength": 160}})
    properties: dict[str, Any] = {"claims": {"type": "array", "items": claim, "minItems": 1, "maxItems": 3}}
    failing, passing = evidence.numbers("failed"), evidence.numbers("passed")
    if failing and passing:
        properties["first_divergence"] = object_schema(
            {
                "failing": {"type": "integer", "enum": failing},
                "passing": {"type": "integer", "enum": passing},
            }
        )
    properties[field] = {"type": "string", "minLength": 20, "maxLength": 240}
    properties["component"] = {"enum": [*map(str, Kind), "none"]}
    properties["hint"] = {"type": "string", "minLength": 10, "maxLength": 160}
    properties["confidence"] = {"enum": ["low", "medium", "high"]}
    return object_schema(properties)


def unchecked(content: str, evidence: NumberedEvidence) -> UncheckedAnswer:
    """The filled-in form as an answer. Raises `ValueError` for a number without a line."""
    filled = Filled.model_validate_json(content)
    lines = filled.first_divergence
    divergence = lines and UncheckedDivergence(
        failing=evidence.cited(lines.failing), passing=evidence.cited(lines.passing)
    )
    return UncheckedAnswer(
        claims=tuple(
            UncheckedClaim(says=claim.says, citations=(evidence.cited(claim.line),))
            for claim in filled.claims
        ),
        first_divergence=divergence,
        **filled.model_dump(exclude={"claims", "first_divergence"}),
    )
