"""Inspect AI's logs: the samples of a `.json` log, or of a `.eval` archive, one trace each."""

import re
from typing import Any

from ahe.debug.readers import chat
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft, verdict
from ahe.debug.readers.trace import Status, VerifierFile

_GRADES: dict[str, Status] = {"C": "passed", "I": "failed", "P": "failed", "N": "failed"}
_ATTACHED = "attachment://"
_DEEP = 20


def sniff(value: Any, line: bool) -> bool:
    return not line and j.mapping(value).keys() >= {"id", "epoch", "input"}


def is_log(value: Any) -> bool:
    """Whether the value is a whole log."""
    top = j.mapping(value)
    return isinstance(top.get("eval"), dict) and "version" in top and ("status" in top or "samples" in top)


def parse(value: Any, draft: Draft) -> None:
    """The messages of a sample, its scores as the verifier's words, and what ended it."""
    top = j.mapping(value)
    name = str(top.get("id", ""))
    draft.task = name if re.search(r"[A-Za-z]", name) and len(name) < 200 else ""
    attached = j.inner(top, "attachments")
    messages = j.listing(top.get("messages")) or j.listing(top.get("input"))
    messages = messages or [{"role": "user", "content": j.as_text(top.get("input"))}]
    for each in draft.records(messages, "a message"):
        chat.message(_resolved(each, attached, 0), draft)
    scores = j.inner(top, "scores")
    for score in (j.mapping(each).get("value") for each in scores.values()):
        if draft.status == "unknown":
            grade = _GRADES.get(score, "unknown") if isinstance(score, str) else None
            draft.status = grade or verdict({"score": score})
    if scores:
        said = j.as_text({"scores": _resolved(scores, attached, 0)})
        draft.verifier.append(VerifierFile("scores.json", said))
    limit, error = j.inner(top, "limit"), j.inner(top, "error")
    draft.ended = f"{j.text(limit, 'type')} limit" if limit else "error" if error else ""
    if error:
        last = next(filter(None, reversed(j.text(error, "traceback").split("\n"))), "")
        said = "\n".join(dict.fromkeys(filter(None, (j.text(error, "message"), last))))
        draft.add_text("environment", "error", said)
        draft.status = draft.status if scores else "missing"
    draft.started = draft.agent_acted or not error
    draft.seconds = j.number(top.get("total_time"))
    draft.tokens = sum(j.total(each, "total_tokens") for each in j.inner(top, "model_usage").values())


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
