from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest


def test_tasks_list(ahe, suite):
    done = ahe("tasks", "list", "--suite", str(suite))
    assert done.returncode == 0, done.stderr
    assert "what sound is about" in done.stdout
    assert "own: 2 tasks (1 train, 1 heldout, 0 test)" in done.stdout
    listed = json.loads(ahe("tasks", "list", "--suite", str(suite), "--json").stdout)
    assert {task["name"]: task["split"] for task in listed["tasks"]} == {
        "sound": "train",
        "broken": "heldout",
    }
    assert "the task format does not have" not in done.stdout


def test_tasks_list_names_the_keys_that_the_format_does_not_have(ahe, suite):
    toml = suite / "sound" / "task.toml"
    toml.write_text("spurce = 1\n" + toml.read_text())
    done = ahe("tasks", "list", "--suite", str(suite))
    assert "keys that the task format does not have, with the number of tasks: spurce (1)" in done.stdout


def test_tasks_check_says_0_for_a_sound_task_and_1_for_another(ahe, suite):
    good = ahe("tasks", "check", "sound", "--suite", str(suite), "--environment", "bwrap", "--json")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)[0]["problems"] == []
    bad = ahe("tasks", "check", "broken", "--suite", str(suite), "--environment", "bwrap")
    assert bad.returncode == 1
    assert "does not pass" in bad.stderr


def test_tasks_check_refuses_an_unknown_name(ahe, suite):
    done = ahe("tasks", "check", "nope", "--suite", str(suite))
    assert done.returncode == 2
    assert "ahe tasks list" in done.stderr


def test_tasks_that_cannot_be_read_or_run_are_left_out_and_named_once(ahe, suite):
    (suite / "suite.toml").unlink()
    for name, toml in (("unread", "["), ("refused", "[environment]\ngpus = 1\nsetup_scripts = []\n")):
        (suite / name).mkdir()
        (suite / name / "task.toml").write_text(toml)
        for part in ("instruction.md", "tests/test.sh"):
            (suite / name / part).parent.mkdir(exist_ok=True)
            (suite / name / part).write_text("x")
    listed = json.loads(ahe("tasks", "list", "--suite", str(suite), "--json").stdout)["tasks"]
    refused = {task["name"]: task["refused"] for task in listed if task["refused"]}
    assert "not valid TOML" in refused["unread"] and "GPUs" in refused["refused"]
    assert set(refused) == {"unread", "refused"}
    checked = ahe("tasks", "check", "--suite", str(suite), "--environment", "bwrap", "--json")
    assert {check["task"] for check in json.loads(checked.stdout)} == {"sound", "broken"}
    assert checked.stderr.count("2 of 4 tasks are left out") == 1
    for name, code, text in (("unread", 2, "not valid TOML"), ("refused", 1, "GPUs")):
        named = ahe("tasks", "check", name, "--suite", str(suite), "--environment", "bwrap")
        assert named.returncode == code and text in named.stderr


def test_older_tasks_are_converted_and_the_others_named(ahe, tmp_path):
    for name, about in (("good", "instruction: Do it."), ("bad", "tags: []")):
        (tmp_path / "old" / name).mkdir(parents=True)
        (tmp_path / "old" / name / "task.yaml").write_text(about)
        (tmp_path / "old" / name / "run-tests.sh").write_text("true")
    done = ahe("tasks", "from", "old")
    assert done.returncode == 0 and "converted 1 task to" in done.stdout and "no instruction" in done.stdout
    listed = ahe("tasks", "list", "--suite", "old-harbor", "--json")
    assert [task["name"] for task in json.loads(listed.stdout)["tasks"]] == ["good"]
    again = ahe("tasks", "from", "old")
    assert again.returncode == 2 and "--out" in again.stderr
    assert ahe("tasks", "from", "old-harbor").returncode == 2
    older = ahe("tasks", "list", "--suite", "old")
    assert older.returncode == 2 and "ahe tasks from" in older.stderr


