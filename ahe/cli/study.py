"""Commands that study a version of the harness, or the gate: eval, debug, calibrate, final, check, gate."""

import sys
from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, measuring, thinking
from ahe.cli.shared import Group, Invocation, Place, make_command, run, show, tell, width

EVAL = """ahe eval                                     # HEAD on train
ahe eval ahe/best --split test --rollouts 4
ahe eval HEAD~1 --task count-distinct-cities"""
CALIBRATE = """ahe calibrate                                # HEAD against itself, 4 rollouts a task
ahe calibrate --points 5 --points 10         # what detecting such rises takes
ahe calibrate --csv matrix.csv               # task,trial,resolved: for benchmarks.gate --csv"""
GATE_CHANGE = """ahe gate-change HEAD --base origin/main --max-rollouts 200 > comment.md
ahe gate-change my-branch --base ahe/best --quick"""
FINAL = """ahe final
ahe final --rollouts 8
ahe final --again "the suite's tasks were fixed"   # a second look, and the result says so"""


@make_command("eval", EVAL)
@click.argument("rev", default="HEAD")
@click.option("--split", type=click.Choice(["train", "heldout", "test"]), default="train", show_default=True)
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="Only this task (may be repeated).")
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task.")
@measuring
def evaluate(invocation: Invocation, as_json: bool, **given: Any) -> None:
    """Measure version REV of the harness (default: HEAD). Trials that exist already are read, not run.

    REV is a commit, a tag such as ahe/best, or a change id. Exit code 0 whatever the pass rate.
    """
    from ahe.jobs import evaluate as job
    from ahe.views.measured import evaluation_text

    project = invocation.project(flags(given))
    result = run(lambda seen: job.evaluate(project, seen, **given))
    show(result, as_json, lambda: evaluation_text(result, width()))


