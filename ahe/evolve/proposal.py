"""The form of an evolver that is a small model: one proposal per call, applied by our code.

Small models cannot drive an editing session, but they can fill in a form. Evidence is picked from
numbered excerpts, so a citation cannot be invented; the text goes to one of four kinds of component.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from ahe.agents.answering import Refused, object_schema
from ahe.evolve.draft import Manifest
from ahe.evolve.plays import Play
from ahe.evolve.rules import faults
from ahe.records import Brief, Citation, Record

PLACES = {
    "memory": "the memory",
    "system_prompt": "the system prompt",
    "tool_description": "the tool's description",
    "skill": "a new skill",
}
"""Where a text can go, and how a commit's message names it."""


PLAY = "play "
"""What a place begins with that is not a file but a play of the playbook, with its name."""
OFFERED = 4
"""Plays that the form offers, best fit first."""
TOLD = 6
"""Changes that were decided before and that the question shows, newest first."""


class Proposal(Record):
    """What the form asks for. `evidence` is the number of an excerpt, `place` where `text` goes, or a play."""

    evidence: int
    root_cause: str
    place: Annotated[str, Field(pattern=rf"^(?:{'|'.join(PLACES)}|{PLAY}[\w-]{{1,60}})$")]
    name: str
    text: str
    subject: str
    predicts: tuple[str, ...]
    risks: tuple[str, ...]


def form_schema(
    excerpts: int, tasks: tuple[str, ...], places: Sequence[str] = tuple(PLACES)
) -> dict[str, Any]:
    """The JSON schema of a proposal. The order of the keys makes the model reason before it writes."""
    names = {"type": "array", "items": {"enum": list(tasks)}, "maxItems": 3}
    return object_schema(
        {
            "evidence": {"type": "integer", "enum": list(range(1, excerpts + 1))},
            "root_cause": {"type": "string", "minLength": 20, "maxLength": 300},
            "place": {"enum": list(places)},
            "name": {"type": "string", "minLength": 3, "maxLength": 30},
            "text": {"type": "string", "minLength": 20, "maxLength": 500},
            "subject": {"type": "string", "minLength": 10, "maxLength": 70},
            "predicts": {**names, "minItems": 1},
            "risks": names,
        }
    )


def question(brief: Brief, harness: Path, excerpts: tuple[Citation, ...], plays: Sequence[Play] = ()) -> str:
    """The evidence, the harness as it is, what was tried before, and the plays that fit."""
    numbered = "\n".join(f"{n}. {c.words}" for n, c in enumerate(excerpts, 1))
    prompt, memory = (_text(harness / name).strip() for name in ("system_prompt.md", "memory.md"))
    return (
        f"{brief.report.text}\n\n# Excerpts to choose the evidence from\n\n{numbered}\n\n"
        f"# The agent's system prompt now\n\n{prompt}\n\n# Its memory now\n\n{memory or '(empty)'}\n\n"
        f"{_tried(brief)}{_offered(plays)}Propose one change. {brief.surfaces}".rstrip()
        + direction(brief)
    )


def direction(brief: Brief) -> str:
    """What a variant after the first is told: where to look, and what the others of its iteration change already."""
    if brief.variant == 1:
        return ""
    clusters = brief.report.clusters if brief.report.level != "scores" else ()
    own = clusters[(brief.variant - 1) % len(clusters)] if clusters else None
    first = f" Begin with the failures {own.signature}, at {', '.join(own.tasks[:TOLD])}." if own else ""
    done = "\n".join(f"- {subject}" for subject in brief.others)
    said = (
        f" Others try these changes now; yours must fix another cause, or another kind of component:\n{done}"
    )
    return f"\n\n# Your direction\n\nYour change is one of several that are tried.{first}{said if done else ''}\n"


def _tried(brief: Brief) -> str:
    lines = "\n".join(line[:200] for line in brief.history[:TOLD])
    return f"# Tried before, with its verdict\n\n{lines}\n\n" if lines else ""


def _offered(plays: Sequence[Play]) -> str:
    lines = "\n".join(f"- {PLAY}{play.name}: {play.title}" for play in plays)
    title = "# Known interventions that fit: each is a place, and then the text does not matter"
    return f"{title}\n\n{lines}\n\n" if lines else ""


def require_usable(text: str, harness: Path, instructions: Iterable[str]) -> None:
    """Raise `Refused` with the reasons why a rule is not usable."""
    files = (harness / "system_prompt.md", harness / "memory.md", *harness.glob("tool_descriptions/*.yaml"))
    if reasons := faults(text, instructions, map(_text, files)):
        raise Refused(reasons)


def apply(proposal: Proposal, harness: Path, tools: tuple[str, ...]) -> None:
    """Write the proposal's text to its place. Raises `ValueError` where that is not possible."""
    text = proposal.text.strip()
    words = " ".join(text.split())
    if proposal.place == "memory":
        _append(harness / "memory.md", f"- {words}\n")
    elif proposal.place == "system_prompt":
        _append(harness / "system_prompt.md", f"{text}\n")
    elif proposal.place == "tool_description":
        if not tools:
            raise ValueError("there is no tool whose description could be changed")
        tool = proposal.name if proposal.name in tools else tools[0]
        path = harness / "tool_descriptions" / f"{tool}.yaml"
        tree = yaml.safe_load(path.read_text("utf-8"))
        tree["description"] = f"{tree['description'].strip()} {words}"
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100), "utf-8")
    else:
        name = re.sub(r"[^a-z0-9]+", "-", proposal.name.lower())[:60].strip("-")
        folder = harness / "skills" / name
        if not name or folder.exists():
            raise ValueError(f"a new skill needs a new name; {proposal.name!r} is not one")
        folder.mkdir(parents=True)
        about = json.dumps(" ".join(proposal.subject.split()), ensure_ascii=False)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {about}\n---\n\n{text}\n", "utf-8")


def manifest(proposal: Proposal, excerpts: tuple[Citation, ...], tasks: tuple[str, ...]) -> Manifest:
    citation = excerpts[proposal.evidence - 1]
    return Manifest(
        subject=" ".join(proposal.subject.split()),
        action="improve" if proposal.place in ("system_prompt", "tool_description") else "add",
        evidence=f"At {citation}: {citation.words}",
        root_cause=proposal.root_cause,
        fix=f"Say in {PLACES[proposal.place]}: {proposal.text}",
        predicts=tuple(dict.fromkeys(name for name in proposal.predicts if name in tasks)),
        risks=tuple(dict.fromkeys(name for name in proposal.risks if name in tasks)),
        citations=(citation,),
    )


def _append(path: Path, text: str) -> None:
    old = _text(path)
    path.write_text(old + ("\n" if old and not old.endswith("\n") else "") + text, "utf-8")


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""
