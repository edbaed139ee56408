"""Small sessions of further agents: OpenHands, opencode, Gemini CLI, pi, Inspect AI."""

from __future__ import annotations

from typing import Any

from reader_fixtures import ALL, Made, document, jsonl

ASKED, LOOKING, DONE = "Count the files.", "Looking.", "Two."
_TEXTS = (
    ("user", "message", ASKED),
    ("agent", "message", LOOKING),
    ("agent", "call", "ls"),
    ("environment", "result", "gone\n[exit code 2]"),
    ("agent", "message", DONE),
)

OLD_EVENTS: list[dict[str, Any]] = [
    {"id": 0, "source": "agent", "action": "system", "args": {"content": "Be brief."}},
    {"id": 1, "source": "user", "action": "message", "args": {"content": ASKED}, "timestamp": "2026-01-01"},
    {"id": 2, "source": "user", "action": "recall", "args": {"query": ASKED}},
    {"id": 3, "source": "environment", "observation": "recall", "content": "Added", "extras": {}},
    {
        "id": 4,
        "source": "agent",
        "action": "run",
        "args": {"command": "ls", "thought": LOOKING, "is_input": False, "hidden": False},
        "tool_call_metadata": {
            "function_name": "execute_bash",
            "tool_call_id": "a",
            "model_response": {"usage": {"completion_tokens": 7, "total_tokens": 20}},
        },
    },
    {
        "id": 5,
        "source": "agent",
        "observation": "run",
        "content": "gone",
        "extras": {"command": "ls", "metadata": {"exit_code": 2}},
        "tool_call_metadata": {"function_name": "execute_bash", "tool_call_id": "a"},
    },
    {"id": 6, "source": "agent", "action": "finish", "args": {"final_thought": DONE}},
    {
        "id": 7,
        "source": "environment",
        "observation": "agent_state_changed",
        "content": "",
        "extras": {"agent_state": "finished", "reason": ""},
    },
]
OPENHANDS = Made(
    "openhands",
    "trajectory.json",
    document(OLD_EVENTS),
    (("system", "message", "Be brief."), *_TEXTS),
)

NEW_EVENTS: list[dict[str, Any]] = [
    {"kind": "SystemPromptEvent", "id": "s", "source": "agent", "system_prompt": {"text": "Be brief."}},
    {"kind": "MessageEvent", "id": "u", "source": "user", "llm_message": {"content": [{"text": ASKED}]}},
    {
        "kind": "ActionEvent",
        "id": "a",
        "source": "agent",
        "thought": [{"type": "text", "text": LOOKING}],
        "action": {"kind": "TerminalAction", "command": "ls", "is_input": False},
        "tool_name": "terminal",
        "tool_call_id": "t",
        "tool_call": {"name": "terminal", "arguments": '{"command": "ls", "security_risk": "LOW"}'},
    },
    {
        "kind": "ObservationEvent",
        "id": "o",
        "source": "environment",
        "tool_name": "terminal",
        "tool_call_id": "t",
        "observation": {"kind": "TerminalObservation", "content": [{"text": "gone"}], "exit_code": 2},
    },
    {"kind": "MessageEvent", "id": "d", "source": "agent", "llm_message": {"content": [{"text": DONE}]}},
    {
        "kind": "ConversationStateUpdateEvent",
        "id": "e",
        "source": "environment",
        "key": "execution_status",
        "value": "finished",
    },
]
NEW_OPENHANDS = Made(
    "openhands", "events.jsonl", jsonl(NEW_EVENTS), (("system", "message", "Be brief."), *_TEXTS)
)

TOOL = {
    "type": "tool",
    "callID": "a",
    "tool": "bash",
    "state": {
        "status": "completed",
        "input": {"command": "ls"},
        "output": "gone",
        "metadata": {"exit": 2},
    },
}
MESSAGES: list[dict[str, Any]] = [
    {"info": {"id": "m1", "role": "user"}, "parts": [{"type": "text", "text": ASKED}]},
    {
        "info": {
            "id": "m2",
            "role": "assistant",
            "tokens": {"input": 5, "output": 2},
            "finish": "tool-calls",
        },
        "parts": [{"type": "step-start"}, {"type": "text", "text": LOOKING}, TOOL],
    },
    {
        "info": {"id": "m3", "role": "assistant", "tokens": {"input": 6, "output": 1}, "finish": "stop"},
        "parts": [{"type": "text", "text": DONE}, {"type": "step-finish", "tokens": {"output": 1}}],
    },
]
OPENCODE = Made("opencode", "export.json", document({"info": {"id": "ses_1"}, "messages": MESSAGES}), _TEXTS)
OPENCODE_EVENTS = Made(
    "opencode",
    "opencode.txt",
    jsonl(
        [
            {"type": "step_start", "sessionID": "ses_2", "part": {"type": "step-start"}},
            {"type": "text", "sessionID": "ses_2", "part": {"type": "text", "text": LOOKING}},
            {"type": "tool_use", "sessionID": "ses_2", "part": TOOL},
            {"type": "text", "sessionID": "ses_2", "part": {"type": "text", "text": DONE}},
        ]
    ),
    _TEXTS[1:],
)

