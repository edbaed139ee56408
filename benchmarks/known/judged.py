"""Part 2: does the loop keep edits that help, remove those that harm, and stay where it is under edits that do nothing?

Real are the loop, git, the store and the gate; the suite is one of rows, without an environment. The model's chance to
answer rightly depends on marks in the harness's memory, so the truth is known:

    [helps .15] sparse, edit 3          moves the mean pass rate of the tasks by 15 points (`ahe.power.worlds`)
    [null] edit 4                       moves nothing
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

from ahe.environments.base import NoEnvironment
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.stored import pairs_of, stored_trials
from ahe.evaluate.suite import load_suite
from ahe.evaluate.trial import TrialRunner
from ahe.events import NullWatcher
from ahe.gate.bayes import NO_CEILING, BayesGate
from ahe.gate.claims import gain
from ahe.history import History
from ahe.loop.loop import Loop, StopRules
from ahe.loop.steps import Steps
from ahe.power.worlds import Edit, Rates, apply, draw_rates
from ahe.project.content import entry
from ahe.protocols import Host
from ahe.records import (
    Brief,
    Ceiling,
    Change,
    DebugReport,
    Evidence,
    Kind,
    Limits,
    Message,
    ModelSpec,
    Record,
    Reply,
    Request,
    Surfaces,
    Usage,
)
from ahe.runtime.box import Box, Wire

TRAIN, HELDOUT = 40, 30
NULLS = 40
SIZES = (15.0, 8.0)
RIGHT, WRONG = "yes", "no"
MARK = re.compile(r"^\[(helps|harms) (\.\d+)\] (sparse|dense), .*$", re.MULTILINE)


def mark(edit: Edit, number: int) -> str:
    """The line that stands for an edit in the harness's memory."""
    if not edit.points:
        return f"[null] edit {number}"
    size = f"{abs(edit.points) / 100:.2f}".lstrip("0")
    return f"[{'helps' if edit.points > 0 else 'harms'} {size}] {edit.shape}, edit {number}"


@dataclass
class World:
    """True pass rates of all tasks, those of train first, under a harness's memory."""

    seed: str
    tasks: int
    known: dict[str, Rates] = field(default_factory=dict)

    def rates(self, memory: str) -> Rates:
        """The seed's rates, moved by each mark in turn."""
        if memory not in self.known:
            rates = draw_rates(self.tasks, Random(self.seed))
            for found in MARK.finditer(memory):
                sign = 1 if found[1] == "helps" else -1
                edit = Edit("sparse" if found[3] == "sparse" else "dense", sign * 100 * float(found[2]))
                rates = apply(edit, rates, Random(f"{self.seed} {found[0]}"))
            self.known[memory] = rates
        return self.known[memory]

    def points(self, memory: str, train: int) -> float:
        """The mean true pass rate on train, in points."""
        return 100 * fmean(self.rates(memory)[:train])


