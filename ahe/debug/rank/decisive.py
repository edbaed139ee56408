"""The few acts of a failed rollout that a reader has to see to learn why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.debug.signals.mechanisms import Shown, error, failed_check, got_over, optional, succeeded, unresolved
from ahe.debug.signals.outcome import Finding
from ahe.debug.verifiers.failure import Failure
from ahe.records import Citation
from ahe.records.changes import CUT

COMMAND, LINE, SAID = 150, 200, 240
"""Characters of a command, of a line that it printed, and of the agent's last words."""
UNREPEATED = "a check that failed, and did not succeed later"
MOST, LAST, WHOLE = 5, 4, 3
"""Acts that are shown, last steps in which the agent's last words are looked for, lines of an output shown whole."""
_NAME = re.compile(
    r"(?<![\w.-])[\w.-]{0,200}[/._][\w./-]{0,200}\w|\b[a-z]+_\w+\b|\b[A-Z][a-z]+[A-Z]\w+\b|`[^`\n]{3,40}`|'[\w.-]{4,40}'"
)
_TRIVIAL = re.compile(
    r"^\s*(?:cd |set [-+]|export |#|source |\. |mkdir -p |sleep |clear$|echo ['\"]?[-=#*]{2,}|\*\*\* Begin|$)"
)
_TESTS = re.compile(
    r"(?:Error|Exception|Warning)$|(?:^|/)(?:tests?/|test_\w+|\w+_test\.)|\.py:\d+|^\d|^(?:self|np|pd|os|sys|re|json|assert\w*)\."
)
_PATH = re.compile(r"\"(?:file_?path|path|filePath|target_file|filename)\": ?\"[^\"\n]{1,140}\"")


def findings(
    label: str,
    trace: Trace,
    did: Sequence[Act],
    shown: Shown | None,
    said: Sequence[Failure],
    known: frozenset[str],
) -> tuple[tuple[Finding, ...], int]:
    """At most `MOST` acts in the order of steps, with the number of the chief one; `known` are lines of others."""
    wanted: dict[int, str] = {}
    named = names(said)
    chosen = _chosen(did, shown, named)
    for why, act in chosen:
        at = did.index(act)
        wanted.setdefault(at, why)
    kept = list(wanted)[:MOST]
    found = [
        Finding(cite(label, did[at]), why=wanted[at])
        if wanted[at] != UNREPEATED and got_over(did[at], did[at + 1 :])
        else _finding(label, did[at], wanted[at], shown, known)
        for at in sorted(kept)
    ]
    chief = sorted(kept).index(kept[0]) if kept else 0
    if last := _last_words(label, trace):
        found.append(last)
    return tuple(found), chief


def largest(label: str, did: Sequence[Act]) -> Finding | None:
    """The act that printed most: what a context was filled with."""
    act = max(did, key=lambda each: len(each.result), default=None)
    return (
        None if act is None else Finding(cite(label, act), why=f"printed most, {len(act.result)} characters")
    )


def names(said: Sequence[Failure]) -> tuple[str, ...]:
    """Paths and identifiers in the verifier's words that the agent may have named too; at most 12."""
    spoken = (failure.test if " " in failure.test else "" for failure in said[:8])
    text = "\n".join([*spoken, *(failure.decisive or failure.message[:400] for failure in said[:8])])
    found = [token.strip("`'.") for token in _NAME.findall(text)]
    kept = [(token.rpartition("/")[2], token) for token in found if not _TESTS.search(token)]
    named = (last if len(last) > 3 else token for last, token in kept)
    return tuple(dict.fromkeys(name for name in named if len(name) > 3))[:12]


def _chosen(did: Sequence[Act], shown: Shown | None, named: Sequence[str]) -> list[tuple[str, Act]]:
    """Why and which, most decisive first."""
    found: list[tuple[str, Act]] = []
    worked = [act for act in did if act.kind in ("run", "change") and not optional(act)]
    if shown is not None:
        found.append(("ended with", shown.act))
    elif failing := failed_check(did):
        found.append((UNREPEATED, failing))
    for name in named:
        changed = [act for act in worked if act.kind == "change" and name in act.call]
        touched = changed or [act for act in did if name in act.call and act.kind != "other"]
        if touched:
            found.append((f"last {'change to' if changed else 'command about'} {name}", touched[-1]))
            break
    if shown is None and (left := unresolved(did)) is not None:
        found.append(("failed, and nothing got over it", left.act))
    if check := next((act for act in reversed(worked) if succeeded(act) and act.result.strip()), None):
        found.append(("last check", check))
    if changes := [act for act in worked if act.kind == "change"]:
        found.append(("last change", changes[-1]))
    if not found and did:
        found.append(("last command", did[-1]))
    return found


def _finding(label: str, act: Act, why: str, shown: Shown | None, known: frozenset[str]) -> Finding:
    """The act with the line of its error, or all of a short output, or the last line of a long one."""
    ran = cite(label, act)
    own = shown if shown is not None and shown.act is act else error(act, known)
    lines = act.lines(known) if act.kind != "look" or act.failed or own else []
    if not lines:
        return Finding(ran, "", None, why)
    at = next((n for n, line in enumerate(lines) if own and own.line in line), len(lines) - 1)
    said = " ".join(" ".join(lines).split())
    whole = own is None and len(lines) <= WHOLE and len(said) <= LINE and said in " ".join(act.result.split())
    line = said if whole else lines[at].strip()
    quote = line if len(line) <= LINE else line[:LINE].rstrip() + CUT
    context = "\n".join(each[:LINE] for each in lines[max(0, at - 4) : at + 3])
    return Finding(Citation(trial=label, step=act.result_step, quote=quote), context, ran, why)


def cite(label: str, act: Act) -> Citation:
    """The first line of a command that says something."""
    lines = [line.strip() for line in act.command.split("\n")] or [""]
    line = next((line for line in lines if not _TRIVIAL.match(line)), lines[0])
    if (
        line not in act.call
    ):  # a command that was decoded from JSON: quote what is recorded, up to the first escape
        plain = re.split(r'["\\]', line)[0]
        line = plain if len(plain) > 11 and plain in act.call else act.call.strip().split("\n")[0]
        lines = ["", ""]
    if (path := _PATH.search(act.call)) is not None and line.startswith("{"):
        line, lines = path[0], ["", ""]  # an edit: what it writes is not what happened
    more = len(line) > COMMAND or len(lines) > 1
    return Citation(trial=label, step=act.step, quote=line[:COMMAND].rstrip() + (CUT if more else ""))


def _last_words(label: str, trace: Trace) -> Finding | None:
    """The beginning of the agent's last message: what it believes that it did."""
    for step in list(reversed(trace.steps))[:LAST]:
        said = [text.text for text in step.texts if text.channel == "message" and text.text.strip()]
        if step.source == "agent" and said:
            words = " ".join(said[-1].split())
            quote = words if len(words) <= SAID else words[:SAID].rstrip() + CUT
            return Finding(Citation(trial=label, step=step.id, quote=quote), "", None, "its last words")
    return None
