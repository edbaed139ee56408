"""Reading tasks: every form of the format, every wrong value named."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_writer import BUNDLED, TOML, write_task

from ahe.environments.variables import resolve
from ahe.errors import TaskError
from ahe.evaluate.taskformat import unknown_keys
from ahe.evaluate.tasks import read_task, strip_canary
from ahe.project.content import entry


def test_a_whole_task(tmp_path):
    toml = """
    schema_version = "1.3"
    source = "elsewhere"
    [task]
    name = "org/whole"
    [metadata]
    anything = { deep = [1, 2] }
    [agent]
    timeout_sec = 120
    user = 1000
    network_mode = "public"
    [verifier]
    timeout_sec = 30.5
    user = "root"
    env = { LEVEL = "3", MODEL = "${NO_SUCH_VARIABLE:-small}" }
    [environment]
    docker_image = "registry.example/whole:1"
    build_timeout_sec = 60
    cpus = 2
    memory_mb = 4096
    storage_mb = 512
    workdir = "/srv/work"
    env = { A = "b" }
    [solution]
    env = { KEY = "value" }
    """
    task = read_task(write_task(tmp_path / "whole", toml))
    spec = task.environment
    assert (task.name, task.agent_seconds, task.agent_user) == ("whole", 120, "1000")
    assert (task.verifier_seconds, task.verifier_user) == (30.5, "root")
    assert resolve(task.verifier_env) == {"LEVEL": "3", "MODEL": "small"}
    assert task.solution_env == {"KEY": "value"}
    assert task.raw["metadata"] == {"anything": {"deep": [1, 2]}}
    assert (spec.image, spec.dockerfile, spec.workdir) == ("registry.example/whole:1", None, "/srv/work")
    assert (spec.cpus, spec.memory_mb, spec.file_mb, spec.build_seconds) == (2, 4096, 512, 60)
    assert (spec.env, spec.network, spec.users) == ({"A": "b"}, True, ("1000",))
    assert spec.hidden[0] == str(tmp_path), "the folder of the tasks"


def test_limits_are_explicit_where_the_task_is_silent(tmp_path):
    task = read_task(write_task(tmp_path / "plain", ""))
    spec = task.environment
    assert (spec.cpus, spec.memory_mb, spec.file_mb, spec.build_seconds) == (1, 2048, 10240, 600)
    assert (task.agent_seconds, task.verifier_seconds, spec.workdir) == (900, 600, "/app")
    assert spec.network, "an absent network_mode is public"


@pytest.mark.parametrize(
    ("toml", "network"),
    [
        ("", True),
        ("[environment]\nallow_internet = true", True),
        ("[environment]\nallow_internet = false", False),
        ('[environment]\nallow_internet = true\nnetwork_mode = "no-network"', False),
        ('[environment]\nnetwork_mode = "public"', True),
        ('[agent]\nnetwork_mode = "no-network"\n[verifier]\nnetwork_mode = "no-network"', False),
    ],
)
def test_network(tmp_path, toml, network):
    assert read_task(write_task(tmp_path / "t", toml)).environment.network is network


@pytest.mark.parametrize(
    "toml",
    [
        'version = "2.0"',
        "version = 3",
        *(f'{k} = "1.{n}"' for k in ("version", "schema_version") for n in range(5)),
    ],
)
def test_versions(tmp_path, toml):
    assert read_task(write_task(tmp_path / "t", toml)).name == "t"


@pytest.mark.parametrize(
    ("size", "megabytes"), [("2G", 2048), ("512M", 512), ("1.5g", 1536), ("4096K", 4), (" 3G ", 3072)]
)
def test_legacy_sizes(tmp_path, size, megabytes):
    spec = read_task(
        write_task(tmp_path / "t", f'[environment]\nmemory = "{size}"\nstorage = "{size}"')
    ).environment
    assert (spec.memory_mb, spec.file_mb) == (megabytes, megabytes)


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("not toml", "not valid TOML"),
        ('schema_version = "2.0"', "schema_version is '2.0'"),
        ('[agent]\ntimeout_sec = "long"', "agent.timeout_sec"),
        ("[agent]\ntimeout_sec = -1", "agent.timeout_sec"),
        ("[agent]\ntimeout_sec = inf", "agent.timeout_sec"),
        ("[agent]\ntimeout_sec = true", "agent.timeout_sec"),
        ("[agent]\nuser = 1.5", "agent.user"),
        ("agent = 3", "agent must be a table"),
        ('[environment]\nmemory = "much"', "environment.memory"),
        ("[environment]\nmemory = 2048", "environment.memory"),
        ('[environment]\nmemory = "1G"\nmemory_mb = 2', "environment.memory"),
        ('[environment]\nnetwork_mode = "some"', "environment.network_mode"),
        ('[environment]\nallow_internet = "no"', "environment.allow_internet"),
        ('[environment]\nallowed_hosts = ["a.example"]', "environment.allowed_hosts"),
        ("[environment]\nenv = { A = 1 }", "environment.env.A"),
        ("[verifier]\nenv = 1", "verifier.env"),
    ],
)
def test_wrong_values_are_named(tmp_path, toml, named):
    with pytest.raises(TaskError, match=named.replace(".", r"\.")) as caught:
        read_task(write_task(tmp_path / "t", toml))
    assert "task.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("task.toml", "holds no task"),
        ("instruction.md", "no instruction"),
        ("tests/test.sh", "no verifier"),
    ],
)
def test_missing_files_are_named(tmp_path, missing, message):
    with pytest.raises(TaskError, match=message):
        read_task(write_task(tmp_path / "t", files={missing: None}))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(TaskError, match="cannot be read"):
        read_task(tmp_path / "none")


def test_an_empty_instruction_and_one_that_is_no_text(tmp_path):
    with pytest.raises(TaskError, match="empty"):
        read_task(write_task(tmp_path / "t", files={"instruction.md": "# canary 1\n\n"}))
    (tmp_path / "t" / "instruction.md").write_bytes(b"\xff\xfe")
    with pytest.raises(TaskError, match="UTF-8"):
        read_task(tmp_path / "t")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<!-- a CANARY GUID 1 -->\n\nDo it.", "Do it."),
        ("# canary one\n# Canary two\nDo it.", "Do it."),
        ("# Title\n# canary later\n", "# Title\n# canary later\n"),
        ("Do it.", "Do it."),
    ],
)
def test_canaries(text, left):
    assert strip_canary(text) == left


@given(st.text())
def test_stripping_leaves_a_tail_and_settles(text):
    once = strip_canary(text)
    assert text.endswith(once)
    assert strip_canary(once) == once


@pytest.mark.parametrize(
    ("lines", "workdir"),
    [
        ("FROM a\nWORKDIR /one\nWORKDIR two", "/one/two"),
        ("FROM a\nWORKDIR /one\nFROM b\nRUN x", ""),
        ("ARG A=/one\nFROM a\nARG A\nENV B=two\nWORKDIR $A/${B}", "/one/two"),
        ("FROM a\nWORKDIR $UNKNOWN/one", ""),
        ("FROM a\nWORKDIR one", ""),
        ("FROM a\nRUN <<EOF\nWORKDIR /no\nEOF\nworkdir /yes", "/yes"),
        ("FROM a\nRUN one \\\n # comment\n two \\\n WORKDIR /no\nWORKDIR /yes/", "/yes"),
        ("FROM a", ""),
    ],
)
def test_work_directory_of_the_dockerfile(tmp_path, lines, workdir):
    path = write_task(tmp_path / "t", files={"environment/Dockerfile": lines})
    assert read_task(path).environment.workdir == workdir
    path = write_task(tmp_path / "t", TOML + 'workdir = "/other"')
    assert read_task(path).environment.workdir == "/other"


def test_bundled_form_serves_both_environments(tmp_path):
    files = {"environment/Dockerfile": BUNDLED, "environment/setup.sh": "true"}
    spec = read_task(write_task(tmp_path / "t", files=files)).environment
    assert (spec.files, spec.setup, spec.dockerfile) == tuple(
        f"{tmp_path}/t/environment{end}" for end in ("/files", "/setup.sh", "")
    )


def test_another_dockerfile_offers_nothing_to_bubblewrap(tmp_path):
    files = {
        "environment/Dockerfile": BUNDLED + "RUN apt-get install -y jq\n",
        "environment/setup.sh": "true",
    }
    spec = read_task(write_task(tmp_path / "t", files=files)).environment
    assert (spec.files, spec.setup) == (None, None)
    assert spec.dockerfile == f"{tmp_path}/t/environment"


def test_digest_is_the_documented_one(tmp_path):
    path = write_task(tmp_path / "t", files={"README.md": "read me"})
    lines = sorted(
        (file.relative_to(path).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest())
        for file in path.rglob("*")
        if file.is_file()
    )
    expected = hashlib.sha256("".join(f"{name}\0{value}\n" for name, value in lines).encode()).hexdigest()
    assert read_task(path).digest == expected


def test_digest_follows_content_and_nothing_else(tmp_path):
    path = write_task(tmp_path / "t")
    before = read_task(path).digest
    for junk in ("notes.md", "tests/__pycache__/a.pyc", "tests/.test.sh.swp", "solution/solve.sh~", ".git/x"):
        (path / junk).parent.mkdir(exist_ok=True)
        (path / junk).write_text("junk")
    os.utime(path / "task.toml", (1, 1))
    assert read_task(path).digest == before
    assert read_task(write_task(tmp_path / "copy")).digest == before
    seen = {before}
    for changed in ("tests/test.sh", "environment/files/note.txt", "solution/solve.sh", "instruction.md"):
        (path / changed).write_text("changed")
        seen.add(read_task(path).digest)
    assert len(seen) == 5


def test_a_large_file_is_hashed_whole(tmp_path):
    path = write_task(tmp_path / "t")
    (path / "environment/files/big").write_bytes(b"x" * (3 << 20))
    before = read_task(path).digest
    with (path / "environment/files/big").open("r+b") as file:
        file.seek(2_500_000)
        file.write(b"y")
    assert read_task(path).digest != before


def test_links(tmp_path):
    path = write_task(tmp_path / "t")
    (path / "environment/files/broken").symlink_to("nowhere")
    (path / "environment/files/outside").symlink_to("/etc/hostname")
    before = read_task(path).digest
    (path / "environment/files/outside").unlink()
    (path / "environment/files/outside").symlink_to("/etc/passwd")
    assert read_task(path).digest != before
    (path / "tests/data").symlink_to("/etc/passwd")
    with pytest.raises(TaskError, match="tests/data does not link to a file of the task"):
        read_task(path)


@pytest.mark.parametrize(
    "name",
    [
        *("task.toml", "instruction.md", "README.md", "trajectory.json", "solution/solve.sh", "tests/x~"),
        *("tests/x.pyc", "tests/__pycache__/x", "tests/__pycache__/deep/x", "solution/.DS_Store"),
        *("environment/setup.sh", "environment/Dockerfile", "environment/docker-compose.yaml"),
        *("environment/.dockerignore", "environment/files"),
    ],
)
@pytest.mark.parametrize("target", ["secret", "/dev/zero", "pipe", "/proc/self/environ", "nowhere", "folder"])
def test_the_host_reads_nothing_through_a_link_out_of_a_task(tmp_path, name, target):
    path = write_task(tmp_path / "t", files={name: "x"} if name != "environment/files" else {})
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret").write_text("secret")
    os.mkfifo(tmp_path / "pipe")
    shutil.rmtree(path / name) if name == "environment/files" else (path / name).unlink()
    (path / name).symlink_to(tmp_path / target)
    with pytest.raises(TaskError, match="does not link to a file of the task"):
        read_task(path, digest=False)
    if name != "environment/files":
        (path / name).unlink()
        (path / "environment/kept").write_text("FROM x\n")
        (path / name).symlink_to(path / "environment/kept")
        with contextlib.suppress(TaskError):  # of its content
            assert read_task(path).environment


def test_a_pipe_among_files_that_do_not_count(tmp_path):
    path = write_task(tmp_path / "t", files={"tests/__pycache__/x.pyc": "x"})
    os.mkfifo(path / "tests/__pycache__/y.pyc")
    with pytest.raises(TaskError, match="neither a file nor a folder"):
        read_task(path)


@pytest.mark.parametrize("folder", ["tests", "solution", "environment", "steps"])
def test_a_folder_that_leads_out_of_the_task(tmp_path, folder):
    path = write_task(tmp_path / "t")
    (tmp_path / "mine").mkdir()
    shutil.rmtree(path / folder, ignore_errors=True)
    (path / folder).symlink_to(tmp_path / "mine")
    with pytest.raises(TaskError, match=f"{folder} links to a folder outside the task"):
        read_task(path)


def test_a_pipe_is_no_part_of_a_task(tmp_path):
    path = write_task(tmp_path / "t")
    os.mkfifo(path / "tests/pipe")
    with pytest.raises(TaskError, match="neither a file nor a folder"):
        read_task(path)


def test_unknown_keys_are_kept_and_can_be_shown(tmp_path):
    task = read_task(
        write_task(tmp_path / "t", 'new = 1\n[agent]\ntimeout = 3\n[environment]\nnetwrok_mode = "x"')
    )
    assert task.raw["agent"] == {"timeout": 3}
    assert unknown_keys(task.raw) == ["new", "agent.timeout", "environment.netwrok_mode"]


def test_every_bundled_task_is_read_and_runs_in_both_environments():
    suites = [path for path in entry("evals").iterdir() if path.is_dir()]
    tasks = [read_task(path.parent) for suite in suites for path in sorted(Path(suite).glob("*/task.toml"))]
    assert tasks
    for task in tasks:
        assert not unknown_keys(task.raw), task.name


def test_a_hostile_file_is_named_in_a_short_error(tmp_path: Path) -> None:
    for number, text in enumerate(("a = " + "[" * 5_000, f'[agent]\ntimeout_sec = "{"x" * 100_000}"\n')):
        folder = write_task(tmp_path / f"task-{number}", text)
        with pytest.raises(TaskError, match=r"task\.toml") as caught:
            read_task(folder)
        assert len(str(caught.value)) < 500 + len(str(folder))
