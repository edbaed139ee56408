"""What the debugger says about a task: its records, the check of its citations, and its text for the report."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationInfo, model_validator

from ahe.agents.answering import Refused
from ahe.debug.ask.citations import CitationChecker
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.report.quote import cite, hanging
from ahe.records import Citation, Kind, Record
from ahe.text import cut

QUOTE = 160
"""Characters of a quote in the report."""
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=800)]


class Cited(Citation):
    """A citation that names a trial by its label. An agent writes `at` (LABEL#STEP) for trial and step.

    A form cites a line by its number, which the context of the validation, a function, turns into a citation.
    """

    quote: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]

    @model_validator(mode="before")
    @classmethod
    def _placed(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, int) and info.context is not None:
            return info.context(value).model_dump()
        if not isinstance(value, dict) or "at" not in value:
            return value
        label, mark, rest = str(value["at"]).strip().rpartition("#")
        number = rest.partition(":")[0]  # the range of bytes that a pointer has there is ignored
        valid = mark and number.isascii() and number.isdigit() and len(number) < 12
        place = {"trial": label if mark else rest, "step": int(number) if valid else 0}  # no step is 0
        return {**{name: each for name, each in value.items() if name != "at"}, **place}


class Claim(Record):
    """A statement with what shows it. In a form this is one `line`."""

    says: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=500)]
    citations: Annotated[tuple[Cited, ...], Field(min_length=1, max_length=4)]

    @model_validator(mode="before")
    @classmethod
    def _of_form(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "line" not in value:
            return value
        return {"says": value.get("says"), "citations": [value["line"]]}


class Divergence(Record):
    """The first step at which a failing rollout differs from a passing one."""

    failing: Cited
    passing: Cited
    says: Sentence = ""


class Answer(Record):
    """What an agent or a form says about one task.

    `component` is the kind of component that could help (`none` if the harness cannot), `hint` says how. `dropped`
    counts the claims and divergences that were left out as unfounded.
    """

    claims: Annotated[tuple[Claim, ...], Field(min_length=1, max_length=8)]
    root_cause: Sentence = ""
    success_pattern: Sentence = ""
    first_divergence: Divergence | None = None
    component: Kind | Literal["none"]
    hint: Sentence = ""
    confidence: Literal["low", "medium", "high"]
    dropped: int = 0


class AnswerSink:
    """Takes the answers about one task. `best` is the founded part of the one with the most founded claims so far."""

    def __init__(self, material: TaskMaterial) -> None:
        self.checker = CitationChecker({rollout.label: trace for rollout, trace in material.all_rollouts()})
        self.best: Answer | None = None
        self.complete = False
        self._partly = material.state == "partly"

    async def take(self, given: Answer) -> str:
        """Keep the founded part of an answer. Raises `Refused` with what is wrong with the rest.

        A claim is founded when each of its quotes is in the step that it cites.
        """
        self.complete = True
        wrong = [list(filter(None, map(self.checker.problem, claim.citations))) for claim in given.claims]
        founded = tuple(claim for claim, found in zip(given.claims, wrong, strict=True) if not found)
        parting = given.first_divergence
        astray = self._astray(parting) if parting else []
        if founded and (self.best is None or len(founded) >= len(self.best.claims)):
            dropped = len(wrong) - len(founded) + bool(astray)
            update = {"claims": founded, "first_divergence": None if astray else parting, "dropped": dropped}
            self.best = given.model_copy(update=update)
        unfounded = [f"claim {number}: {each}" for number, found in enumerate(wrong, 1) for each in found]
        if problems := [*self._missing(given), *unfounded, *astray]:
            raise Refused(problems)
        return "accepted"

    def _missing(self, given: Answer) -> list[str]:
        """What an answer must say in this state but does not."""
        problems = []
        statuses = {trace.status for trace in self.checker.traces.values()}
        if not given.root_cause and not given.success_pattern:
            problems.append("say root_cause, or success_pattern where all passed")
        elif self._partly and not given.root_cause:
            problems.append("root_cause: say why the failing rollouts failed")
        if self._partly and given.first_divergence is None and {"failed", "passed"} <= statuses:
            problems.append(
                "first_divergence: name the first step where a failing rollout leaves a passing one"
            )
        return problems

    def _astray(self, parting: Divergence) -> list[str]:
        """What is wrong with a divergence."""
        problems = []
        for side, cited, status in (
            ("failing", parting.failing, "failed"),
            ("passing", parting.passing, "passed"),
        ):
            problem = self.checker.problem(cited)
            if problem is None and self.checker.traces[cited.trial].status != status:
                problem = f"the rollout at {cited} is not a {side} one"
            problems += [f"first_divergence.{side}: {problem}"] if problem else []
        return problems


def answer_text(answer: Answer) -> str:
    """The answer for a reader: a line, then a list with the claims and their citations.

    The confidence is left out: nothing checks it, and weak models are always sure.
    """
    lines = [_line(answer.root_cause, answer.success_pattern)]
    if found := answer.first_divergence:
        says = f". {_line(found.says)}" if found.says else ""
        lines += [f"- failing did {_cite(found.failing)}", f"- passing did {_cite(found.passing)}{says}"]
    for claim in answer.claims:
        lines.append(f"- {_sentence(claim.says)} {', '.join(map(_cite, claim.citations))}")
    if answer.hint:
        where = "" if answer.component == "none" else f" ({answer.component})"
        lines.append(f"- what could help{where}: {_sentence(answer.hint)}")
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
    """The text on one line, with a full stop unless it ends a sentence already."""
    line = _line(text)
    return line if line.endswith((".", "!", "?", ":")) else f"{line}."
