"""Puts the parts together, from a project's configuration to a running loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path

from ahe.agents.command import surfaces
from ahe.agents.relay import relayed
from ahe.debug.ask.asker import Asker
from ahe.debug.ask.material import EMBEDDED_CAPS, Caps
from ahe.debug.debugger import AgentDebugger
from ahe.environments.choose import make
from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.suite import Suite, hidden_texts
from ahe.events import Notice, Spent
from ahe.evolve.documents import ADDED_TOKENS, DocumentsEditor
from ahe.evolve.draft import Draft
from ahe.evolve.editor import Evolver
from ahe.evolve.plays import Examples, PlaysEditor
from ahe.evolve.prune import EveryNth, PruneEditor
from ahe.evolve.replay import Replay
from ahe.evolve.smoke import SmokeTrial
from ahe.gate.choose import make_gate
from ahe.harness.leaks import Secrets
from ahe.harness.preflight import Preflight
from ahe.history import History
from ahe.loop.loop import Loop, StopRules
from ahe.loop.steps import Steps
from ahe.models import probe
from ahe.models.ledger import Ledger
from ahe.models.openai import OpenAIModel
from ahe.models.roles import CachedModel, open_models
from ahe.project.config import FILE, Config
from ahe.project.content import entry
from ahe.project.project import Project
from ahe.project.sandboxes import make_executor, trial_runner
from ahe.protocols import Editor, Environment, Executor, Gate, MakeEnvironment, Model, Watcher
from ahe.records import PRUNE, EnvironmentSpec, Kind, Role, Surfaces, Usage
from ahe.render import lost

EMBEDDED_REPORT = 1_500
MAX_REPORT = 10_000


@dataclass
class Parts:
    """A project's parts, opened and connected, as a job uses them."""

    project: Project
    watcher: Watcher
    suite: Suite
    store: Store
    ledger: Ledger
    models: dict[Role, Model]
    modes: dict[Role, str]
    evaluator: Evaluator

    @property
    def spent(self) -> Usage:
        """What was spent since the parts were opened."""
        return self.ledger.spent

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
async def assemble(
    project: Project, watcher: Watcher, environment: MakeEnvironment | None = None
) -> AsyncIterator[Parts]:
    """Open suite, store and models, and connect them; `environment` replaces the project's for trials.

    Raises `AheError` before anything is spent.
    """
    config, suite = project.config, project.suite()
    suite.require_named()
    if text := suite.left_out_text():
        watcher.emit(Notice(text))
    with closing(project.store()) as store:
        store.require_writable()

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
                model.habits = probe.known_habits(store, model.spec)
                model.on_learned = partial(_keep_habits, store, model, watcher)
            modes = {role: await _mode(store, model) for role, model in opened.items()}
            models: dict[Role, Model] = {
                "coder": opened["coder"],
                "debugger": CachedModel(opened["debugger"], store),
                "evolver": CachedModel(opened["evolver"], store),
            }
            async with relayed(opened["coder"], config.coder.kind == "command") as relay:
                runner = trial_runner(project, store, opened["coder"], modes["coder"], environment, relay)
                evaluator = Evaluator(store, runner, watcher, config.evolve.jobs, budget.rollouts)
                yield Parts(project, watcher, suite, store, ledger, models, modes, evaluator)


def loop(parts: Parts, history: History, iterations: int | None = None, gate: Gate | None = None) -> Loop:
    """The loop of one `ahe evolve`; iterations and gate as configured where they are None."""
    config = parts.project.config
    train, heldout = parts.project.tasks_in_use(parts.suite)
    named = partial(
        make_gate,
        quick=config.suite.quick,
        tax=config.evolve.tax,
        price=config.gate.price,
        ceiling=config.evolve.comparison,
    )
    steps = Steps(
        history=history,
        suite=parts.suite,
        train=tuple(task.name for task in train),
        heldout=tuple(task.name for task in heldout),
        evaluator=parts.evaluator,
        debugger=debugger(parts),
        editor=editor(parts, history),
        gate=gate or named(config.evolve.gate),
        removal_gate=gate or named("lean"),
        watcher=parts.watcher,
        runs=config.runs,
        rollouts=config.evolve.rollouts,
        changes=config.evolve.changes,
        surfaces=Surfaces(kinds=_kinds(config), most=config.evolve.surfaces),
        show_candidates=config.evolve.evidence == "candidates",
        report_tokens=config.evolve.report_tokens or report_tokens(parts),
        variants=config.evolve.variants,
    )
    most = config.evolve.iterations if iterations is None else iterations
    # Each document is tried, whatever the pass rate is.
    target = inf if config.evolve.editor == "documents" else config.evolve.target
    return Loop(steps, StopRules(most, target, config.evolve.patience))


def _kinds(config: Config) -> tuple[Kind, ...]:
    """The kinds that an edit may touch: of a coder that is a command, those that its agent reads."""
    wanted = config.evolve.kinds
    read = tuple(Kind) if config.coder.kind == "ahe" else surfaces(config.coder.agent)
    if set(read) == set(Kind):
        return wanted
    if not (both := tuple(kind for kind in read if not wanted or kind in wanted)):
        raise UsageError(
            f"{FILE}: {config.coder.agent} reads {', '.join(read)}, and [evolve] kinds has only others: correct it"
        )
    return both


