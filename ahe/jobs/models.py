"""The models of a project: which role uses which, the weights that can be fetched, and a first question."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing

from ahe.evaluate.store import Store
from ahe.jobs.points import Point, Points
from ahe.models.identity import served_here
from ahe.models.ledger import MILLION, Ledger, cost
from ahe.models.probe import probe_tool_calls
from ahe.models.roles import open_models
from ahe.models.secrets import shown
from ahe.models.weights import KNOWN, path_of
from ahe.project.assemble import settle_habits
from ahe.project.config import Config
from ahe.project.project import Project, settled_mode, tool_calls_fact
from ahe.protocols import Model
from ahe.records import Message, ModelSpec, Record, Request, Role, Usage

QUESTION = "What does `ls -a` show that `ls` does not? Answer in one sentence."


class RoleModel(Record):
    """The model of a role as people compare models. `price` is for input and output tokens."""

    role: Role
    model: str
    where: str
    tool_calls: str
    context: str
    price: str


class WeightsState(Record):
    """Weights of an embedded model. `state` is their path, or the command that fetches them."""

    name: str
    file: str
    size: str
    licence: str
    state: str


class Models(Record):
    """What `ahe models list` shows."""

    roles: tuple[RoleModel, ...]
    weights: tuple[WeightsState, ...]


class ModelTest(Record):
    """A model's answer to one question, how fast it came, how the model calls tools, and what else holds of it."""

    model: str
    answer: str
    seconds: float
    tokens_per_second: float
    price: str
    tool_calls: str
    because: str
    points: tuple[Point, ...]


def models(config: Config, short_names: Mapping[str, str]) -> Models:
    """The model of each role, and the known weights. `short_names`: weights → the name `ahe models pull` takes."""
    specs = {role: config.model_spec(role) for role in config.models}
    return Models(
        roles=tuple(
            RoleModel(
                role=role,
                model=spec.name,
                where=shown(spec.base_url) or "in this process",
                tool_calls=spec.tool_calls,
                context=str(spec.context),
                price=price(spec),
            )
            for role, spec in specs.items()
        ),
        weights=tuple(
            WeightsState(
                name=each.name,
                file=each.file,
                size=f"{each.size / 1e6:.0f} MB",
                licence=each.licence,
                state=str(path)
                if (path := path_of(each)).is_file()
                else f"ahe models pull {short_names[each.name.removeprefix('local:')]}",
            )
            for each in KNOWN
        ),
    )


def price(spec: ModelSpec) -> str:
    """Dollars per million tokens, in and out."""
    read = cost(spec, Usage(calls=1, input_tokens=MILLION))
    written = cost(spec, Usage(calls=1, output_tokens=MILLION))
    if read is None or written is None:
        return "unknown"
    return "free" if read == written == 0 else f"${read:.2f} in, ${written:.2f} out per million"


async def test(project: Project, settle: bool) -> ModelTest:
    """Ask the coder's model a question, settle how it calls tools and what form of requests it accepts, and try what
    trials do. Costs what about eight calls cost, one of them with a long prompt.

    A mode of tool calls with which trials ran is kept unless `settle`: it is part of their identity.
    """
    tokens = project.config.trial_limits().reply_tokens
    question = Request(
        role="coder",
        key="ahe-models-test/0/0",
        messages=(Message(role="user", content=QUESTION),),
        max_tokens=tokens,
    )
    spec, budget = project.config.model_spec("coder"), project.config.budget
    with closing(project.store()) as store:

        def charged(role: Role, usage: Usage, _: Usage) -> None:
            store.charge(role, usage)

        ledger = Ledger(budget.usd, budget.tokens, 0, store.spent(), on_charge=charged)
        async with open_models({"coder": spec}, ledger=ledger) as opened:
            model = opened["coder"]
            started = time.monotonic()
            reply = await model.complete(question)
            seconds = time.monotonic() - started
            mode, why, free = await _tool_calls(project, store, model, settle)
            # An embedded model reads slowly, and its window is known.
            long_prompt = served_here(spec) != "local"
            points = await Points(model, mode, tokens).all(long_prompt)
            if free and mode == "native" and points[0].holds is False:
                mode, why = "text", f'tool_calls = "text": {points[0].what}'
                points = await Points(model, mode, tokens).all(long_prompt)
            if free:
                store.put_fact(tool_calls_fact(spec), mode)
            settle_habits(store, model)
    answer = " ".join((reply.message.content or reply.message.reasoning or "(empty)").split())
    return ModelTest(
        model=model.spec.name,
        answer=answer,
        seconds=round(seconds, 2),
        tokens_per_second=round(reply.usage.output_tokens / seconds, 1),
        price=price(model.spec),
        tool_calls=mode,
        because=why,
        points=points,
    )


async def _tool_calls(project: Project, store: Store, model: Model, settle: bool) -> tuple[str, str, bool]:
    """The mode, why, and whether it may change; the model is asked again where the configuration leaves it open."""
    if project.config.models["coder"].tool_calls != "auto":
        return model.spec.tool_calls, "ahe.toml or a flag says so", False
    if model.spec.tool_calls != "auto":
        return model.spec.tool_calls, "known for models that ahe serves itself", False
    found, kept = await probe_tool_calls(model), settled_mode(store, model.spec)
    if settle or kept is None or not store.sample(model.fingerprint, 1):
        return found.mode, found.explanation, True
    why = f"kept, because trials ran with it (now {found.explanation}); `--settle` may change it, and then they count"
    return kept, f"{why} no longer", False
