"""Compose files: honoured where they say what Harbor does by itself, else named for what they ask."""

from __future__ import annotations

import pytest
from task_writer import TOML, write_task

from ahe.errors import UnsupportedTask
from ahe.evaluate.support import Compose, read_compose, refuse
from ahe.evaluate.tasks import read_task

PLAIN = """\
services:
  main:
    build:
      context: ${CONTEXT_DIR}
      dockerfile: Dockerfile
    image: ${MAIN_IMAGE_NAME}
    command: ["sh", "-c", "sleep infinity"]
    environment:
      - TEST_DIR=${TEST_DIR}
    volumes:
      - ${HOST_VERIFIER_LOGS_PATH}:${ENV_VERIFIER_LOGS_PATH}:rw
    deploy:
      resources: {limits: {cpus: "${CPUS}", memory: "${MEMORY}"}}
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PLAIN, Compose()),
        ("services: {client: {build: .}}", Compose()),
        ('services: {main: {image: "a:1", pull_policy: always}}', Compose(image="a:1")),
        ("version: '3'\nservices: {main: }\nvolumes: {}", Compose()),
        ("services: {main: {}, db: {image: a}}", Compose(problems=("not one service but several or none",))),
        (
            "services: {main: {build: {context: ../.., args: {A: 1}}, privileged: true, volumes: ['/:/host']}}",
            Compose(problems=("build.context", "build.args", "privileged", "volumes")),
        ),
        (PLAIN.replace("sleep infinity", "run server"), Compose(problems=("command",))),
        (PLAIN.replace("${HOST_VERIFIER_LOGS_PATH}", "/etc"), Compose(problems=("volumes",))),
        (PLAIN + "networks: {inner: {}}\n", Compose(problems=("networks",))),
        ("services: [main]", Compose(problems=("not one service but several or none",))),
        ("services: {main: 3}", Compose(problems=("a service that is not a mapping",))),
        ("a: &a [*a]", Compose(problems=("not valid YAML: line 1: aliases (*name) are not allowed",))),
        ("{" * 5000, Compose(problems=("not valid YAML: too deep",))),
    ],
)
def test_what_a_compose_file_means(text, found):
    seen = read_compose(text)
    assert seen.image == found.image
    assert [p[:14] for p in seen.problems] == [p[:14] for p in found.problems]


def test_the_reason_names_the_key(tmp_path):
    files = {"environment/docker-compose.yaml": "services: {main: {privileged: true}}"}
    with pytest.raises(
        UnsupportedTask, match=r"Docker Compose: privileged \(environment/docker-compose.yaml\)"
    ):
        refuse(read_task(write_task(tmp_path / "t", files=files)), allow_network=True, kind="auto")


def test_an_image_that_compose_names_is_the_tasks_where_nothing_is_built(tmp_path):
    files = {"environment/docker-compose.yaml": "\ufeffservices: {main: {image: 'a:1'}}"}
    task = read_task(write_task(tmp_path / "t", TOML, files))
    refuse(task, allow_network=False, kind="docker")
    assert (task.environment.image, task.environment.dockerfile) == ("a:1", None)
    assert "its image is a:1" in task.docker_only
    built = read_task(write_task(tmp_path / "b", TOML, {**files, "environment/Dockerfile": "FROM b"}))
    assert (built.environment.image, built.environment.dockerfile) == (None, f"{tmp_path}/b/environment")


@pytest.mark.parametrize("name", ["docker-compose.yml", "compose.yaml", "app/docker-compose.yaml"])
def test_compose_files_of_other_names_are_data(tmp_path, name):
    task = read_task(write_task(tmp_path / "t", files={f"environment/{name}": "services: {a: {}, b: {}}"}))
    refuse(task, allow_network=False, kind="auto")


@pytest.mark.parametrize(
    "odd", ["!!int ''", "!!float ''", "!!bool x", "!!timestamp x", "0x" + "f" * 5_000, "2020-99-99"]
)
@pytest.mark.parametrize("key", ["image", "command", "build", "5", "privileged"])
def test_an_odd_value_is_a_problem_of_the_file(odd: str, key: str) -> None:
    assert read_compose(f"services: {{main: {{{key}: {odd}}}}}").problems
