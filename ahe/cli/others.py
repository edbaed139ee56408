"""Commands for agents that are not ours: render, mcp, hook."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from ahe.cli.shared import Invocation, Place, make_command, printing, run, show, tell
from ahe.render.table import AGENTS

RENDER = """ahe render                                  # what each agent takes, and what is lost
ahe render --to claude-code ~/code/tool
ahe render --to claude-code ~/code/tool --check
ahe render --to claude-code ~/code/tool --remove"""

_HARNESS = click.option(
    "--harness", type=Place(), help="Its folder, here or above (default: HEAD of the project's workspace)."
)


@make_command("render", RENDER)
@click.argument("directory", type=Place(file_okay=False), default=".")
@click.option("--to", "agent", type=click.Choice(AGENTS), help="The agent that will read them.")
@click.option("--rev", default="HEAD", show_default=True, help="Which version of the harness.")
@click.option("--check", is_flag=True, help="Write nothing: exit code 1 where something differs.")
@click.option("--remove", is_flag=True, help="Take away what was rendered for this agent.")
def render(
    invocation: Invocation,
    directory: Path,
    agent: str | None,
    rev: str,
    check: bool,
    remove: bool,
    as_json: bool,
) -> int:
    """Write the harness to the files that another agent reads in DIRECTORY (default: this one).

    In files that you edit too, only a part of its own changes. Without --to, the table of agents is shown.
    """
    from ahe import render as rendering
    from ahe.jobs import render as job
    from ahe.views.render import agents_table, rendered_text

    if agent is None:
        show(rendering.tables(), as_json, agents_table)
        return 0
    if remove:
        done = rendering.remove(agent, directory)
    else:
        done = job.render(invocation.project(), agent, directory, rev, check=check)
    show(done, as_json, lambda: rendered_text(done, check=check))
    return 1 if check and done.written else 0


def _root(invocation: Invocation, harness: Path | None) -> Path:
    """The folder of the harness. An agent may be started below the folder for which it was rendered."""
    from ahe.jobs.render import harness_folder

    if harness is None:
        return harness_folder(invocation.project())
    places = (Path.cwd(), *Path.cwd().parents)
    return next((each / harness for each in places if (each / harness).is_dir()), harness)


@make_command("mcp", "ahe mcp --harness .ahe/harness")
@_HARNESS
def mcp(invocation: Invocation, harness: Path | None, as_json: bool) -> None:
    """Serve the tools of a harness over MCP on stdin and stdout, for an agent that starts this command.

    The tools run in the harness box. Their commands act on the current directory, in a sandbox without a network.
    """
    from ahe.jobs.mcp import serve_tools

    root = _root(invocation, harness)
    run(lambda seen: serve_tools(root, Path.cwd()), progress=False)


EVENTS = ("UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "Stop")
HOOK = """ahe hook PreToolUse --harness .ahe/harness"""


@make_command("hook", HOOK)
@click.argument("event", type=click.Choice(EVENTS))
@_HARNESS
def hook(invocation: Invocation, event: Any, harness: Path | None, as_json: bool) -> int:
    """Run the middleware of a harness at EVENT, as a hook command of Claude Code: JSON on stdin, JSON on stdout.

    What goes wrong changes nothing for the agent: it is told on stderr, with exit code 1.
    """
    from ahe.jobs.hook import answer

    try:
        root = _root(invocation, harness)
        text = sys.stdin.read()
        said, notes = run(lambda seen: answer(event, root, text), progress=False)
    except Exception as error:  # exit code 2 would block the call
        tell(f"ahe hook: {error}")
        return 1
    for note in notes:
        tell(f"ahe hook: {note}")
    if said:
        with printing():
            click.echo(json.dumps(said))
    return 0
