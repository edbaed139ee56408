"""Asks about the tasks of an evaluation: in a fixed order, several at once, within caps, each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ahe.debug.ask.answer import Answer
from ahe.debug.ask.kept import Answers, Kept, harness_digest, material_digest
from ahe.debug.ask.material import Caps, State, TaskMaterial, in_order
from ahe.errors import AgentFault, AheError


class Mode(Protocol):
    """How a task is asked about: `AgentMode` or `FormMode`. `identity` says all that shapes the answer."""

    identity: str

    async def ask(self, material: TaskMaterial, state: State) -> Answer | None: ...


@dataclass(frozen=True)
class Asked:
    """What asking gave. `answers` are in the order of asking.

    `silent` are tasks that were asked about and gave nothing founded, with the reason. `unasked` are those
    that something could have been asked about; `why` says what ended the asking, empty where nothing did.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()
    why: str = ""

    @property
    def dropped(self) -> int:
        """How many claims and divergences stayed unfounded in all answers."""
        return sum(answer.dropped for answer in self.answers.values())

    def with_unasked(self, tasks: Sequence[str]) -> Asked:
        """The same with more tasks that were not asked about; where nothing else ended the asking, for the cap."""
        if not tasks:
            return self
        cap = f"the cap on tasks is {len(self.answers) + len(self.silent)}"
        return replace(self, unasked=(*self.unasked, *tasks), why=self.why or cap)


class Asker:
    """Asks about tasks with one mode. `harness` is the debugger's own; `answers` keeps what it says."""

    def __init__(
        self,
        mode: Mode,
        harness: Path,
        fingerprint: str,
        caps: Caps,
        jobs: int = 1,
        answers: Answers | None = None,
    ) -> None:
        self._mode = mode
        self._harness = harness
        self._fingerprint = fingerprint
        self._caps = caps
        self._jobs = max(1, jobs)
        self._answers = answers

    @property
    def most(self) -> int | None:
        """How many tasks are asked about at most: what is beyond need not be given to `ask`."""
        return self._caps.most

    async def ask(self, tasks: Sequence[TaskMaterial]) -> Asked:
        """Ask about as many of the tasks as the caps allow, the most telling first.

        Never raises for a budget that is spent, a model or a sandbox that fails: no further task is asked
        about then, and what was answered stays.
        """
        materials = {material.task: material for material in tasks}
        order = in_order([(material.outcome, material.before) for material in tasks])
        run = Run(self._mode, self._answers, self._jobs, self._asked_with())
        await asyncio.gather(*(run.one(materials[task]) for task in order[: self.most]))
        left = tuple(task for task in order if task not in run.said and task not in run.silent)
        asked = Asked(
            answers={task: run.said[task] for task in order if task in run.said},
            silent={task: run.silent[task] for task in order if task in run.silent},
            why=run.stopped,
        )
        return asked.with_unasked(left)

    def _asked_with(self) -> tuple[str, ...]:
        return harness_digest(self._harness), self._mode.identity, self._fingerprint


class Run:
    """One call of `Asker.ask`. `said` and `silent` grow; `stopped` says why no further task is begun."""

    def __init__(self, mode: Mode, answers: Answers | None, jobs: int, asked: tuple[str, ...]) -> None:
        self.said: dict[str, Answer] = {}
        self.silent: dict[str, str] = {}
        self.stopped = ""
        self._mode = mode
        self._answers = answers
        self._asked = asked
        self._turn = asyncio.Semaphore(jobs)

    async def one(self, material: TaskMaterial) -> None:
        """Ask about one task, or read what was kept. Kept answers are read even after the asking has ended."""
        state = material.state
        assert state is not None, "only tasks with a question set are in the order"
        async with self._turn:
            digest = await asyncio.to_thread(material_digest, material, state, self._asked)
            kept = self._answers.get(digest) if self._answers is not None else None
            if kept is None:
                if self.stopped:
                    return
                try:
                    kept = Kept(task=material.task, answer=await self._mode.ask(material, state))
                except AgentFault as error:
                    self.silent[material.task] = str(error)
                    return
                except AheError as error:
                    self.stopped = self.stopped or str(error)
                    return
                if self._answers is not None:
                    self._answers.put(digest, kept)
            if kept.answer is None:
                self.silent[material.task] = "nothing that it said was founded"
            else:
                self.said[material.task] = kept.answer
