"""Tools to test your own parts, loaded on first use.

- `Script`, `ScriptedServer`: a model that gives scripted answers over HTTP on loopback. `await server.start()`
  returns the base URL for an `ahe.toml`, or for any client of an OpenAI-compatible endpoint.
- `check_environment`: the conformance suite that every `Environment` must pass; see `ahe.testing.conformance`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ahe.models.script import Script
    from ahe.models.scripted import ScriptedServer
    from ahe.testing.conformance import CheckResult, check_environment

__all__ = ["CheckResult", "Script", "ScriptedServer", "check_environment"]

HOMES = {
    "CheckResult": "ahe.testing.conformance",
    "Script": "ahe.models.script",
    "ScriptedServer": "ahe.models.scripted",
    "check_environment": "ahe.testing.conformance",
}


def __getattr__(name: str) -> Any:
    """PEP 562: importing `ahe.testing` loads neither the records nor any client."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
