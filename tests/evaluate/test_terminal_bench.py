"""Tasks of the older Terminal-Bench, converted and checked in a real environment."""

from __future__ import annotations

import os

import pytest
from task_writer import write_files

from ahe.errors import TaskError
from ahe.evaluate.check import check_task
from ahe.evaluate.tasks import read_task
from ahe.evaluate.terminal_bench import convert, older_tasks

OLD = {
    "task.yaml": "instruction: |-\n  Make the file done.\ndifficulty: easy\ntags: [a]\n"
    "max_agent_timeout_sec: 60.0\nmax_test_timeout_sec: 30\n",
    "docker-compose.yaml": "services:\n  client:\n    build: {context: ., dockerfile: Dockerfile}\n"
    "    image: ${T_BENCH_TASK_DOCKER_CLIENT_IMAGE_NAME}\n"
    "    command: [sh, -c, sleep infinity]\n    environment: ['TEST_DIR=${T_BENCH_TEST_DIR}']\n"
    "    volumes: ['${T_BENCH_TASK_LOGS_PATH}:${T_BENCH_CONTAINER_LOGS_PATH}']\n",
    "Dockerfile": "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY files/ /app/\n",
    "files/note.txt": "a note\n",
    "files/tests/kept.txt": "content of the work directory\n",
    "run-tests.sh": "#!/bin/bash\nsource $TEST_DIR/check.sh\n",
    "tests/check.sh": "[ -f done ] && [ -f tests/kept.txt ]\n",
    "solution.yaml": "- command: touch\n    done\n  min_timeout_sec: 1.0\n- command: 'true'\n",
}


async def test_a_converted_task_is_sound(tmp_path):
    old = write_files(tmp_path / "old/one", OLD)
    assert older_tasks(tmp_path / "old") == [old] == older_tasks(old)
    convert(old, tmp_path / "new/one")
    task = read_task(tmp_path / "new/one")
    assert (task.instruction, task.agent_seconds, task.verifier_seconds) == ("Make the file done.", 60, 30)
    assert sorted(path.name for path in (tmp_path / "new/one/environment").iterdir()) == [
        "Dockerfile",
        "files",
    ]
    check = await check_task(task, "bwrap", tmp_path)
    assert check.problems == ()


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("task.yaml", "difficulty: easy", "no instruction"),
        ("task.yaml", "a: [", "not valid YAML"),
        ("task.yaml", "instruction: x\nmax_agent_timeout_sec: soon", "soon"),
        ("run-tests.sh", None, "run-tests.sh"),
        ("docker-compose.yaml", "services: {client: {}, db: {}}", "several"),
        ("solution.yaml", "- nothing", "cannot be converted"),
        ("solution.yaml", "- command: !!int ''", "cannot be converted"),
        ("solution.yaml", "- command: !!timestamp x", "cannot be converted"),
        ("task.yaml", "descriptions: []", "cannot be converted"),
    ],
)
def test_what_cannot_be_converted_is_named_and_leaves_nothing(tmp_path, file, text, reason):
    old = write_files(tmp_path / "old", {**OLD, file: text})
    with pytest.raises(TaskError, match=reason):
        convert(old, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["run-tests.sh", "solution.sh", "tests", "tests/more"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_no_file_of_this_machine_gets_into_a_task(tmp_path, name, kind):
    old = write_files(
        tmp_path / "old", {name_: text for name_, text in OLD.items() if not name_.startswith(name)}
    )
    secret = write_files(tmp_path / "home", {"key": "secret"})
    (old / name).symlink_to(secret) if kind == "link" else os.mkfifo(old / name)
    with pytest.raises(TaskError, match="neither a file nor a folder of the task"):
        convert(old, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_link_that_the_host_would_follow_is_refused_in_the_converted_task(tmp_path):
    old = write_files(tmp_path / "old", {name: text for name, text in OLD.items() if name != "Dockerfile"})
    (old / "setup.sh").symlink_to("/proc/self/environ")
    convert(old, tmp_path / "new")
    with pytest.raises(TaskError, match=r"setup\.sh does not link to a file of the task"):
        read_task(tmp_path / "new")
