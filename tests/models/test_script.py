from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.errors import UsageError
from ahe.models.script import Script, ScriptedAnswer


def said(script: Script, key: str, seen: int = 0, role: str = "coder") -> str | None:
    answer = script.find(role, key, seen, {})
    return None if answer is None else answer.content


def test_the_most_specific_pattern_wins():
    script = Script(
        {
            "*": {"*/*/*": "any role"},
            "coder": {"*/*/*": "all", "task-a/*": "task", "task-a/0/1": "exact", "task-a/?/1": "attempt"},
        }
    )
    assert said(script, "task-a/0/1") == "exact"
    assert said(script, "task-a/7/1") == "attempt"
    assert said(script, "task-a/7/2") == "task"
    assert said(script, "other/0/1") == "all"
    assert said(script, "other/0/1", role="evolver") == "any role"


def test_a_list_goes_on_call_by_call_and_its_last_stays():
    script = Script({"coder": {"*": [{"content": "a", "times": 2}, "b", "c"]}})
    assert [said(script, "k", seen) for seen in range(6)] == ["a", "a", "b", "c", "c", "c"]


def test_used_up_answers_give_way_to_the_next_pattern_then_to_none():
    script = Script(
        {"coder": {"a/*": {"content": "once", "times": 1}, "*": [{"content": "twice", "times": 2}]}}
    )
    assert [said(script, "a/0/0", seen) for seen in range(4)] == ["once", "twice", "twice", None]
    assert said(script, "a/0/0", role="debugger") is None


def test_a_callable_sees_the_call():
    script = Script({"coder": {"*": lambda role, key, payload: f"{role} {key} {payload['n']}"}})
    answer = script.find("coder", "k", 0, {"n": 3})
    assert answer is not None
    assert answer.content == "coder k 3"


@given(st.text(min_size=1).filter(lambda key: not set(key) & set("*?")))
def test_a_key_without_wildcards_means_itself(key):
    script = Script({"coder": {key: "mine"}})
    assert said(script, key) == "mine"
    assert said(script, key + "x") is None


def test_read_from_yaml(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(
        "log: calls.jsonl\n"
        "coder:\n"
        "  task-a/0/1: done\n"
        "  '*/*/*': {tool_calls: [{name: run_shell_command, arguments: {command: ls}}], delay: 0.1}\n"
    )
    script = Script.read(path)
    assert script.log == tmp_path / "calls.jsonl"
    assert said(script, "task-a/0/1") == "done"
    other = script.find("coder", "b/0/0", 0, {})
    assert isinstance(other, ScriptedAnswer)
    assert other.tool_calls[0].arguments == {"command": "ls"}


@pytest.mark.parametrize("text", ["[1]", "coder: 3", "coder: {a: {contents: x}}", "coder: {a: 7}", "{"])
def test_a_wrong_script_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="script"):
        Script.read(path)


def test_a_missing_script(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml"):
        Script.read(tmp_path / "none.yaml")
