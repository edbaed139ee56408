"""The evolver for small models: one proposal a call, constrained by a JSON schema, applied by program.

Small models cannot drive an editing session, but they can fill in a form. Evidence is picked from
numbered excerpts, so a citation cannot be invented; the text goes to one of four kinds of component.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from ahe.errors import HarnessError
from ahe.evolve.desk import Draft, Refused
from ahe.evolve.manifest import Manifest
from ahe.harness.load import load
from ahe.protocols import Executor, Model
from ahe.records import Brief, Citation, Message, Record, Request
from ahe.runtime.agent import RENDER_SECONDS

Place = Literal["memory", "system_prompt", "tool_description", "skill"]
MAX_EXCERPTS = 6


class Proposal(Record):
    """What the form asks for. `evidence` is the number of an excerpt."""

    evidence: int
    root_cause: str
    place: Place
    name: str
    text: str
    subject: str
    predicts: tuple[str, ...]
    risks: tuple[str, ...]


class ProposalMode:
    """Asks for one proposal, applies it, and sends refusals back, at most `repairs` times."""

    def __init__(
        self, harness: Path, model: Model, make_executor: Callable[[], Executor], repairs: int
    ) -> None:
        self._harness = harness
        self._model = model
        self._make_executor = make_executor
        self._repairs = repairs

    async def work(self, brief: Brief, desk: Draft, scratch: Path) -> None:
        """Commit at most one change to the desk."""
        excerpts = brief.report.citations[:MAX_EXCERPTS]
        if not excerpts:
            return
        tools = tuple(tool.name for tool in load(desk.folder).tools)
        tasks = tuple(sorted({trial.task for trial in brief.evidence.trials if trial.status == "failed"}))
        schema = form(len(excerpts), tasks)
        messages = [
            Message(role="system", content=await self._system(brief)),
            Message(role="user", content=question(brief, desk.folder, excerpts)),
        ]
        for attempt in range(self._repairs + 1):
            request = Request(
                role="evolver",
                key=f"evolve/{brief.iteration:03d}/{attempt}",
                messages=tuple(messages),
                max_tokens=700,
                seed=1_000 * brief.iteration + attempt,
                response_schema=schema,
            )
            reply = await self._model.complete(request)
            try:
                proposal = Proposal.model_validate_json(reply.message.content)
                if not 1 <= proposal.evidence <= len(excerpts):
                    raise ValueError(f"evidence is the number of an excerpt, from 1 to {len(excerpts)}")
                apply(proposal, desk.folder, tools)
                await desk.commit(manifest(proposal, excerpts, tasks))
                return
            except ValidationError:
                reasons = ["the reply does not fill in the form; write less"]
            except (ValueError, HarnessError) as error:
                reasons = [str(error)]
            except Refused as refused:
                reasons = refused.reasons
            desk.reset()
            again = "Refused:\n" + "\n".join(f"- {r}" for r in reasons) + "\nPropose something else."
            messages = [*messages[:2], reply.message, Message(role="user", content=again)]

    async def _system(self, brief: Brief) -> str:
        executor = self._make_executor()
        template = load(self._harness).system_prompt
        values = {"mode": "proposal", "changes": 1, "memory": "", "skills": [], "sub_agents": [], "tools": []}
        try:
            await executor.start(self._harness, NoHost())
            arguments = {"template": template, "values": {**values, "workdir": ""}}
            return str(await executor.call("render", arguments, RENDER_SECONDS))
        finally:
            await executor.stop()


class NoHost:
    """A host that serves nothing: rendering needs nothing."""

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any:
        raise ValueError("nothing can be asked for here")


def form(excerpts: int, tasks: tuple[str, ...]) -> dict[str, Any]:
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
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


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
    """Write the proposal's text to its place. Raises `ValueError` where it does not fit there."""
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
        name = re.sub(r"[^a-z0-9]+", "-", proposal.name.lower()).strip("-")
        folder = harness / "skills" / name
        if not name or folder.exists():
            raise ValueError(f"a new skill needs a new name; {proposal.name!r} is not one")
        folder.mkdir(parents=True)
        about = json.dumps(" ".join(proposal.subject.split()), ensure_ascii=False)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {about}\n---\n\n{text}\n", "utf-8")


def said_already(text: str, harness: Path) -> bool:
    """Whether the words stand in the prompt, the memory, or a tool's description already."""
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
