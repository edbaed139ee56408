"""What every environment must do with commands and files: one check for each requirement, stated in its docstring.

A check raises AssertionError with what was expected, or passes on the environment's own exception.
"""

import asyncio
import functools
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ahe.agents import play
from ahe.errors import UnsupportedTask
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec, ExecResult

MakeEnvironment = Callable[[EnvironmentSpec], Environment]
Check = Callable[[MakeEnvironment], Awaitable[None]]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Registers a check that makes its own environments."""
    CHECKS.append(function)
    return function


def check_in(**fields: Any) -> Callable[[Callable[[Environment], Awaitable[None]]], Check]:
    """Registers a check that gets one started environment, for a spec with these fields."""

    def added(function: Callable[[Environment], Awaitable[None]]) -> Check:
        @functools.wraps(function)
        async def run(make: MakeEnvironment) -> None:
            async with started(make, **fields) as environment:
                await function(environment)

        return check(run)

    return added


@asynccontextmanager
async def started(make: MakeEnvironment, **fields: Any) -> AsyncIterator[Environment]:
    """A started environment that is always stopped at the end."""
    async with play.started(make(EnvironmentSpec(**{"name": "conformance", **fields}))) as environment:
        yield environment


def expect(result: ExecResult, code: int, output: str) -> None:
    assert (result.exit_code, result.text) == (code, output), (
        f"expected exit code {code} and output {output!r}, got {result.exit_code} and {result.text[:500]!r}"
    )


async def processes(environment: Environment) -> str:
    """Command lines of all processes inside, one a line."""
    command = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null"
    return (await environment.exec(command)).text


async def must_raise(error: type[Exception], action: Awaitable[object], what: str) -> None:
    try:
        await action
    except error:
        return
    raise AssertionError(f"{what} must raise {error.__name__}")


@check_in()
async def output_and_exit_code(environment: Environment) -> None:
    """Stdout and stderr come together in their order, with the command's exit code."""
    expect(await environment.exec("echo out; echo err >&2; exit 3"), 3, "out\nerr\n")
    expect(await environment.exec("echo a; echo b >/dev/stderr; echo c"), 0, "a\nb\nc\n")
    expect(await environment.exec("true"), 0, "")
    killed = await environment.exec("kill -9 $$")
    assert killed.exit_code == 137, f"a command that dies of signal 9 exits with 137, not {killed.exit_code}"


@check_in(workdir="/app/deep")
async def working_directory(environment: Environment) -> None:
    """Commands run in the task's work directory or in `cwd`; if that is missing, they fail."""
    expect(await environment.exec("pwd"), 0, "/app/deep\n")
    expect(await environment.exec("pwd", cwd="/tmp"), 0, "/tmp\n")
    missing = await environment.exec("echo ran", cwd="/no/such/place")
    assert missing.exit_code != 0, "a missing working directory is a failure of the command"
    assert "ran" not in missing.text, "a command must not run in another directory than the one asked for"


@check_in()
async def a_removed_work_directory(environment: Environment) -> None:
    """If a command removes the work directory, the next ones run elsewhere and say where, until it is made again."""
    expect(await environment.exec("rm -rf /app"), 0, "")
    after = await environment.exec("pwd")
    *notice, place = after.text.splitlines()
    assert after.exit_code == 0 and place.startswith("/"), f"the next command must run: {after.text!r}"
    assert "/app" in "".join(notice) and place in "".join(notice), f"it must say where: {after.text!r}"
    await environment.exec("mkdir /app")
    expect(await environment.exec("pwd"), 0, "/app\n")


@check_in()
async def stdin_is_empty(environment: Environment) -> None:
    """Stdin is empty: a command that reads it gets end of file."""
    expect(await environment.exec("cat; echo end", timeout=60), 0, "end\n")


@check
async def users(make: MakeEnvironment) -> None:
    """Commands run as root, or as another user that the task names; or UnsupportedTask names that user."""
    try:
        async with started(make, users=("nobody",)) as environment:
            expect(await environment.exec("id -un", user="nobody"), 0, "nobody\n")
            expect(await environment.exec("id -u"), 0, "0\n")
    except UnsupportedTask as refusal:
        if "nobody" not in str(refusal):
            raise AssertionError("a refusal names the user") from refusal


@check_in()
async def timeout_kills_the_whole_tree(environment: Environment) -> None:
    """A timeout kills a command and all its processes, also those in other sessions and without variables."""
    tree = """
        sleep 41001 &
        (setsid sleep 41002 &)
        (env -i setsid sh -c 'sleep 41003 & sleep 41004' &)
        sh -c 'trap "" TERM INT HUP; sleep 41005'
    """
    done = await environment.exec("echo begun; " + tree, timeout=1.5)
    assert done.timed_out, "the result says that the command timed out"
    expect(done, 124, "begun\n")
    left = await processes(environment)
    assert "sleep 4100" not in left, f"processes outlived the timeout:\n{left}"


@check_in()
async def timeout_of_a_command_that_writes(environment: Environment) -> None:
    """A command that writes without end is stopped at its timeout, and its output is kept."""
    done = await environment.exec("while :; do echo beat; sleep 0.05; done", timeout=1.5)
    assert (done.timed_out, done.exit_code) == (True, 124), f"it ended with {done.exit_code}"
    assert done.text.startswith("beat\nbeat\n"), f"unexpected output {done.text[:100]!r}"


