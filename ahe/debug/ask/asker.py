"""Asks about the tasks of an evaluation: in a fixed order, several at once, within caps."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pydantic import TypeAdapter

from ahe.agents.answering import HandIn, fill_in, rendered_prompt, same_every_run
from ahe.agents.play import MakeExecutor, Player
from ahe.debug.ask.answer import Answer, AnswerSink
from ahe.debug.ask.evidence import NumberedEvidence
from ahe.debug.ask.files import opening, safe, write_files
from ahe.debug.ask.material import Caps, TaskMaterial, in_order
from ahe.debug.readers.trace import Trace
from ahe.debug.report.quote import names
from ahe.errors import AgentFault, AheError, HarnessError
from ahe.harness.load import Harness, load
from ahe.protocols import MakeEnvironment, Model
from ahe.records import EnvironmentSpec, Limits, Message, Request
from ahe.text import estimate_tokens

REPLY_TOKENS = 600
LEAST_EVIDENCE = 400
FILL_IN = "Fill in the form. A line is cited by its number in brackets."
FALLBACK_TOKENS = 6_000
"""Prompt size of the form that is used if an agent submits no answer."""
RESERVE = FALLBACK_TOKENS + REPLY_TOKENS
"""Tokens of a task's cap that its agent leaves for that form."""
LIMITS = Limits(turns=30, tokens=0, seconds=0, command_seconds=30, output_bytes=6_000)
NOTES = "/notes"
AGENT_REPAIRS, FORM_REPAIRS = 3, 1
NAMES = 8
"""How many tasks a note names."""


ANSWERED: TypeAdapter[Answer | None] = TypeAdapter(Answer | None)


