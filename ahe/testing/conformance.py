"""What every environment must do. Users can run it on their own: `await run(factory)`.

Each check starts environments of its own through the factory and stops them. A check that fails raises
AssertionError with a message that says what was expected.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ahe.errors import SandboxError, UnsupportedTask
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec, ExecResult, Mount, Record

Factory = Callable[[EnvironmentSpec], Environment]
Check = Callable[[Factory], Awaitable[None]]
CHECKS: list[Check] = []


class CheckResult(Record):
    """Outcome of one check; `problem` is empty where it passed."""

    name: str
    problem: str = ""


async def run(factory: Factory) -> list[CheckResult]:
    """Runs every check, one after the other."""
    results = []
    for check in CHECKS:
        problem = ""
        try:
            await check(factory)
        except Exception as error:  # a crash of the environment is a finding too
            problem = f"{type(error).__name__}: {error}"
        results.append(CheckResult(name=check.__name__, problem=problem))
    return results


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


@asynccontextmanager
async def started(factory: Factory, **fields: Any) -> AsyncIterator[Environment]:
    """A started environment that is stopped whatever happens."""
    environment = factory(EnvironmentSpec(**{"name": "conformance", **fields}))
    await environment.start()
    try:
        yield environment
    finally:
        await environment.stop()


def expect(result: ExecResult, code: int, output: str) -> None:
    assert (result.exit_code, result.text) == (code, output), (
        f"expected exit code {code} and output {output!r}, got {result.exit_code} and {result.text[:500]!r}"
    )


async def processes(environment: Environment) -> str:
    """Command lines of all processes inside, one a line."""
    command = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null"
    return (await environment.exec(command)).text


@check
async def output_and_exit_code(factory: Factory) -> None:
    async with started(factory) as environment:
        expect(await environment.exec("echo out; echo err >&2; exit 3"), 3, "out\nerr\n")
        expect(await environment.exec("echo a; echo b >/dev/stderr; echo c"), 0, "a\nb\nc\n")
        expect(await environment.exec("true"), 0, "")
        killed = await environment.exec("kill -9 $$")
        assert killed.exit_code == 137, (
            f"a command that dies of signal 9 exits with 137, not {killed.exit_code}"
        )


@check
async def working_directory(factory: Factory) -> None:
    async with started(factory, workdir="/app/deep") as environment:
        expect(await environment.exec("pwd"), 0, "/app/deep\n")
        expect(await environment.exec("pwd", cwd="/tmp"), 0, "/tmp\n")
        missing = await environment.exec("echo ran", cwd="/no/such/place")
        assert missing.exit_code != 0, "a missing working directory is a failure of the command"
        assert "ran" not in missing.text, "a command does not run elsewhere than where it was told to"


@check
async def variables(factory: Factory) -> None:
    name = "AHE_CONFORMANCE_SECRET"
    os.environ[name] = "host-secret"
    try:
        async with started(factory, env={"FROM_TASK": "one two"}) as environment:
            expect(await environment.exec('echo "$FROM_TASK/$HERE"', env={"HERE": "é"}), 0, "one two/é\n")
            expect(await environment.exec('echo "$FROM_TASK/$HERE"'), 0, "one two/\n")
            shown = (await environment.exec("env; cat /proc/*/environ | tr '\\0' '\\n'")).text
            assert "host-secret" not in shown, "variables of the host are visible"
            assert (await environment.exec('test -n "$HOME" -a -n "$PATH"')).exit_code == 0, (
                "HOME or PATH is unset"
            )
    finally:
        del os.environ[name]


@check
async def stdin_is_empty(factory: Factory) -> None:
    async with started(factory) as environment:
        expect(await environment.exec("cat; echo end", timeout=60), 0, "end\n")


@check
async def users(factory: Factory) -> None:
    try:
        async with started(factory, users=("nobody",)) as environment:
            expect(await environment.exec("id -un", user="nobody"), 0, "nobody\n")
            expect(await environment.exec("id -u"), 0, "0\n")
    except UnsupportedTask as refusal:
        if "nobody" not in str(refusal):
            raise AssertionError("a refusal names the user") from refusal


@check
async def timeout_kills_the_whole_tree(factory: Factory) -> None:
    tree = """
        sleep 41001 &
        (setsid sleep 41002 &)
        (env -i setsid sh -c 'sleep 41003 & sleep 41004' &)
        sh -c 'trap "" TERM INT HUP; sleep 41005'
    """
    async with started(factory) as environment:
        done = await environment.exec("echo begun; " + tree, timeout=1.5)
        assert done.timed_out, "the result says that the command timed out"
        expect(done, 124, "begun\n")
        left = await processes(environment)
        assert "sleep 4100" not in left, f"processes outlived the timeout:\n{left}"


@check
async def background_lives_on(factory: Factory) -> None:
    async with started(factory) as environment:
        before = time.monotonic()
        done = await environment.exec("(while :; do echo beat; sleep 0.1; done) & sleep 42001 & echo started")
        assert done.text.count("started") == 1, f"unexpected output {done.text!r}"
        assert time.monotonic() - before < 30, "a background process held the command back"
        cut = await environment.exec("sleep 42002", timeout=0.5)
        assert cut.timed_out, "the result says that the command timed out"
        left = await processes(environment)
        assert "sleep 42001" in left, f"the timeout of another command killed a background process:\n{left}"
        assert "sleep 42002" not in left, f"a process outlived its timeout:\n{left}"
        alive = await environment.exec(
            "sleep 0.5; jobs; pgrep -f 'echo beat' >/dev/null || ps 2>/dev/null; true"
        )
        assert alive.exit_code == 0, "a background process that writes must not disturb later commands"


@check
async def nothing_outlives_stop(factory: Factory) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        mount = Mount(host=folder, inside="/shared", writable=True)
        beat = Path(folder, "beat")
        async with started(factory, mounts=(mount,)) as environment:
            loop = "while :; do echo x >>/shared/beat; sleep 0.05; done"
            await environment.exec(f"(setsid sh -c '{loop}' >/dev/null 2>&1 &)")
            for _ in range(600):
                if beat.exists():
                    break
                await asyncio.sleep(0.05)
            assert beat.exists(), "a background process did not run, or a writable mount is not shared"
        size = beat.stat().st_size
        await asyncio.sleep(0.4)
        assert beat.stat().st_size == size, "a background process outlived stop()"


@check
async def big_output(factory: Factory) -> None:
    command = "printf 'FIRST'; head -c 5000000 /dev/zero | tr '\\0' x; printf 'LAST'"
    async with started(factory) as environment:
        done = await environment.exec(command, output_limit=1001)
        assert len(done.output) <= 1001, f"{len(done.output)} bytes of output exceed the limit of 1001"
        assert done.output.startswith(b"FIRSTx"), "the beginning of a long output is kept"
        assert done.output.endswith(b"xLAST"), "the end of a long output is kept"
        total = len(done.output) + done.omitted
        assert total == 5_000_009, f"kept and omitted bytes add up to {total}, not 5000009"
        whole = await environment.exec(command, output_limit=6_000_000)
        assert (len(whole.output), whole.omitted) == (5_000_009, 0), "an output under the limit is kept whole"


@check
async def binary_output(factory: Factory) -> None:
    data = bytes(range(256)) * 50
    async with started(factory) as environment:
        await environment.write("data.bin", data)
        done = await environment.exec("cat data.bin")
        assert done.output == data, "binary output is changed on its way"


@check
async def files_in_and_out(factory: Factory) -> None:
    data = os.urandom(300_000)
    async with started(factory) as environment:
        for path in ("/app/new folder/é.bin", "relative.bin", "/logs/verifier/x"):
            await environment.write(path, data)
            assert await environment.read(path) == data, f"{path} comes back different"
        await environment.write("tool", b"#!/bin/sh\necho ran\n", 0o755)
        expect(await environment.exec("./tool && wc -c <relative.bin"), 0, f"ran\n{len(data)}\n")
        await environment.write("relative.bin", b"short")
        assert await environment.read("/app/relative.bin") == b"short", "a second write replaces the first"
        await environment.exec("mkdir -p /logs; touch /logs/file")
        try:
            await environment.write("/logs/file/under", b"x")
        except OSError:
            pass
        else:
            raise AssertionError("writing below a file must raise OSError")
        for path, error in (
            ("/app/none", FileNotFoundError),
            ("/none/at/all", FileNotFoundError),
            ("/app", OSError),
        ):
            try:
                await environment.read(path)
            except error:
                continue
            raise AssertionError(f"reading {path} must raise {error.__name__}")


@check
async def files_and_setup(factory: Factory) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "files")
        source.mkdir()
        source.joinpath("given.txt").write_text("given\n")
        setup = Path(folder, "setup.sh")
        setup.write_text("set -e\npwd >made.txt\ncat given.txt >>made.txt\n")
        async with started(factory, files=str(source), setup=str(setup)) as environment:
            expect(
                await environment.exec("cat made.txt; echo changed >given.txt; ls"),
                0,
                "/app\ngiven\ngiven.txt\nmade.txt\n",
            )
        assert source.joinpath("given.txt").read_text() == "given\n", "a trial changed the task's own files"
        assert [path.name for path in source.iterdir()] == ["given.txt"], (
            "a trial added to the task's own files"
        )


@check
async def no_network(factory: Factory) -> None:
    async with started(factory) as environment:
        routes = await environment.exec("cat /proc/net/route | tail -n +2")
        expect(routes, 0, "")


@check
async def system_is_untouched(factory: Factory) -> None:
    async with started(factory) as environment:
        await environment.exec("echo x >/usr/bin/ahe-canary; rm -f /bin/true; echo 1 >/proc/sys/kernel/panic")
    assert not os.path.exists("/usr/bin/ahe-canary"), "a trial wrote the host's system"
    async with started(factory) as environment:
        after = await environment.exec("test -e /usr/bin/ahe-canary || /bin/true")
        assert after.exit_code == 0, "a trial changed the system that the next one gets"
        assert (await environment.exec("test -e /usr/bin/ahe-canary")).exit_code == 1, (
            "a trial left a file to the next"
        )


@check
async def process_limit(factory: Factory) -> None:
    async with started(factory, processes=48) as environment:
        # dash gives up at the first fork that fails, where bash tries for half a minute
        child = "(echo x >>/tmp/begun; exec sleep 43001)"
        await environment.exec(
            f"sh -c 'i=0; while [ $i -lt 200 ]; do {child} & i=$((i+1)); done' 2>/dev/null"
        )
        begun = 0
        for _ in range(100):  # what was forked begins to run when the machine gets round to it
            begun = len(await environment.read("/tmp/begun")) // 2
            if begun >= 16:
                break
            await asyncio.sleep(0.1)
        assert 16 <= begun <= 48, f"{begun} processes could be started where 48 are allowed"
    async with started(factory, processes=48) as environment:
        await environment.write("kept", b"kept")
        await environment.exec("sh -c 'f() { f | f & }; f; sleep 44001' 2>/dev/null", timeout=1.5)
        # The bomb may go on in the background: then commands fail, but the environment itself answers.
        after = await environment.exec("echo alive", timeout=5)
        assert after.text == "alive\n" or after.exit_code != 0, f"unexpected output {after.text!r}"
        assert await environment.read("kept") == b"kept", "a fork bomb took the environment's files away"


@check
async def memory_limit(factory: Factory) -> None:
    async with started(factory, memory_mb=128) as environment:
        # tail keeps what it may have to print: 600 MB that are no file's cache.
        done = await environment.exec("head -c 600M /dev/zero | tail -c 600M | wc -c", timeout=100)
        assert "629145600" not in done.text, "a command used 600 MB where 128 MB are allowed"
        expect(await environment.exec("echo alive"), 0, "alive\n")


@check
async def file_size_limit(factory: Factory) -> None:
    async with started(factory, file_mb=1) as environment:
        done = await environment.exec("head -c 5000000 /dev/zero >big")
        assert done.exit_code != 0, "writing past the limit must fail"
        size = int((await environment.exec("wc -c <big")).text)
        assert size <= 1 << 20, f"a file has {size} bytes where 1 MB is allowed"


@check
async def commands_side_by_side(factory: Factory) -> None:
    async with started(factory) as environment:
        waiting = environment.exec("until [ -e /tmp/go ]; do sleep 0.05; done; echo first", timeout=60)
        first, second = await asyncio.gather(
            waiting, environment.exec("echo second; touch /tmp/go", timeout=60)
        )
        expect(first, 0, "first\n")
        expect(second, 0, "second\n")


@check
async def impossible_commands(factory: Factory) -> None:
    async with started(factory) as environment:
        for command in ("echo \0", "echo " + "x" * 300_000):
            done = await environment.exec(command)
            assert done.exit_code == 126, "a command that no shell can be given exits with 126"
            assert done.output, "the result says why a command was not run"


@check
async def stop_and_after(factory: Factory) -> None:
    environment = factory(EnvironmentSpec(name="conformance"))
    await environment.start()
    await environment.stop()
    await environment.stop()
    try:
        await environment.exec("true")
    except SandboxError:
        return
    raise AssertionError("exec after stop must raise SandboxError")
