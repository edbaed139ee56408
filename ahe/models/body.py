"""The body of an endpoint's answer: whole or as a stream of events, with an error in any form."""

import json
import re
from io import StringIO
from typing import Any

from ahe.text import loads

ONCE = frozenset({"id", "type", "role", "name", "index", "format"})
"""Fields that the parts of a stream repeat; the others are pieces to join."""
WORDS = (
    *("message", "msg", "status_msg", "error_msg", "error", "errors", "detail", "metadata", "raw", "loc"),
    *("base_resp", "type", "code", "param", "reason", "title", "n_prompt_tokens", "n_ctx"),
)
"""Keys of an error body, in the order in which people should read them. Others may repeat the request."""
MAX_WORDS = 4_000
MAX_CALLS = 256
"""Tool calls of a reply that are read."""


class MalformedBody(Exception):
    """A body that is not a chat completion. The message says what is wrong with it."""


class ErrorBody(Exception):
    """A body that holds an error although the status is HTTP 200, as routers and streams send it."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status


def parse(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object with at least one choice. Raises `MalformedBody` or `ErrorBody`.

    A stream of events is joined to one body. Lines that keep a connection alive are passed over.
    """
    text = raw.decode("utf-8-sig", "replace")
    try:
        if text.lstrip().startswith(("data:", "event:", "id:", "retry:", ":")):
            lines = [line.strip() for line in text.split("\n")]
            events = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
            text = "\n".join(line for line in lines if not line.startswith(":"))
            body = _joined(events) if events else loads(text)
        else:
            body = loads(text)
    except (ValueError, RecursionError) as error:
        page = "a web page, not JSON: does base_url end in /v1?" if text.lstrip()[:1] == "<" else "not JSON"
        raise MalformedBody(f"the body is {page} ({_excerpt(raw)})") from error
    if not isinstance(body, dict):
        raise MalformedBody(f"the body is not a JSON object ({_excerpt(raw)})")
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    _raise_error(body, first if isinstance(first, dict) else {})
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        raise MalformedBody(f"the body holds no message ({_excerpt(raw)})")
    if isinstance(calls := first["message"].get("tool_calls"), list):
        del calls[MAX_CALLS:]
    return body


def _raise_error(body: dict[str, Any], choice: dict[str, Any]) -> None:
    failure = body.get("error") or choice.get("error")
    if not failure and choice.get("finish_reason") == "error":
        failure = "the reply ended with the finish reason `error`"
    if not failure and not choice and error_words(json.dumps(body)):
        failure = body
    if failure:
        code = str(failure.get("code")) if isinstance(failure, dict) else ""
        words = json.dumps({"error": failure})
        status = 400 if "invalid_request" in error_words(words) else 500
        raise ErrorBody(int(code) if re.fullmatch("[45][0-9][0-9]", code) else status, words)


def error_words(body: str) -> str:
    """What an error body of any form says, shortened: its texts and codes, the message first.

    Keys outside of `WORDS` are left out, because some endpoints repeat the request in their errors.
    """
    try:
        found = list(dict.fromkeys(_words(loads(body))))
    except (ValueError, RecursionError):
        found = [re.sub(r"<[^<>]*>", " ", body[:MAX_WORDS]) if body.lstrip().startswith("<") else body]
    return " ".join("; ".join(found)[:MAX_WORDS].split())


def _words(value: Any, key: str = "") -> list[str]:
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, int) and not isinstance(value, bool):
        return [f"{key} {value}"] if key.startswith("n_") else []
    if isinstance(value, list):
        return [word for each in value for word in _words(each, key)]
    if isinstance(value, dict):
        return [word for name in WORDS if name in value for word in _words(value[name], name)]
    return []


def _joined(events: list[str]) -> dict[str, Any]:
    """One body from the events of a stream. Raises `MalformedBody` if the stream breaks off."""
    body: dict[str, Any] = {}
    message: dict[str, Any] = {}
    joining = _Joining()
    finish, done = None, False
    for event in events:
        if event == "[DONE]":
            done = True
            break
        chunk = loads(event) if event else {}
        if not isinstance(chunk, dict):
            continue
        body.update({key: value for key, value in chunk.items() if key != "choices" and value})
        for choice in dicts(chunk.get("choices")):
            if choice.get("index"):
                continue
            if choice.get("error"):
                body["error"] = choice["error"]
            part = choice.get("delta") or (None if message else choice.get("message"))
            joining.merge(message, part if isinstance(part, dict) else {})
            finish = choice.get("finish_reason") or finish
    if not body.get("error") and not done and finish is None:
        raise MalformedBody("the stream broke off")
    return {**body, "choices": [{"message": _plain(message), "finish_reason": finish}]}


class _Joining:
    """Joins the parts of a message. Texts grow in `StringIO`s: to add strings would copy all that came before."""

    def __init__(self) -> None:
        self._newest: dict[int, dict[str, dict[str, Any]]] = {}
        """For each list (by `id`) the newest item of each index."""

    def merge(self, whole: dict[str, Any], part: dict[str, Any]) -> None:
        """Add the part to the whole."""
        for key, value in part.items():
            old = whole.get(key)
            if value is None:
                continue
            if isinstance(old, StringIO) and isinstance(value, str):
                old.write(value)
            elif isinstance(old, str) and isinstance(value, str):
                whole[key] = (value or old) if key in ONCE else _growing(old, value)
            elif isinstance(old, list) and isinstance(value, list):
                for item in value:
                    self._add(old, item)
            elif isinstance(old, dict) and isinstance(value, dict):
                self.merge(old, value)
            else:
                whole[key] = value

    def _add(self, items: list[Any], part: Any) -> None:
        """Join a part to the newest item of its index, or add it if it has another id or type."""
        if not isinstance(part, dict):
            items.append(part)
            return
        if id(items) not in self._newest:
            self._newest[id(items)] = {repr(each.get("index")): each for each in dicts(items)}
        newest, index = self._newest[id(items)], repr(part.get("index"))
        item = newest.get(index, {})
        known = [(item.get(key), part.get(key)) for key in ("id", "type")]
        if item and all(not a or not b or a == b for a, b in known):
            self.merge(item, part)
        else:
            items.append(part)
            newest[index] = part


def _growing(*texts: str) -> StringIO:
    growing = StringIO(newline="")
    growing.writelines(texts)
    return growing


def _plain(value: Any) -> Any:
    """The value with texts in place of `StringIO`s."""
    if isinstance(value, StringIO):
        return value.getvalue()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects in a JSON list; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _excerpt(raw: bytes) -> str:
    return repr(raw[:80].decode("utf-8", "replace")) if raw else "empty"
