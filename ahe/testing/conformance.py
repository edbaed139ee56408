"""The suite that every `Environment` must pass, including your own. With pytest, in five lines:

    import asyncio
    from ahe.testing import check_environment

    def test_my_environment(tmp_path):
        results = asyncio.run(check_environment(lambda spec: MyEnvironment(spec, tmp_path)))
        assert [str(result) for result in results if not result.ok] == []

An environment may refuse what it cannot offer, such as users other than root, by raising `UnsupportedTask`.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from ahe.errors import SandboxError
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec, Mount, Record
from ahe.testing.checks import CHECKS, MakeEnvironment, check, check_in, expect, must_raise, started


class CheckResult(Record):
    """One check: `what` is its requirement if it is `ok`, else the failure."""

    name: str
    ok: bool
    what: str

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'FAILED'}  {self.name}: {self.what}"


async def check_environment(make: MakeEnvironment) -> list[CheckResult]:
    """Run all checks, one after the other, each in its own environments.

    `make` returns an environment for a spec, not started yet. Any exception fails the check.
    """
    results = []
    for each in CHECKS:
        ok, what = True, (each.__doc__ or "").strip()
        try:
            await each(make)
        except Exception as error:
            ok, what = False, f"{type(error).__name__}: {error}"
        results.append(CheckResult(name=each.__name__, ok=ok, what=what))
    return results


# ---------------------------------------------------------------- how commands are isolated and limited


@check
async def variables(make: MakeEnvironment) -> None:
    """A command has the task's variables and its own, but none of the host's."""
    name = "AHE_CONFORMANCE_SECRET"
    os.environ[name] = "host-secret"
    try:
        async with started(make, env={"FROM_TASK": "one two"}) as environment:
            expect(await environment.exec('echo "$FROM_TASK/$HERE"', env={"HERE": "é"}), 0, "one two/é\n")
            expect(await environment.exec('echo "$FROM_TASK/$HERE"'), 0, "one two/\n")
            shown = (await environment.exec("env; cat /proc/*/environ | tr '\\0' '\\n'")).text
            assert "host-secret" not in shown, "variables of the host are visible"
            set_up = await environment.exec('test -n "$HOME" -a -n "$PATH"')
            assert set_up.exit_code == 0, "HOME or PATH is unset"
    finally:
        del os.environ[name]


@check
async def nothing_outlives_stop(make: MakeEnvironment) -> None:
    """`stop` ends every process; a writable mount is shared until then."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        mount = Mount(host=folder, inside="/shared", writable=True)
        beat = Path(folder, "beat")
        async with started(make, mounts=(mount,)) as environment:
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


@check_in()
async def no_network(environment: Environment) -> None:
    """Without `network` there is no route out of the environment."""
    expect(await environment.exec("cat /proc/net/route | tail -n +2"), 0, "")


@check
async def system_is_untouched(make: MakeEnvironment) -> None:
    """Changes to the system affect neither the host nor the next environment."""
    async with started(make) as environment:
        await environment.exec("echo x >/usr/bin/ahe-canary; rm -f /bin/true; echo 1 >/proc/sys/kernel/panic")
    assert not os.path.exists("/usr/bin/ahe-canary"), "a trial wrote the host's system"
    async with started(make) as environment:
        after = await environment.exec("test -e /usr/bin/ahe-canary || /bin/true")
        assert after.exit_code == 0, "a trial changed the system that the next one gets"
        left = await environment.exec("test -e /usr/bin/ahe-canary")
        assert left.exit_code == 1, "a trial left a file to the next"


@check
async def process_limit(make: MakeEnvironment) -> None:
    """At most about `processes` processes can be started, and a fork bomb leaves the files readable."""
    async with started(make, processes=48) as environment:
        # dash gives up at the first fork that fails, where bash tries for half a minute
        child = "(echo x >>/tmp/begun; exec sleep 43001)"
        await environment.exec(
            f"sh -c 'i=0; while [ $i -lt 200 ]; do {child} & i=$((i+1)); done' 2>/dev/null"
        )
        begun = 0
        for _ in range(100):  # on a loaded machine forked processes begin to run late
            begun = len(await environment.read("/tmp/begun")) // 2
            if begun >= 16:
                break
            await asyncio.sleep(0.1)
        assert 16 <= begun <= 48, f"{begun} processes could be started where 48 are allowed"
    async with started(make, processes=48) as environment:
        await environment.write("kept", b"kept")
        await environment.exec("sh -c 'f() { f | f & }; f; sleep 44001' 2>/dev/null", timeout=1.5)
        # The bomb may still run in the background: then commands fail, but the environment itself answers.
        after = await environment.exec("echo alive", timeout=5)
        assert after.text == "alive\n" or after.exit_code != 0, f"unexpected output {after.text!r}"
        assert await environment.read("kept") == b"kept", (
            "a fork bomb made the environment's files unreadable"
        )


@check_in(memory_mb=128)
async def memory_limit(environment: Environment) -> None:
    """Commands cannot use more than `memory_mb`; if one tries, the environment still works."""
    # tail keeps in memory what it may have to print: 600 MB that are not page cache.
    done = await environment.exec("head -c 600M /dev/zero | tail -c 600M | wc -c", timeout=100)
    assert "629145600" not in done.text, "a command used 600 MB where 128 MB are allowed"
    expect(await environment.exec("echo alive"), 0, "alive\n")


@check_in(file_mb=1)
async def file_size_limit(environment: Environment) -> None:
    """No file grows past `file_mb`."""
    done = await environment.exec("head -c 5000000 /dev/zero >big")
    assert done.exit_code != 0, "writing past the limit must fail"
    size = int((await environment.exec("wc -c <big")).text)
    assert size <= 1 << 20, f"a file has {size} bytes where 1 MB is allowed"


@check
async def stop_and_after(make: MakeEnvironment) -> None:
    """`stop` may be called twice; commands raise SandboxError after it."""
    environment = make(EnvironmentSpec(name="conformance"))
    await environment.start()
    await environment.stop()
    await environment.stop()
    await must_raise(SandboxError, environment.exec("true"), "exec after stop")
