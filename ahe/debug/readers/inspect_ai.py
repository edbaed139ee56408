"""Inspect AI's logs: the samples of a `.json` log, or of a `.eval` archive, one trace each."""

from __future__ import annotations

import re
from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers.draft import Draft, verdict
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import as_text, inner, listing, mapping, number, string, total
from ahe.debug.readers.trace import Status, VerifierFile

_GRADES: dict[Any, Status] = {"C": "passed", "I": "failed", "P": "failed", "N": "failed"}
_ATTACHED = "attachment://"
_DEEP = 20


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is a sample."""
    return not line and mapping(value).keys() >= {"id", "epoch", "input"}


def is_log(value: Any) -> bool:
    """Whether the value is a whole log."""
    top = mapping(value)
    return isinstance(top.get("eval"), dict) and "version" in top and ("status" in top or "samples" in top)


def parse(content: Content, draft: Draft) -> None:
    """The messages of a sample, its scores as the verifier's words, and what ended it."""
    top = mapping(content.value)
    name = str(top.get("id", ""))
    draft.task = name if re.search(r"[A-Za-z]", name) and len(name) < 200 else ""
    attached = inner(top, "attachments")
    messages = listing(top.get("messages")) or listing(top.get("input"))
    for each in messages or [{"role": "user", "content": as_text(top.get("input"))}]:
        chat.message(_resolved(each, attached, 0), draft)
    scores = inner(top, "scores")
    for score in (mapping(each).get("value") for each in scores.values()):
        if draft.status == "unknown":
            draft.status = (
                _GRADES.get(score, "unknown") if isinstance(score, str) else verdict({"score": score})
            )
    if scores:
        draft.verifier.append(
            VerifierFile("scores.json", as_text({"scores": _resolved(scores, attached, 0)}))
        )
    limit, error = inner(top, "limit"), inner(top, "error")
    draft.ended = f"{string(limit.get('type'))} limit" if limit else "error" if error else ""
    draft.cause = as_text(limit.get("limit"))
    if error:
        last = next(filter(None, reversed(string(error.get("traceback")).split("\n"))), "")
        draft.cause = "\n".join(dict.fromkeys(filter(None, (string(error.get("message")), last))))
        draft.status = draft.status if scores else "missing"
        draft.add_text("environment", "error", draft.cause)
    draft.started = draft.agent_acted or not error
    draft.seconds = number(top.get("total_time"))
    draft.tokens = sum(total(mapping(each), "total_tokens") for each in inner(top, "model_usage").values())


def _resolved(value: Any, attached: dict[str, Any], depth: int) -> Any:
    """The value with the long texts that the log keeps apart."""
    if not attached or depth > _DEEP:
        return value
    if isinstance(value, dict):
        return {key: _resolved(each, attached, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, attached, depth + 1) for each in value]
    if isinstance(value, str) and value.startswith(_ATTACHED):
        return attached.get(value.removeprefix(_ATTACHED), value)
    return value
