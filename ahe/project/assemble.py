"""Puts the parts together, from a project's configuration to a running loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ahe.debug.ask.build import Place, build
from ahe.debug.ask.material import EMBEDDED_CAPS, Caps
from ahe.debug.debugger import AgentDebugger
from ahe.environments.choose import make
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.secrets import suite_texts
from ahe.evaluate.store import Store
from ahe.evaluate.suite import Suite
from ahe.events import Notice, Spent
from ahe.evolve.agent import AgentMode
from ahe.evolve.editor import Evolver, Mode
from ahe.evolve.probe import BoxProbe
from ahe.evolve.proposal import ProposalMode
from ahe.gate.choose import make_gate
from ahe.harness.leaks import Secrets
from ahe.harness.preflight import Preflight
from ahe.history import History
from ahe.loop.loop import Loop, StopRules
from ahe.loop.steps import Steps
from ahe.models.ledger import Ledger
from ahe.models.probe import ToolCallProbe, probe_tool_calls
from ahe.models.roles import CachedModel, open_models
from ahe.project.content import entry
from ahe.project.project import Project
from ahe.project.sandboxes import make_executor, refuse_unsupported, trial_runner
from ahe.protocols import Environment, Executor, Model, Watcher
from ahe.records import EnvironmentSpec, Limits, ModelSpec, Role, Usage

EMBEDDED_REPORT = 1_500
MAX_REPORT = 10_000
EVOLVER_LIMITS = Limits(turns=60, tokens=0, seconds=0, command_seconds=60, output_bytes=12_000)


@dataclass
class Parts:
    """What a job needs of a project, opened and connected."""

    project: Project
    watcher: Watcher
    suite: Suite
    store: Store
    ledger: Ledger
    models: dict[Role, Model]
    modes: dict[Role, str]
    evaluator: Evaluator

    def environment(self, spec: EnvironmentSpec, scratch: Path) -> Environment:
        """A sandbox of our own, for the evolver's shell and for smoke trials: never Docker."""
        kind = "unsafe" if self.unsafe else "bwrap"
        return make(kind, spec, scratch)

    def executor(self) -> Executor:
        return make_executor(self.unsafe)

    @property
    def unsafe(self) -> bool:
        return self.project.config.environment.kind == "unsafe"


@asynccontextmanager
async def assemble(project: Project, watcher: Watcher) -> AsyncIterator[Parts]:
    """Open suite, store and models, and connect them. Raises `AheError` before anything is spent."""
    config, suite, store = project.config, project.suite(), project.store()
    refuse_unsupported(project, suite)

    def charged(role: Role, usage: Usage, total: Usage) -> None:
        store.charge(role, usage)
        watcher.emit(Spent(total))

    budget = config.budget
    ledger = Ledger(budget.usd, budget.tokens, budget.minutes, store.spent(), on_charge=charged)
    specs = {role: config.model_spec(role) for role in config.models}
    async with open_models(specs, jobs=config.evolve.jobs, ledger=ledger) as opened:
        for model in dict.fromkeys(opened.values()):
            if warning := ledger.warning(model.spec):
                watcher.emit(Notice(warning))
        modes = {role: await tool_call_mode(store, model) for role, model in opened.items()}
        models: dict[Role, Model] = {
            "coder": opened["coder"],
            "debugger": CachedModel(opened["debugger"], store),
            "evolver": CachedModel(opened["evolver"], store),
        }
        runner = trial_runner(project, store, opened["coder"], modes["coder"])
        evaluator = Evaluator(store, runner, watcher, config.evolve.jobs, budget.rollouts)
        yield Parts(project, watcher, suite, store, ledger, models, modes, evaluator)
    store.close()