def test_init_makes_a_project_and_keeps_what_is_there(ahe, tmp_path):
    made = json.loads(ahe("init", "p", "--json").stdout)
    assert len(made["made"]) == 2
    assert (tmp_path / "p" / "workspace" / "system_prompt.md").is_file()
    (tmp_path / "p" / "ahe.toml").write_text("[evolve]\njobs = 2\n")
    again = ahe("init", "p")
    assert again.returncode == 0
    assert (tmp_path / "p" / "ahe.toml").read_text() == "[evolve]\njobs = 2\n"
    bundle = [
        "git",
        "-C",
        str(tmp_path / "p" / "workspace"),
        "bundle",
        "create",
        str(tmp_path / "p.bundle"),
        "--all",
    ]
    subprocess.run(bundle, check=True, capture_output=True)
    copy = ahe("init", "q", "--from", "p.bundle")
    assert copy.returncode == 0 and "the harness of" in copy.stdout
    assert "exists already" in ahe("init", "q", "--from", "p.bundle").stderr


def test_models_list_shows_roles_and_weights(ahe, project):
    text = ahe("models", "list", cwd=project).stdout
    assert "coder" in text and "free" in text and "ahe models pull" in text
    found = json.loads(ahe("models", "list", "--json", cwd=project).stdout)
    assert [role["role"] for role in found["roles"]] == ["coder", "debugger", "evolver"]


