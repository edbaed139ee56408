"""How a rollout ended, and whether that was the agent's doing at all.

Only what the tool, the endpoint or the harness recorded decides that: never what the agent says.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import API_ERROR, Text, Trace
from ahe.debug.signals.acts import Act
from ahe.debug.signals.broken import broken
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, THE_HARNESS, names, table

_OWN = names("answered turns seconds tokens context malformed crashed bad_request broken interrupted")
"""The words of `ahe` itself."""
_ENDED = table(
    r"""
not_started       install|agent_?setup|setup_?(?:error|timeout|fail)
context_overflow  ^context$|context[_ -]?(?:length|window|overflow|exceed|limit)|exit_context|prompt is too long
looping           stuck|in[_ ]loop|loop[_ ]?detect|doom[_ ]?loop|infinite[_ ]?loop
out_of_tokens     ^tokens$|max_?(?:output_?)?tokens|token[_ -]?limit|length|exit_cost|cost_?limit|budget
out_of_turns      ^turns$|max[_ -]?(?:turns|steps|iterations)|limits?_?exceeded|(?:step|turn)[_ -]?limit|exit_turns
broken            ^broken$|environment|docker|container|sandbox|verifier|reward_?file|health_?check
broken            agent_runtime_(?!timeout)
out_of_time       ^seconds$|time[_ -]?d?[_ -]?out|time[_ -]?limit|deadline
endpoint_refused  auth|exit_api|api[_ ]?(?:error|connection)|rate[_ -]?limit|quota|overload|connection|unavailable
malformed_call    format|malformed|parse|invalid[_ -]?tool
interrupted       interrupt|abort|cancel|stopped_by|killed|user_exit
gave_up           give[_ -]?up|gave[_ -]?up|refus
bad_request       bad[_ -]?request|invalid[_ -]?request
crashed           error|exception|crash|exit [1-9]
answered          answer|submit|complete|success|done|finish|end_turn|stop|resolved|exit 0
"""
)
"""Words of `ahe` and of other tools, in small letters with `_` before what was a capital."""
_SHOWN = table(
    r"""
