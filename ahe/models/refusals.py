"""What an endpoint's refusal means: try again, give up, or blame the request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ahe.errors import AheError, BadRequest, ContextOverflow, ModelUnavailable, UsageError
from ahe.models.identity import served_here
from ahe.models.retry import Transient, retry_after
from ahe.records import ModelSpec

CONTEXT = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|exceed_context|too many tokens|reduce the length"
    r"|(prompt|input|request|message)s? (is|are) too long|token count.{0,40}exceeds",
    re.IGNORECASE,
)
NO_MODEL = re.compile(r"not a valid model|\bmodel\b.{0,60}(not found|not exist)|unknown model", re.IGNORECASE)
NO_KEY = re.compile(r"api[ _-]?key", re.IGNORECASE)
NO_MONEY = re.compile(
    r"insufficient[_ ](quota|balance|credits|funds)|exceeded your current quota", re.IGNORECASE
)
NO_TOOLS = re.compile(r"support tool|tools? (is|are) not supported|tools param requires", re.IGNORECASE)

RETRIED = frozenset({408, 409, 425, 429})
ADAPTABLE = ("seed", "response_format")


class Adapt(Exception):
    """The endpoint refuses `parameter`, which can be left out or renamed: send the call again without it."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(reason)
        self.parameter = parameter
        self.reason = reason


def refusal(spec: ModelSpec, where: str, status: int, body: str, headers: Mapping[str, str]) -> Exception:
    """What HTTP `status` with this body stands for: an AheError, `Transient` or `Adapt`."""
    message = _message(body)
    said = f"HTTP {status}: {message[:1000] or 'no message'}"
    if served_here(spec) == "replay":
        return ModelUnavailable(message)
    if NO_TOOLS.search(message) and status in (400, 404, 500):
        return BadRequest(f'{where} refused the tools ({said}); set tool_calls = "text" in ahe.toml')
    if status in (401, 403) or (status == 400 and NO_KEY.search(message)):
        return ModelUnavailable(f"{where} refused the key ({said}); {_key_advice(spec)}")
    if status == 402 or NO_MONEY.search(message):
        return ModelUnavailable(f"the account at {where} is out of money ({said}); top it up, then go on")
    if status in (400, 413, 422) and CONTEXT.search(message):
        return ContextOverflow(f"the conversation no longer fits the window of {spec.name} ({said})")
    if status == 404 or (status in (400, 422) and NO_MODEL.search(message)):
        return ModelUnavailable(
            f"{where} does not serve the model {spec.name!r} ({said}); "
            "correct `name` or `base_url` in ahe.toml"
        )
    if status in RETRIED or status >= 500:
        return Transient(said, retry_after(headers))
    return _blame(spec, where, status, message, said)


def _blame(spec: ModelSpec, where: str, status: int, message: str, said: str) -> AheError | Adapt:
    if status not in (400, 413, 422):
        return ModelUnavailable(
            f"{where} is no chat completions endpoint ({said}); correct `base_url` in ahe.toml"
        )
    if "max_completion_tokens" in message:
        return Adapt("max_tokens", said)
    for parameter in ADAPTABLE:
        if parameter in message:
            return Adapt(parameter, said)
    if spec.temperature is not None and "temperature" in message:
        # Dropping it in silence would make the fingerprint a lie.
        return UsageError(f"{where} refuses `temperature` for {spec.name}; remove it from ahe.toml ({said})")
    return BadRequest(f"{where} rejected the request ({said})")


def _message(body: str) -> str:
    """The error's own text, where the body has the usual form; else the body."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error).strip()
    except (ValueError, KeyError, TypeError):
        return body.strip()


def _key_advice(spec: ModelSpec) -> str:
    if spec.api_key_env:
        return f"put a valid key into the environment variable {spec.api_key_env}"
    return "name the environment variable that holds the key as `api_key_env` in ahe.toml"
