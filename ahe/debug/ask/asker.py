"""Asks about the tasks of an evaluation: in a fixed order, several at once, within caps, each only once.

Answers are cached by the content that they were made from. They are files, `runs/answers/<digest>.json`, and not
rows of the store: a folder of foreign traces has no store, and files are easy to read.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from ahe.agents.play import MakeExecutor, Player
from ahe.debug.ask.agent import DebuggerAgent
from ahe.debug.ask.answer import Answer
from ahe.debug.ask.form import REPLY_TOKENS, DebuggerForm
from ahe.debug.ask.material import Caps, TaskMaterial, TaskState, in_order, material_digest
from ahe.debug.report.quote import names
from ahe.errors import AgentFault, AheError
from ahe.harness.layout import counts
from ahe.protocols import MakeEnvironment, Model
from ahe.records import Limits, Record

FALLBACK_TOKENS = 6_000
"""Prompt size of the form that is used if an agent submits no answer; reserved from the agent's tokens."""
NAMES = 8
"""How many tasks a note names."""


class AskMode(Protocol):
    """How a task is asked about: `DebuggerAgent` or `DebuggerForm`. `identity` names all that shapes an answer."""

    @property
    def identity(self) -> str: ...

    async def ask(self, material: TaskMaterial, state: TaskState) -> Answer | None: ...


@dataclass(frozen=True)
class Asked:
    """The result of asking. `answers` are in the order of asking.

    `unanswered` are tasks that were asked about without a founded answer, with the reason. `unasked` are tasks that
    could have been asked about; `why` says what ended the asking, empty if nothing did.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()
    why: str = ""

    @property
    def dropped(self) -> int:
        """How many claims and divergences of all answers were left out as unfounded."""
        return sum(answer.dropped for answer in self.answers.values())

    def with_unasked(self, tasks: Sequence[str]) -> Asked:
        """The same with more unasked tasks; if nothing else ended the asking, the reason is the cap."""
        if not tasks:
            return self
        cap = f"the cap on tasks is {len(self.answers) + len(self.unanswered)}"
        return replace(self, unasked=(*self.unasked, *tasks), why=self.why or cap)

    def notes(self) -> tuple[str, ...]:
        """What the report says about the asking itself: what was left out, and why."""
        found = []
        if self.unasked:
            found.append(
                f"tasks not asked about: {len(self.unasked)} ({self.why}): {names(self.unasked, NAMES)}"
            )
        if self.unanswered:
            reasons = dict.fromkeys(self.unanswered.values())
            found.append(
                f"no founded answer about {names(list(self.unanswered), NAMES)} ({'; '.join(reasons)})"
            )
        if self.dropped:
            found.append(f"statements of the debugger left out as unfounded: {self.dropped}")
        return tuple(found)


class CachedAnswer(Record):
    """The cached result of asking about a task: an answer, or None if no claim was founded."""

    task: str
    answer: Answer | None


@dataclass(frozen=True)
class AnswerCache:
    """Answers in `folder`, which is created with the first one."""

    folder: Path

    def get(self, digest: str) -> CachedAnswer | None:
        """The cached result, or None; a damaged file counts as None."""
        try:
            return CachedAnswer.model_validate_json((self.folder / f"{digest}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, digest: str, cached: CachedAnswer) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{digest}.{os.getpid()}"
        unfinished.write_text(cached.model_dump_json(indent=1) + "\n", "utf-8")
        unfinished.replace(self.folder / f"{digest}.json")


def harness_digest(root: Path) -> str:
    """A hash of the files that belong to a harness, by path and content."""
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    total = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root).as_posix()
        if counts(name):
            total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True)
class Asker:
    """Asks about tasks in one mode, `jobs` at a time. `harness` is the debugger's own."""

    mode: AskMode
    harness: Path
    fingerprint: str
    caps: Caps
    jobs: int = 1
    cache: AnswerCache | None = None

    async def ask(self, tasks: Sequence[TaskMaterial]) -> Asked:
        """Ask about as many tasks as the caps allow, in the order of `in_order`.

        Does not raise if a budget is spent, or a model or sandbox fails: then no further task is asked about, and the
        answers so far are kept.
        """
        materials = {material.task: material for material in tasks}
        order = in_order([(material.outcome, material.before) for material in tasks])
        asked_with = (harness_digest(self.harness), self.mode.identity, self.fingerprint)
        run = _Asking(self.mode, self.cache, asyncio.Semaphore(max(1, self.jobs)), asked_with)
        chosen = order[: self.caps.max_tasks]
        said = dict(
            zip(chosen, await asyncio.gather(*(run.one(materials[task]) for task in chosen)), strict=True)
        )
        asked = Asked(
            answers={task: what for task, what in said.items() if isinstance(what, Answer)},
            unanswered={task: what for task, what in said.items() if isinstance(what, str)},
            why=run.stopped,
        )
        return asked.with_unasked([task for task in order if said.get(task) is None])


@dataclass
class _Asking:
    """One call of `Asker.ask`. `stopped` says why no further task is started."""

    mode: AskMode
    cache: AnswerCache | None
    turn: asyncio.Semaphore
    asked_with: tuple[str, ...]
    stopped: str = ""

    async def one(self, material: TaskMaterial) -> Answer | str | None:
        """The answer about one task, or the reason why there is none, or None if it was not asked about.

        The cache is read even after the asking has ended.
        """
        state = material.state
        assert state is not None, "only tasks with a question set are in the order"
        async with self.turn:
            digest = await asyncio.to_thread(material_digest, material, state, self.asked_with)
            cached = self.cache.get(digest) if self.cache is not None else None
            if cached is None:
                if self.stopped:
                    return None
                try:
                    cached = CachedAnswer(task=material.task, answer=await self.mode.ask(material, state))
                except AgentFault as error:
                    return str(error)
                except AheError as error:
                    self.stopped = self.stopped or str(error)
                    return None
                if self.cache is not None:
                    self.cache.put(digest, cached)
            return cached.answer or "nothing that it said was founded"


@dataclass(frozen=True)
class AskFolders:
    """Folders for the debugger agents' trajectories, for their files, and for the cached answers, if any."""

    traces: Path
    scratch: Path
    answers: Path | None


def make_asker(
    harness: Path,
    model: Model,
    tool_calls: str | None,
    caps: Caps,
    folders: AskFolders,
    make_environment: MakeEnvironment,
    make_executor: MakeExecutor,
    jobs: int,
) -> Asker:
    """An asker that uses agents, or forms if `tool_calls` is None (embedded models, no sandbox)."""
    window = model.spec.context // 2
    mode: AskMode
    if tool_calls is None:
        tokens = min(caps.tokens_per_task or FALLBACK_TOKENS, window)
        mode = DebuggerForm(harness, model, make_executor, tokens)
    else:
        form = DebuggerForm(harness, model, make_executor, min(FALLBACK_TOKENS, window))
        player = Player("debugger", model, tool_calls, agent_limits(caps), make_executor)
        mode = DebuggerAgent(harness, player, make_environment, folders.traces, folders.scratch, form)
    cache = AnswerCache(folders.answers) if folders.answers is not None else None
    return Asker(mode, harness, model.fingerprint, caps, jobs, cache)


def agent_limits(caps: Caps) -> Limits:
    """The limits of one agent: its task's cap without the form's reserve, and no time limit."""
    reserve = FALLBACK_TOKENS + REPLY_TOKENS
    tokens = max(caps.tokens_per_task - reserve, reserve) if caps.tokens_per_task else 0
    return Limits(
        turns=30, tokens=tokens, seconds=0, reply_tokens=4_096, command_seconds=30, output_bytes=6_000
    )