class Asked(NamedTuple):
    """Answers by task, in the order of asking, and what the report says about the rest: what was left out, and why."""

    answers: Mapping[str, Answer] = MappingProxyType({})
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asker:
    """Asks about tasks, `jobs` at a time: with agents, or with forms if `tool_calls` is None (small model, no sandbox).

    `harness` is the debugger's own. `traces` is the folder of the agents' trajectories, `scratch` that of their files.
    """

    harness: Path
    model: Model
    tool_calls: str | None
    caps: Caps
    traces: Path
    scratch: Path
    make_environment: MakeEnvironment
    make_executor: MakeExecutor
    jobs: int

    async def ask(self, tasks: Iterable[TaskMaterial], traces: Callable[[str], Mapping[str, Trace]]) -> Asked:
        """Ask about as many tasks as the caps allow, in the order of `in_order`; `traces` reads those of one task.

        Does not raise if a budget is spent, or a model or sandbox fails: then no further task is asked about, and the
        answers so far are kept.
        """
        turn, stopped = asyncio.Semaphore(self.jobs), list[str]()

        async def one(material: TaskMaterial) -> Answer | str | None:
            """The answer, or the reason why there is none, or None if it was not asked about."""
            async with turn:
                if stopped:
                    return None
                try:
                    read = await asyncio.to_thread(traces, material.task)
                    answer = await self._about(replace(material, traces=read))
                    return answer or "nothing that it said was founded"
                except AgentFault as error:
                    return str(error)
                except AheError as error:
                    stopped.append(str(error))
                    return None

        order = in_order(tasks)
        found = await asyncio.gather(*map(one, order[: self.caps.tasks]))
        said = {material.task: each for material, each in zip(order, found, strict=False)}
        answers = {task: each for task, each in said.items() if isinstance(each, Answer)}
        reasons = {task: each for task, each in said.items() if isinstance(each, str)}
        unasked = [material.task for material in order if said.get(material.task) is None]
        notes = []
        if unasked:
            why = stopped[0] if stopped else f"the cap on tasks is {self.caps.tasks}"
            notes.append(f"tasks not asked about: {len(unasked)} ({why}): {names(unasked, NAMES)}")
        if reasons:
            why = "; ".join(dict.fromkeys(reasons.values()))
            notes.append(f"no founded answer about {names(list(reasons), NAMES)} ({why})")
        if dropped := sum(answer.dropped for answer in answers.values()):
            notes.append(f"statements of the debugger left out as unfounded: {dropped}")
        return Asked(answers, tuple(notes))

    async def _about(self, material: TaskMaterial) -> Answer | None:
        """The founded part of the answer; None if no claim is founded.

        Raises the `AheError` of model and sandbox, and `HarnessError` if the debugger's own harness fails.
        """
        if self.tool_calls is None:
            return await self._by_form(material, self.caps.tokens_per_task)
        # What an agent printed may differ in another run (`date`), and then all its further requests would be new.
        harness = load(self.harness)
        asked = (
            self.model.fingerprint,
            self.tool_calls,
            harness.model_dump_json(exclude={"root"}),
            opening(material),
        )
        kept = self.traces / "answers" / f"{hashlib.sha256(repr(asked).encode()).hexdigest()[:24]}.json"
        with suppress(OSError, ValueError):
            return ANSWERED.validate_json(kept.read_bytes())
        answer = await self._by_agent(material, harness)
        kept.parent.mkdir(parents=True, exist_ok=True)
        (draft := kept.with_suffix(".new")).write_bytes(ANSWERED.dump_json(answer))
        draft.replace(kept)
        return answer

    async def _by_agent(self, material: TaskMaterial, harness: Harness) -> Answer | None:
        """The same with an agent that has a shell over the rollouts."""
        sink = AnswerSink(material)
        tool = HandIn(Answer, sink.take, AGENT_REPAIRS)
        name = safe(material.task)
        folder = self.scratch / f"debug-{name}"
        tokens = max(self.caps.tokens_per_task - RESERVE, RESERVE)
        limits = LIMITS.model_copy(update={"tokens": tokens})
        try:
            mounts = await asyncio.to_thread(write_files, folder / "files", material)
            spec = EnvironmentSpec(name="debugger", workdir=NOTES, mounts=mounts)
            async with same_every_run(self.make_environment, spec, folder / "box") as environment:
                player = Player("debugger", self.model, self.tool_calls or "", limits, self.make_executor)
                outcome = await player.play(
                    harness,
                    environment,
                    opening(material),
                    trace=self.traces / name,
                    session=f"debug-{name}",
                    key=f"debug/{material.task}",
                    workdir=NOTES,
                    values={"mode": "agent", "state": material.state},
                    host_tools={"answer": tool},
                    done=tool.closed,
                )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if outcome.ended == "crashed":
            raise HarnessError(f"the debugger's harness failed: {outcome.cause}")
        return sink.best if sink.complete else await self._by_form(material, FALLBACK_TOKENS)

    async def _by_form(self, material: TaskMaterial, tokens: int) -> Answer | None:
        """The same with a form, whose prompt has `tokens` tokens at most; None also if there is no line to cite."""
        sink = AnswerSink(material)
        values = {"mode": "form", "state": material.state}
        system = await rendered_prompt(self.harness, self.make_executor, values)
        size = min(tokens, self.model.spec.context // 2)
        size -= estimate_tokens(system) + estimate_tokens(FILL_IN) + 2
        evidence = NumberedEvidence(material, sink.checker, max(size, LEAST_EVIDENCE))
        if not evidence.numbers():
            return None
        form = Request(
            role="debugger",
            key=f"debug/{material.task}/form",
            messages=(
                Message(role="system", content=system),
                Message(role="user", content=f"{evidence.text}\n\n{FILL_IN}"),
            ),
            max_tokens=REPLY_TOKENS,
            seed=1,
            response_schema=evidence.schema(),
        )
        again, context = "Fill it in again.", evidence.cited
        await fill_in(self.model, form, Answer, sink.take, repairs=FORM_REPAIRS, again=again, context=context)
        return sink.best
