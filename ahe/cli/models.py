"""`ahe models`: list, fetch and test models."""

import sys
from typing import Any

import click

from ahe.cli.options import flags
from ahe.cli.shared import Group, Invocation, make_command, run, show, width

NAMES = {"qwen": "local", "tiny": "tiny"}


@click.group("models", cls=Group)
def command() -> None:
    """List, fetch and test models."""


@make_command("list", "ahe models list")
def list_models(invocation: Invocation, as_json: bool) -> None:
    """List the model of each role, and the weights of embedded models."""
    from ahe.jobs.models import models
    from ahe.project.config import load_config
    from ahe.views.lists import models_text

    found = models(load_config(invocation.root), {name: short for short, name in NAMES.items()})
    show(found, as_json, lambda: models_text(found, width()))


@make_command("pull", "ahe models pull\nahe models pull tiny          # for a smoke test only")
@click.argument("name", type=click.Choice(list(NAMES)), default="qwen")
def pull_weights(invocation: Invocation, name: str, as_json: bool) -> None:
    """Fetch the weights of an embedded model and verify their sha256. A stopped download continues where it was."""
    from ahe.models.pull import pull
    from ahe.views.progress import watcher

    with watcher(sys.stderr) as seen:
        path = pull(NAMES[name], seen)
    show({"name": name, "path": str(path)}, as_json, lambda: str(path))


@make_command("test", "ahe models test --model qwen3:8b --base-url http://localhost:11434/v1")
@click.option("--model", metavar="NAME", help="Instead of the coder's model in ahe.toml.")
@click.option("--base-url", metavar="URL", help="Its OpenAI-compatible endpoint.")
@click.option("--settle", is_flag=True, help="Change the mode of tool calls even if trials ran with it.")
def test_model(invocation: Invocation, settle: bool, as_json: bool, **given: Any) -> int:
    """Ask the coder's model a question, and try what trials do. A priced model costs a few cents.

    Shows tokens per second, the price, `native` or `text` tool calls, and for results of calls, parallel calls and long
    replies what holds; exit code 1 if one does not. What the endpoint refuses or needs is kept for later runs.
    """
    from ahe.jobs.models import test
    from ahe.views.lists import model_test_text

    project = invocation.project(flags(given))
    found = run(lambda _: test(project, settle), progress=False)
    show(found, as_json, lambda: model_test_text(found))
    return 1 if any(point.holds is False for point in found.points) else 0


command.add_command(list_models)
command.add_command(pull_weights)
command.add_command(test_model)
