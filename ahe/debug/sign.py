"""Deterministic signatures of failures: verifier's cause, agent's last status, abstract mechanism.

The three parts follow Self-Harness (arXiv 2606.09498). Same trace, same signature; `unknown` is a value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.read import Step
from ahe.records import Cluster, Signature, Trial

_CAUSES = (
    (
        "missing_output",
        r"no such file|does not exist|not found|is missing|was not (created|written)|\bmissing\b",
    ),
    ("damaged_input", r"was (changed|modified|damaged|deleted)|must not (be )?change|no longer"),
    ("service_down", r"not (listening|running|reachable|answering)|refused|no server|no process"),
    ("verifier_timeout", r"timed out|timeout"),
    ("code_error", r"traceback|syntaxerror|nameerror|typeerror|exception|raised"),
    ("wrong_format", r"format|not valid|invalid|parse|header|line count|lines?, (found|got)|trailing"),
    ("wrong_value", r"expected|should|wrong|instead of|but (got|found|is)|differ"),
)
_MECHANISMS = (
    ("command_not_found", r"command not found"),
    ("shell_syntax", r"syntax error|unexpected (eof|token)|unterminated|unmatched"),
    ("python_error", r"Traceback \(most recent call last\)|^\w*Error:"),
    ("no_such_path", r"No such file or directory|cannot (access|stat|open)"),
    ("permission", r"Permission denied|Read-only file system|Operation not permitted"),
    ("usage_error", r"invalid option|unrecognized option|usage:|try '.*--help'"),
    ("command_timeout", r"\[the command was stopped after"),
)


def sign(trial: Trial, steps: Sequence[Step], verifier: str) -> Signature:
    """The signature of a failed trial."""
    return Signature(
        cause=_first(_CAUSES, last_line(verifier)),
        status=_status(trial, steps),
        mechanism=_mechanism(steps),
    )


def last_line(verifier: str) -> str:
    """The last line that a verifier printed: by custom it says what is wrong."""
    lines = [line.strip() for line in verifier.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def clusters(signed: Sequence[tuple[Trial, Signature]]) -> tuple[Cluster, ...]:
    """Equal signatures together, most tasks first, then most trials, then by name."""
    groups: dict[str, list[tuple[Trial, Signature]]] = {}
    for trial, signature in sorted(signed, key=lambda pair: pair[0].id):
        groups.setdefault(str(signature), []).append((trial, signature))
    found = [
        Cluster(
            signature=members[0][1],
            trials=tuple(trial.id for trial, _ in members),
            tasks=tuple(sorted({trial.task for trial, _ in members})),
        )
        for members in groups.values()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.tasks), -len(c.trials), str(c.signature))))


def _first(table: Sequence[tuple[str, str]], text: str) -> str:
    for name, pattern in table:
        if re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
            return name
    return "unknown"


def _status(trial: Trial, steps: Sequence[Step]) -> str:
    commands = [call for step in steps for call in step.calls]
    if trial.ended != "answered":
        repeated = len(commands) >= 3 and len(set(commands[-3:])) == 1
        return "looping" if repeated else f"out_of_{trial.ended}" if trial.ended in _LIMITS else trial.ended
    if not commands:
        return "no_action"
    return "answered_after_error" if _failed(steps) else "answered"


_LIMITS = ("turns", "tokens", "seconds")


def _failed(steps: Sequence[Step]) -> bool:
    """Whether the last command did not succeed."""
    results = [result for step in steps for result in step.results]
    return bool(results) and re.search(r"\[exit code (?!0\])-?\d+\]", results[-1]) is not None


def _mechanism(steps: Sequence[Step]) -> str:
    """The last kind of error that a command showed; `none` where every command succeeded."""
    for step in reversed(steps):
        for result in reversed(step.results):
            name = _first(_MECHANISMS, result)
            if name != "unknown":
                return name
    return "none"
