"""Small traces in the shapes that tools write, with every text that must come out of them, in order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Made:
    """A file of format `form`: `texts` are (source, channel, text) in order, `pieces` its lines or steps."""

    form: str
    name: str
    data: bytes
    texts: tuple[tuple[str, str, str], ...]


def jsonl(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def document(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


ATIF = Made(
    "atif",
    "walk.json",
    document(
        {
            "schema_version": "ATIF-v1.6",
            "session_id": "s1",
            "agent": {"name": "terminus", "version": "2", "model_name": "m"},
            "steps": [
                {"step_id": 1, "source": "system", "message": "Be brief."},
                {"step_id": 2, "source": "user", "message": [{"type": "text", "text": "Count the files."}]},
                {
                    "step_id": 3,
                    "timestamp": "2026-01-01T00:00:00Z",
                    "source": "agent",
                    "message": "Looking.",
                    "reasoning_content": "ls will do",
                    "tool_calls": [
                        {"tool_call_id": "a", "function_name": "sh", "arguments": {"command": "ls | wc -l"}},
                        {
                            "tool_call_id": "b",
                            "function_name": "put",
                            "arguments": {"path": "x", "text": "y"},
                        },
                    ],
                    "observation": {
                        "results": [
                            {"source_call_id": "a", "content": "3"},
                            {"source_call_id": "b", "content": "denied", "extra": {"is_error": True}},
                        ]
                    },
                },
                {"step_id": 4, "source": "agent", "message": "Three."},
            ],
            "final_metrics": {"total_prompt_tokens": 10, "total_completion_tokens": 5},
            "subagent_trajectories": [
                {"agent": {"name": "helper"}, "steps": [{"step_id": 1, "source": "agent", "message": "Sub."}]}
            ],
        }
    ),
    (
        ("system", "message", "Be brief."),
        ("user", "message", "Count the files."),
        ("agent", "reasoning", "ls will do"),
        ("agent", "message", "Looking."),
        ("agent", "call", "ls | wc -l"),
        ("agent", "call", '{"path": "x", "text": "y"}'),
        ("agent", "result", "3"),
        ("agent", "error", "denied"),
        ("agent", "message", "Three."),
        ("environment", "injected", "[sub-agent helper]"),
        ("environment", "message", "Sub."),
    ),
)

MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Count the files."}]},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "ls will do",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "sh", "arguments": '{"command": "ls"}'}},
            {
                "id": "b",
                "type": "function",
                "function": {"name": "put", "arguments": '{"path": "x", "n": 1}'},
            },
            {"id": "c", "type": "function", "function": {"name": "sh", "arguments": '{"command": '}},
        ],
    },
    {"role": "tool", "tool_call_id": "a", "content": "one\ntwo"},
    {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "written"}]},
    {"role": "assistant", "content": "Two."},
]
_CHAT = (
    ("system", "message", "Be brief."),
    ("user", "message", "Count the files."),
    ("agent", "reasoning", "ls will do"),
    ("agent", "call", "ls"),
    ("agent", "call", '{"path": "x", "n": 1}'),
    ("agent", "call", '{"command": '),
    ("environment", "result", "one\ntwo"),
    ("environment", "result", "written"),
    ("agent", "message", "Two."),
)
CHAT = Made("openai-chat", "array.json", document(MESSAGES), _CHAT)
WRAPPED = Made("openai-chat", "wrapped.json", document({"messages": MESSAGES, "reward": 0.0}), _CHAT)
CHAT_LINES = Made("openai-chat", "lines.jsonl", jsonl(MESSAGES), _CHAT)
SHAREGPT = Made(
    "openai-chat",
    "share.json",
    document({"conversations": [{"from": "human", "value": "Hello?"}, {"from": "gpt", "value": "Yes."}]}),
    (("user", "message", "Hello?"), ("agent", "message", "Yes.")),
)

ITEMS: list[dict[str, Any]] = [
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Count the files."}]},
    {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "ls will do"}],
        "encrypted_content": "x",
    },
    {"type": "function_call", "name": "exec_command", "arguments": '{"cmd":"ls"}', "call_id": "a"},
    {"type": "function_call_output", "call_id": "a", "output": "one"},
    {
        "type": "local_shell_call",
        "call_id": "b",
        "action": {"type": "exec", "command": ["bash", "-lc", "cat one"]},
    },
    {
        "type": "function_call_output",
        "call_id": "b",
        "output": json.dumps({"output": "no such file", "metadata": {"exit_code": 1}}),
    },
    {"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin Patch", "call_id": "c"},
    {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "Done!"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One."}]},
]
_ITEMS = (
    ("system", "message", "Be brief."),
    ("user", "message", "Count the files."),
    ("agent", "reasoning", "ls will do"),
    ("agent", "call", "ls"),
    ("environment", "result", "one"),
    ("agent", "call", "cat one"),
    ("environment", "result", "no such file\n[exit code 1]"),
    ("agent", "call", "*** Begin Patch"),
    ("environment", "result", "Done!"),
    ("agent", "message", "One."),
)
RESPONSES = Made(
    "openai-responses",
    "response.json",
    document({"input": ITEMS[:5], "output": ITEMS[5:], "usage": {"total_tokens": 7}}),
    _ITEMS,
)
ITEM_LIST = Made("openai-responses", "items.json", document(ITEMS), _ITEMS)
ITEM_LINES = Made("openai-responses", "items.jsonl", jsonl(ITEMS), _ITEMS)


def _event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"timestamp": "2026-01-01T00:00:00Z", "type": "event_msg", "payload": {"type": kind, **fields}}


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": "2026-01-01T00:00:00Z", "type": "response_item", "payload": item}


CODEX = Made(
    "codex",
    "rollout-2026-01-01T00-00-00-abc.jsonl",
    jsonl(
        [
            {
                "timestamp": "2026-01-01T00:00:00Z",
                "type": "session_meta",
                "payload": {"id": "abc", "cwd": "/w", "base_instructions": {"text": "You are a coder."}},
            },
            {"timestamp": "t", "type": "turn_context", "payload": {"model": "m"}},
            _item({"type": "message", "role": "user", "content": [{"text": "<environment_context>x"}]}),
            _event("user_message", message="Count the files."),
            _item(ITEMS[1]),
            _event("agent_reasoning", text="ls will do"),
            _item({"type": "reasoning", "summary": [], "encrypted_content": "x"}),
            *(_item(item) for item in ITEMS[3:9]),
            _event("error", message="stream disconnected"),
            _event("agent_message", message="One."),
            _item(ITEMS[9]),
            _event("token_count", info={"total_token_usage": {"total_tokens": 99}}),
            _event("task_complete", last_agent_message="One."),
        ]
    ),
    (
        ("system", "message", "You are a coder."),
        ("user", "injected", "<environment_context>x"),
        *_ITEMS[1:9],
        ("environment", "error", "stream disconnected"),
        _ITEMS[9],
    ),
)
OLD_CODEX = Made(
    "codex",
    "rollout-2025-08-01T00-00-00-old.jsonl",
    jsonl(
        [
            {"id": "old", "timestamp": "2025-08-01T00:00:00Z", "instructions": "Be brief.", "git": {}},
            {"record_type": "state"},
            *ITEMS[1:],
        ]
    ),
    _ITEMS,
)
CODEX_EVENTS = Made(
    "codex",
    "codex-exec.txt",
    jsonl(
        [
            {"model": "m", "sandbox": "read-only"},
            {"prompt": "Count the files."},
            {"id": "0", "msg": {"type": "task_started"}},
            {"id": "0", "msg": {"type": "agent_reasoning", "text": "ls will do"}},
            {
                "id": "0",
                "msg": {
                    "type": "exec_command_begin",
                    "call_id": "c",
                    "command": ["bash", "-lc", "ls"],
                    "cwd": "/",
                },
            },
            {
                "id": "0",
                "msg": {
                    "type": "exec_command_end",
                    "call_id": "c",
                    "stdout": "",
                    "stderr": "gone",
                    "exit_code": 2,
                },
            },
            {"id": "0", "msg": {"type": "agent_message", "message": "Failed."}},
            {"id": "0", "msg": {"type": "task_complete", "last_agent_message": "Failed."}},
        ]
    ),
    (
        ("user", "message", "Count the files."),
        ("agent", "reasoning", "ls will do"),
        ("agent", "call", "ls"),
        ("environment", "result", "gone\n[exit code 2]"),
        ("agent", "message", "Failed."),
    ),
)
CODEX_EXEC = Made(
    "codex",
    "codex.txt",
    b"Reading prompt from stdin...\n"
    + jsonl(
        [
            {"type": "thread.started", "thread_id": "t"},
            {"type": "turn.started"},
            {"type": "item.completed", "item": {"id": "0", "type": "reasoning", "text": "ls will do"}},
            {"type": "item.started", "item": {"id": "1", "type": "command_execution", "command": "ls"}},
            {
                "type": "item.completed",
                "item": {
                    "id": "1",
                    "type": "command_execution",
                    "command": "ls",
                    "aggregated_output": "gone",
                    "exit_code": 2,
                },
            },
            {"type": "item.completed", "item": {"id": "2", "type": "agent_message", "text": "Failed."}},
            {"type": "item.started", "item": {"id": "3", "type": "command_execution", "command": "sleep 9"}},
        ]
    ),
    (
        ("agent", "reasoning", "ls will do"),
        ("agent", "call", "ls"),
        ("environment", "result", "gone\n[exit code 2]"),
        ("agent", "message", "Failed."),
        ("agent", "call", "sleep 9"),
        ("environment", "result", ""),
    ),
)


def claude(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    head = {"type": kind, "sessionId": "s", "uuid": "u", "parentUuid": None, "isSidechain": False}
    message = {"role": kind, "content": content}
    if kind == "assistant":
        message["id"] = fields.pop("message_id", "m")
    return {**head, "message": message, "timestamp": "2026-01-01T00:00:00Z", **fields}


CLAUDE = Made(
    "claude-code",
    "session.jsonl",
    jsonl(
        [
            {"type": "summary", "summary": "Earlier work", "leafUuid": "l"},
            {"type": "file-history-snapshot", "messageId": "x", "snapshot": {}},
            claude("user", "Caveat: the model sees this", isMeta=True),
            claude("user", "Count the files."),
            claude("assistant", [{"type": "thinking", "thinking": "ls will do", "signature": "z"}]),
            claude("assistant", [{"type": "text", "text": "Looking."}]),
            claude(
                "assistant", [{"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "ls"}}]
            ),
            claude(
                "user",
                [
                    {"type": "tool_result", "tool_use_id": "a", "content": "one", "is_error": False},
                    {"type": "text", "text": "<system-reminder>be kind</system-reminder>"},
                ],
                toolUseResult={"stdout": "one", "stderr": "a warning", "interrupted": False},
            ),
            claude(
                "assistant",
                [{"type": "tool_use", "id": "b", "name": "Read", "input": {"file_path": "x", "limit": 3}}],
                message_id="n",
            ),
            claude(
                "user", [{"type": "tool_result", "tool_use_id": "b", "content": "no file", "is_error": True}]
            ),
            claude("user", "Go on.", isSidechain=True),
            {"type": "system", "subtype": "compact_boundary", "content": "Compacted", "sessionId": "s"},
            claude("user", "The story so far", isCompactSummary=True),
            claude(
                "assistant", [{"type": "text", "text": "API Error"}], isApiErrorMessage=True, message_id="o"
            ),
        ]
    ),
    (
        ("system", "injected", "Earlier work"),
        ("user", "injected", "Caveat: the model sees this"),
        ("user", "message", "Count the files."),
        ("agent", "reasoning", "ls will do"),
        ("agent", "message", "Looking."),
        ("agent", "call", "ls"),
        ("environment", "result", "one"),
        ("environment", "injected", "<system-reminder>be kind</system-reminder>"),
        ("agent", "call", '{"file_path": "x", "limit": 3}'),
        ("environment", "error", "no file"),
        ("environment", "message", "Go on."),
        ("system", "injected", "Compacted"),
        ("user", "injected", "The story so far"),
        ("agent", "error", "API Error"),
    ),
)

_SPANS = [
    {
        "id": "r",
        "name": "agent",
        "type": "AGENT",
        "parent_id": None,
        "start_time": 1.0,
        "end_time": 9.0,
        "inputs": {"message": "Count the files."},
        "outputs": {"response": "One."},
        "attributes": {},
        "error": None,
        "children": [
            {
                "id": "l1",
                "name": "OpenAI chat.completions.create",
                "type": "LLM",
                "start_time": 2.0,
                "end_time": 3.0,
                "inputs": {"model": "m", "messages": MESSAGES[:2]},
                "outputs": {"choices": [{"message": {**MESSAGES[2], "role": "assistant"}}]},
                "error": None,
                "children": [],
            },
            {
                "id": "t1",
                "name": "Tool: sh",
                "type": "TOOL",
                "start_time": 3.5,
                "inputs": {"parameters": {"command": "ls"}, "tool_call_id": "a"},
                "outputs": {"result": {"stdout": "one\ntwo"}},
                "error": "the tool was slow",
                "children": [],
            },
            {
                "id": "l2",
                "name": "OpenAI chat.completions.create",
                "type": "LLM",
                "start_time": 4.0,
                "inputs": {
                    "model": "m",
                    "messages": [*MESSAGES[:5], {"role": "user", "content": "Hurry."}],
                },
                "outputs": {"choices": [{"message": {"content": "Two."}}]},
                "children": [],
            },
            {
                "id": "t2",
                "name": "Tool: done",
                "type": "TOOL",
                "start_time": 5.0,
                "inputs": {"parameters": {}, "tool_call_id": "z"},
                "outputs": {"result": "finished"},
                "children": [],
            },
        ],
    }
]
NEXAU = Made(
    "nexau",
    "nexau_in_memory_tracer.json",
    document(_SPANS),
    (
        *_CHAT[:8],
        ("user", "injected", "Hurry."),
        ("environment", "error", "the tool was slow"),
        _CHAT[8],
        ("environment", "result", "finished"),
    ),
)
NEXAU_CLEANED = Made(
    "nexau",
    "nexau_in_memory_tracer.cleaned.json",
    document(
        {
            "id": "x",
            "observation_count": 3,
            "system_prompt": "Be brief.",
            "user_message": "Count the files.",
            "messages": [
                {
                    "role": "assistant",
                    "content": "Looking.",
                    "reasoning_content": "ls will do",
                    "tool_calls": [
                        {
                            "name": "Tool: sh",
                            "input": {"parameters": {"command": "ls"}, "tool_call_id": "a"},
                            "output": {"result": "one"},
                        }
                    ],
                }
            ],
            "subagents": [],
        }
    ),
    (
        ("system", "message", "Be brief."),
        ("user", "message", "Count the files."),
        ("agent", "reasoning", "ls will do"),
        ("agent", "message", "Looking."),
        ("agent", "call", "ls"),
        ("environment", "result", "one"),
    ),
)
MINI = Made(
    "mini-swe-agent",
    "django__django-1.traj.json",
    document(
        {
            "info": {"mini_version": "1.9", "exit_status": "Submitted", "submission": "diff"},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Count the files."},
                {
                    "role": "assistant",
                    "content": "Look:\n```bash\nls\n```",
                    "extra": {"actions": [{"command": "ls"}]},
                },
                {"role": "user", "content": "<returncode>0</returncode>\n<output>\none\n</output>"},
                {"role": "exit", "content": "diff", "extra": {"exit_status": "Submitted"}},
            ],
            "trajectory_format": "mini-swe-agent-1",
        }
    ),
    (
        ("system", "message", "Be brief."),
        ("user", "message", "Count the files."),
        ("agent", "message", "Look:\n```bash\nls\n```"),
        ("agent", "call", "ls"),
        ("environment", "result", "one"),
        ("environment", "result", "diff"),
    ),
)
SWE = Made(
    "swe-agent",
    "pydicom__pydicom-7.traj",
    document(
        {
            "environment": "main",
            "trajectory": [
                {
                    "action": "ls\n",
                    "observation": "one",
                    "response": "Look.\n```\nls\n```",
                    "thought": "Look.",
                },
                {"action": "submit", "observation": "", "response": "Done.", "thought": "Done."},
            ],
            "history": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "A demonstration", "is_demo": True},
                {"role": "user", "content": "Count the files."},
                {"role": "assistant", "content": "Look."},
            ],
            "info": {"exit_status": "submitted", "model_stats": {"tokens_sent": 5, "tokens_received": 2}},
        }
    ),
    (
        ("system", "message", "Be brief."),
        ("user", "injected", "A demonstration"),
        ("user", "message", "Count the files."),
        ("agent", "message", "Look.\n```\nls\n```"),
        ("agent", "call", "ls\n"),
        ("environment", "result", "one"),
        ("agent", "message", "Done."),
        ("agent", "call", "submit"),
        ("environment", "result", ""),
    ),
)
CAST = Made(
    "asciinema",
    "demo.cast",
    jsonl(
        [
            {"version": 2, "width": 80, "height": 24, "timestamp": 1},
            [0.1, "o", "root@box:/app# "],
            [0.2, "i", "ls\r"],
            [0.3, "o", "ls\r\n"],
            [0.4, "o", "\u001b[32mone\u001b[0m\r\n"],
        ]
    ),
    (("agent", "call", "root@box:/app# ls\r"), ("environment", "result", "\x1b[32mone\x1b[0m\r\n")),
)
SCRIPT = Made(
    "terminal",
    "typescript",
    b'Script started on 2026-01-01 00:00:00+00:00 [TERM="xterm"]\n'
    b'user@box:~$ make\r\n\x1b[31merror\x1b[0m\r\nScript done on 2026-01-01 [COMMAND_EXIT_CODE="2"]\n',
    (
        ("environment", "result", 'Script started on 2026-01-01 00:00:00+00:00 [TERM="xterm"]\n'),
        ("agent", "call", "user@box:~$ make\r"),
        (
            "environment",
            "result",
            '\x1b[31merror\x1b[0m\r\nScript done on 2026-01-01 [COMMAND_EXIT_CODE="2"]\n',
        ),
    ),
)
ALL = (
    *(
        ATIF,
        CHAT,
        WRAPPED,
        CHAT_LINES,
        SHAREGPT,
        RESPONSES,
        ITEM_LIST,
        ITEM_LINES,
        CODEX,
        OLD_CODEX,
        CODEX_EVENTS,
        CODEX_EXEC,
    ),
    *(CLAUDE, NEXAU, NEXAU_CLEANED, MINI, SWE, CAST, SCRIPT),
)
