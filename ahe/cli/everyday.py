"""Everyday commands: init, doctor, evolve, explore, run, revert."""

from pathlib import Path
from typing import Any

import click

from ahe.cli.options import evidence, flags, measuring, suite_path, working
from ahe.cli.shared import Invocation, Place, make_command, run, show, tell, width

INIT = """ahe init .
ahe init tickets --suite evals/tickets
ahe init mine --agent mini-swe-agent         # evolve the files around an agent of another make
ahe init mine --from evolved/tickets.bundle"""


@make_command("init", INIT)
@click.argument("folder", default=None, required=False, type=Place(file_okay=False))
@click.option("--suite", metavar="PATH", help="The suite (default: evals/shell-basics).")
@click.option(
    "--agent", default="", metavar="NAME", help="Your own agent as the coder: see docs/own-agent.md."
)
@click.option(
    "--from",
    "bundle",
    type=Place(exists=True, dir_okay=False),
    help="Begin with the evolved harness of a git bundle, and its history.",
)
def init(
    invocation: Invocation,
    folder: Path | None,
    suite: str | None,
    agent: str,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Make ahe.toml and a workspace in FOLDER (default: this one).

    The workspace is a separate git repository with the seed harness: the suite's own where that has one. Existing
    files are kept.
    """
    from ahe.project import project
    from ahe.views.lists import init_text

    root = (folder or invocation.folder or Path.cwd()).resolve()
    made = project.init(root, suite_path(suite) if suite else "", bundle, agent)
    show({"root": str(root), "made": made}, as_json, lambda: init_text(made))


@make_command("doctor", "ahe doctor")
def doctor(invocation: Invocation, as_json: bool) -> int:
    """Check this machine and this project, and say what is missing and how to fix it. No paid call is made.

    Exit code 1 where something that is needed is missing.
    """
    from ahe.jobs.doctor import examine
    from ahe.project.config import load_config
    from ahe.views.lists import findings_text

    findings = examine(load_config(invocation.root))
    show(findings, as_json, lambda: findings_text(findings))
    return 1 if any(finding.state == "missing" for finding in findings) else 0


EVOLVE = """ahe evolve --iterations 3
ahe evolve --quick --iterations 1            # a first improvement in minutes
ahe evolve --dry-run                         # what it would take; spends nothing
ahe evolve --model gpt-5-mini --base-url https://api.openai.com/v1 --usd 1"""


@make_command("evolve", EVOLVE)
@click.option("-n", "--iterations", type=click.IntRange(0), help="How many iterations at most.")
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task, before the gate asks for more.")
@click.option("--strategy", metavar="NAME|FILE", help="A preset for [evolve]; `ahe strategies` lists them.")
@click.option(
    "--play", "plays", multiple=True, metavar="NAME", help="Try this play, and no others; may be repeated."
)
@click.option(
    "--variants", type=click.IntRange(1, 8), help="Candidates an iteration; the best goes to the gate."
)
@click.option(
    "--prune-every", type=click.IntRange(0), help="Every Nth iteration proposes a removal instead (0: none)."
)
@click.option("--dry-run", is_flag=True, help="Estimate rollouts, tokens, money and time, and stop there.")
@evidence
@measuring
def evolve(
    invocation: Invocation,
    rollouts: int | None,
    variants: int | None,
    plays: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Improve the harness: measure, explain the failures, edit, measure again, keep or git revert.

    Ctrl-C stops it cleanly at any time, and the same command continues from there: finished work is not paid for
    twice. Exit code 0 also where no change was kept.
    """
    from ahe.jobs import evolve as job
    from ahe.jobs.estimate import estimate
    from ahe.views.studies import estimate_table, evolve_text

    own = {"evolve.rollouts": rollouts, "evolve.variants": variants, **flags(given)}
    if plays:
        own |= {"evolve.strategy": own["evolve.strategy"] or "playbook", "evolve.plays": plays}
    project = invocation.project(own)
    if plays and (editor := project.config.evolve.editor) != "plays":
        raise click.UsageError(
            f"--play has no effect here, changes come from [evolve] editor {editor!r}: use --strategy playbook"
        )
    if dry_run:
        found = estimate(project, **given)
        show(found, as_json, lambda: estimate_table(found, width()))
        return
    result = run(lambda seen: job.evolve(project, seen, **given))
    show(result, as_json, lambda: evolve_text(result))


@make_command("explore", "ahe explore docs/style.md docs/how-to")
@click.argument("documents", nargs=-1, required=True, type=Place(exists=True))
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task, before the gate asks for more.")
@click.option("--dry-run", is_flag=True, help="Estimate rollouts, tokens, money and time, and stop there.")
@measuring
def explore(
    invocation: Invocation,
    documents: tuple[Path, ...],
    rollouts: int | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Make each of DOCUMENTS a skill, measure each like any other change, and keep or git revert it.

    They are Markdown or plain text; a folder stands for its .md and .txt files. Ctrl-C stops it cleanly, and the same
    command continues. A document that was tried is not tried again until it changes. The gate is `bayes` where ahe.toml
    names none: [evolve] strategy, target and patience are not used.
    """
    from ahe.jobs import evolve as job
    from ahe.jobs.estimate import estimate
    from ahe.views.studies import estimate_table, evolve_text

    own: dict[str, Any] = {
        "evolve.documents": [str(path.resolve()) for path in documents],
        "evolve.rollouts": rollouts,
    }
    own |= {"evolve.strategy": "ahe", "evolve.editor": "documents"}
    own |= {"evolve.debugger": "none", "evolve.patience": 0}
    own |= dict.fromkeys(("evolve.variants", "evolve.changes"), 1)
    project = invocation.project({**own, **flags(given)})
    if dry_run:
        found = estimate(project, iterations=job.documents_left(project))
        show(found, as_json, lambda: estimate_table(found, width()))
        return
    result = run(lambda seen: job.explore(project, seen))
    show(result, as_json, lambda: evolve_text(result))


RUN = """ahe run "add a --verbose flag to cli.py" -C ~/code/tool
ahe run "sort the imports" --apply"""


@make_command("run", RUN, project=False)
@click.argument("instruction")
@click.option(
    "-C",
    "--directory",
    type=Place(exists=True, file_okay=False),
    default=".",
    help="Where the agent works (default: here).",
)
@click.option("--project", "folder", type=Place(), help="The project's folder.")
@click.option("--rev", default="HEAD", show_default=True, help="Which version of the harness.")
@click.option("--apply", is_flag=True, help="Merge the changes into the directory when the agent is done.")
@click.option("--all", "everything", is_flag=True, help="Give the agent also what git ignores.")
@working
def work(invocation: Invocation, directory: Path, folder: Path | None, as_json: bool, **given: Any) -> int:
    """Let the evolved agent do INSTRUCTION on a copy of a directory, in the sandbox, and show the diff.

    Without --apply the directory stays as it is; the diff on stdout is one that `git apply` takes. What you
    changed meanwhile stays; where the agent changed it too, both are merged, or it is left to you and named.
    Exit code 1 where that happened, and where the agent gave up or ran into a limit.
    """
    from ahe.jobs.run import run_instruction
    from ahe.views.measured import run_text
    from ahe.views.text import visible

    invocation.folder = folder or invocation.folder
    project = invocation.project(flags(given))
    where = directory.resolve()
    result = run(lambda seen: run_instruction(project, seen, directory=where, **given))
    if not as_json:
        click.echo(visible(result.answer).strip() or "(no answer)", err=True)
    # Only the diff goes to stdout, so that it can be piped.
    show(result, as_json, lambda: result.diff)
    if not as_json:
        tell(run_text(result, where))
    return 0 if result.ended == "answered" and not result.collided else 1


@make_command("revert", 'ahe revert 003-1 --reason "it made the answers longer"')
@click.argument("change")
@click.option("--reason", default="", help="Why; kept in the commit and in the note.")
def revert(invocation: Invocation, change: str, reason: str, as_json: bool) -> None:
    """Revert CHANGE with `git revert`, in your own name, and note that a person decided so.

    CHANGE is a change id, a commit or a tag. Where later work touched the same lines nothing is done, and the
    choices are listed.
    """
    from ahe.jobs import change as job
    from ahe.views.record import revert_text

    result = job.revert(invocation.project(), change, reason)
    show(result, as_json, lambda: revert_text(result))
