"""Every feature that cannot be honoured is refused by its name, and nothing else is."""

from __future__ import annotations

import pytest
from task_writer import BUNDLED, TOML, write_task

from ahe.environments.variables import resolve
from ahe.errors import UnsupportedTask
from ahe.evaluate.support import refuse, unsupported
from ahe.evaluate.tasks import read_task
from ahe.project.content import entry

ENVIRONMENT = {
    "gpus = 1": "GPUs",
    'gpu_types = ["X"]': "GPU types",
    'tpu = { type = "v4", topology = "2x2" }': "TPU",
    'os = "Windows"': "operating system windows",
    'mcp_servers = [{ name = "a", url = "http://a" }]': "MCP servers",
    'skills_dir = "/skills"': "skills_dir",
    'healthcheck = { command = "true" }': "health check",
    'workdir = "/srv/$NAME"': "a variable in environment.workdir",
    'env = { KEY = "${AHE_NO_SUCH_KEY}" }': "AHE_NO_SUCH_KEY",
}
TABLES = {
    '[verifier]\nenvironment_mode = "separate"': "verifier.environment_mode",
    '[verifier.environment]\ndocker_image = "a"': "verifier.environment",
    '[[verifier.collect]]\ncommand = "true"': "collect commands",
    '[[steps]]\nname = "one"': "several steps",
    '[verifier]\nnetwork_mode = "public"': "one phase only",
    '[agent]\nnetwork_mode = "public"': "one phase only",
    '[agent]\nnetwork_mode = "allowlist"\nallowed_hosts = ["a.example"]': "allowlist",
    '[verifier]\nenv = { KEY = "${AHE_NO_SUCH_KEY}" }': "AHE_NO_SUCH_KEY",
}
FILES = {
    "environment/docker-compose.yaml": "Docker Compose",
    "steps/one/instruction.md": "several steps",
    "trajectory.json": "trajectory.json",
    ".harborignore": ".harborignore",
    "tests/.harborignore": ".harborignore",
}


def refusal(path, *, allow_network=False, kind="auto"):
    with pytest.raises(UnsupportedTask) as caught:
        refuse(read_task(path), allow_network=allow_network, kind=kind)
    return str(caught.value)


@pytest.mark.parametrize(("line", "name"), ENVIRONMENT.items())
def test_features_of_the_environment(tmp_path, line, name):
    assert name in refusal(write_task(tmp_path / "t", TOML + line))


@pytest.mark.parametrize(("table", "name"), TABLES.items())
def test_features_of_other_tables(tmp_path, table, name):
    assert name in refusal(write_task(tmp_path / "t", TOML + table))


@pytest.mark.parametrize(("file", "name"), FILES.items())
def test_features_that_are_files(tmp_path, file, name):
    assert name in refusal(write_task(tmp_path / "t", files={file: "{}"}))


def test_artifacts_and_an_allowlist_of_the_environment(tmp_path):
    assert "artifacts" in refusal(write_task(tmp_path / "t", 'artifacts = ["/app/a"]\n' + TOML))
    listed = '[environment]\nnetwork_mode = "allowlist"\nallowed_hosts = ["a.example"]'
    assert "allowlist" in refusal(write_task(tmp_path / "t", listed), allow_network=True)


def test_windows_and_steps_need_no_files_to_be_refused(tmp_path):
    windows = {"tests/test.sh": None, "tests/test.bat": "exit 0"}
    assert "windows" in refusal(write_task(tmp_path / "w", TOML + 'os = "windows"', windows))
    steps = {"tests/test.sh": None, "instruction.md": None, "steps/a/instruction.md": "x"}
    assert "several steps" in refusal(write_task(tmp_path / "s", TOML + '[[steps]]\nname = "a"', steps))


def test_every_feature_is_named_at_once(tmp_path):
    text = refusal(
        write_task(tmp_path / "t", TOML + 'gpus = 1\nskills_dir = "/s"', {"trajectory.json": "{}"})
    )
    assert all(word in text for word in ("task t", "GPUs", "skills_dir", "trajectory.json"))


