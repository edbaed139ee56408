"""What the commands share: where the project is, the options they all have, and how they print."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ahe.project.project import Project
    from ahe.protocols import Watcher

T = TypeVar("T")
Function = Callable[..., Any]


@dataclass
class Invocation:
    """Where the command works. `folder` is None until -C names one."""

    folder: Path | None = None

    @property
    def root(self) -> Path:
        """The project's folder, absolute. Raises `UsageError` where -C names no folder."""
        from ahe.errors import UsageError
        from ahe.project.config import find_root

        if self.folder is None:
            try:
                return find_root(Path.cwd())
            except FileNotFoundError:
                raise UsageError("the current folder was removed: cd to one that is there") from None
        if not self.folder.is_dir():
            raise UsageError(f"there is no folder {self.folder}: -C takes the folder that holds ahe.toml")
        return self.folder.resolve()

    def project(self, flags: dict[str, Any] | None = None) -> Project:
        from ahe.project.project import open_project

        return open_project(self.root, flags)


class Command(click.Command):
    """A command whose help ends with an example, kept as it was written."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = "\n".join(f"  {line}" for line in self.example.splitlines())
        formatter.write(f"\nExample:\n{lines}\n")


class Place(click.Path):
    """A path on the command line. An empty one, such as an unset variable in quotes, is not the current folder."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty: name one, or leave it out", param, ctx)
        return super().convert(value, param, ctx)


class Named(click.Group):
    """A group that names the nearest command where there is none of that name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            close, path = difflib.get_close_matches(args[0], known, n=1), ctx.command_path
            advice = f"did you mean `{path} {close[0]}`?" if close else f"`{path} --help` lists the commands"
            raise click.UsageError(f"there is no command {args[0]!r}: {advice}", ctx)
        return super().resolve_command(ctx, args)


class Group(Named):
    """A command with sub-commands, whose help ends with the examples of all of them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [command.example for command in self.commands.values() if isinstance(command, Command)]
        formatter.write("\nExample:\n" + "".join(f"  {line}\n" for line in "\n".join(lines).splitlines()))


def make_command(name: str, example: str, *, project: bool = True) -> Callable[[Function], Command]:
    """Make a function a command: it gets the `Invocation` first; --json and, with `project`, -C are added.

    If the function returns an int, that becomes the exit code.
    """

    def decorate(function: Function) -> Command:
        if project:
            function = click.option(
                "-C",
                "--project",
                type=Place(),
                expose_value=False,
                callback=_choose_project,
                help="The project's folder.",
            )(function)
        as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value on stdout.")
        made = click.command(name, cls=Command, example=example)(click.pass_obj(as_json(function)))
        assert isinstance(made, Command)
        return made

    return decorate


def _choose_project(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.obj.folder = value


def run(work: Callable[[Watcher], Coroutine[Any, Any, T]], *, progress: bool = True) -> T:
    """Run asynchronous work and, with `progress`, show it on stderr.

    SIGTERM stops it as Ctrl-C does, so that sandboxes are taken down, also where SIGINT is ignored as in a shell
    script's background jobs.
    """
    import asyncio
    import signal
    from contextlib import nullcontext

    from ahe.events import NullWatcher
    from ahe.views.progress import watcher

    terminated: list[bool] = []

    async def guarded(seen: Watcher) -> T:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: terminated.append(task.cancel()))
        return await work(seen)

    try:
        with watcher(sys.stderr) if progress else nullcontext(NullWatcher()) as seen:
            return asyncio.run(guarded(seen))
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise


class ReaderGone(Exception):
    """Who read our output has read enough (`| head`)."""


@contextmanager
def printing() -> Iterator[None]:
    """Names stdout where it cannot take what is printed, as on a full disk. Raises `ReaderGone` for a closed pipe."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None  # click would make it exit code 1
    except OSError as error:
        why = error.strerror or error
        raise click.ClickException(
            f"standard output cannot take the result ({why}): give it another place"
        ) from None


def show(value: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Print a result on stdout: as JSON, or as the text, which is made only then.

    The value is a record, a list of records or a plain mapping. A terminal gets control characters made visible, and
    a long text through its pager, as with git; a pipe gets all unchanged.
    """
    from ahe.views.text import visible

    def plain(part: Any) -> Any:
        return part.model_dump(mode="json") if hasattr(part, "model_dump") else part

    if as_json:
        whole = [plain(part) for part in value] if isinstance(value, (list, tuple)) else plain(value)
        shown = json.dumps(whole, indent=2, ensure_ascii=False, default=str)
    else:
        shown = text()
    if sys.stdout.isatty():
        shown = visible(shown)
        if not as_json and shown.count("\n") > 40:
            click.echo_via_pager(shown)
            return
    with printing():
        click.echo(shown, nl=bool(shown) and not shown.endswith("\n"))


def width() -> int | None:
    """Columns that lines must fit; None where stdout is not a terminal, because a pipe gets whole lines."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def tell(text: str) -> None:
    """Print on stderr what is not the result. Strangers' words in it are escaped, and their length is limited."""
    from ahe.views.text import brief

    click.echo(brief(text), err=True)
