"""`ahe models`: list, fetch and test models."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ahe.cli.options import flags
from ahe.cli.shared import Group, Invocation, emit, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.evaluate.store import Store
    from ahe.project.config import Config
    from ahe.project.project import Project
    from ahe.protocols import Model
    from ahe.records import ModelSpec

ANSWER_TOKENS = 200
QUESTION = "What does `ls -a` show that `ls` does not? Answer in one sentence."
NAMES = {"qwen": "local", "tiny": "tiny"}


@click.group("models", cls=Group)
def command() -> None:
    """List, fetch and test models."""


@make_command("list", "ahe models list")
def list_models(invocation: Invocation, as_json: bool) -> None:
    """List the model of each role, and the weights of embedded models."""
    from ahe.project.config import load_config

    roles, weights = _roles(load_config(invocation.root)), _weights()
    if as_json:
        emit({"roles": roles, "weights": weights})
        return
    click.echo(_table(("role", "model", "where", "tool_calls", "context", "price"), roles))
    click.echo("\nembedded models:")
    click.echo(_table(("name", "file", "size", "licence", "state"), weights))


def _table(headers: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    from ahe.views.text import table

    return table(headers, [[row[header] for header in headers] for row in rows], width())


def _roles(config: Config) -> list[dict[str, str]]:
    rows = []
    for role in config.models:
        spec = config.model_spec(role)
        row = {"role": str(role), "model": spec.name, "where": spec.base_url or "in this process"}
        rows.append(
            {**row, "tool_calls": spec.tool_calls, "context": str(spec.context), "price": price(spec)}
        )
    return rows


def _weights() -> list[dict[str, str]]:
    from ahe.models.weights import KNOWN, path_of

    rows = []
    for weights in KNOWN:
        path = path_of(weights)
        short = next(name for name, known in NAMES.items() if known == weights.name.removeprefix("local:"))
        state = str(path) if path.is_file() else f"ahe models pull {short}"
        row = {"name": weights.name, "file": weights.file, "size": f"{weights.size / 1e6:.0f} MB"}
        rows.append({**row, "licence": weights.licence, "state": state})
    return rows


def price(spec: ModelSpec) -> str:
    """Dollars per million tokens, in and out, as people compare them."""
    from ahe.models.ledger import cost
    from ahe.records import Usage

    million = 1_000_000
    read = cost(spec, Usage(calls=1, input_tokens=million))
    written = cost(spec, Usage(calls=1, output_tokens=million))
    if read is None or written is None:
        return "unknown"
    return "free" if read == written == 0 else f"${read:.2f} in, ${written:.2f} out per million"


@make_command("pull", "ahe models pull\nahe models pull tiny          # for a smoke test only")
@click.argument("name", type=click.Choice(list(NAMES)), default="qwen")
def pull_weights(invocation: Invocation, name: str, as_json: bool) -> None:
    """Fetch the weights of an embedded model; stopped, it goes on where it was. The sha256 is verified."""
    from ahe.models.pull import pull
    from ahe.views.terminal import watcher

    with watcher(sys.stderr) as seen:
        path = pull(NAMES[name], seen)
    if as_json:
        emit({"name": name, "path": str(path)})
    else:
        click.echo(str(path))


@make_command("test", "ahe models test --model qwen3:8b --base-url http://localhost:11434/v1")
@click.option("--model", metavar="NAME", help="Instead of the coder's model in ahe.toml.")
@click.option("--base-url", metavar="URL", help="Its OpenAI-compatible endpoint.")
def test_model(invocation: Invocation, model: str | None, base_url: str | None, as_json: bool) -> None:
    """Ask the coder's model a question, and find out how it calls tools. A priced model costs a few cents.

    Says tokens a second, the price, and `native` or `text`; the answer is kept for later runs.
    """
    project = invocation.project(flags({"model": model, "base_url": base_url}))
    found = run(_test(project))
    if as_json:
        emit(found)
        return
    for key, value in found.items():
        click.echo(f"{key.replace('_', ' '):18} {value}")


async def _test(project: Project) -> dict[str, str | float]:
    from ahe.models.ledger import Ledger
    from ahe.models.roles import open_models
    from ahe.records import Message, Request

    store, budget = project.store(), project.config.budget
    ledger = Ledger(
        budget.usd,
        budget.tokens,
        0,
        store.spent(),
        on_charge=lambda role, usage, _: store.charge(role, usage),
    )
    async with open_models({"coder": project.config.model_spec("coder")}, ledger=ledger) as models:
        model = models["coder"]
        question = Message(role="user", content=QUESTION)
        request = Request(
            role="coder", key="ahe-models-test/0/0", messages=(question,), max_tokens=ANSWER_TOKENS
        )
        started = time.monotonic()
        reply = await model.complete(request)
        seconds = time.monotonic() - started
        mode, why = await _tool_calls(project, store, model)
    answer = " ".join((reply.message.content or reply.message.reasoning or "(empty)").split())
    return {
        "model": model.spec.name,
        "answer": answer,
        "seconds": round(seconds, 2),
        "tokens_per_second": round(reply.usage.output_tokens / seconds, 1),
        "price": price(model.spec),
        "tool_calls": mode,
        "because": why,
    }


async def _tool_calls(project: Project, store: Store, model: Model) -> tuple[str, str]:
    """The mode and why; asked afresh where the configuration leaves it open."""
    if project.config.models["coder"].tool_calls != "auto":
        return model.spec.tool_calls, "ahe.toml or a flag says so"
    if model.spec.tool_calls != "auto":
        return model.spec.tool_calls, "known of models that ahe serves itself"
    from ahe.project.assemble import settle_tool_calls

    found = await settle_tool_calls(store, model)
    return found.mode, found.explanation


command.add_command(list_models)
command.add_command(pull_weights)
command.add_command(test_model)
