"""Commands that ask what an evolved harness is worth: ablate, transfer."""

from typing import Any

import click

from ahe.cli.options import elsewhere, flags, measuring, scoped, suite_path
from ahe.cli.shared import Invocation, make_command, run, show, width

ABLATE = """ahe ablate --dry-run                         # HEAD: the arms, and what they would take
ahe ablate ahe/best --commits --rollouts 4
ahe ablate --fresh                           # with rollouts that chose nothing"""
TRANSFER = """ahe transfer --temperature 0
ahe transfer ahe/best --model local:small --suite evals/shell-advanced
ahe transfer --model gpt-5.4 --base-url https://api.openai.com/v1 --split heldout"""
SCOPE = ("split", "rollouts", "again", "dry_run")


@make_command("ablate", ABLATE)
@click.argument("rev", default="HEAD")
@click.option("--kinds", is_flag=True, help="Only the kinds of component.")
@click.option("--commits", is_flag=True, help="Only the commits.")
@click.option("--fresh", is_flag=True, help="Attempts that chose nothing, in place of those of the run.")
@scoped
@measuring
def ablate(invocation: Invocation, fresh: bool, as_json: bool, **given: Any) -> None:
    """Measure what version REV (default: HEAD) is made of.

    The seed, the seed with each kind of component as in REV, REV with each kind as in the seed, and REV without each of
    its commits. Trials that exist already are read, not run. Ctrl-C stops it cleanly; the same command continues from
    there. Exit code 0 whichever is better.
    """
    from ahe.jobs import ablate as job
    from ahe.jobs.arms import Scope
    from ahe.views.worth import ablation_text

    project = invocation.project(flags(given))
    scope = Scope(**{name: given.pop(name) for name in SCOPE}, fresh=fresh)
    result = run(lambda seen: job.ablate(project, seen, scope, **given))
    show(result, as_json, lambda: ablation_text(result, width()))


@make_command("transfer", TRANSFER)
@click.argument("rev", default="HEAD")
@click.option("--model", "models", multiple=True, metavar="NAME", help="With this model (may be repeated).")
@click.option("--base-url", metavar="URL", help="Its OpenAI-compatible endpoint (default: the coder's).")
@click.option(
    "--temperature",
    "temperatures",
    multiple=True,
    type=click.FloatRange(0, 2),
    help="With the coder's model at this temperature (may be repeated).",
)
@click.option("--suite", "suites", multiple=True, metavar="PATH", help="On this suite (may be repeated).")
@scoped
@elsewhere
def transfer(invocation: Invocation, suites: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Measure the seed against version REV (default: HEAD) elsewhere: with other models, on other suites.

    One thing is changed at a time. A difference whose whole interval is below zero is called harm. Trials that exist
    already are read, not run, and Ctrl-C stops it cleanly. Exit code 0 whichever is better.
    """
    from ahe.jobs import transfer as job
    from ahe.jobs.arms import Scope
    from ahe.views.worth import transfer_text

    base_url = given.pop("base_url")
    project = invocation.project(flags(given))
    scope = Scope(**{name: given.pop(name) for name in SCOPE})
    paths = tuple(map(suite_path, suites))
    result = run(lambda seen: job.transfer(project, seen, scope, suites=paths, base_url=base_url, **given))
    show(result, as_json, lambda: transfer_text(result, width()))
