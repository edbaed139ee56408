"""What a person finds in a folder of sessions: compressed, copied, linked, in folders, with abandoned branches."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from reader_fixtures import ATIF, CAST, CLAUDE, CODEX, MESSAGES, MINI, claude, jsonl
from session_fixtures import GEMINI, NEW_EVENTS, OLD_EVENTS, PI_LINES, SAMPLE, TOOL, entry

from ahe.debug.readers import packed
from ahe.debug.readers.find import Skipped, find
from ahe.debug.readers.read import read
from ahe.debug.readers.trace import Text, Trace
from ahe.debug.verifiers.failures import decisive_line, failures


def put(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def only(folder: Path) -> Trace:
    (source,) = find([folder])
    return read(source)


def texts(trace: Trace) -> list[str]:
    return [text.text for step in trace.steps for text in step.texts]


def results(trace: Trace) -> list[Text]:
    return [text for step in trace.steps for text in step.texts if text.channel in ("result", "error")]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gz", "zst"])
def test_compressed_sessions_are_read(tmp_path: Path, pack: Any) -> None:
    put(tmp_path / "plain" / CODEX.name, CODEX.data)
    whole = only(tmp_path / "plain")
    put(tmp_path / "packed" / f"{CODEX.name}.zst", pack(CODEX.data))
    assert only(tmp_path / "packed").steps == whole.steps
    put(tmp_path / "cut" / f"{CODEX.name}.gz", pack(CODEX.data + b" " * 9_000_000)[:-9])
    assert texts(only(tmp_path / "cut"))[:3] == texts(whole)[:3]


def test_what_a_compressed_file_unpacks_to_is_bounded(tmp_path: Path) -> None:
    bomb = put(tmp_path / "a.jsonl.gz", gzip.compress(jsonl(MESSAGES) + b" " * (packed.UNPACKED + 9), 1))
    trace = only(tmp_path)
    assert texts(trace)[-1] == "Two."
    assert any("unpacks to over" in each.what and str(bomb) in each.where for each in trace.damage)


def test_links_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "real" / "s.jsonl", CLAUDE.data)
    put(tmp_path / "other" / "c.json", MESSAGES)
    top = tmp_path / "top"
    top.mkdir()
    (top / "runs").symlink_to(tmp_path / "real")
    (top / "again").symlink_to(tmp_path / "real")
    (top / "loop").symlink_to(top)
    (top / "gone").symlink_to(tmp_path / "nowhere")
    skipped: list[Skipped] = []
    assert [Path(source.path).name for source in find([top], skipped)] == ["s.jsonl"]
    assert [(Path(each.path).name, each.notable) for each in skipped] == [("gone", True)]


def test_a_copied_or_resumed_session_counts_once(tmp_path: Path) -> None:
    line = [claude("user", "Count.", timestamp="T1"), claude("assistant", "One."), claude("user", "More.")]
    put(tmp_path / "a.jsonl", jsonl(line))
    put(tmp_path / "backup" / "a.jsonl", jsonl(line[:2]))
    resumed = [{**each, "sessionId": "new"} for each in [*line, claude("assistant", "Two.", message_id="n")]]
    put(tmp_path / "b.jsonl", jsonl(resumed))
    fork = [{**each, "sessionId": "fork"} for each in [*line[:2], claude("user", "Less.")]]
    put(tmp_path / "c.jsonl", jsonl(fork))
    skipped: list[Skipped] = []
    assert sorted(source.id for source in find([tmp_path], skipped)) == ["b", "c"]
    assert sorted(Path(each.path).name for each in skipped) == ["a.jsonl", "a.jsonl"]
    assert all("a copy of" in each.why for each in skipped)


def _linked(kind: str, said: str, id: str, parent: str | None) -> dict[str, Any]:
    named = {"message_id": id} if kind == "assistant" else {}
    return claude(kind, said, **named) | {"uuid": id, "parentUuid": parent}


def test_what_the_user_went_back_from_is_no_evidence(tmp_path: Path) -> None:
    session = [
        _linked("user", "Count.", "1", None),
        _linked("assistant", "A.", "2", "1"),
        _linked("user", "Wrong way.", "3", "2"),
        _linked("assistant", "Abandoned.", "4", "3"),
        _linked("user", "Right way.", "5", "2"),
        _linked("assistant", "B.", "6", "5"),
    ]
    put(tmp_path / "s.jsonl", jsonl(session))
    assert texts(only(tmp_path)) == ["Count.", "A.", "Right way.", "B."]


def test_parallel_calls_are_no_branches(tmp_path: Path) -> None:
    def call(id: str, parent: str) -> dict[str, Any]:
        block = {"type": "tool_use", "id": id, "name": "Bash", "input": {"command": id}}
        return claude("assistant", [block]) | {"uuid": id, "parentUuid": parent}

    def answer(id: str, parent: str) -> dict[str, Any]:
        return claude("user", [{"type": "tool_result", "tool_use_id": parent, "content": id}]) | {
            "uuid": id,
            "parentUuid": parent,
        }

    session = [
        _linked("user", "Go.", "1", None),
        call("a", "1"),
        call("b", "a"),
        answer("x", "a"),
        answer("y", "b"),
    ]
    put(tmp_path / "s.jsonl", jsonl(session))
    assert texts(only(tmp_path)) == ["Go.", "a", "b", "x", "y"]


def test_a_later_leaf_below_an_earlier_branch_is_the_active_one(tmp_path: Path) -> None:
    back = [*PI_LINES, entry("6", "w", "user", content="Back to the first.")]
    put(tmp_path / "p.jsonl", jsonl(back))
    assert texts(only(tmp_path)) == ["Count the files.", "A wrong way.", "Back to the first."]


def test_codex_forgets_turns_that_were_rolled_back(tmp_path: Path) -> None:
    def said(role: str, text: str) -> dict[str, Any]:
        item = {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}
        return {"type": "response_item", "payload": item}

    undo = {"type": "event_msg", "payload": {"type": "thread_rolled_back", "num_turns": 1}}
    lines = [said("user", "One."), said("assistant", "1"), said("user", "Two."), said("assistant", "2"), undo]
    put(tmp_path / "rollout-x.jsonl", jsonl([*lines, said("user", "Three.")]))
    assert texts(only(tmp_path)) == ["One.", "1", "Three."]


def test_what_nexaus_calls_repeat_is_said_once_also_after_a_compaction(tmp_path: Path) -> None:
    def call(reply: dict[str, Any], *asked: dict[str, Any]) -> dict[str, Any]:
        gave = {"choices": [{"message": reply}], "usage": {"total_tokens": 5}}
        return {"type": "LLM", "inputs": {"messages": asked}, "outputs": gave, "children": []}

    system, user = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Count."}
    looks = {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "function": {"name": "ls"}}]}
    found, two = (
        {"role": "tool", "tool_call_id": "a", "content": ""},
        {"role": "assistant", "content": "Two."},
    )
    told = {"role": "user", "content": "So far: two."}
    inner = call({"content": "In a sub-agent."}, system, {"role": "user", "content": "Help."})
    spans = [
        call(looks, system, user),
        {"type": "SUB_AGENT", "name": "helper", "error": "it broke", "children": [inner]},
        call(looks, system, user, looks, found),
        call(two, system, user, looks, found, looks, found),
        {"type": "COMPACTION", "outputs": "two", "children": [inner]},
        call({"content": "Done."}, system, told, two),
    ]
    put(tmp_path / "n.json", [{"type": "AGENT", "inputs": {}, "children": spans}])
    trace = only(tmp_path)
    calls = [("call", ""), ("result", "")]
    assert spoken(trace) == [
        *(("message", "Be brief."), ("message", "Count."), calls[0], ("error", "it broke"), calls[1], *calls),
        *(("message", "Two."), ("injected", "two"), ("injected", "So far: two."), ("message", "Done.")),
    ]
    assert trace.tokens == 20


def test_checkpoints_of_gemini_are_no_sessions(tmp_path: Path) -> None:
    put(tmp_path / "chats" / "session-1.json", GEMINI.data)
    turns = [
        {"role": "user", "parts": [{"text": "Count the files."}]},
        {"role": "model", "parts": [{"text": "Two."}]},
    ]
    put(tmp_path / "checkpoint-a.json", turns)
    put(tmp_path / "checkpoints" / "b.json", {"history": [], "clientHistory": turns})
    assert only(tmp_path).format == "gemini"
    put(tmp_path / "alone" / "checkpoint-a.json", turns)
    assert texts(only(tmp_path / "alone")) == ["Count the files.", "Two."]


def test_corrections_are_marked(tmp_path: Path) -> None:
    lines = [claude("user", "Count."), claude("assistant", "One."), claude("user", "No, count again.")]
    put(tmp_path / "s.jsonl", jsonl(lines))
    assert [step.correction for step in only(tmp_path).steps] == [False, False, True]


@pytest.mark.parametrize("events", [OLD_EVENTS, NEW_EVENTS], ids=["old", "new"])
def test_a_folder_of_events_is_one_trace(tmp_path: Path, events: list[dict[str, Any]]) -> None:
    for number, each in enumerate(events):
        name = (
            f"{number}.json" if "id" in each and isinstance(each["id"], int) else f"event-{number:05}-x.json"
        )
        put(tmp_path / "abc" / "events" / name, each)
    trace = only(tmp_path)
    assert (trace.format, trace.ended) == ("openhands", "finished")
    assert [(result.code, result.failed) for result in results(trace)] == [(2, True)]


def test_opencodes_storage_is_read_by_session(tmp_path: Path) -> None:
    store = tmp_path / "storage"
    put(store / "session" / "p" / "ses_1.json", {"id": "ses_1"})
    put(store / "message" / "ses_1" / "msg_1.json", {"id": "msg_1", "role": "user", "sessionID": "ses_1"})
    put(
        store / "message" / "ses_1" / "msg_2.json", {"id": "msg_2", "role": "assistant", "sessionID": "ses_1"}
    )
    put(store / "part" / "msg_1" / "prt_1.json", {"type": "text", "text": "Count."})
    put(store / "part" / "msg_2" / "prt_2.json", TOOL)
    trace = only(tmp_path)
    assert (trace.format, texts(trace)) == ("opencode", ["Count.", "ls", "gone\n[exit code 2]"])


def _zstd_archive(members: dict[str, Any]) -> bytes:
    """A zip file whose members are compressed with method 93, which Python's own module cannot write."""
    local, central = b"", b""
    for name, value in members.items():
        data = json.dumps(value).encode()
        packed = zstandard.ZstdCompressor().compress(data)
        common = struct.pack(
            "<HHHHHIIIHH", 63, 0, 93, 0, 0, zlib.crc32(data), len(packed), len(data), len(name), 0
        )
        central += b"PK\1\2" + struct.pack("<H", 63) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(local))
        central += name.encode()
        local += b"PK\3\4" + common + name.encode() + packed
    count = len(members)
    return (
        local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(local), 0)
    )


