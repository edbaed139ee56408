"""The agent's own phase: what its calls do, and which lines of a result this run printed."""

from __future__ import annotations

import json

import pytest
from made_traces import made, ok

from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.acts import Act, acts


def one(call: str, said: str = "", tool: str = "bash") -> Act:
    texts = (Text("call", call, tool), result(said, tool))
    return acts(Trace("a", "t", (Step(1, "agent", texts),)))[0]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ls -la && pwd", "look"),
        ("cat a.log | grep -c 'x > y' 2>/dev/null", "look"),
        ("cd /app; git status; git diff HEAD~1", "look"),
        ("sed -n 1,20p a.py", "look"),
        ("echo done", "look"),
        ("python --version", "look"),
        ("clear", "look"),
        ("echo 1 > out.txt", "change"),
        ("cat > a.py <<'EOF'\nimport os\nEOF", "change"),
        ("sed -i s/a/b/ a.py", "change"),
        ("cd /app && sudo apt-get install -y gcc", "change"),
        ("git commit -am x", "change"),
        ("curl -s -o x.tgz http://h/x.tgz", "change"),
        ("make 2>&1 | tail -5", "run"),
        ("python - <<'EOF'\nopen('x > y')\nEOF", "run"),
        ("FOO=1 timeout 30 pytest -q", "run"),
        ("root@5f2c0b:/app# make", "run"),
        ("$ ls", "look"),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "other"),
        ("submit", "other"),
    ],
)
def test_what_a_shell_command_does(command: str, kind: str) -> None:
    assert one(command).kind == kind
    assert one(json.dumps({"command": command, "timeout": 9})).kind == kind
    assert one(json.dumps({"command": ["bash", "-lc", command]}), tool="shell").kind == kind


@pytest.mark.parametrize(
    ("tool", "call", "kind"),
    [
        ("Read", '{"file_path": "/a", "limit": 3}', "look"),
        ("Grep", '{"pattern": "x", "path": "."}', "look"),
        ("Edit", '{"file_path": "/a", "old_string": "x", "new_string": "y"}', "change"),
        ("write_file", '{"path": "/a", "content": "y"}', "change"),
        ("str_replace_editor", '{"command": "view", "path": "/a"}', "look"),
        ("str_replace_editor", '{"command": "create", "path": "/a", "file_text": "x"}', "change"),
        ("TodoWrite", '{"todos": [], "x": 1}', "other"),
        ("Skill", '{"skill": "pdf", "args": ""}', "other"),
        ("web_search", '{"query": "x", "n": 1}', "look"),
        ("Read", "/app/q.py", "look"),
        ("mcp__repo__search_code", "q.py", "look"),
        ("mcp__fs__read_file", "q.py", "look"),
        ("multi_edit", "q.py", "change"),
        ("functions.apply_patch", "*** Begin Patch", "change"),
    ],
)
def test_what_other_tools_do(tool: str, call: str, kind: str) -> None:
    assert one(call, tool=tool).kind == kind


def test_only_lines_that_this_run_printed_count() -> None:
    call = "cat > a.py <<'EOF'\nraise KeyError('x')\nEOF\npython a.py"
    said = (
        "root@0f1e2d:/app# cat > a.py <<'EOF'\n> raise KeyError('x')\n> EOF\n   12\traise ValueError\n"
        "   13→raise ValueError\nAlways write a test that fails.\n\nKeyError: 'x'\n[exit code 1]"
    )
    assert one(call, said).lines(["Always write a test that fails."]) == ["KeyError: 'x'"]


def test_the_text_of_a_terminal_is_what_it_shows() -> None:
    assert one("make", "  5%\r100%\n\x1b[31merror\x1b[0m: no").lines() == ["100%", "error: no"]


def test_results_belong_to_their_calls_and_setup_to_nobody() -> None:
    steps = (
        Step(
            1,
            "environment",
            (Text("call", "install-agent.sh", "shell"), result("boom", "shell")),
            phase="setup",
        ),
        Step(2, "agent", (Text("call", "make", "sh"), Text("call", "ls", "sh"))),
        Step(3, "environment", (result("built", "sh"), result("a", "sh"))),
    )
    found = acts(Trace("a", "t", steps))
    assert [(a.command, a.result, a.step, a.result_step) for a in found] == [
        ("make", "built", 2, 3),
        ("ls", "a", 2, 3),
    ]


def test_a_command_has_a_key_a_program_and_targets() -> None:
    act = one("cd /app && python -m build x.py > /app/out/a.txt 2>&1; sudo pip install 'y z'")
    assert act.program == "python build" and act.targets == ("a.txt",)
    assert one("cp a /tmp/xyz; echo 1700000000").key == one("cp a  /tmp/abc; echo 1700000001").key
    assert one('{"file_path": "/app/q.py", "old_string": "a"}', tool="Edit").targets == ("q.py",)


def test_any_call_can_be_read() -> None:
    for call in (
        "",
        "{",
        '{"command": 5}',
        '{"command": ["a", 1]}',
        "\x1b[31m\n\n",
        "<<",
        "'" * 99,
        "a <<'E'\n" * 50,
    ):
        act = one(call)
        assert act.key is not None and act.program and act.targets is not None
    assert acts(made(("ls", ok("x")), verifier="x"))[0].kind == "look"


def test_code_in_a_message_is_the_call_where_a_tool_records_none() -> None:
    steps = (
        Step(1, "agent", (Text("message", "THOUGHT: look.\n\n```bash\ncd /x && make\n```"),)),
        Step(2, "environment", (result("boom", "user"),)),
        Step(3, "agent", (Text("message", "An example:\n```bash\nls\n```"), Text("call", "make", "sh"))),
        Step(4, "environment", (result("built", "sh"),)),
    )
    assert [(a.command, a.result, a.step) for a in acts(Trace("a", "t", steps))] == [
        ("cd /x && make", "boom", 1),
        ("make", "built", 3),
    ]


def test_the_footers_of_tools_and_the_answers_of_editors_are_not_output() -> None:
    said = "Output: 3 failed\nError: (none)\nExit Code: 0\nBackground PIDs: (none)\nProcess Group PGID: 99"
    assert one("npm test", said).lines() == ["Output: 3 failed"] and one("npm test").kind == "run"
    assert one("make", "New Terminal Output:\nbuilt").lines() == ["built"]
    assert (
        one('{"file_path": "/a", "old_string": "x"}', "The file /a has been updated.", "Edit").lines() == []
    )
