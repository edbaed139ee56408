"""The manifest that every change carries, and the check that its citations are true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from ahe.debug.cleaning.terminal import resolve
from ahe.debug.readers.find import read_trial
from ahe.debug.readers.trace import full_ids
from ahe.records import Citation, Kind, Record

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=8, max_length=100, pattern=r"^[^\n]+$")
]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2_000)]


class Manifest(Record):
    """What the evolver says of a change: every field is demanded."""

    subject: Line
    action: Literal["add", "improve", "remove"]
    evidence: Paragraph
    root_cause: Paragraph
    fix: Paragraph
    predicts: tuple[str, ...]
    risks: tuple[str, ...]
    citations: Annotated[tuple[Citation, ...], Field(min_length=1, max_length=10)]


def parse_manifest(arguments: dict[str, Any]) -> Manifest:
    """The manifest in a tool call's arguments. Raises `ValueError` that lists what is wrong with it."""
    try:
        return Manifest.model_validate(arguments)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ValueError("the manifest is not complete: " + "; ".join(lines)) from None


def unfounded(manifest: Manifest, traces: Path, trials: frozenset[str], tasks: frozenset[str]) -> list[str]:
    """What in the manifest is not true of the train traces in folder `traces`: one line each."""
    problems = [
        f"{field}: {name!r} is no task of the train split"
        for field, names in (("predicts", manifest.predicts), ("risks", manifest.risks))
        for name in names
        if name not in tasks
    ]
    for citation in manifest.citations:
        if citation.trial not in trials:
            problems.append(f"citations: {citation.trial!r} is no trial of the evidence")
        elif not quoted(citation, traces):
            problems.append(f"citations: the quote does not stand at {citation}: {citation.quote!r}")
    return problems


def quoted(citation: Citation, traces: Path) -> bool:
    """Whether the quote stands at the step, as recorded or as a terminal showed it. Space does not count."""
    steps = [step for step in read_trial(traces / citation.trial).steps if step.id == citation.step]
    return bool(citation.words) and any(
        citation.words in " ".join(text.split())
        for step in steps
        for text in (step.raw, "\n".join(resolve(text.text) for text in step.texts))
    )


def with_full_ids(manifest: Manifest, trials: frozenset[str]) -> Manifest:
    """The manifest with whole trial ids where it cites the labels that reports use."""
    whole = full_ids(trials)
    cited = tuple(
        citation.model_copy(update={"trial": whole.get(citation.trial, citation.trial)})
        for citation in manifest.citations
    )
    return manifest.model_copy(update={"citations": cited})


def subject_line(kinds: tuple[Kind, ...], subject: str) -> str:
    return f"{'+'.join(kinds)}: {subject[:1].lower()}{subject[1:]}".rstrip(".")
