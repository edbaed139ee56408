"""What an endpoint's error means: whose fault it is, whether it is worth a retry, and what can be done without.

`overflow.toml` holds how servers say that a conversation is too long.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import permutations
from typing import Any

from ahe.errors import AheError, BadRequest, ContextOverflow, ModelUnavailable, UsageError
from ahe.models import wire
from ahe.models.body import error_words
from ahe.models.retry import TransientFailure, retry_after
from ahe.models.wire import Habits
from ahe.records import ModelSpec

NO_MODEL = re.compile(
    r"not a valid model|unknown model|\bmodel_?(decommissioned|deprecated|gone)\b"
    r"|\bmodel\b.{0,60}(not (found|exist)|decommissioned|retired|deprecated|no longer (available|supported))",
    re.IGNORECASE,
)
NO_KEY = re.compile(r"api[ _-]?key", re.IGNORECASE)
NO_MONEY = re.compile(
    r"insufficient[_ ](quota|balance|credits?|funds)|(exceeded|out of|over) (your|the) (current )?quota"
    r"|out of credits|more credits|payment required|arrear|account is (in good standing|not active)"
    r"|balance is (too low|insufficient|not enough)|(reached|exceeded|hit) your .{0,30}(usage|spend\w*) limit"
    r"|billing.{0,20}(limit|not active|inactive)|organization has been (disabled|restricted)"
    r"|account.{0,20}(suspended|overdue)",
    re.IGNORECASE,
)
"""Sources: anthropics/claude-code 66314 and 38035, tencentmusic/supersonic 1572, all-in-aigc/aiwallpaper 2."""
NO_TOOLS = re.compile(r"support tool|tools? (is|are) not supported|tools param requires", re.IGNORECASE)
UNREADABLE = re.compile(
    r"tool_use_failed|failed_generation|failed to (call a function|parse (input at|tool|function|the model))"
    r"|malformed_?function_?call|attempted to call tool|requested tool does not exist|tool call validation failed",
    re.IGNORECASE,
)
"""The model wrote a call that the endpoint could not read (https://github.com/anomalyco/opencode/issues/1018)."""

LENGTH = re.compile(
    r"max_(completion_|new_|output_)?tokens|max(completion|output)?tokens|maximum tokens (you requested|value)"
    r"|(completion|output) tokens|reply length",
    re.IGNORECASE,
)
INPUT = re.compile(
    r"\b(prompt|inputs?(?! should)|messages?|context limit|together|sum|total)\b", re.IGNORECASE
)
RENAMED = re.compile(
    r"un(supported|known|recognized|expected)|not (supported|permitted|allowed)|instead", re.IGNORECASE
)
WANTED = re.compile(r"missing|required|pass(ed)? back", re.IGNORECASE)
PER_TIME = re.compile(r"per[ -](second|minute|min|hour|day)\b|\b[TR]P[MD]\b|rate.?limit", re.IGNORECASE)
ALLOWED = re.compile(r"\blimit(?: of| is)?\W{0,3}(\d[\d,]{0,12})", re.IGNORECASE)
WANTS = re.compile(r"\brequested\D{0,12}(\d[\d,]{0,12})", re.IGNORECASE)
"""What an account may use in a time, and what one request needs of it."""
MODERATED = re.compile(
    r"moderat|flagged|content.?(policy|filter)|inappropriate|guardrail|unsafe|safety", re.IGNORECASE
)

SETTLED: tuple[tuple[str, str], ...] = (
    (
        wire.STREAM,
        r"only.{0,20}stream|stream\w*.{0,30}(only|required|must be)|requires? .{0,20}stream|non-?stream",
    ),
    (
        wire.SYSTEM,
        r"system (role|message|prompt|instruction)s?.{0,30}not|support.{0,20}\bsystem\b|developer instruction"
        r"|only user and assistant roles",
    ),
    (
        wire.ALTERNATE,
        r"alternat(e|ing|ion)\b|consecutive|same turn|after role|unexpected role|same role|last role",
    ),
    (wire.TOOL_NAME, r"function_?response\.?name|name cannot be empty|tool message.{0,40}\bname\b"),
    (
        wire.NULL,
        r"(?<!\w)content.{0,60}(null|<nil>|none|required|missing|valid string|be a string|expected.{0,15}string)",
    ),
    (wire.BLANK, r"(?<!\w)content.{0,60}(empty|blank|non-?empty|non-?whitespace)"),
)
"""Habits that a call can be adapted to, with the words of the refusal. Sources: OpenManus 330 (streams), LiteLLM
and Gemma templates (system), NousResearch/hermes-agent 20154 (roles).
"""
RETRIED = frozenset({408, 409, 424, 425, 429})
OVERLOADED = frozenset({429, 503, 529})
NEEDED = frozenset(
    {"model", "messages", "tools", "stream", "max_tokens", "role", "content", "tool_calls", "tool_call_id"}
    | {"id", "type", "function", "name", "arguments"}
)
"""Fields of the payload, its messages and calls that cannot be left out."""
LEAST_REPLY, LEAST_ROOM = 16, 256
MOST_NUMBERS = 40


class Adapt(Exception):
    """The call can be sent again in another form: with these habits, or a reply of at most `room` tokens.

    `otherwise` is raised if that changes nothing.
    """

    def __init__(
        self, otherwise: AheError, names: frozenset[str] = frozenset(), reply: int = 0, room: int = 0
    ) -> None:
        super().__init__(str(otherwise))
        self.otherwise = otherwise
        self.habits = Habits(names=names, reply_tokens=reply)
        self.room = room


class Unreadable(Exception):
    """The endpoint could not read the tool call that its model wrote."""


@lru_cache(maxsize=1)
def _overflow() -> dict[str, re.Pattern[str]]:
    words = tomllib.loads(files("ahe.models").joinpath("overflow.toml").read_text("utf-8"))["words"]
    return {name: re.compile("|".join(found), re.IGNORECASE) for name, found in words.items()}


def overflows(message: str) -> bool:
    """Whether a refusal says that the conversation is too long for the model. See `overflow.toml`."""
    has = {name: bool(pattern.search(message)) for name, pattern in _overflow().items()}
    if has["rate"] or not has["excess"]:
        return False
    return has["window"] or (has["prompt"] and has["length"] and not has["other"])


def refusal(
    spec: ModelSpec, where: str, status: int, body: str, headers: Mapping[str, str], sent: dict[str, Any]
) -> Exception:
    """What to raise for HTTP `status` with this body: an AheError, TransientFailure, Adapt or Unreadable."""
    message = error_words(body)
    said = f"HTTP {status}: {message[:1000] or 'no message'}"
    wait = retry_after(headers, message)
    limited = wait is not None or PER_TIME.search(message) is not None
    if NO_TOOLS.search(message) and status in (400, 404, 500):
        return BadRequest(f'{where} refused the tools ({said}); set tool_calls = "text" in ahe.toml')
    if status < 500 and (large := _never_fits(spec, where, message, said, sent)):
        return large
    if status == 402 or (status < 500 and NO_MONEY.search(message) and not (limited and status == 429)):
        return ModelUnavailable(
            f"the account at {where} is out of money ({said}); top it up and run the command again"
        )
    if status == 403 and MODERATED.search(message):
        return BadRequest(f"{where} rejected the request ({said})")
    if status in (401, 403) or (status == 400 and NO_KEY.search(message)):
        advice = f"put a valid key into the environment variable {spec.api_key_env}"
        if not spec.api_key_env:
            advice = "name the environment variable that holds the key as `api_key_env` in ahe.toml"
        return ModelUnavailable(f"{where} refused the key ({said}); {advice}")
    if status in (400, 413, 422) and PER_TIME.search(message):
        return TransientFailure(said, wait, limited=True)
    # A router may hide the refusal of a provider behind a status of its own.
    refused = status in (400, 413, 416, 422, 500) or _overflow()["window"].search(message)
    if refused and (found := _adaptable(spec, where, status, message, said, sent)):
        return found
    if status in (404, 410) or (status in (400, 422) and NO_MODEL.search(message)):
        return ModelUnavailable(
            f"{where} does not serve the model {spec.name!r} ({said}); "
            "correct `name` or `base_url` in ahe.toml"
        )
    if status in RETRIED or status >= 500:
        return TransientFailure(said, wait, limited=status in OVERLOADED)
    if status in (400, 413, 422):
        return BadRequest(f"{where} rejected the request ({said})")
    return ModelUnavailable(
        f"{where} is not a chat completions endpoint ({said}); correct `base_url` in ahe.toml"
    )


def _adaptable(
    spec: ModelSpec, where: str, status: int, message: str, said: str, sent: dict[str, Any]
) -> Exception | None:
    """What a refused request may be sent again with, or that its conversation is too long; else None."""
    if UNREADABLE.search(message):
        return Unreadable(said)
    rejected = BadRequest(f"{where} rejected the request ({said})")
    asked = sent.get("max_tokens") or sent.get("max_completion_tokens") or 0
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", message)
    numbers = [int(number) for number in re.findall(r"(?<![\w.])\d{1,9}(?!\w|\.\d)", plain)][:MOST_NUMBERS]
    lower = [number for number in numbers if LEAST_REPLY <= number < asked]
    if lower and status < 500 and LENGTH.search(message) and not INPUT.search(message):
        return Adapt(rejected, reply=max(lower))
    if overflows(message):
        full = ContextOverflow(f"the conversation no longer fits the window of {spec.name} ({said})")
        return Adapt(full, room=room) if (room := _room(numbers, asked)) else full
    if status == 413 or status >= 500:
        # A server that failed says anything: it must not change the form of later calls.
        return None
    length = "max_tokens" if "max_tokens" in sent else "max_completion_tokens"
    if RENAMED.search(message) and ("max_completion_tokens" in message or _names(message, length)):
        return Adapt(rejected, names=frozenset({length}))
    if "temperature" in sent and "temperature" in message:
        # Leaving it out silently would make the fingerprint wrong.
        return UsageError(f"{where} refuses `temperature` for {spec.name}; remove it from ahe.toml ({said})")
    settled = (name for name, words in SETTLED if re.search(words, message, re.IGNORECASE))
    name = _field(message, sent) or next(settled, "")
    return Adapt(rejected, names=frozenset({name})) if name else None


def _never_fits(
    spec: ModelSpec, where: str, message: str, said: str, sent: dict[str, Any]
) -> Exception | None:
    """What to raise if one request alone exceeds the account's limit for a time, so that no wait can help."""
    found = ALLOWED.search(message), WANTS.search(message)
    limit, wanted = (int(each[1].replace(",", "")) if each else 0 for each in found)
    if not 0 < limit < wanted or not PER_TIME.search(message):
        return None
    text = (
        f"one request to {where} needs {wanted} tokens, and the account is allowed {limit} in that time ({said}); "
        f"raise the account's limit for {spec.name}, or name another model or endpoint in ahe.toml"
    )
    grown = any(message["role"] == "assistant" for message in sent["messages"])
    never = ContextOverflow(text) if grown else ModelUnavailable(text)
    room = limit - wanted + (sent.get("max_tokens") or sent.get("max_completion_tokens") or 0)
    return Adapt(never, room=room) if room >= LEAST_ROOM else never


def _room(numbers: list[int], asked: int) -> int:
    """Tokens for the reply, if the numbers of a refusal show that the prompt alone would fit; else 0.

    They hold the window, and the prompt (perhaps in parts) with the reply that was asked for, their sum, or both.
    """
    rooms = []
    for window, total in permutations(numbers, 2):
        prompt = total - asked
        whole = prompt in numbers and prompt != asked
        in_parts = asked in numbers and sum(numbers) == window + 2 * total
        if max(window, asked) < total < window + asked and (whole or in_parts):
            rooms.append(window - prompt)
    rooms = rooms or [
        window - prompt
        for prompt, window in permutations(numbers, 2)
        if 0 < prompt < window < prompt + asked
        and prompt != asked
        and numbers.count(asked) > (window == asked)
    ]
    if not rooms and 0 < max(numbers, default=0) < 2 * asked:
        rooms = [max(numbers) // 4]  # The window is hardly larger than the reply asked for: try a short one.
    return min(rooms) if rooms and min(rooms) >= LEAST_ROOM else 0


def _field(message: str, sent: dict[str, Any]) -> str:
    """The optional parameter or message field of the payload that the refusal names; empty if it names none."""
    replies = [each for each in sent["messages"] if each["role"] == "assistant"]
    calls = [call for each in replies for call in each.get("tool_calls", ())]
    extra = {key for part in (*replies, *calls, *(call["function"] for call in calls)) for key in part}
    for key in (*sent, *sorted(extra)):
        if key not in NEEDED and _names(message, key):
            return f"{wire.FILL}{key}" if key in extra and WANTED.search(message) else key
    return "response_format" if "json_schema" in message and "response_format" in sent else ""


def _names(message: str, key: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", message) is not None