def report_tokens(parts: Parts) -> int:
    """Budget of the debug report: a quarter of the evolver's window, 10,000 at most, 1,500 when embedded."""
    small = parts.project.config.models["evolver"].embedded
    return EMBEDDED_REPORT if small else min(MAX_REPORT, parts.models["evolver"].spec.context // 4)


def debugger(parts: Parts) -> AgentDebugger:
    """The Agent Debugger: an agent per task, for an embedded model one form per task, or no model at all."""
    config, model = parts.project.config, parts.models["debugger"]
    small, kind = config.models["debugger"].embedded, config.evolve.debugger
    level, layered = config.evolve.evidence, config.evolve.layers
    if kind == "none" or level == "scores":
        return AgentDebugger(level=level, layered=layered)
    # An agent reads files that are mounted into its sandbox; the form works without one.
    form = kind == "form" or parts.unsafe or (kind == "auto" and small)
    asker = Asker(
        entry("debugger"),
        model,
        None if form else parts.modes["debugger"],
        EMBEDDED_CAPS if small else Caps(),
        config.runs / "debugger",
        parts.store.scratch.own,
        parts.environment,
        parts.executor,
        config.evolve.jobs,
    )
    return AgentDebugger(asker, level, layered=layered)


def editor(parts: Parts, history: History) -> Editor:
    """The evolver, as an agent or for an embedded model a form with one proposal per call; or one without a model."""
    config, kind = parts.project.config, parts.project.config.evolve.editor
    form = kind == "proposal" or (kind == "auto" and config.models["evolver"].embedded)
    model, scratch = parts.models["evolver"], parts.store.scratch.own
    agent = config.coder.agent if config.coder.kind == "command" else ""
    make_draft = partial(
        Draft,
        history=history,
        preflight=preflight(parts.suite, agent),
        check_in_box=SmokeTrial(parts.environment, parts.executor, scratch),
        evolver="" if kind == "plays" else model.spec.name,
        strategy=config.evolve.strategy,
        replay=Replay(parts.executor) if config.evolve.replay else None,
    )
    removing = partial(make_draft, evolver="", strategy=PRUNE)
    prune = PruneEditor(history, removing, scratch, parts.models["coder"].fingerprint, parts.watcher)
    if kind == "prune":
        return prune
    if kind == "documents":
        writer = None if config.models["evolver"].embedded else model
        wider = preflight(parts.suite, agent)
        wider = replace(wider, bounds=wider.bounds.model_copy(update={"added_text": ADDED_TOKENS}))
        evolver = model.spec.name if writer else ""
        reading = partial(make_draft, preflight=wider, evolver=evolver, strategy="explore")
        documents, prompts = parts.project.documents(), (entry("evolver"), parts.executor)
        return DocumentsEditor(history, reading, scratch, documents, writer, *prompts, parts.watcher)
    every, plays, rows = config.evolve.prune_every, parts.project.playbook(), examples(parts.suite)
    made: Editor
    if kind == "plays":
        chosen, in_order = parts.project.plays(), bool(config.evolve.plays)
        made = PlaysEditor(history, make_draft, scratch, chosen, rows, parts.watcher, in_order=in_order)
    else:
        made = Evolver(
            history,
            make_draft,
            scratch,
            entry("evolver"),
            model,
            None if form else parts.modes["evolver"],
            parts.environment,
            parts.executor,
            config.evolve.repairs,
            plays,
            rows,
        )
    return EveryNth(every, prune, made) if every else made


def examples(suite: Suite) -> Examples:
    """The questions and answers of the train split; none where it has tasks of another kind."""
    tasks = [(task, task.row) for task in suite.part("train") if task.row is not None]
    before = tasks[0][0].instruction.removesuffix(tasks[0][1].question).strip() if tasks else ""
    return Examples([(row.question, row.answer) for _, row in tasks], before)


def preflight(suite: Suite, agent: str = "") -> Preflight:
    """The static rules, and what a harness must not contain: names, verifiers and solutions of tasks.

    Of a coder that is another `agent`, also what it would not read.
    """
    seed = suite.seed or entry("components")
    files = [path for path in sorted(seed.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    # What may be quoted: the instructions of train tasks, which the evolver reads anyway, and the seed.
    allowed = [*(task.instruction for task in suite.part("train")), *(p.read_text("utf-8") for p in files)]
    secrets = Secrets(suite.tasks, hidden_texts(suite), allowed)
    prompt = (seed / "system_prompt.md").read_text("utf-8")
    return Preflight(secrets, prompt, unread=partial(_unread, agent=agent) if agent else None)


def _unread(root: Path, agent: str) -> dict[str, str]:
    """The components of a harness that do not reach an agent in a trial, with the reasons."""
    return {each.path: f"{agent} does not read it: {each.why}" for each in lost(root, agent, surfaces(agent))}


async def _mode(store: Store, model: Model) -> str:
    """`native` or `text`: as configured, as settled earlier, or settled now by asking the model."""
    if mode := probe.settled_mode(store, model.spec):
        return mode
    mode, _ = await probe.probe_tool_calls(model)
    probe.put_mode(store, model.spec, mode)
    return mode


def _keep_habits(store: Store, model: OpenAIModel, watcher: Watcher) -> None:
    known = probe.known_habits(store, model.spec)
    probe.put_habits(store, model.spec, known.joined(model.habits))
    watcher.emit(Notice(f"{model.spec.name}: calls have another form from now on: {model.habits.text()}"))
