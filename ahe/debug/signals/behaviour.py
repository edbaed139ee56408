"""How the agent's rollout ended, and whether it went in circles before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.readers.trace import Step, Trace
from ahe.debug.signals.scan import exit_code
from ahe.debug.signals.templates import digest, fine
from ahe.debug.signals.vocabulary import UNKNOWN

_ENDED: dict[str, str] = {
    "turns": "out_of_turns",
    "seconds": "out_of_time",
    "tokens": "out_of_tokens",
    "context": "context_overflow",
    "malformed": "malformed_call",
}
_FOREIGN = (
    (
        "context_overflow",
        r"context[_ -]?(?:length|window|overflow|exceed|limit)|exit_context|prompt is too long",
    ),
    ("out_of_tokens", r"max_?(?:output_?)?tokens|token[_ -]?limit|length|exit_cost|cost_?limit|budget"),
    (
        "out_of_turns",
        r"max[_ -]?(?:turns|steps|iterations)|limits?_?exceeded|step[_ -]?limit|turn[_ -]?limit|exit_turns",
    ),
    ("out_of_time", r"time[_ -]?d?[_ -]?out|time[_ -]?limit|deadline"),
    ("malformed_call", r"format|malformed|parse|invalid[_ -]?tool"),
    ("interrupted", r"interrupt|abort|cancel|stopped_by|killed|user_exit"),
    ("gave_up", r"give[_ -]?up|gave[_ -]?up|refus"),
    ("bad_request", r"bad[_ -]?request|invalid[_ -]?request"),
    ("broken", r"api[_ -]?error|connection|environment[_ -]?error|unavailable|rate[_ -]?limit"),
    ("crashed", r"error|exception|crash|exit_api|exit_environment"),
    ("answered", r"answer|submit|complete|success|done|finish|end_turn|stop|resolved"),
)
_STOPPED = ("out_of_turns", "out_of_time", "out_of_tokens", "context_overflow", UNKNOWN, "interrupted")
_GAVE_UP = re.compile(
    r"\bI(?:'m| am)? (?:cannot|can't|could ?n[o']t|was(?:n't| not) able|(?:am |was )?unable|(?:am "
    r"|was )?not able|have to (?:stop|give up)|give up|must stop)"
    r"|(?:it is|it's|this is) (?:not possible|impossible)|unfortunately,? (?:I|it|the task"
    r"|this)\b.{0,40}(?:cannot|can't|could ?n[o']t|unable|not possible)|giving up",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(
    r"\b(?:would you like|do you want|should I|shall I|could you|can you|please (?:provide|confirm|specify"
    r"|clarify|let me know|share)|let me know|which (?:one|of)|what would you)\b",
    re.IGNORECASE,
)
_LOOK_BACK = 8


def behaviour(trace: Trace) -> str:
    """How the rollout ended: a word of `vocabulary.STATUSES`.

    `looping` replaces a limit or an unknown end if the rollout ends with one call made three times, two calls made in
    turn three times each, or the same error in each of the last four results.
    """
    steps = [step for step in trace.steps if step.source in ("agent", "environment")]
    status = _ended(trace.ended, steps)
    if status in _STOPPED and _circles(steps):
        return "looping"
    if status != "answered":
        return status
    if not any(_calls(step) for step in steps):
        return "no_action"
    message = _last_words(steps)
    if _GAVE_UP.search(message):
        return "gave_up"
    if _ASKS_BACK.search(message[-300:]) and "?" in message[-80:]:
        return "asked_back"
    return "answered_after_error" if _last_failed(steps) else "answered"


def _ended(ended: str, steps: Sequence[Step]) -> str:
    if ended in _ENDED:
        return _ENDED[ended]
    if ended in ("answered", "crashed", "bad_request", "broken"):
        return ended
    if ended:
        small = ended.lower()
        return next((word for word, pattern in _FOREIGN if re.search(pattern, small)), UNKNOWN)
    if not steps:
        return UNKNOWN
    last = steps[-1]
    finished = last.source == "agent" and not _calls(last) and any(t.channel == "message" for t in last.texts)
    return "answered" if finished else UNKNOWN


def _calls(step: Step) -> list[str]:
    return [" ".join(text.text.split()) for text in step.texts if text.channel == "call"]


def _last_words(steps: Sequence[Step]) -> str:
    """The agent's last message, without reasoning."""
    for step in reversed(steps):
        message = [text.text for text in step.texts if text.channel == "message" and text.text.strip()]
        if step.source == "agent" and message:
            return message[-1][-2_000:]
    return ""


def _last_failed(steps: Sequence[Step]) -> bool:
    for step in reversed(steps):
        for text in reversed(step.texts):
            if text.channel in ("result", "error"):
                code = exit_code(text.text)
                return text.channel == "error" if code is None else code != 0
    return False


def _circles(steps: Sequence[Step]) -> bool:
    calls = [call for step in steps for call in _calls(step)][-_LOOK_BACK:]
    if len(calls) >= 3 and len(set(calls[-3:])) == 1:
        return True
    if len(calls) >= 6 and len(set(calls[-6:])) == 2 and calls[-6:-2] == calls[-4:]:
        return True
    results = [text.text for step in steps for text in step.texts if text.channel in ("result", "error")]
    if len(results) < 4:
        return False
    last = [_complaint(result) for result in results[-4:]]
    return b"" not in last and len(set(last)) == 1


def _complaint(result: str) -> bytes:
    """The last line of a failed result, without numbers; empty if the result succeeded."""
    code = exit_code(result)
    if not code:
        return b""
    lines = [line for line in result.split("\n") if line.strip() and not line.lstrip().startswith("[")]
    return fine(lines[-1].strip()) if lines else b"exit"


def actions(trace: Trace) -> int:
    """A digest of all of the agent's calls in order, white space ignored; 0 without calls."""
    calls = [call for step in trace.steps for call in _calls(step)]
    return digest("\n".join(calls).encode("utf-8", "surrogatepass")) if calls else 0