class MarkedModel:
    """A model that answers rightly with the chance of its task; drawn anew by task, attempt and harness."""

    fingerprint = "marked"
    spec = ModelSpec(name="marked")

    def __init__(self, world: World) -> None:
        self.world = world

    async def complete(self, request: Request) -> Reply:
        system, question = request.messages[0].content, request.messages[1].content
        task = int(question.split()[1])
        draw = Random(f"{self.world.seed} {task} {request.seed} {system}").random()
        text = RIGHT if draw < self.world.rates(system)[task] else WRONG
        usage = Usage(calls=1, input_tokens=len(system) // 4, output_tokens=1)
        return Reply(message=Message(role="assistant", content=text), usage=usage)


class RenderHere:
    """An executor that renders prompts in this process, with the code of the box."""

    async def start(self, harness: Path, host: Host) -> None:
        self.box = Box(str(harness), Wire(asyncio.StreamReader(), io.BytesIO()))

    async def call(
        self, what: str, arguments: dict[str, Any], timeout: float, each: float | None = None
    ) -> str:
        assert what == "render", f"{what}: this harness has neither calls nor middleware"
        return await self.box.render(**arguments)

    async def stop(self) -> None: ...


class NoDebugger:
    """Explains nothing: the edits are known before."""

    async def explain(self, evidence: Evidence) -> DebugReport:
        return DebugReport(text="", tokens=0, clusters=(), citations=(), folder=evidence.folder)


@dataclass
class ScriptedEditor:
    """Commits one edit after the other: (file, text). `memory.md` gets one more line, the prompt becomes the text."""

    history: History
    edits: Sequence[tuple[str, str]]
    made: int = 0

    async def edit(self, brief: Brief) -> list[str]:
        name, text = self.edits[self.made]
        self.made += 1
        kind = Kind.MEMORY if name == "memory.md" else Kind.SYSTEM_PROMPT
        change = Change(
            id=f"{brief.iteration:03d}-1",
            kinds=(kind,),
            action="add",
            subject=f"{kind}: {text.splitlines()[0][:60]}",
            evidence="Known before.",
            root_cause="Planted.",
            fix="As the subject says.",
        )
        with self.history.draft(brief.head) as tree:
            old = (tree / name).read_text("utf-8") if kind is Kind.MEMORY else ""
            (tree / name).write_text(f"{old}{text}\n", "utf-8")
            return [self.history.commit_draft(tree, change)]


class JudgedEdit(Record):
    """An edit with its verdict. `true` is by how much it moves the true pass rate on train, in points."""

    edit: str
    points: float
    true: float
    outcome: str
    rollouts: int


class RunResult(Record):
    """A project after all its edits: by how many points HEAD's true pass rate on train has moved, how often `ahe/best`
    has, and what the run would claim.
    """

    edits: tuple[JudgedEdit, ...]
    moved: float
    best_moves: int
    claimed: float


def write_rows(folder: Path, train: int, heldout: int) -> None:
    """A suite of questions without a meaning. All have the same answer; the numbers go on from train to held-out."""
    folder.mkdir(parents=True)
    numbers = {"train": range(train), "heldout": range(train, train + heldout)}
    for split, found in numbers.items():
        rows = (json.dumps({"question": f"Item {n} : is it right?", "answer": RIGHT}) + "\n" for n in found)
        (folder / f"{split}.jsonl").write_text("".join(rows), "utf-8")
    lines = ['name = "marked"', "[rows]", *(f'{split} = "{split}.jsonl"' for split in numbers)]
    (folder / "suite.toml").write_text("\n".join(lines) + "\n", "utf-8")


async def judge(edits: Sequence[Edit], seed: str, train: int = TRAIN, heldout: int = HELDOUT) -> RunResult:
    """One project on which these edits are committed one after the other, each judged by the loop."""
    world = World(seed, train + heldout)
    with tempfile.TemporaryDirectory(prefix="known-") as name:
        root = Path(name)
        write_rows(root / "suite", train, heldout)
        history = History.create(root / "workspace", entry("evals") / "tickets" / "seed")
        with closing(Store(root / "runs")) as store:
            texts = [mark(edit, number) for number, edit in enumerate(edits)]
            editor = ScriptedEditor(history, [("memory.md", text) for text in texts])
            runner = TrialRunner(
                store=store,
                model=MarkedModel(world),
                mode="native",
                limits=Limits(),
                make_environment=lambda task, scratch: NoEnvironment(),
                make_executor=RenderHere,
            )
            steps = loop_steps(root, history, editor, Evaluator(store, runner, NullWatcher(), jobs=8))
            return await _judge_all(edits, steps, world, train)


def loop_steps(
    root: Path, history: History, editor: ScriptedEditor, evaluator: Evaluator, ceiling: Ceiling = NO_CEILING
) -> Steps:
    """The loop's steps on the suite of rows in `root`, with the default gate."""
    suite = load_suite(root / "suite")
    return Steps(
        history=history,
        suite=suite,
        train=suite.splits["train"],
        heldout=suite.splits["heldout"],
        evaluator=evaluator,
        debugger=NoDebugger(),
        editor=editor,
        gate=BayesGate(ceiling=ceiling),
        removal_gate=BayesGate(ceiling=ceiling),
        watcher=NullWatcher(),
        runs=root / "runs",
        rollouts=2,
        changes=1,
        surfaces=Surfaces(),
        show_candidates=False,
        report_tokens=1_000,
    )


async def _judge_all(edits: Sequence[Edit], steps: Steps, world: World, train: int) -> RunResult:
    history, loop = steps.history, Loop(steps, StopRules(len(edits), 1.0, 0))
    seed, best, moves, found = history.head(), history.head(), 0, []
    memory = history.path / "memory.md"
    start = world.points(memory.read_text("utf-8"), train)
    for number, edit in enumerate(edits):
        before = memory.read_text("utf-8")
        result = await loop.iterate()
        assert result.verdict is not None
        moves, best = moves + (history.tags()["ahe/best"] != best), history.tags()["ahe/best"]
        after = f"{before}{mark(edit, number)}\n"
        assert memory.read_text("utf-8") == (after if result.outcome == "kept" else before)
        found.append(
            JudgedEdit(
                edit=str(edit),
                points=edit.points,
                true=world.points(after, train) - world.points(before, train),
                outcome=result.outcome,
                rollouts=result.verdict.rollouts,
            )
        )
    arms = [
        stored_trials(steps.evaluator, steps.version(sha), steps.tasks(steps.train))
        for sha in (seed, history.head())
    ]
    claimed = gain(pairs_of((arms[0], arms[1])))
    return RunResult(
        edits=tuple(found),
        moved=world.points(memory.read_text("utf-8"), train) - start,
        best_moves=moves,
        claimed=100 * claimed.mean if claimed else 0.0,
    )


def judge_now(edits: Sequence[Edit], seed: str) -> RunResult:
    """`judge` for a process of its own."""
    return asyncio.run(judge(edits, seed))


def pairs(sizes: Sequence[float] = SIZES) -> list[tuple[Edit, Edit]]:
    """Of each size and shape a harmful edit, and a helpful one after it."""
    return [(Edit(shape, -size), Edit(shape, size)) for size in sizes for shape in ("sparse", "dense")]