@make_command("debug", "ahe debug HEAD > report.md")
@click.argument("what", nargs=-1, metavar="[REV | PATH...]")
@click.option("--budget", type=click.IntRange(100), default=10_000, show_default=True, help="Tokens at most.")
@click.option("--out", type=Place(file_okay=False), help="Folder for the report.")
@click.option("--ask", is_flag=True, help="Ask the debugger's model too (only for a REV).")
@thinking
def debug(invocation: Invocation, what: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Explain failures: of version REV (default: HEAD) from its trials on train, or of the traces in PATHs.

    Traces may come from other tools: ATIF, OpenAI chats and responses, Claude Code, Codex, OpenHands, SWE-agent,
    Inspect, opencode, Gemini CLI, pi, NexAU, asciinema, plain terminal logs. The report goes to stdout; it is written
    to --out with a page for each task.
    """
    from ahe.errors import UsageError
    from ahe.jobs import debug as job
    from ahe.views.text import visible

    if not all(what):
        raise UsageError("a path is empty: name files or folders with traces, or one REV")
    settings = flags(given)
    paths = [Path(name) for name in what if Path(name).exists()]
    if what and len(paths) == len(what):
        result = run(lambda seen: job.debug(paths, seen, **given))
    elif len(what) > 1:
        missing = next(name for name in what if not Path(name).exists())
        raise UsageError(f"there is no file or folder {missing}: name existing PATHs, or one REV")
    else:
        project = invocation.project(settings)
        rev = what[0] if what else "HEAD"
        result = run(lambda seen: job.debug(project, seen, rev=rev, **given))
    path = str(Path(result.folder) / "report.md")
    shown = {"report": result.text, "path": path, "tokens": result.tokens}
    show(shown, as_json, lambda: visible(result.text))
    if not as_json:
        tell(f"{result.tokens} tokens, kept at {path}")


@make_command("calibrate", CALIBRATE)
@click.argument("rev", default="HEAD")
@click.option(
    "--rollouts", type=click.IntRange(2), default=4, show_default=True, help="Attempts per task, at least."
)
@click.option(
    "--points",
    multiple=True,
    type=click.FloatRange(0.1, 100),
    default=(5.0,),
    show_default=True,
    help="A rise in points: show what it takes to detect it (may be repeated).",
)
@click.option("--csv", "matrix", type=Place(dir_okay=False), help="Write the outcomes here.")
@measuring
def calibrate(
    invocation: Invocation, points: tuple[float, ...], matrix: Path | None, as_json: bool, **given: Any
) -> None:
    """Measure version REV of the harness (default: HEAD) against itself on train.

    Trials that exist already are read, not run. It shows how far two arms of the same harness differ, whether rollouts
    are copies of each other, the smallest effect that the gate detects, and what a given effect needs. Ctrl-C stops it
    cleanly; the same command continues from there.
    """
    from ahe.events import Notice
    from ahe.jobs import calibrate as job
    from ahe.views.progress import watcher
    from ahe.views.studies import calibration_text

    if matrix is not None and not matrix.absolute().parent.is_dir():
        raise click.UsageError(f"{matrix.parent} is not a folder: --csv takes a file in one that is there")
    project = invocation.project(flags(given))
    rollouts = run(lambda seen: job.calibrate(project, seen, **given))
    if matrix is not None:
        job.write_matrix(matrix, rollouts.trials)
    with watcher(sys.stderr) as seen:
        seen.emit(Notice("simulating the gate on this suite"))
        result = job.calibration(project, rollouts, points)
    show(result, as_json, lambda: calibration_text(result))


@make_command("final", FINAL)
@click.option("--rollouts", type=click.IntRange(1), help="Fresh attempts per task and version (default: 4).")
@click.option(
    "--again", default="", metavar="REASON", help="Look a second time; the result states the reason."
)
@measuring
def final(invocation: Invocation, as_json: bool, **given: Any) -> None:
    """Score the test split once, with fresh rollouts: the seed against ahe/best.

    The result is kept in the tag ahe/final-001 of the workspace. A second look is refused unless --again gives a
    reason. After a stop or a kill it continues with the same attempts. Exit code 0 whichever is better.
    """
    from ahe.jobs import final as job
    from ahe.views.measured import final_text

    project = invocation.project(flags(given))
    result = run(lambda seen: job.final(project, seen, **given))
    show(result or {"same": True}, as_json, lambda: final_text(result, width()))


@make_command("check", "ahe check\nahe check ~/code/tool/harness")
@click.argument("folder", default=None, required=False, type=Place(exists=True, file_okay=False))
def check(invocation: Invocation, folder: Path | None, as_json: bool) -> int:
    """Check the harness in FOLDER (default: this one, or the project's workspace) by the rules that edits must keep.

    Nothing runs and no model is asked. In a project it is also searched for texts of the tasks' verifiers. Exit code 1
    where a rule is broken.
    """
    from ahe.harness.preflight import PROMPT, Preflight
    from ahe.jobs import gate_change as job
    from ahe.project.assemble import preflight
    from ahe.project.config import FILE

    root = invocation.root
    rules = preflight(invocation.project().suite()) if (root / FILE).is_file() else Preflight()
    here = Path.cwd()
    place = folder or (here if (here / PROMPT).is_file() else root / "workspace")
    problems = job.check(place.resolve(), rules)
    show(
        [each._asdict() for each in problems], as_json, lambda: "\n".join(map(str, problems)) or "no problems"
    )
    return 1 if problems else 0


@make_command("gate-change", GATE_CHANGE)
@click.argument("rev", default="HEAD")
@click.option("--base", default="", metavar="REV", help="The version it changes (default: its parent).")
@measuring
def gate_change(
    invocation: Invocation, rev: str, base: str, max_rollouts: int | None, as_json: bool, **given: Any
) -> int:
    """Measure a proposed version REV (default: HEAD) against its base by the gate, and print Markdown for a comment.

    Nothing is reverted, noted or tagged. --max-rollouts limits what this comparison runs. Exit code 0 where the gate
    would keep it or nothing changed, 1 where it is not better, 2 where it could not be measured.
    """
    from ahe.jobs import gate_change as job
    from ahe.views.measured import gated_text

    project = invocation.project(flags(given))
    result = run(lambda seen: job.gate_change(project, rev, base, seen, most=max_rollouts or 0))
    show(result, as_json, lambda: gated_text(result))
    return result.exit_code


@click.group("gate", cls=Group)
def gate() -> None:
    """Show what the gate keeps, and what that costs."""


@make_command("simulate", "ahe gate simulate --tasks 40 --rollouts 2 --points 8")
@click.option("--tasks", type=click.IntRange(2), help="Number of tasks (default: the suite's train split).")
@click.option("--rollouts", type=click.IntRange(1), help="Plain rollouts of a task (default: as configured).")
@click.option("--gate", metavar="NAME", help="Default: as configured; docs/gate.md describes each.")
@click.option(
    "--points", multiple=True, type=float, help="Size of an edit, may be repeated (default: 15, 5, -5, -15)."
)
@click.option(
    "--runs", type=click.IntRange(1), default=200, show_default=True, help="Simulated edits per line."
)
@click.option(
    "--csv",
    "matrix",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Outcomes to resample: columns task,trial,resolved.",
)
def simulate(invocation: Invocation, as_json: bool, **given: Any) -> None:
    """Simulate edits of known size and let the gate judge them: the share kept, and the rollouts it takes.

    Sparse edits change a few tasks much, dense ones every task a little; churn moves tasks up and down with
    no gain, a no-op changes nothing. No model is asked, and no task is held out. Of the ceiling [evolve] comparison
    only the limit on rollouts counts.
    """
    from ahe.jobs import calibrate as job
    from ahe.views.studies import simulation_table

    results = job.simulate(invocation.project(), **given)
    show(results, as_json, lambda: simulation_table(results, width()))


gate.add_command(simulate)
