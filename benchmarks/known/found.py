"""Part 1: does `ahe evolve --strategy playbook` find the one play that repairs a planted flaw, and keep it?

Everything is real but the model's mind, which answers over HTTP: sandboxes, git, store, debugger, gate.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ahe.environments.bwrap import BwrapEnvironment
from ahe.evaluate.store import Store
from ahe.evaluate.suite import load_suite
from ahe.evaluate.trial import HarnessVersion, TrialRunner
from ahe.evolve.plays import Play, read_playbook
from ahe.history import History
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.records import Limits, Message, ModelSpec, Record, Reply, Request, ToolCall, Usage
from benchmarks.known.flaws import TURNS, WORDS, Coder, Flaw, write_suite
from benchmarks.known.shares import Share

ROOT = Path(__file__).resolve().parents[2]
ITERATIONS = 8
COMPARISON = 30
"""Rollouts that a comparison may cost: a play that changes nothing would take 36."""
TARGET = 0.6
"""A run ends when HEAD passes this share of train: what no coder reaches with its flaw."""
SETTINGS = """[model]
name = "planted"
base_url = "{url}"
tool_calls = "native"
[suite]
path = "suite"
[evolve]
iterations = {iterations}
rollouts = 2
jobs = 1
target = {target}
comparison = {{ rollouts = {comparison} }}
[environment]
kind = "bwrap"
[limits]
turns = {turns}
"""


class FoundResult(Record):
    """A run on one flaw. `tried` are the plays in their order with their verdicts; `iteration` is when the play that
    repairs it was kept, None if it was not.
    """

    play: str
    what: str
    iteration: int | None
    tried: tuple[tuple[str, str], ...]
    rates: tuple[float | None, float | None]
    rollouts: int

    @property
    def before(self) -> tuple[str, ...]:
        """The outcomes of the other plays that were tried."""
        return tuple(outcome for name, outcome in self.tried if name != self.play)


async def find(coder: Coder) -> FoundResult:
    """Run `ahe init` and `ahe evolve --strategy playbook` on a project with this coder."""
    server = ScriptedServer(Script({"*": {"*": coder}}))
    url = await server.start()
    with tempfile.TemporaryDirectory(prefix="known-") as name:
        root = Path(name)
        try:
            write_suite(root / "suite", coder.flaw)
            text = SETTINGS.format(
                url=url, iterations=ITERATIONS, target=TARGET, comparison=COMPARISON, turns=TURNS
            )
            (root / "ahe.toml").write_text(text, "utf-8")
            await ahe(root, "init")
            await ahe(root, "evolve", "--strategy", "playbook", "--json")
        finally:
            await server.stop()
        return _read(root, coder.flaw)


def _read(root: Path, flaw: Flaw) -> FoundResult:
    """What the workspace's record says of the run."""
    commits = [commit for commit in reversed(History(root / "workspace").commits()) if commit.play]
    verdicts = [commit.verdict for commit in commits if commit.verdict]
    tried = tuple((commit.play.partition("@")[0], commit.outcome or "") for commit in commits)
    with closing(Store(root / "runs")) as store:
        rollouts = store.count()
    return FoundResult(
        play=flaw.play,
        what=flaw.what,
        iteration=tried.index((flaw.play, "kept")) + 1 if (flaw.play, "kept") in tried else None,
        tried=tried,
        rates=(verdicts[0].incumbent_rate, verdicts[-1].candidate_rate) if verdicts else (None, None),
        rollouts=rollouts,
    )


async def ahe(root: Path, *arguments: str) -> None:
    """Run the command as a person does. Raises `RuntimeError` with its output where it fails."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ahe",
        *arguments,
        cwd=root,
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"ahe {arguments}: exit code {process.returncode}\n{out.decode()}\n{err.decode()}")


def found_share(results: Sequence[FoundResult]) -> Share:
    return Share.count(result.iteration is not None for result in results)


# ------------------------------------------------------------------------------------------------ what repairs a flaw


class CoderModel:
    """The coder in this process, without HTTP."""

    spec = ModelSpec(name="planted")
    fingerprint = "planted"

    def __init__(self, coder: Coder) -> None:
        self.coder = coder

    async def complete(self, request: Request) -> Reply:
        answer = self.coder.reply([(m.role, m.content) for m in request.messages], request.seed or 0)
        calls = tuple(
            ToolCall(id=f"call-{len(request.messages)}", name=call.name, arguments=call.arguments)
            for call in answer.tool_calls
            if isinstance(call.arguments, dict)
        )
        message = Message(role="assistant", content=answer.content or "", tool_calls=calls)
        return Reply(message=message, usage=Usage(calls=1, input_tokens=10, output_tokens=2))


async def repairs(flaw: Flaw, names: Sequence[str] | None = None) -> tuple[str, ...]:
    """The plays, of these or all bundled ones, with which a coder that leaves nothing to chance passes a task.

    An empty name among them means that it passes without any.
    """
    with tempfile.TemporaryDirectory(prefix="known-") as name:
        root = Path(name)
        write_suite(root / "suite", flaw, WORDS[:1])
        (task,) = load_suite(root / "suite").tasks.values()
        with closing(Store(root / "runs")) as store:
            runner = TrialRunner(
                store=store,
                model=CoderModel(Coder(flaw, without=0.0, with_it=1.0)),
                mode="native",
                limits=Limits(turns=TURNS, seconds=120),
                make_environment=lambda task, scratch: BwrapEnvironment(task.environment, scratch),
                make_executor=lambda: make_executor(False),
            )
            found = []
            for label, harness in _harnesses(root / "harnesses", names):
                trial = await runner.run(runner.plan(HarnessVersion(id=label, root=str(harness)), task, 0))
                if trial.status == "missing":
                    raise RuntimeError(f"{flaw.play}, harness with {label or 'no play'}: {trial.cause}")
                found += [label] if trial.status == "passed" else []
    return tuple(found)


def _harnesses(into: Path, names: Sequence[str] | None) -> list[tuple[str, Path]]:
    """The seed, named by an empty text, and the seed with each play that can be added to it."""
    plays: list[Play | None] = [None, *read_playbook(entry("evolver") / "playbook")]
    made = []
    for play in plays:
        label = play.name if play else ""
        if play and names is not None and label not in names:
            continue
        shutil.copytree(entry("components"), into / (label or "seed"))
        if play and play.obstacle(into / label):
            continue
        if play:
            play.apply(into / label)
        made.append((label, into / (label or "seed")))
    return made
