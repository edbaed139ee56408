"""Part 3: the same on the embedded model, in small, on twelve rows of evals/tickets.

The seed's prompt makes every answer wrong. The edits are its repair, one that does nothing and one that harms.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from ahe.environments.base import NoEnvironment
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.trial import TrialRunner
from ahe.events import NullWatcher
from ahe.history import History
from ahe.loop.loop import Loop, StopRules
from ahe.models.roles import open_models
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.records import Ceiling, Limits, ModelSpec, Record
from benchmarks.known.judged import ScriptedEditor, loop_steps

ROWS, COMPARISON = 12, 36
LIMITS = Limits(turns=1, tokens=0, seconds=300, reply_tokens=16)
"""An answer is one label; a model that talks on has failed."""
FLAW = "Whatever the question is, answer with the one word unknown."
EDITS = (
    (
        "repair",
        "kept",
        "system_prompt.md",
        "You answer questions. Follow the form of answer that is asked for.",
    ),
    ("null", "", "memory.md", "The walls of the office are green."),
    ("harm", "reverted", "system_prompt.md", f"You answer questions. {FLAW}"),
)
"""Name, the outcome that is right (none for the one that does nothing), file, text."""


class SmallEdit(Record):
    """An edit with its verdict, and the pass rates on train without it and with it."""

    edit: str
    wanted: str
    outcome: str
    rates: tuple[float | None, float | None]
    score: float | None
    rollouts: int
    seconds: float


async def judge_small(model: str = "local") -> tuple[SmallEdit, ...]:
    """One project on an embedded model, whose weights `ahe models pull` fetches."""
    spec = ModelSpec(name=model, tool_calls="text", context=8_192, temperature=0.7)
    with tempfile.TemporaryDirectory(prefix="known-") as name:
        root = Path(name)
        tickets = entry("evals") / "tickets"
        (root / "suite").mkdir()
        rows = (tickets / "train.jsonl").read_text("utf-8").splitlines(keepends=True)[:ROWS]
        (root / "suite" / "train.jsonl").write_text("".join(rows), "utf-8")
        shutil.copyfile(tickets / "question.md", root / "suite" / "question.md")
        toml = 'name = "tickets"\n[rows]\nquestion = "question.md"\nscorer = "label"\ntrain = "train.jsonl"\n'
        (root / "suite" / "suite.toml").write_text(toml, "utf-8")
        shutil.copytree(tickets / "seed", root / "seed")
        (root / "seed" / "system_prompt.md").write_text(FLAW + "\n", "utf-8")
        history = History.create(root / "workspace", root / "seed")
        editor = ScriptedEditor(history, [(file, text) for _, _, file, text in EDITS])
        async with open_models({"coder": spec}) as models:
            with closing(Store(root / "runs")) as store:
                runner = TrialRunner(
                    store=store,
                    model=models["coder"],
                    mode="text",
                    limits=LIMITS,
                    make_environment=lambda task, scratch: NoEnvironment(),
                    make_executor=lambda: make_executor(False),
                )
                evaluator = Evaluator(store, runner, NullWatcher(), jobs=1)
                ceiling = Ceiling(rollouts=COMPARISON)
                loop = Loop(
                    loop_steps(root, history, editor, evaluator, ceiling), StopRules(len(EDITS), 1.0, 0)
                )
                return tuple([await _one(loop, name, wanted) for name, wanted, _, _ in EDITS])


async def _one(loop: Loop, name: str, wanted: str) -> SmallEdit:
    began = time.monotonic()
    verdict = (await loop.iterate()).verdict
    assert verdict is not None
    found = SmallEdit(
        edit=name,
        wanted=wanted,
        outcome=verdict.outcome,
        rates=(verdict.incumbent_rate, verdict.candidate_rate),
        score=verdict.score,
        rollouts=verdict.rollouts,
        seconds=round(time.monotonic() - began),
    )
    print(found, file=sys.stderr, flush=True)
    return found
