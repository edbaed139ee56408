"""Docker beyond the conformance suite: builds, users, leftovers, and containers that are brought down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from task_writer import write_files

from ahe.environments import docker_api
from ahe.environments.docker import DockerEnvironment
from ahe.environments.inside.data import READ_LIMIT
from ahe.errors import SandboxError, TaskError
from ahe.records import EnvironmentSpec

IMAGE = os.environ.get("AHE_TEST_IMAGE", "python:3.11-bookworm")
pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def _daemon():
    try:
        if not docker_api.client().images.list(name=IMAGE):
            raise SandboxError(f"the image {IMAGE} is not here: run .ci/base-image")
    except SandboxError as error:
        if os.environ.get("AHE_REQUIRE_DOCKER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


async def test_a_dockerfile_is_built_once(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nWORKDIR /app\nRUN date +%N >built\n")
    outputs = []
    for _ in range(2):
        environment = DockerEnvironment(EnvironmentSpec(name="x", dockerfile=str(tmp_path)), tmp_path)
        await environment.start()
        outputs.append((await environment.exec("cat built")).text)
        await environment.stop()
    assert outputs[0] == outputs[1] != ""


async def test_a_broken_dockerfile_says_why(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo the reason; exit 3\n")
    environment = DockerEnvironment(EnvironmentSpec(name="some-task", dockerfile=str(tmp_path)), tmp_path)
    with pytest.raises(SandboxError, match=r"some-task(.|\n)*the reason"):
        await environment.start()


async def run(
    folder: Path, dockerfile: str, command: str, files: dict[str, str] | None = None, **more: Any
) -> str:
    """What a command prints in a container of this Dockerfile."""
    write_files(folder, {"Dockerfile": f"FROM {IMAGE}\n{dockerfile}\n", **(files or {})})
    spec = EnvironmentSpec(name="x", dockerfile=str(folder), **{"workdir": "", **more})
    environment = DockerEnvironment(spec, folder)
    await environment.start()
    try:
        return (await environment.exec(command)).text
    finally:
        await environment.stop()


async def test_what_buildkit_reads_is_built(tmp_path: Path):
    dockerfile = """\
