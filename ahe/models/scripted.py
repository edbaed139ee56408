"""A model that says what a script tells it to, over real HTTP on loopback: for tests and for dry runs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from ahe.models import wire
from ahe.models.http import Answer, LoopbackServer, failure
from ahe.models.script import Script, ScriptedAnswer


class ScriptedServer(LoopbackServer):
    """Serves a script. Answers depend on role, key and how often both came, so order and kills do not matter.

    `calls` counts requests by (role, key). `log` (or the script's own) collects one JSON line a request:
    role, key, n (from 0), status and payload; several processes may append to it.
    """

    def __init__(self, script: Script, log: Path | None = None) -> None:
        super().__init__(self._complete, "scripted")
        self.calls: Counter[tuple[str, str]] = Counter()
        self._script = script
        self._log = log or script.log

    def _complete(self, role: str, key: str, payload: dict[str, Any]) -> Answer:
        seen = self.calls[role, key]
        self.calls[role, key] += 1
        scripted = self._script.find(role, key, seen, payload)
        if scripted is None:
            answer = failure(
                400, f"the script has no answer for role {role!r} and key {key!r} (call {seen + 1})"
            )
        else:
            answer = _played(scripted.filled(payload), f"{role} {key} {seen}", payload)
        if self._log is not None:
            line = {"role": role, "key": key, "n": seen, "status": answer.status, "payload": payload}
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return answer


def _played(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> Answer:
    if scripted.raw is not None:
        body = scripted.raw.encode()
    elif scripted.status >= 400:
        body = failure(scripted.status, scripted.content or "scripted failure").body
    else:
        body = json.dumps(_completion(scripted, name, payload), ensure_ascii=False).encode()
    return Answer(scripted.status, body[: scripted.cut], scripted.headers, scripted.delay, scripted.drop)


def _completion(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A chat completion whose ids and usage follow from the call alone: equal calls, equal bytes."""
    identity = hashlib.sha256(name.encode()).hexdigest()[:12]
    message: dict[str, Any] = {"role": "assistant", "content": scripted.content}
    if scripted.reasoning is not None:
        message["reasoning_content"] = scripted.reasoning
    if scripted.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id or f"call_{identity}_{position}",
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": call.arguments
                    if isinstance(call.arguments, str)
                    else json.dumps(call.arguments),
                },
            }
            for position, call in enumerate(scripted.tool_calls)
        ]
    finish = scripted.finish or ("tool_calls" if scripted.tool_calls else "stop")
    body: dict[str, Any] = {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": 0,
        "model": payload.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if scripted.usage:
        asked, said = wire.estimate(payload.get("messages", [])), wire.estimate(message)
        body["usage"] = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return body