_CALL = {
    "id": "a",
    "name": "run_shell_command",
    "args": {"command": "ls"},
    "status": "success",
    "result": [{"functionResponse": {"id": "a", "response": {"output": "Output: gone\nExit Code: 2"}}}],
}
GEMINI_MESSAGES: list[dict[str, Any]] = [
    {"id": "1", "timestamp": "2026-01-01T00:00:00Z", "type": "user", "content": [{"text": ASKED}]},
    {
        "id": "2",
        "type": "gemini",
        "content": LOOKING,
        "toolCalls": [_CALL],
        "tokens": {"total": 9, "output": 4},
    },
    {"id": "3", "type": "gemini", "content": DONE, "thoughts": []},
]
_GEMINI_HEAD = {"sessionId": "g", "projectHash": "h", "startTime": "2026-01-01T00:00:00Z"}
_GEMINI_TEXTS = (*_TEXTS[:3], ("environment", "result", "Output: gone\nExit Code: 2"), _TEXTS[4])
GEMINI = Made(
    "gemini", "session-1.json", document({**_GEMINI_HEAD, "messages": GEMINI_MESSAGES}), _GEMINI_TEXTS
)
GEMINI_LINES = Made(
    "gemini",
    "session-2.jsonl",
    jsonl(
        [
            {**_GEMINI_HEAD, "sessionId": "g2"},
            {**GEMINI_MESSAGES[0], "timestamp": "2026-01-02T00:00:00Z"},
            {**GEMINI_MESSAGES[1], "toolCalls": []},
            GEMINI_MESSAGES[1],
            {"id": "x", "type": "user", "content": "Forget it."},
            {"id": "y", "type": "gemini", "content": "As you wish."},
            {"$rewindTo": "x"},
            GEMINI_MESSAGES[2],
            {"$set": {"summary": "files"}},
        ]
    ),
    _GEMINI_TEXTS,
)
GEMINI_STREAM = Made(
    "gemini",
    "gemini.txt",
    jsonl(
        [
            {"type": "init", "session_id": "g3", "model": "m"},
            {"type": "message", "role": "user", "content": ASKED},
            {"type": "message", "role": "assistant", "content": "Look", "delta": True},
            {"type": "message", "role": "assistant", "content": "ing.", "delta": True},
            {
                "type": "tool_use",
                "tool_name": "run_shell_command",
                "tool_id": "a",
                "parameters": {"command": "ls"},
            },
            {
                "type": "tool_result",
                "tool_id": "a",
                "status": "success",
                "output": "Output: gone\nExit Code: 2",
            },
            {"type": "message", "role": "assistant", "content": DONE, "delta": True},
            {"type": "result", "status": "success", "stats": {"total_tokens": 9, "duration_ms": 1500}},
        ]
    ),
    _GEMINI_TEXTS,
)


def entry(id: str, parent: str | None, role: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "id": id, "parentId": parent, "message": {"role": role, **fields}}


PI_LINES: list[dict[str, Any]] = [
    {"type": "session", "version": 3, "id": "p", "timestamp": "2026-01-01T00:00:00Z", "cwd": "/w"},
    {"type": "model_change", "id": "0", "parentId": None, "modelId": "m"},
    entry("1", "0", "user", content=ASKED),
    entry("w", "1", "assistant", content=[{"type": "text", "text": "A wrong way."}]),
    entry("2", "1", "user", content="Another way."),
    entry(
        "3",
        "2",
        "assistant",
        content=[
            {"type": "thinking", "thinking": "ls will do"},
            {"type": "toolCall", "id": "a", "name": "bash", "arguments": {"command": "ls"}},
        ],
        usage={"input": 5, "output": 2},
        stopReason="toolUse",
    ),
    entry(
        "4",
        "3",
        "toolResult",
        toolCallId="a",
        toolName="bash",
        content=[{"type": "text", "text": "gone\n\nCommand exited with code 2"}],
        isError=True,
    ),
    entry("5", "4", "assistant", content=[{"type": "text", "text": DONE}], stopReason="stop"),
]
PI = Made(
    "pi",
    "2026_p.jsonl",
    jsonl(PI_LINES),
    (
        ("user", "message", ASKED),
        ("user", "message", "Another way."),
        ("agent", "reasoning", "ls will do"),
        ("agent", "call", "ls"),
        ("environment", "result", "gone\n\nCommand exited with code 2"),
        ("agent", "message", DONE),
    ),
)

SAMPLE: dict[str, Any] = {
    "id": "files-1",
    "epoch": 1,
    "input": ASKED,
    "target": "2",
    "messages": [
        {"role": "user", "content": ASKED, "source": "input"},
        {
            "role": "assistant",
            "content": [{"type": "reasoning", "reasoning": "ls will do"}, {"type": "text", "text": LOOKING}],
            "tool_calls": [{"id": "a", "function": "bash", "arguments": {"command": "ls"}}],
        },
        {"role": "tool", "content": "attachment://x", "tool_call_id": "a", "function": "bash"},
        {
            "role": "tool",
            "content": "",
            "tool_call_id": "a",
            "function": "bash",
            "error": {"type": "timeout", "message": "Command timed out"},
        },
        {"role": "assistant", "content": "Three."},
    ],
    "scores": {"includes": {"value": "I", "answer": "Three.", "explanation": "the answer is 2, not three"}},
    "attachments": {"x": "one\ntwo"},
    "total_time": 2.5,
    "model_usage": {"m": {"total_tokens": 12}},
    "limit": {"type": "token", "limit": 10},
}
INSPECT = Made(
    "inspect",
    "sample.json",
    document(SAMPLE),
    (
        ("user", "message", ASKED),
        ("agent", "reasoning", "ls will do"),
        ("agent", "message", LOOKING),
        ("agent", "call", "ls"),
        ("environment", "result", "one\ntwo"),
        ("environment", "error", "Command timed out"),
        ("agent", "message", "Three."),
    ),
)
EVERY = (
    *ALL,
    *(OPENHANDS, NEW_OPENHANDS, OPENCODE, OPENCODE_EVENTS, GEMINI, GEMINI_LINES, GEMINI_STREAM, PI, INSPECT),
)