context_overflow  prompt is too long|context[_ ]length[_ ]exceeded|maximum context length|input is too long
context_overflow  exceeds? the (?:model'?s )?(?:maximum |available )?context|context ?window ?exceeded
endpoint_refused  ^\W*(?:API Error|(?:litellm|openai|anthropic)\.\w*(?:\.\w+)*Error)\b
endpoint_refused  Error code: (?:40[1-4]|429|5\d\d)\b|(?:invalid|incorrect) (?:x-)?api[- _]key|authentication_error
endpoint_refused  insufficient_quota|overloaded_error|credit balance is too low|hit your usage limit
endpoint_refused  exceeded retry limit|rate_limit_(?:error|exceeded)|stream disconnected before completion
endpoint_refused  ^(?:\w+\.)?(?:APIConnection|RateLimit|InternalServer|ServiceUnavailable|Authentication)Error\b
endpoint_refused  the model `[^`]*` does not exist|unexpected status (?:4\d\d|5\d\d)|no api key
endpoint_refused  API key (?:is )?(?:not set|required|missing)
broken            cannot connect to the docker daemon|docker compose command failed|OCI runtime|no such container
broken            container \S+ is not running|error response from daemon|no server running on /tmp/tmux
broken            pull access denied|failed to solve:|\bAgentRuntime(?!Timeout)\w*Error
broken            \b(?:container|sandbox|pod)\b.{0,60}\b(?:died|crashed|disconnected|evicted|oom-?killed|was killed)
looping           stuck ?in ?(?:an? )?(?:\w+ )?loop|\bloop (?:was )?detected|\bdoom loop
out_of_turns      (?:reached|exceeded|hit) (?:the |its )?max(?:imum)?\b.{0,30}\b(?:iteration|turn|step)s?\b
out_of_tokens     (?:reached|exceeded|hit) (?:the |its )?max(?:imum)?\b.{0,20}\b(?:budget|cost)\b
""",
    re.IGNORECASE,
)
_NOT_RUN = re.compile(
    r"(?:command )?not found$|: (?:No such file or directory|Permission denied)$|cannot execute|can't open file"
    r"|Cannot find module|^(?:E|ERROR|error|curl): |^npm (?:ERR!|error) (?!code|A complete)"
)
_GAVE_UP = re.compile(
    r"(?i)\bI(?:'m| am)? (?:cannot|can't|could ?n[o']t|was(?:n't| not) able|(?:am |was )?unable|(?:am |was )?not able"
    r"|have to (?:stop|give up)|give up|must stop)|(?:it is|it's|this is) (?:not possible|impossible)|giving up"
    r"|unfortunately,? (?:I|it|the task|this)\b.{0,40}(?:cannot|can't|could ?n[o']t|unable|not possible)"
)
_ASKS_BACK = re.compile(
    r"(?i)\b(?:would you like|do you want|should I|shall I|could you|can you|please (?:provide|confirm|specify"
    r"|clarify|let me know|share)|let me know|which (?:one|of)|what would you)\b"
)
_STOPPED = ("out_of_turns", "out_of_time", "out_of_tokens", "context_overflow", "unknown", "interrupted")
_TROUBLE = re.compile(r"(?i)error|fail|refus|denied|not found|unable|cannot|timed? ?out|\b[45]\d\d\b")
_SUMMARY = re.compile(r"(?i)summary|compact|condens|sub-agent|custom")
"""Texts that a tool injects and that a model or a hook wrote."""
_LAST, _LONGEST, _LINE, _LINES = 3, 4_000, 240, 2


class Ending(NamedTuple):
    """How a rollout ended, in a word, and where the trace shows it: lines with their steps, the most telling first."""

    word: str
    shown: tuple[tuple[int, str], ...] = ()


def ending(trace: Trace, did: Sequence[Act]) -> Ending:
    """How the rollout ended; `did` are its acts.

    `looping` replaces a limit or an unknown end if the rollout ends with one call made three times, two calls made in
    turn three times each, or the same complaint in each of the last four results.
    """
    word = _word(trace.ended) if trace.started else "broken"
    if word not in THE_HARNESS and (found := broken(trace, did)):
        return Ending("broken", found)
    if word in _STOPPED and _circles(did):
        return Ending("looping")
    if shown := _shown(trace, word):
        return shown
    if not trace.started:
        return _not_started(trace)
    if not did and trace.tools and word in ("answered", "unknown") and trace.steps:
        return Ending("no_action")
    _, said = last_words(trace)
    if not trace.ended and said and trace.steps[-1].source == "agent":
        word = word if any(text.channel == "call" for text in trace.steps[-1].texts) else "answered"
    if word != "answered":
        return Ending(word)
    if _GAVE_UP.search(said[-2_000:]):
        return Ending("gave_up")
    if _ASKS_BACK.search(said[-300:]) and "?" in said[-80:]:
        return Ending("asked_back")
    last = next((act for act in reversed(did) if act.kind != "other" and act.result_step), None)
    return Ending("answered_after_error" if last and last.failed else "answered")


def _word(ended: str) -> str:
    """The ending that the record names."""
    small = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", ended).lower()
    return next((word for word, pattern in _ENDED if small and pattern.search(small)), "unknown")


def _not_started(trace: Trace) -> Ending:
    """The last lines in which an installer, a shell, or whoever started the trial says what failed."""
    found: list[tuple[int, str]] = []
    for step in trace.steps:
        for text in step.texts:
            if text.channel in ("result", "error"):
                lines = [line[:_LINE] for line in _said(text)]
                said = [line for line in lines if len(line) > 16 and _NOT_RUN.search(line)]
                found += ((step.id, line) for line in said or lines[-1:] * (text.channel == "error"))
    return Ending("not_started", tuple(dict.fromkeys(reversed(found)))[:_LINES])


def _shown(trace: Trace, word: str) -> Ending | None:
    """What the last steps show of an endpoint, a context or an environment that failed.

    The words of `ahe` itself say already whose doing it was: of them only `broken` may be named more exactly.
    """
    lines = list(_last_lines(trace))
    for step, line in lines if trace.ended not in _OWN or word == "broken" else ():
        for named, pattern in _SHOWN:
            if (match := pattern.search(line)) is not None:
                begin = line.find(" ", match.start() - 100) + 1 if match.start() > 100 else 0
                first = line[min(begin, match.start()) :][:_LINE].strip()
                more = [(at, each[:_LINE]) for at, each in lines if each != line and _TROUBLE.search(each)]
                return Ending(named, ((step, first), *more)[:_LINES])
    if word in ("crashed", "unknown"):
        # What the tool marked as the failure of a call of the model, in whatever words.
        last = [(step.id, text) for step in trace.steps[-_LAST:] for text in step.texts]
        calls = [(at, text) for at, text in last if text.channel == "error" and text.name == API_ERROR]
        if calls:
            at, text = calls[-1]
            return Ending("endpoint_refused", ((at, text.text.strip().split("\n")[0][:_LINE]),))
    if lines and (word in NOT_THE_AGENT or word in THE_HARNESS):
        return Ending(word, tuple((step, line[:_LINE]) for step, line in lines[:_LINES]))
    return None


def _last_lines(trace: Trace) -> Iterator[tuple[int, str]]:
    """Lines of the last steps that the tool itself wrote, last first: errors that are not a call's result, its notices,
    a last short message that is neither the agent's nor the user's.
    """
    tools = {text.name for step in trace.steps for text in step.texts if text.channel == "call"}
    for step in reversed(trace.steps[-_LAST:]):
        for text in reversed(step.texts):
            its_own = step.source in ("environment", "system") and not _SUMMARY.search(text.name)
            said = text.channel == "message" and step is trace.steps[-1] and len(text.text) < 1_000
            failed = text.channel == "error" and text.name not in tools and (text.name or text.failed is None)
            if failed or (its_own and (said or text.channel == "injected")):
                yield from ((step.id, line) for line in reversed(_said(text)))


def _said(text: Text) -> list[str]:
    """The lines at the end of a text that say something."""
    return [line.strip() for line in resolve(text.text[-_LONGEST:]).split("\n") if line.strip()]


def last_words(trace: Trace) -> tuple[int, str]:
    """The agent's last message, without reasoning, and its step; 0 and empty if it said nothing."""
    for step in reversed(trace.steps):
        said = [text.text for text in step.texts if text.channel == "message" and text.text.strip()]
        if step.source == "agent" and said:
            return step.id, said[-1]
    return 0, ""


def _circles(did: Sequence[Act]) -> bool:
    calls = [act.key for act in did if act.kind != "other"][-6:]
    if len(calls) >= 3 and len(set(calls[-3:])) == 1:
        return True
    if len(calls) == 6 and len(set(calls)) == 2 and calls[:4] == calls[2:]:
        return True
    said = [act.lines()[-1:] if act.failed else [] for act in did if act.result_step][-4:]
    complaints = {re.sub(r"\d+", "0", line.strip()) for lines in said for line in lines}
    return len(said) == 4 and all(said) and len(complaints) == 1
