"""What an endpoint would do for an agent by itself: search the web, call servers, fetch addresses.

To a task without network that would be a network, so a relay refuses it.
"""

import re
from collections.abc import Iterable
from typing import Any

from ahe.errors import BadRequest

CLIENTS = re.compile(
    r"function|custom|local_shell|apply_patch|tool_search|namespace|(bash|text_editor|memory|computer)_\w+"
)
"""Types of tools that the agent itself carries out, or that only hold or find such."""
SETTINGS = re.compile(r"mcp_servers|background|models|plugins|route|prompt|extra_body|.*search.*")
"""`prompt` is one that the account has stored, with tools of its own."""
TALK = ("messages", "input", "system", "instructions")
MEDIUM = re.compile(
    r"(input_|computer_)?(image|file|document|audio|video|screenshot|media)(_url|_data)?", re.IGNORECASE
)
ADDRESS = re.compile(r"(https?|ftp|gs|s3|file):|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


def check(payload: dict[str, Any]) -> None:
    """Raises `BadRequest` for a payload that makes the endpoint act by itself."""
    for name, value in payload.items():
        if SETTINGS.fullmatch(name) and value not in (None, False, []):
            raise _refused(f"the setting {name[:60]!r}")
    _check_tools(payload.get("tools"))
    for name in TALK:
        _check_content(payload.get(name), medium=False)


def _check_tools(tools: Any) -> None:
    for tool in tools if isinstance(tools, list) else [tools] if tools else ():
        given = tool if isinstance(tool, dict) else {"type": tool}
        kind = str(given.get("type") or ("custom" if "input_schema" in given else "without a type"))
        if given is not tool or not CLIENTS.fullmatch(kind):
            raise _refused(f"the tool {kind[:60]!r}")
        _check_tools(given.get("tools"))


def _check_content(value: Any, medium: bool) -> None:
    """`medium`: the value belongs to an image, a file or the like."""
    if isinstance(value, str):
        if medium and ADDRESS.match("".join(value.lstrip()[:100].split())):
            raise _refused(f"the address {value.strip()[:60]!r}: send an image or a file as data")
        return
    inside: Iterable[tuple[str, Any]] = ()
    if isinstance(value, list):
        inside = (("", each) for each in value)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "tool_use":  # its input is the model's own, of any form
            return
        medium = medium or bool(MEDIUM.fullmatch(str(kind)))
        _check_tools(value.get("tools"))
        inside = value.items()
    for name, each in inside:
        _check_content(each, medium or bool(MEDIUM.fullmatch(name)))


def _refused(what: str) -> BadRequest:
    return BadRequest(
        f"ahe does not pass on {what}; a trial has no tools and addresses of the endpoint's own"
    )