ENV WORD=fast
RUN cat >/one <<'EOF'
it's $WORD
EOF
RUN --mount=type=cache,target=/c <<EOF
echo two >/two
EOF
COPY <<EOF /three
mode=$WORD
EOF
COPY --chmod=711 kept /four
COPY . /all
FROM scratch AS unused
COPY --from=registry.invalid/none:1 /a /a
FROM stage
"""
    dockerfile = f"WORKDIR /\nFROM {IMAGE} AS stage\n{dockerfile}"
    files = {"kept": "x", "left/out": "x", ".dockerignore": "# left out:\nleft\n"}
    text = await run(tmp_path, dockerfile, "cat one two three; stat -c %a four; ls all", files)
    assert text.split() == ["it's", "$WORD", "two", "mode=fast", "711", "Dockerfile", "kept"]


async def test_a_build_out_of_time_is_ended(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"not built within 1 s \(build_timeout_sec\): begun"):
        await run(tmp_path, "RUN echo begun; sleep 300", "true", build_seconds=1.0)


async def test_the_entrypoint_runs_and_what_it_does_is_done_when_commands_start(tmp_path: Path):
    script = '#!/bin/sh\nsleep .5\nid -un >/tmp/up\nsleep 600 &\nexec "$@"\n'
    dockerfile = 'RUN useradd ann\nCOPY --chmod=755 up.sh /up.sh\nUSER ann\nENTRYPOINT ["/up.sh"]'
    text = await run(tmp_path, dockerfile, "cat /tmp/up; ps ax | grep -c '[s]leep 600'", {"up.sh": script})
    assert text.split() == ["ann", "1"]


async def test_a_service_in_the_foreground_is_no_reason_to_wait_long(tmp_path: Path):
    dockerfile = 'ENTRYPOINT ["sh", "-c", "echo up >/up; exec sleep 600"]'
    assert await run(tmp_path, dockerfile, "cat /up") == "up\n"


async def test_an_entrypoint_that_ends_is_named(tmp_path: Path):
    with pytest.raises(TaskError, match=r"ENTRYPOINT ended with exit code 3(.|\n)*no config"):
        await run(tmp_path, 'ENTRYPOINT ["sh", "-c", "echo no config; exit 3"]', "true")


async def test_a_health_check_is_waited_for(tmp_path: Path):
    check = "HEALTHCHECK --interval=200ms --retries=50 CMD test -e /tmp/healthy"
    entry = 'ENTRYPOINT ["sh", "-c", "(sleep 1; touch /tmp/healthy) & exec tail -f /dev/null"]'
    assert await run(tmp_path, f"{check}\n{entry}", "ls /tmp/healthy") == "/tmp/healthy\n"
    sick = "HEALTHCHECK --interval=100ms --retries=2 CMD echo broken; exit 1"
    with pytest.raises(TaskError, match="HEALTHCHECK does not pass: broken"):
        await run(tmp_path, sick, "true")


async def test_user_and_workdir_are_the_images_unless_the_task_names_them(tmp_path: Path):
    dockerfile = "RUN useradd -m ann\nENV PLACE=/srv/work\nWORKDIR $PLACE\nUSER ann"
    assert await run(tmp_path, dockerfile, "id -un; pwd") == "ann\n/srv/work\n"
    assert await run(tmp_path, dockerfile, "pwd", workdir="/opt") == "/opt\n"
    assert await run(tmp_path, "", "id -un; pwd") == "root\n/\n"


async def test_limits_of_processors_are_fractions_or_no_limit(tmp_path: Path):
    quota = "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null"
    assert (await run(tmp_path, "", quota, cpus=0.5)).split()[0] == "50000"
    assert await run(tmp_path, "", "echo fine", cpus=4096) == "fine\n"


async def test_secrets_of_the_build_are_refused(tmp_path: Path):
    with pytest.raises(SandboxError, match="takes a secret of this machine"):
        await run(tmp_path, "RUN --mount=type=secret,id=token true", "true")


async def test_variables_of_the_machine_reach_the_container_alone(tmp_path: Path):
    variables = {"HOME_HERE": "${HOME}", "LEVEL": "${AHE_TEST_NO_SUCH:-3}", "PLAIN": "$HOME"}
    text = await run(tmp_path, "", 'echo "$HOME_HERE $LEVEL $PLAIN"', env=variables)
    assert text.split() == [os.environ["HOME"], "3", "$HOME"]
    with pytest.raises(TaskError, match="set AHE_TEST_NO_SUCH in the environment"):
        await run(tmp_path, "", "true", env={"KEY": "${AHE_TEST_NO_SUCH}"})


async def test_a_missing_image_says_what_to_do(tmp_path: Path):
    spec = EnvironmentSpec(name="x", image="localhost:1/none/such:1")
    with pytest.raises(SandboxError, match="docker load"):
        await DockerEnvironment(spec, tmp_path).start()


async def test_what_its_commands_bring_down_starts_again(tmp_path: Path):
    environment = DockerEnvironment(EnvironmentSpec(name="x", image=IMAGE), tmp_path)
    await environment.start()
    try:
        await environment.exec("echo kept >/app/file; kill -9 -1", timeout=30)
        assert (await environment.exec("cat /app/file")).text == "kept\n"
    finally:
        await environment.stop()


async def test_files_are_read_whole_up_to_the_limit(tmp_path: Path):
    environment = DockerEnvironment(EnvironmentSpec(name="x", image=IMAGE), tmp_path)
    await environment.start()
    try:
        await environment.exec(
            f"seq 700000 >log; truncate -s {READ_LIMIT} most; truncate -s {READ_LIMIT + 1} over"
        )
        assert (
            await environment.read("log") == "".join(f"{n}\n" for n in range(1, 700_001)).encode()
        )  # 4.8 MB
        assert await environment.read("most") == bytes(READ_LIMIT)
        with pytest.raises(OSError, match="File too large"):
            await environment.read("over")
    finally:
        await environment.stop()


async def test_its_own_end_mark_does_not_fool_it(tmp_path: Path):
    environment = DockerEnvironment(EnvironmentSpec(name="x", image=IMAGE), tmp_path)
    await environment.start()
    try:
        done = await environment.exec('echo "$_EXEC"; ps axww; echo "$_EXEC"; exit 5')
        assert done.exit_code == 5
        assert done.text.splitlines()[0] == done.text.splitlines()[-1]
    finally:
        await environment.stop()


async def test_leftovers_of_a_killed_run_are_swept():
    client = docker_api.client()
    labels = {"ahe": "1", "ahe.owner": "1-1", "ahe.host": os.uname().nodename}
    orphan = client.containers.create(IMAGE, ["true"], labels=labels)
    docker_api.sweep(client)
    assert orphan.id not in [
        container.id for container in client.containers.list(all=True, ignore_removed=True)
    ]
