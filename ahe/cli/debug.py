"""`ahe debug`: the Agent Debugger, on a version of the harness or on traces of any tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, thinking
from ahe.cli.shared import Invocation, Place, make_command, run, show, tell


@make_command("debug", "ahe debug HEAD > report.md")
@click.argument("what", nargs=-1, metavar="[REV | PATH...]")
@click.option("--budget", type=click.IntRange(100), default=10_000, show_default=True, help="Tokens at most.")
@click.option("--out", type=Place(file_okay=False), help="Folder for the report.")
@click.option("--ask", is_flag=True, help="Ask the debugger's model too (only for a REV).")
@thinking
def command(
    invocation: Invocation,
    what: tuple[str, ...],
    budget: int,
    out: Path | None,
    ask: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Explain failures: of version REV (default: HEAD) from its trials on train, or of the traces in PATHs.

    Traces may come from other tools: ATIF, OpenAI chats and responses, Claude Code, Codex, OpenHands, SWE-agent,
    Inspect, opencode, Gemini CLI, pi, NexAU, asciinema, plain terminal logs. The report goes to stdout; it is written
    to --out with a page for each task.
    """
    from ahe.errors import UsageError
    from ahe.jobs.debug import debug
    from ahe.views.text import visible

    if not all(what):
        raise UsageError("a path is empty: name files or folders with traces, or one REV")
    paths = [Path(name) for name in what if Path(name).exists()]
    if what and len(paths) == len(what):
        result = run(lambda seen: debug(paths, seen, out=out, budget=budget, ask=ask))
    elif len(what) > 1:
        missing = next(name for name in what if not Path(name).exists())
        raise UsageError(f"there is no file or folder {missing}: name existing PATHs, or one REV")
    else:
        project = invocation.project(flags(given))
        rev = what[0] if what else "HEAD"
        result = run(lambda seen: debug(project, seen, rev=rev, budget=budget, out=out, ask=ask))
    path = str(Path(result.folder) / "report.md")
    shown = {"report": result.text, "path": path, "tokens": result.tokens}
    show(shown, as_json, lambda: visible(result.text))
    if not as_json:
        tell(f"{result.tokens} tokens, kept at {path}")