def test_samples_of_inspects_logs(tmp_path: Path) -> None:
    samples = [SAMPLE, {**SAMPLE, "epoch": 2, "scores": {"includes": {"value": "C"}}, "limit": None}]
    log = {"version": 2, "status": "success", "eval": {"task": "t"}, "plan": {}, "samples": samples}
    put(tmp_path / "json" / "log.json", json.dumps(log, indent=2).encode())
    (tmp_path / "eval").mkdir()
    with zipfile.ZipFile(tmp_path / "eval" / "log.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"version": 2}))
        for number, sample in enumerate(samples):
            archive.writestr(f"samples/files-1_epoch_{number + 1}.json", json.dumps(sample))
    (tmp_path / "zstd").mkdir()
    (tmp_path / "zstd" / "log.eval").write_bytes(
        _zstd_archive({f"samples/{n}.json": each for n, each in enumerate(samples)})
    )
    for kind in ("json", "eval", "zstd"):
        failed, passed = (read(source) for source in find([tmp_path / kind]))
        assert (failed.task, failed.status, passed.status) == ("files-1", "failed", "passed")
        assert (failed.ended, failed.tokens, failed.seconds) == ("token limit", 12, 2.5)
        assert decisive_line(failures(failed.verifier)) == "the answer is 2, not three"
        assert texts(failed) == texts(passed) and "one\ntwo" in texts(failed)


def test_two_renderings_of_a_trial_are_one_trace_in_the_best_format(tmp_path: Path) -> None:
    folder = tmp_path / "fix__a"
    put(folder / "result.json", {"task_name": "fix", "trial_name": "fix__a", "verifier_result": None})
    put(folder / "agent" / "recording.cast", CAST.data)
    put(folder / "agent" / "sessions" / "projects" / "-app" / "s.jsonl", CLAUDE.data)
    assert only(tmp_path).format == "claude-code"
    put(folder / "agent" / "trajectory.json", ATIF.data)
    assert only(tmp_path).format == "atif"


def test_a_trials_recording_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "fix__a"
    put(folder / "result.json", {"task_name": "fix", "trial_name": "fix__a", "verifier_result": None})
    put(folder / "agent" / "trajectory.json", OLD_EVENTS)
    assert only(tmp_path).format == "openhands"


def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    whole = _zstd_archive({"samples/1.json": SAMPLE})
    put(tmp_path / "a.eval", whole[:40] + b"\xff" * 99 + whole[139:])
    put(tmp_path / "b.eval", b"PK\3\4" + b"x" * 99)
    skipped: list[Skipped] = []
    damage = [each for source in find([tmp_path], skipped) for each in read(source).damage]
    assert any("a.eval" in each.where for each in damage)
    assert [Path(each.path).name for each in skipped if each.notable] == ["b.eval"]


def test_a_cast_beside_the_only_session_is_its_rendering(tmp_path: Path) -> None:
    put(tmp_path / "run" / "session.json", GEMINI.data)
    put(tmp_path / "run" / "terminal.cast", CAST.data)
    assert only(tmp_path).format == "gemini"


def test_unread_files_are_named(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", jsonl([{"what": 1}, {"what": 2}]))
    put(tmp_path / "agent.db", b"SQLite format 3\0" + bytes(200))
    put(tmp_path / "notes.md", b"# Notes")
    put(tmp_path / "package.json", {"name": "x"})
    put(tmp_path / "c.json", MESSAGES)
    skipped: list[Skipped] = []
    find([tmp_path], skipped)
    named = {Path(each.path).name: each.why for each in skipped if each.notable}
    assert named == {"a.jsonl": "JSON, but no known form of a trace", "agent.db": "a SQLite database"}


def test_exit_codes_and_the_tools_own_word_for_the_end(tmp_path: Path) -> None:
    output = {"role": "tool", "tool_call_id": "c", "content": '{"returncode": 1, "output": "no numpy"}'}
    call = {"id": "c", "function": {"name": "bash", "arguments": '{"command": "python job.py"}'}}
    messages = [*MESSAGES[:2], {"role": "assistant", "content": "", "tool_calls": [call]}, output]
    info = {"mini_version": "2.4", "exit_status": "LimitsExceeded"}
    put(tmp_path / MINI.name, {"info": info, "messages": messages, "trajectory_format": "mini-swe-agent-1.1"})
    trace = only(tmp_path)
    assert (trace.ended, results(trace)[0].code, results(trace)[0].failed) == ("LimitsExceeded", 1, True)


def _cast(*lines: str) -> bytes:
    return jsonl([{"version": 2, "width": 80, "height": 24}, *([1.0, "o", f"{line}\r\n"] for line in lines)])


def _bench(folder: Path, cast: bytes, **fields: Any) -> Trace:
    put(folder / "results.json", {"task_id": "t", "trial_name": "t.1", "is_resolved": False, **fields})
    put(folder / "sessions" / "agent.cast", cast)
    return only(folder)


def test_an_agent_that_was_never_started(tmp_path: Path) -> None:
    typed = ("root@box:/app# source /installed-agent/install-agent.sh", "ERROR: no matching distribution")
    absent = _cast(*typed, "root@box:/app# new-agent -p 'Do it.'", "bash: new-agent: command not found")
    trace = _bench(tmp_path / "a", absent)
    assert not trace.started and {step.phase for step in trace.steps} == {"setup"}
    module = (
        "root@box:/app# X=1 python3 -m agent",
        "/usr/bin/python3: No module named agent",
        "root@box:/app# ",
    )
    assert not _bench(tmp_path / "d", _cast(*typed, "root@box:/app# export PATH=$PATH:/x", *module)).started
    assert _bench(tmp_path / "e", _cast(*typed)).started
    own = _cast(*typed, "root@box:/app# new-agent -p 'Do it.'", "Thinking about app: done")
    trace = _bench(tmp_path / "b", own)
    assert trace.started and [step.phase for step in trace.steps] == ["setup", "setup", "agent", "agent"]
    assert not _bench(
        tmp_path / "c", _cast("root@box:/# ls"), failure_mode="agent_installation_failed"
    ).started


def test_terminal_benchs_verdicts_on_single_tests(tmp_path: Path) -> None:
    trace = _bench(tmp_path, CAST.data, parser_results={"test_hello": "failed", "test_there": "passed"})
    assert [failure.decisive for failure in failures(trace.verifier)] == ["test_hello: failed"]
    put(
        tmp_path / "panes" / "post-test.txt",
        b"FAILED tests/test_o.py::test_hello - AssertionError: no greeting\n",
    )
    assert [each.decisive for each in failures(only(tmp_path).verifier)] == ["AssertionError: no greeting"]


def test_a_verifiers_files_beside_a_single_trace_are_its_own(tmp_path: Path) -> None:
    printed = b"TAP version 13\nnot ok 1 - out.txt exists\n# out.txt: no such file\n"
    put(tmp_path / "a" / "chat.json", MESSAGES)
    put(tmp_path / "a" / "verifier" / "test-stdout.txt", printed)
    put(tmp_path / "b" / MINI.name, MINI.data)
    put(tmp_path / "b" / "test_output.txt", b"FAILED t.py::test_x - KeyError: 'a'\n")
    put(tmp_path / "c" / "one.json", MESSAGES)
    put(tmp_path / "c" / "two.json", MESSAGES)
    put(tmp_path / "c" / "test-stdout.txt", printed)
    skipped: list[Skipped] = []
    found = {source.id: read(source) for source in find([tmp_path], skipped)}
    said = {name.split("/")[0]: decisive_line(failures(trace.verifier)) for name, trace in found.items()}
    assert said == {"a": "# out.txt: no such file", "b": "KeyError: 'a'", "c": ""}
    assert not any(each.notable for each in skipped)


def test_what_stopped_the_agent_is_an_error(tmp_path: Path) -> None:
    said = "litellm.ContextWindowExceededError: the maximum is 32768 tokens"
    info = {"mini_version": "1.9", "exit_status": "ContextWindowExceededError"}
    put(
        tmp_path / "a" / "m.traj.json",
        {"info": info, "messages": [*MESSAGES[:2], {"role": "user", "content": said}]},
    )
    error = {"message": "TimeoutError()", "traceback": "Traceback …\nRuntimeError: no address pool is left\n"}
    put(
        tmp_path / "b" / "s.json",
        {**SAMPLE, "messages": SAMPLE["messages"][:1], "scores": None, "error": error},
    )
    traces = {trace.format: trace for trace in map(read, find([tmp_path]))}
    assert spoken(traces["mini-swe-agent"])[-1] == ("error", said)
    inspected = traces["inspect"]
    assert (inspected.status, inspected.started) == ("missing", False)
    assert spoken(inspected)[-1] == ("error", "TimeoutError()\nRuntimeError: no address pool is left")


def test_what_claude_code_says_itself_is_an_error_and_not_the_models_words(tmp_path: Path) -> None:
    line = claude("assistant", [{"type": "text", "text": "API Error: 529 overloaded"}])
    line["message"]["model"] = "<synthetic>"
    put(tmp_path / "s.jsonl", jsonl([claude("user", "Do it."), line]))
    assert ("error", "API Error: 529 overloaded") in spoken(only(tmp_path))
    steps = [{"source": "user", "message": "Do it."}]
    steps.append({"source": "agent", "model_name": "<synthetic>", "message": "Credit balance is too low"})
    put(tmp_path / "atif" / "a.json", {"schema_version": "ATIF-v1.4", "steps": steps})
    assert ("error", "Credit balance is too low") in spoken(only(tmp_path / "atif"))


def test_what_openhands_says_of_its_own_end_is_a_step_once(tmp_path: Path) -> None:
    why = "AgentStuckInLoopError: Agent got stuck in a loop"
    state = {"source": "environment", "observation": "agent_state_changed", "content": ""}
    events = [*OLD_EVENTS, state | {"extras": {"agent_state": "error", "reason": why}}]
    put(tmp_path / "o.json", {"instance_id": "a-1", "history": events, "error": why})
    trace = only(tmp_path)
    assert trace.ended == "error"
    assert spoken(trace).count(("error", why)) == 1


def test_the_turn_that_swe_agent_adds_where_it_stops_is_its_own(tmp_path: Path) -> None:
    why = "Exit due to unknown error: litellm.AuthenticationError: no key"
    turns = [{"action": "ls", "observation": "a", "response": "Look."}]
    turns.append({"action": "", "observation": "", "response": why})
    put(tmp_path / "a.traj", {"trajectory": turns, "history": [], "info": {"exit_status": "exit_api"}})
    assert ("error", why) in spoken(only(tmp_path))


def spoken(trace: Trace) -> list[tuple[str, str]]:
    return [(text.channel, text.text) for step in trace.steps for text in step.texts]
