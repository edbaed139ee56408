"""The command `ahe`. A command's module is imported when it runs, so that `ahe --help` is instant."""

import errno
import importlib
import io
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from ahe import __version__
from ahe.cli.shared import Invocation, Named, Place, ReaderGone, printing, tell
from ahe.errors import AheError

# The help must not import the commands, so their one-line descriptions are here.
COMMANDS: dict[str, dict[str, str]] = {
    "Everyday": {
        "init": "make ahe.toml and a workspace in this folder",
        "doctor": "check this machine and say what is missing",
        "models": "list, fetch and test models",
        "evolve": "improve the harness: measure, explain, edit, keep or revert",
        "explore": "make documents skills, and measure each like any other change",
        "run": "let the evolved agent work in a directory of yours",
        "revert": "revert a change, in your own name",
    },
    "Your own agent": {
        "render": "write the harness to the files that another agent reads",
        "mcp": "serve the harness's tools to another agent",
        "hook": "run the harness's middleware as a hook of Claude Code",
    },
    "Look": {
        "log": "every change with its verdict, newest first",
        "show": "one change: hypothesis, verdict with numbers, diff",
        "diff": "what differs between two versions of the harness",
        "compare": "two versions: rates, difference, task by task",
        "best": "the best version so far, and how to get it",
        "trace": "what happened in a trial, cleaned or as it was recorded",
        "components": "the seven kinds: size, use and last change",
        "plays": "known interventions, and how well each fits the last report",
        "strategies": "presets of published methods for `ahe evolve --strategy`",
        "tasks": "make tasks, list them, and check that they are sound",
        "export": "a version as files, a bundle, a branch elsewhere, an agent for Harbor",
        "import": "a harness that you have, into the workspace",
    },
    "Study": {
        "eval": "measure one version of the harness",
        "debug": "explain the failures of one version",
        "calibrate": "measure a harness against itself: noise and detectable effects",
        "final": "score the test split once: the seed against the best",
        "ablate": "what a version is made of: without each part, and each part alone",
        "transfer": "the seed against a version with other models and on other suites",
        "check": "a harness by the rules that edits must keep; runs nothing",
        "gate-change": "a proposed change by the gate, for a pull request; decides nothing",
        "gate": "simulate what the gate keeps, and what that costs",
    },
}
FILES = {
    **dict.fromkeys(("init", "doctor", "evolve", "explore", "run", "revert"), "everyday"),
    **dict.fromkeys(("log", "show", "diff", "compare", "best", "trace", "components"), "look"),
    **dict.fromkeys(("eval", "debug", "calibrate", "final", "check", "gate-change", "gate"), "study"),
    **dict.fromkeys(("ablate", "transfer"), "worth"),
    **dict.fromkeys(("export", "import"), "exchange"),
    **dict.fromkeys(("render", "mcp", "hook"), "others"),
}
"""The file of a command, if it has none of its own."""
RESUMABLE = {
    "evolve",
    "explore",
    "eval",
    "calibrate",
    "debug",
    "models",
    "compare",
    "final",
    "ablate",
    "transfer",
    "gate-change",
}
EXAMPLE = """Example, from nothing to a first improvement:
  ahe init && ahe doctor
  ahe models pull
  ahe evolve --quick --iterations 1
  ahe log"""

OK, WRONG, INTERRUPTED = 0, 2, 130
_WRITABLE = ": run `ahe` as the user whose it is, or make it accessible"
_ROOM = ": make room (`df -h` shows where) and run the same command again; what is finished is kept"
_REMEDIES = {
    errno.EACCES: _WRITABLE,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: ": raise the limit (`ulimit -f`) and run the same command again",
    errno.EMFILE: ": raise the limit (`ulimit -n`), or use fewer jobs with -j",
    errno.ENOSPC: _ROOM,
    errno.EPERM: _WRITABLE,
    errno.EROFS: ": make it writable, or work in a copy of the project",
}


class Commands(Named):
    """A group that knows its commands by a table and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for part in COMMANDS.values() for name in part]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"ahe.cli.{FILES.get(cmd_name, cmd_name)}")
        commands = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in commands if each.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for part, commands in COMMANDS.items():
            with formatter.section(part):
                formatter.write_dl(list(commands.items()), col_max=12)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(f"\n{EXAMPLE}\n\n`ahe COMMAND --help` shows the options and an example of each.\n")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C",
    "--project",
    type=Place(file_okay=False),
    help="The project's folder (default: the nearest at or above this one with ahe.toml).",
)
@click.version_option(__version__, prog_name="ahe", message="%(prog)s %(version)s")
@click.pass_context
def ahe(ctx: click.Context, project: Path | None) -> None:
    """Improve the harness around a fixed language model, with git as the record.

    Measure it on tasks, explain the failures, let an agent commit edits, measure again, and keep each edit or
    git revert it.
    """
    ctx.obj = Invocation(project)


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 negative result, 2 wrong usage or environment, 130 Ctrl-C."""
    arguments = sys.argv[1:] if argv is None else argv
    sys.exit(_run(arguments or ["--help"]))


def _run(arguments: list[str]) -> int:
    try:
        _open_streams()
        result = ahe.main(args=arguments, prog_name="ahe", standalone_mode=False)
        with printing():
            sys.stdout.flush()
        return result if isinstance(result, int) else OK
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(arguments)
    except (BrokenPipeError, ReaderGone):
        # Without this the interpreter tries again at exit, and prints an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if "AHE_TRACEBACK" in os.environ and not isinstance(error, click.ClickException):
            raise
        with suppress(OSError):  # one line, so that the fix at its end is not overlooked
            tell("ahe: " + " ".join(_text(error).split()))
        return WRONG


def _text(error: BaseException) -> str:
    """What a person reads: the cause and what to do. Of several errors at once, one that names a remedy."""
    while isinstance(error, BaseExceptionGroup):
        error = min(error.exceptions, key=lambda each: not isinstance(each, (AheError, BaseExceptionGroup)))
    if isinstance(error, click.UsageError) and error.ctx and "`" not in error.format_message():
        return f"{error.format_message().rstrip('.')}: `{error.ctx.command_path} --help` shows what it takes"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, AheError):
        return str(error)
    if isinstance(error, OSError):
        where = error.filename2 or error.filename
        what = f"{where}: {error.strerror}" if where else str(error.strerror or error)
        return what + _REMEDIES.get(error.errno or 0, "")
    if isinstance(error, MemoryError):
        return (
            "out of memory: close other programs, or use fewer jobs with -j, and run the same command again"
        )
    what = f"an error in ahe itself ({type(error).__name__}: {error})"
    return f"{what}; set AHE_TRACEBACK=1 to see where, and report it"


def _open_streams() -> None:
    """Make the standard streams take any text; what is not a terminal gets UTF-8.

    A closed stdout is refused: what is opened next would take its place, and what is printed would go there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            while (made := os.open(os.devnull, os.O_RDWR)) < number:
                pass
            setattr(sys, name, os.fdopen(made, "w" if number else "r", closefd=False))
            if name == "stdout":
                raise click.UsageError("standard output is closed: give it a place, such as > /dev/null")
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _interrupted(arguments: list[str]) -> int:
    names = [word for word in arguments if word in RESUMABLE]
    again = f"what is finished is kept; `{shlex.join(['ahe', *arguments])}` continues from there"
    tell(f"\nahe: stopped; {again if names else 'nothing was left half done'}")
    return INTERRUPTED
