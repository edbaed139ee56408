"""Flags that override ahe.toml for one command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Function = Callable[..., Any]

# Parameter → the dotted name of the value in ahe.toml that it overrides.
NAMES = {
    "jobs": "evolve.jobs",
    "strategy": "evolve.strategy",
    "model": "model.name",
    "base_url": "model.base_url",
    "suite": "suite.path",
    "quick": "suite.quick",
    "usd": "budget.usd",
    "tokens": "budget.tokens",
    "minutes": "budget.minutes",
    "max_rollouts": "budget.rollouts",
    "environment": "environment.kind",
    "evidence": "evolve.evidence",
    "prune_every": "evolve.prune_every",
}

_JOBS = click.option("-j", "--jobs", type=click.IntRange(1), help="Trials at the same time.")
_MODEL = (
    click.option("--model", metavar="NAME", help="The coder's model; `local` is the embedded one."),
    click.option("--base-url", metavar="URL", help="Its OpenAI-compatible endpoint."),
)
_QUICK = click.option("--quick", is_flag=True, default=None, help="Only the suite's quick part.")
_SUITE = (click.option("--suite", metavar="PATH", help="Folder of the suite."), _QUICK)
_BUDGET = (
    click.option("--usd", type=click.FloatRange(0), help="Stop at this many dollars (0: no limit)."),
    click.option("--tokens", type=click.IntRange(0), help="Stop at this many tokens (0: no limit)."),
    click.option("--minutes", type=click.FloatRange(0), help="Stop after this time (0: no limit)."),
)
_MAX_ROLLOUTS = click.option(
    "--max-rollouts", type=click.IntRange(0), help="Stop at this many trials in the store (0: no limit)."
)
_ENVIRONMENT = (
    click.option(
        "--environment", type=click.Choice(["auto", "bwrap", "docker"]), help="Where the tasks' commands run."
    ),
    click.option(
        "--unsafe-no-sandbox",
        is_flag=True,
        help="Run a model's commands directly on this machine, without a sandbox. Every report will say so.",
    ),
)
evidence = click.option(
    "--evidence",
    type=click.Choice(["scores", "report", "report+raw", "candidates"]),
    help="What the evolver is given: pass rates, the debug report, also the raw traces, also all earlier candidates.",
)


def _adds(*options: Function) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


# The flags of commands that run trials, that do so with other models and suites, that only ask models, and that run one
# agent outside the suite.
measuring = _adds(_JOBS, *_MODEL, *_SUITE, *_BUDGET, _MAX_ROLLOUTS, *_ENVIRONMENT)
elsewhere = _adds(_JOBS, _QUICK, *_BUDGET, _MAX_ROLLOUTS, *_ENVIRONMENT)
thinking = _adds(*_MODEL, *_BUDGET)
working = _adds(*_MODEL, *_BUDGET, *_ENVIRONMENT)
# What a study of several arms is asked.
scoped = _adds(
    click.option(
        "--split", type=click.Choice(["train", "heldout", "test"]), default="train", show_default=True
    ),
    click.option("--rollouts", type=click.IntRange(1), help="Attempts per task and arm."),
    click.option(
        "--again", default="", metavar="REASON", help="For --split test, once `ahe final` has scored it."
    ),
    click.option("--dry-run", is_flag=True, help="Show the arms and estimate what they take."),
)


def flags(given: dict[str, Any]) -> dict[str, Any]:
    """Dotted names → values, of the parameters that are named in `NAMES`; None for those not given.

    They are taken out of `given`: what is left is for the command's job.
    """
    from ahe.models.identity import IN_PROCESS

    found = {NAMES[name]: given.pop(name) for name in NAMES if name in given}
    if given.pop("unsafe_no_sandbox", False):
        found["environment.kind"] = "unsafe"
    if found.get("suite.path") is not None:
        found["suite.path"] = suite_path(found["suite.path"])
    name, address = found.get("model.name"), found.get("model.base_url")
    if name is not None and address is None and name.partition(":")[0] in IN_PROCESS:
        # The address in ahe.toml belongs to the model named beside it, not to one that is served here.
        found["model.base_url"] = ""
    return found


def suite_path(text: str) -> str:
    """An existing folder is relative to the current one; any other path is relative to ahe.toml."""
    if not text:
        raise click.UsageError("the suite's path is empty: name its folder, or leave --suite out")
    return str(Path(text).resolve()) if Path(text).is_dir() else text