def loop(parts: Parts, history: History, iterations: int | None = None) -> Loop:
    """The loop of one `ahe evolve`; `iterations` as configured where it is None."""
    config = parts.project.config
    train, heldout = parts.project.tasks_in_use(parts.suite)
    steps = Steps(
        history=history,
        suite=parts.suite,
        train=tuple(task.name for task in train),
        heldout=tuple(task.name for task in heldout),
        evaluator=parts.evaluator,
        debugger=debugger(parts),
        editor=editor(parts, history),
        gate=make_gate(
            config.evolve.gate,
            quick=config.suite.quick,
            tax=config.evolve.tax,
            ceiling=config.evolve.comparison,
        ),
        watcher=parts.watcher,
        runs=config.runs,
        rollouts=config.evolve.rollouts,
        changes=config.evolve.changes,
        report_tokens=config.evolve.report_tokens or report_tokens(parts.models["evolver"]),
    )
    most = config.evolve.iterations if iterations is None else iterations
    return Loop(steps, StopRules(most, config.evolve.target, config.evolve.patience))


def report_tokens(model: Model) -> int:
    """Budget of the debug report: a quarter of the evolver's window, 10,000 at most, 1,500 when embedded."""
    return EMBEDDED_REPORT if embedded(model) else min(MAX_REPORT, model.spec.context // 4)


def embedded(model: Model) -> bool:
    return model.spec.name.split(":")[0] == "local"


def debugger(parts: Parts, *, ask: bool = True) -> AgentDebugger:
    """The Agent Debugger: an agent a task, for an embedded model one form a task, or no model at all."""
    config, model = parts.project.config, parts.models["debugger"]
    small, kind = embedded(model), config.evolve.debugger
    if kind == "none" or config.evolve.evidence == "scores" or not ask:
        return AgentDebugger(level=config.evolve.evidence)
    # Without a sandbox there is no desk to mount: the form needs none.
    form = kind == "form" or parts.unsafe or (kind == "auto" and small)
    asker = build(
        entry("debugger"),
        model,
        None if form else parts.modes["debugger"],
        EMBEDDED_CAPS if small else Caps(),
        Place(config.runs / "debugger", config.runs / "scratch", config.runs / "answers"),
        parts.environment,
        parts.executor,
        config.evolve.jobs,
    )
    return AgentDebugger(asker, config.evolve.evidence)


def editor(parts: Parts, history: History) -> Evolver:
    """The evolver: an agent, or for an embedded model the form of one proposal a call."""
    config, model = parts.project.config, parts.models["evolver"]
    kind, repairs = config.evolve.editor, config.evolve.repairs
    harness = entry("evolver")
    mode: Mode
    if kind == "proposal" or (kind == "auto" and embedded(model)):
        mode = ProposalMode(harness, model, parts.executor, repairs)
    else:
        mode = AgentMode(
            harness, model, parts.modes["evolver"], EVOLVER_LIMITS, parts.environment, parts.executor, repairs
        )
    scratch = config.runs / "scratch"
    return Evolver(
        history,
        mode,
        preflight(parts.suite),
        BoxProbe(parts.environment, parts.executor, scratch),
        scratch,
        model.spec.name,
        config.evolve.strategy,
    )


def preflight(suite: Suite) -> Preflight:
    """The static rules, with what no harness may hold: names, verifiers and solutions of tasks."""
    seed, texts = entry("components"), suite_texts(suite)
    files = [path for path in sorted(seed.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    known = [path.read_text("utf-8") for path in files]
    secrets = Secrets(texts.names, texts.hidden, (*texts.allowed, *known))
    return Preflight(secrets=secrets, seed_prompt=(seed / "system_prompt.md").read_text("utf-8"))


async def tool_call_mode(store: Store, model: Model) -> str:
    """`native` or `text`: as configured, as settled earlier, or settled now by asking the model."""
    return settled_mode(store, model.spec) or (await settle_tool_calls(store, model)).mode


def settled_mode(store: Store, spec: ModelSpec) -> str | None:
    """The tool-call mode that is configured or was settled; None where the model must be asked."""
    if spec.tool_calls != "auto":
        return spec.tool_calls
    settled = store.fact(_tool_calls_fact(spec))
    return str(settled) if settled else None


async def settle_tool_calls(store: Store, model: Model) -> ToolCallProbe:
    """Ask the model afresh how it calls tools, and keep the answer for later runs."""
    found = await probe_tool_calls(model)
    store.put_fact(_tool_calls_fact(model.spec), found.mode)
    return found


def _tool_calls_fact(spec: ModelSpec) -> str:
    return f"tool_calls {spec.base_url} {spec.name}"