def test_models_test_speaks_with_a_model_over_http_and_names_its_mode(ahe, project, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text('coder: {"*": "It shows hidden files.", "ahe-models-test/points/1": "Marmalade."}\n')
    done = ahe("models", "test", "--model", f"scripted:{script}", "--json", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["answer"] == "It shows hidden files."
    assert found["tool_calls"] == "native"
    assert found["price"] == "free"
    assert {point["name"]: point["holds"] for point in found["points"]} == {
        "a call's result": None,
        "parallel calls": None,
        "long prompt": True,
        "reply length": True,
        "form of requests": True,
    }


def test_models_test_says_1_where_something_does_not_hold(ahe, project, tmp_path):
    script = tmp_path / "script.yaml"
    answers = {
        "*": "It shows hidden files.",
        "ahe-models-test/points/2": {
            "tool_calls": [{"name": "get_temperature", "arguments": {"city": "Paris"}}]
        },
        "ahe-models-test/points/4": {"status": 400, "content": "the role tool is not known here"},
    }
    script.write_text(json.dumps({"coder": answers}))
    done = ahe("models", "test", "--model", f"scripted:{script}", cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the role tool is not known here" in done.stdout


def lines(done) -> dict[str, dict[str, str]]:
    return {line["name"]: line for line in json.loads(done.stdout)}


def test_doctor_names_what_is_missing_and_the_fix(ahe, project):
    done = ahe("doctor", "--json", cwd=project)
    assert done.returncode == 1
    found = lines(done)
    assert found["git"]["state"] == found["workspace"]["state"] == "ok"
    for part in ("sandbox", "user namespace", "seccomp", "limits"):
        assert found[part]["state"] == "ok", found[part]
    assert "keyctl was refused" in found["seccomp"]["what"]
    assert "400 MB were refused where 128 are allowed" in found["limits"]["what"]
    assert found["keyring"]["state"] in ("ok", "optional")
    assert found["model"]["state"] == "missing"
    assert "ahe models pull" in found["model"]["what"]
    assert "missing" in ahe("doctor", cwd=project).stdout


def test_doctor_tries_the_filter_and_does_not_guess(ahe, project, tmp_path):
    """With a bwrap that loses the filter on the way, everything else works as before."""
    wrapper = tmp_path / "bin" / "bwrap"
    wrapper.parent.mkdir()
    loop = 'while [ $# -gt 0 ]; do if [ "$1" = --seccomp ]; then shift 2; else all+=("$1"); shift; fi; done'
    wrapper.write_text(f'#!/bin/bash\nall=()\n{loop}\nexec {shutil.which("bwrap")} "${{all[@]}}"\n')
    wrapper.chmod(0o755)
    found = lines(ahe("doctor", "--json", cwd=project, PATH=f"{wrapper.parent}:{os.environ['PATH']}"))
    assert (found["sandbox"]["state"], found["limits"]["state"]) == ("ok", "ok")
    assert str(wrapper) in found["sandbox"]["what"]
    assert found["seccomp"]["state"] == "optional"
    assert found["seccomp"]["what"].startswith("not in force here")


@pytest.mark.docker
def test_doctor_builds_an_image_and_looks_for_a_containers_filter(ahe, project):
    found = lines(ahe("doctor", "--json", cwd=project))
    assert [found[part]["state"] for part in ("docker", "buildkit", "docker seccomp")] == ["ok"] * 3, found


class OldDaemon(BaseHTTPRequestHandler):
    """Knows the classic builder alone, and has no image."""

    def do_GET(self) -> None:
        refused = "version=2" in self.path
        answers = {
            "/version": {"Version": "20.10.5", "ApiVersion": "1.41"},
            "/build": {"message": "buildkit not supported"}
            if refused
            else {"error": "--chmod requires BuildKit"},
            **{"/_ping": "OK", "/images/json": [], "/containers/json": []},
        }
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = re.sub(r"^/v[\d.]+", "", self.path.partition("?")[0])
        body = json.dumps(answers.get(path, {"message": "No such image"})).encode()
        self.send_response(404 if path not in answers else 501 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


def test_doctor_says_what_an_old_docker_lacks(ahe, project):
    with HTTPServer(("127.0.0.1", 0), OldDaemon) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"tcp://127.0.0.1:{server.server_port}"
        found = lines(ahe("doctor", "--json", cwd=project, DOCKER_HOST=host))
        server.shutdown()
    assert found["docker"]["what"] == "daemon 20.10.5"
    assert found["buildkit"]["state"] == found["docker seccomp"]["state"] == "optional"
    assert "requires BuildKit" in found["buildkit"]["what"]
    assert "docker pull" in found["docker seccomp"]["fix"]


def test_doctor_names_a_workspace_that_is_not_clean(ahe, project):
    (project / "workspace" / "memory.md").write_text("mine\n")
    found = lines(ahe("doctor", "--json", cwd=project))
    assert found["workspace"]["state"] == "missing"
    assert "not committed" in found["workspace"]["what"]


class Endpoint(BaseHTTPRequestHandler):
    """Lists its models to whoever has the key."""

    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(200 if self.headers["Authorization"] == "Bearer right" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("key", "state"), [("right", "ok"), ("wrong", "missing")])
def test_doctor_asks_the_endpoint_for_nothing_that_costs(ahe, project, key, state):
    handler = type("Handler", (Endpoint,), {"seen": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        table = f'[model]\nname = "m"\nbase_url = "{url}"\napi_key_env = "OWN_KEY"\n'
        (project / "ahe.toml").write_text(table)
        found = lines(ahe("doctor", "--json", cwd=project, OWN_KEY=key))
        server.shutdown()
    assert found["model"]["state"] == state
    assert handler.seen == [("/v1/models", f"Bearer {key}")]


def test_doctor_says_which_variable_lacks_its_key(ahe, project):
    (project / "ahe.toml").write_text(
        '[model]\nname = "m"\nbase_url = "https://x.invalid/v1"\napi_key_env = "NOT_SET"\n'
    )
    found = lines(ahe("doctor", "--json", cwd=project))
    assert "NOT_SET" in found["model"]["what"]


def test_doctor_names_an_address_that_is_none(ahe, project):
    (project / "ahe.toml").write_text('[model]\nname = "m"\nbase_url = "localhost:11434/v1"\n')
    finding = lines(ahe("doctor", "--json", cwd=project))["model"]
    assert finding["state"] == "missing"
    assert 'write "http://localhost:11434/v1"' in finding["what"]
