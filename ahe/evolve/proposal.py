"""The evolver for small models: one proposal per call, constrained by a JSON schema and applied by our code.

Small models cannot drive an editing session, but they can fill in a form. Evidence is picked from
numbered excerpts, so a citation cannot be invented; the text goes to one of four kinds of component.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from ahe.agents.forms import Form, object_schema, rendered_prompt
from ahe.agents.play import MakeExecutor
from ahe.errors import HarnessError
from ahe.evolve.draft import ChangeRefused, Draft, Manifest
from ahe.harness.load import load
from ahe.protocols import Model
from ahe.records import Brief, Citation, Record

MAX_EXCERPTS = 6


class Proposal(Record):
    """What the form asks for. `evidence` is the number of an excerpt, `place` where `text` goes."""

    evidence: int
    root_cause: str
    place: Literal["memory", "system_prompt", "tool_description", "skill"]
    name: str
    text: str
    subject: str
    predicts: tuple[str, ...]
    risks: tuple[str, ...]


@dataclass(frozen=True)
class EvolverForm:
    """Asks for one proposal, applies it, and sends refusals back, at most `repairs` times."""

    harness: Path
    model: Model
    make_executor: MakeExecutor
    repairs: int

    async def work(self, brief: Brief, draft: Draft, scratch: Path) -> None:
        """Commit at most one change to the draft."""
        excerpts = brief.report.citations[:MAX_EXCERPTS]
        if not excerpts:
            return
        tools = tuple(tool.name for tool in load(draft.folder).tools)
        tasks = tuple(sorted({trial.task for trial in brief.evidence.trials if trial.status == "failed"}))

        async def take(content: str) -> list[str]:
            draft.reset()
            proposal = Proposal.model_validate_json(content)
            if not 1 <= proposal.evidence <= len(excerpts):
                return [f"evidence is the number of an excerpt, from 1 to {len(excerpts)}"]
            try:
                apply(proposal, draft.folder, tools)
                await draft.commit(manifest(proposal, excerpts, tasks))
            except HarnessError as error:
                return [str(error)]
            except ChangeRefused as refused:
                return refused.reasons
            return []

        form = Form(
            role="evolver",
            key=f"evolve/{brief.iteration:03d}",
            system=await rendered_prompt(
                self.harness, self.make_executor, {"mode": "proposal", "changes": 1}
            ),
            question=question(brief, draft.folder, excerpts),
            schema=form_schema(len(excerpts), tasks),
            reply_tokens=700,
            first_seed=1_000 * brief.iteration,
            repairs=self.repairs,
            again="Propose something else.",
        )
        await form.fill_in(self.model, take)


def form_schema(excerpts: int, tasks: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of a proposal. The order of the keys makes the model reason before it writes."""
    names = {"type": "array", "items": {"enum": list(tasks)}, "maxItems": 3}
    properties: dict[str, Any] = {
        "evidence": {"type": "integer", "enum": list(range(1, excerpts + 1))},
        "root_cause": {"type": "string", "minLength": 20, "maxLength": 300},
        "place": {"enum": ["memory", "system_prompt", "tool_description", "skill"]},
        "name": {"type": "string", "minLength": 3, "maxLength": 30},
        "text": {"type": "string", "minLength": 20, "maxLength": 500},
        "subject": {"type": "string", "minLength": 10, "maxLength": 70},
        "predicts": {**names, "minItems": 1},
        "risks": names,
    }
    return object_schema(properties)


def question(brief: Brief, harness: Path, excerpts: tuple[Citation, ...]) -> str:
    """The evidence, the harness as it is, and what was tried before."""
    numbered = "\n".join(f"{n}. {c.words}" for n, c in enumerate(excerpts, 1))
    memory = (harness / "memory.md").read_text("utf-8").strip() if (harness / "memory.md").is_file() else ""
    prompt = (harness / "system_prompt.md").read_text("utf-8").strip()
    return (
        f"{brief.report.text}\n\n# Excerpts to choose the evidence from\n\n{numbered}\n\n"
        f"# The agent's system prompt now\n\n{prompt}\n\n# Its memory now\n\n{memory or '(empty)'}\n\n"
        "Propose one change."
    )


def apply(proposal: Proposal, harness: Path, tools: tuple[str, ...]) -> None:
    """Write the proposal's text to its place. Raises `ValueError` where that is not possible."""
    text = proposal.text.strip()
    if said_already(text, harness):
        raise ValueError("the harness already says this, word for word")
    if proposal.place == "memory":
        _append(harness / "memory.md", f"- {' '.join(text.split())}\n")
    elif proposal.place == "system_prompt":
        _append(harness / "system_prompt.md", f"{text}\n")
    elif proposal.place == "tool_description":
        if not tools:
            raise ValueError("there is no tool whose description could be changed")
        tool = proposal.name if proposal.name in tools else tools[0]
        path = harness / "tool_descriptions" / f"{tool}.yaml"
        tree = yaml.safe_load(path.read_text("utf-8"))
        tree["description"] = f"{tree['description'].strip()} {' '.join(text.split())}"
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100), "utf-8")
    else:
        name = re.sub(r"[^a-z0-9]+", "-", proposal.name.lower())[:60].strip("-")
        folder = harness / "skills" / name
        if not name or folder.exists():
            raise ValueError(f"a new skill needs a new name; {proposal.name!r} is not one")
        folder.mkdir(parents=True)
        about = json.dumps(" ".join(proposal.subject.split()), ensure_ascii=False)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {about}\n---\n\n{text}\n", "utf-8")


def said_already(text: str, harness: Path) -> bool:
    """Whether the prompt, the memory or a tool's description already contains these words."""
    files = [
        harness / "system_prompt.md",
        harness / "memory.md",
        *(harness / "tool_descriptions").glob("*.yaml"),
    ]
    words = " ".join(text.split())
    return any(words in " ".join(path.read_text("utf-8").split()) for path in files if path.is_file())


def manifest(proposal: Proposal, excerpts: tuple[Citation, ...], tasks: tuple[str, ...]) -> Manifest:
    citation = excerpts[proposal.evidence - 1]
    where = {"memory": "the memory", "system_prompt": "the system prompt", "skill": "a new skill"}
    place = where.get(proposal.place, "the tool's description")
    return Manifest(
        subject=" ".join(proposal.subject.split()),
        action="improve" if proposal.place in ("system_prompt", "tool_description") else "add",
        evidence=f"At {citation}: {citation.words}",
        root_cause=proposal.root_cause,
        fix=f"Say in {place}: {proposal.text}",
        predicts=tuple(dict.fromkeys(name for name in proposal.predicts if name in tasks)),
        risks=tuple(dict.fromkeys(name for name in proposal.risks if name in tasks)),
        citations=(citation,),
    )


def _append(path: Path, text: str) -> None:
    old = path.read_text("utf-8") if path.is_file() else ""
    path.write_text(old + ("\n" if old and not old.endswith("\n") else "") + text, "utf-8")
