"""The few acts of a failed rollout that a reader has to see to learn why it failed, and where it left a passing one."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.debug.signals.endings import last_words
from ahe.debug.signals.mechanisms import Shown, error, failed_check, got_over, optional, succeeded
from ahe.debug.signals.outcome import Divergence, Finding
from ahe.debug.verifiers.failure import Failure
from ahe.records import Citation
from ahe.text import CUT, cut

COMMAND, LINE, SAID = 150, 200, 240
"""Characters of a command, of a line that it printed, and of the agent's last words."""
Labelled = tuple[str, Sequence[Act]]
"""A rollout's label with its acts."""
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
    left: Shown | None,
    said: Sequence[Failure],
    known: frozenset[str],
) -> tuple[tuple[Finding, ...], int]:
    """At most `MOST` acts in the order of steps, and the last words, with the number of the chief act.

    `left` is the error that the agent did not get over, `known` are lines of others.
    """
    wanted: dict[int, str] = {}
    for why, act in _chosen(did, left, names(said)):
        wanted.setdefault(did.index(act), why)
    kept = list(wanted)[:MOST]
    found = [_finding(label, did, at, wanted[at], known) for at in sorted(kept)]
    step, words = last_words(trace)
    if step in [each.id for each in trace.steps[-LAST:]]:
        quote = cut(" ".join(words.split()), SAID)
        found.append(Finding(Citation(trial=label, step=step, quote=quote), why="its last words"))
    return tuple(found), sorted(kept).index(kept[0]) if kept else 0


def largest(label: str, did: Sequence[Act]) -> tuple[Finding, ...]:
    """The act that printed most: what a context was filled with; empty if there is no act."""
    most = max(did, key=lambda act: len(act.result), default=None)
    return (Finding(cite(label, most), why=f"printed most, {len(most.result)} characters"),) if most else ()


def names(said: Sequence[Failure]) -> tuple[str, ...]:
    """Paths and identifiers in the verifier's words that the agent may have named too; at most 12."""
    spoken = (failure.test if " " in failure.test else "" for failure in said[:8])
    text = "\n".join([*spoken, *(failure.decisive or failure.message[:400] for failure in said[:8])])
    found = (token.strip("`'.") for token in _NAME.findall(text))
    parts = ((token.rpartition("/")[2], token) for token in found if not _TESTS.search(token))
    named = (last if len(last) > 3 else token for last, token in parts)
    return tuple(dict.fromkeys(name for name in named if len(name) > 3))[:12]


def _chosen(did: Sequence[Act], left: Shown | None, named: Sequence[str]) -> list[tuple[str, Act]]:
    """Why and which, most decisive first."""
    found: list[tuple[str, Act]] = []
    worked = [act for act in did if act.kind in ("run", "change") and not optional(act)]
    changes = [act for act in worked if act.kind == "change"]
    if left is not None and left.sure:
        found.append(("ended with", left.act))
    elif failing := failed_check(did):
        found.append((UNREPEATED, failing))
    for name in named:
        changed = [act for act in changes if name in act.call]
        touched = changed or [act for act in did if name in act.call and act.kind != "other"]
        if touched:
            found.append((f"last {'change to' if changed else 'command about'} {name}", touched[-1]))
            break
    if left is not None and not left.sure:
        found.append(("failed, and nothing got over it", left.act))
    if check := next((act for act in reversed(worked) if succeeded(act) and act.result.strip()), None):
        found.append(("last check", check))
    found += [("last change", act) for act in changes[-1:]]
    return found or [("last command", act) for act in did[-1:]]


def _finding(label: str, did: Sequence[Act], at: int, why: str, known: frozenset[str]) -> Finding:
    """An act with the line of its error, or all of a short output, or the last line of a long one.

    An error that was got over is not shown, but for that of a check which did not succeed later.
    """
    act, ran, own = did[at], cite(label, did[at]), error(did[at], known)
    lines = act.lines(known) if act.kind != "look" or act.failed or own else []
    if not lines or (own and why != UNREPEATED and got_over(own, did[at + 1 :])):
        return Finding(ran, why=why)
    at = next((n for n, line in enumerate(lines) if own and own.line in line), len(lines) - 1)
    said = " ".join(" ".join(lines).split())
    whole = own is None and len(lines) <= WHOLE and len(said) <= LINE and said in " ".join(act.result.split())
    quote = said if whole else cut(lines[at].strip(), LINE)
    context = "\n".join(each[:LINE] for each in lines[max(0, at - 4) : at + 3])
    return Finding(Citation(trial=label, step=act.result_step, quote=quote), context, ran, why)


def cite(label: str, act: Act) -> Citation:
    """The first line of a command that says something."""
    lines = [line.strip() for line in act.command.split("\n")]
    line = next((line for line in lines if not _TRIVIAL.match(line)), lines[0])
    more = len(lines) > 1
    if line not in act.call:  # decoded from JSON: quote what is recorded, up to the first escape
        plain, more = re.split(r'["\\]', line)[0], True
        line = plain if len(plain) > 11 and plain in act.call else act.call.strip().split("\n")[0]
    if line.startswith("{") and (path := _PATH.search(act.call)) is not None:
        line, more = path[0], True  # an edit: what it writes is not what happened
    quote = line[:COMMAND].rstrip() + CUT if more else cut(line, COMMAND)
    return Citation(trial=label, step=act.step, quote=quote)


def find_divergence(failing: Sequence[Labelled], passing: Sequence[Labelled]) -> Divergence:
    """The divergence of the pair with the longest common beginning; empty if no pair differs.

    Acts that only look around do not count, nor do prompts, host names and temporary names. Two equal commands differ
    if one failed. A rollout that only stops earlier differs at its last act. If both sides change the same file, but
    at different times, those two changes are shown.
    """
    found = [_pair(*bad, *good) for bad in failing for good in passing]
    return max(found, key=lambda pair: pair[0], default=(0, ()))[1]


def _pair(
    bad_label: str, bad_did: Sequence[Act], good_label: str, good_did: Sequence[Act]
) -> tuple[int, Divergence]:
    """The number of acts that two rollouts share, and where they part; -1 if they do not."""
    bad, good = ([act for act in did if act.kind in ("change", "run")] for did in (bad_did, good_did))
    shared = 0
    for one, other in zip_longest(bad, good):
        if one is None or other is None or (one.key, one.failed) != (other.key, other.failed):
            break
        shared += 1
    if shared == len(bad) == len(good):
        return -1, ()
    if not bad:
        return 0, (("passing", cite(good_label, good[0])),)
    if not good:
        return 0, (("failing", cite(bad_label, bad[0])),)
    left, right = bad[min(shared, len(bad) - 1)], good[min(shared, len(good) - 1)]
    show = _printed if left.key == right.key and left.failed != right.failed else cite
    if show is cite:
        left, right = _same_target(bad[shared:], good[shared:]) or (left, right)
    return shared, (("failing", show(bad_label, left)), ("passing", show(good_label, right)))


def _same_target(bad: Sequence[Act], good: Sequence[Act]) -> tuple[Act, Act] | None:
    """The first change of a file after the common beginning that the other side changes too, and how it does."""
    pairs = (
        (act, other) for act in bad for target in act.targets for other in good if target in other.targets
    )
    return next(((act, other) for act, other in pairs if act.key != other.key), None)


def _printed(label: str, act: Act) -> Citation:
    """The last line that an act printed, or the act if it printed nothing."""
    lines = act.lines()
    if not lines:
        return cite(label, act)
    return Citation(trial=label, step=act.result_step, quote=cut(lines[-1].strip(), LINE))