def test_absent_features_written_out_are_no_features(tmp_path):
    lines = 'gpus = 0\nmcp_servers = []\nos = "linux"\nenv = { A = "$HOME", B = "${NO_SUCH:-b}" }\n'
    task = read_task(write_task(tmp_path / "t", "artifacts = []\n" + TOML + lines))
    refuse(task, allow_network=False, kind="bwrap")
    assert resolve(task.environment.env) == {"A": "$HOME", "B": "b"}


def test_a_variable_of_the_machine_is_refused_only_where_it_has_no_value(tmp_path, monkeypatch):
    values = 'env = { A = "${OWN_A}", B = "${OWN_B:-b}", C = "x${C}" }'
    task = read_task(write_task(tmp_path / "t", TOML + values))
    monkeypatch.setenv("OWN_B", "c")
    found = list(unsupported(task, allow_network=False, kind="auto"))
    assert found == ["the variable OWN_A of this machine (environment.env), which is not set: set it"]
    monkeypatch.setenv("OWN_A", "secret")
    assert not list(unsupported(task, allow_network=False, kind="auto"))
    assert resolve(task.environment.env) == {"A": "secret", "B": "c", "C": "x${C}"}
    assert "secret" not in repr(task)


def test_what_only_the_solution_needs_does_not_refuse_a_trial(tmp_path):
    task = read_task(write_task(tmp_path / "t", TOML + '[solution.env]\nKEY = "${UNSET_HERE}"'))
    refuse(task, allow_network=False, kind="bwrap")
    with pytest.raises(UnsupportedTask, match=r"UNSET_HERE of this machine \(solution\.env\)"):
        refuse(task, allow_network=False, kind="bwrap", solution=True)


def test_the_network_is_the_users_to_allow(tmp_path):
    path = write_task(tmp_path / "t", "")
    refuse(read_task(path), allow_network=True, kind="auto")
    assert "your policy forbids" in refusal(path)


@pytest.mark.parametrize(
    ("toml", "files", "reason"),
    [
        (TOML + 'docker_image = "a:1"', {}, "image is a:1"),
        (TOML + '[agent]\nuser = "ann"', {}, "user: ann"),
        (
            TOML,
            {"environment/Dockerfile": "FROM ubuntu:24.04\nCOPY files/ /app/"},
            "says FROM ubuntu:24.04",
        ),
        (TOML, {"environment/Dockerfile": BUNDLED + "RUN true", "environment/setup.sh": "x"}, "RUN true"),
        (TOML, {"environment/Dockerfile": BUNDLED, "environment/files/note.txt": None}, "neither files/ nor"),
        (TOML, {"environment/Dockerfile": "FROM python:3.11-bookworm"}, "does not copy environment/files"),
        (TOML, {"environment/Dockerfile": BUNDLED.replace("/app/", "/srv/")}, "COPY files/ /srv/"),
        (TOML + 'workdir = "/srv"', {"environment/Dockerfile": BUNDLED}, "WORKDIR /app"),
        (
            TOML,
            {"environment/Dockerfile": BUNDLED.split("RUN")[0], "environment/setup.sh": "x"},
            "does not run",
        ),
    ],
)
def test_what_only_docker_can_serve(tmp_path, toml, files, reason):
    task = read_task(write_task(tmp_path / "t", toml, files))
    assert reason in task.docker_only
    assert reason in refusal(tmp_path / "t", kind="bwrap")
    refuse(task, allow_network=False, kind="auto")


def test_docker_needs_something_to_build_from(tmp_path):
    assert "Docker cannot build" in refusal(write_task(tmp_path / "t"), kind="docker")


def test_every_bundled_task_is_supported():
    paths = sorted(entry("evals").glob("*/*/task.toml"))
    assert paths
    for path in paths:
        task = read_task(path.parent)
        assert not task.docker_only, task.name
        for kind in ("bwrap", "docker"):
            refuse(task, allow_network=False, kind=kind)