@check_in()
async def background_lives_on(environment: Environment) -> None:
    """A background process does not delay the end of its command, and survives it and other commands."""
    before = time.monotonic()
    done = await environment.exec("(while :; do echo beat; sleep 0.1; done) & sleep 42001 & echo started")
    assert done.text.count("started") == 1, f"unexpected output {done.text!r}"
    assert time.monotonic() - before < 30, "a background process delayed the end of its command"
    cut = await environment.exec("sleep 42002", timeout=0.5)
    assert cut.timed_out, "the result says that the command timed out"
    left = await processes(environment)
    assert "sleep 42001" in left, f"the timeout of another command killed a background process:\n{left}"
    assert "sleep 42002" not in left, f"a process outlived its timeout:\n{left}"
    alive = await environment.exec("sleep 0.5; jobs; pgrep -f 'echo beat' >/dev/null || ps 2>/dev/null; true")
    assert alive.exit_code == 0, "a background process that writes must not disturb later commands"


@check_in()
async def big_output(environment: Environment) -> None:
    """Of a long output both ends are kept, within the limit, and the omitted bytes are counted."""
    command = "printf 'FIRST'; head -c 5000000 /dev/zero | tr '\\0' x; printf 'LAST'"
    done = await environment.exec(command, output_limit=1001)
    assert len(done.output) <= 1001, f"{len(done.output)} bytes of output exceed the limit of 1001"
    assert done.output.startswith(b"FIRSTx"), "the beginning of a long output is kept"
    assert done.output.endswith(b"xLAST"), "the end of a long output is kept"
    total = len(done.output) + done.omitted
    assert total == 5_000_009, f"kept and omitted bytes add up to {total}, not 5000009"
    whole = await environment.exec(command, output_limit=6_000_000)
    assert (len(whole.output), whole.omitted) == (5_000_009, 0), "an output under the limit is kept whole"


@check_in()
async def binary_output(environment: Environment) -> None:
    """Output is bytes, and is not changed."""
    data = bytes(range(256)) * 50
    await environment.write("data.bin", data)
    done = await environment.exec("cat data.bin")
    assert done.output == data, "binary output was changed"


@check_in()
async def files_in_and_out(environment: Environment) -> None:
    """Files are written and read at any path, with their mode; impossible paths raise OSError."""
    data = os.urandom(300_000)
    for path in ("/app/new folder/é.bin", "relative.bin", "/logs/verifier/x"):
        await environment.write(path, data)
        assert await environment.read(path) == data, f"{path} has other content after it was written"
    await environment.write("tool", b"#!/bin/sh\necho ran\n", 0o755)
    expect(await environment.exec("./tool && wc -c <relative.bin"), 0, f"ran\n{len(data)}\n")
    await environment.write("relative.bin", b"short")
    assert await environment.read("/app/relative.bin") == b"short", "a second write replaces the first"
    await environment.exec("mkdir -p /logs; touch /logs/file")
    await must_raise(OSError, environment.write("/logs/file/under", b"x"), "writing below a file")
    for path in ("/app/none", "/none/at/all"):
        await must_raise(FileNotFoundError, environment.read(path), f"reading {path}")
    await must_raise(OSError, environment.read("/app"), "reading /app")


@check_in()
async def impossible_paths(environment: Environment) -> None:
    """A path that cannot exist is an OSError, and the environment goes on."""
    for path in ("a\0b", "/\0", "x" * 5000, "/app/" + "d/" * 3000 + "f"):
        await must_raise(OSError, environment.read(path), f"reading {path[:20]!r}")
        await must_raise(OSError, environment.write(path, b"x"), f"writing {path[:20]!r}")
    await environment.exec("ln -s loop loop; mkfifo pipe; ln -s /proc/1/mem mem")
    for path in ("loop", "pipe", "mem", "/dev/zero", "pipe/under"):
        await must_raise(OSError, environment.read(path), f"reading {path}")
    nowhere = await environment.exec("echo ran", cwd="/app\0")
    assert nowhere.exit_code != 0 and "ran" not in nowhere.text, "a command ran in a directory that cannot be"
    expect(await environment.exec("echo alive"), 0, "alive\n")


@check
async def files_and_setup(make: MakeEnvironment) -> None:
    """At the start the work directory is a copy of the task's files after its setup has run."""
    with tempfile.TemporaryDirectory() as folder:
        source, setup = Path(folder, "files"), Path(folder, "setup.sh")
        source.mkdir()
        source.joinpath("given.txt").write_text("given\n")
        setup.write_text("set -e\npwd >made.txt\ncat given.txt >>made.txt\n")
        async with started(make, files=str(source), setup=str(setup)) as environment:
            done = await environment.exec("cat made.txt; echo changed >given.txt; ls")
            expect(done, 0, "/app\ngiven\ngiven.txt\nmade.txt\n")
        assert source.joinpath("given.txt").read_text() == "given\n", "a trial changed the task's own files"
        assert os.listdir(source) == ["given.txt"], "a trial added to the task's own files"


@check_in()
async def commands_side_by_side(environment: Environment) -> None:
    """Several commands run at the same time."""
    waiting = environment.exec("until [ -e /tmp/go ]; do sleep 0.05; done; echo first", timeout=60)
    second_one = environment.exec("echo second; touch /tmp/go", timeout=60)
    first, second = await asyncio.gather(waiting, second_one)
    expect(first, 0, "first\n")
    expect(second, 0, "second\n")


@check_in()
async def impossible_commands(environment: Environment) -> None:
    """A command that cannot be passed to a shell exits with 126 and says why."""
    for command in ("echo \0", "echo " + "x" * 300_000):
        done = await environment.exec(command)
        assert done.exit_code == 126, "a command that cannot be passed to a shell exits with 126"
        assert done.output, "the result says why a command was not run"
