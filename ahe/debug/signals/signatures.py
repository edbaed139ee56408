"""Signatures of failures (the verifier's cause, ending, mechanism), and their clusters.

The three parts follow Self-Harness (arXiv 2606.09498). A trace always gets the same signature; `unknown` is a value.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.debug.signals.endings import Ending
from ahe.debug.signals.mechanisms import Shown
from ahe.debug.signals.outcome import TaskOutcome
from ahe.debug.signals.vocabulary import NOTHING_DONE, THE_HARNESS, table
from ahe.debug.verifiers.failure import Failure
from ahe.records import Cluster, Signature

_VALUES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|(?<!\S)\S*/\S*")
"""Paths and quoted values do not name the kind of failure: a file may be called `timeout`."""
_CAUSES = table(
    r"""
verifier_error    no tests ran|collected 0 items|pytest: |uvx?: .*not found|^e: (?:unable|could not)|usage: 
verifier_error    fixture .* not found|errors? during collection|internalerror|no matching distribution
verifier_error    could not resolve host|unrecognized arguments
too_slow          too slow|slower than|not fast enough|speed-?up|took too long|was stopped after
too_slow          took [\d.]+ ?(?:m?s|sec\w*)\b.*(?:limit|max|allow|expect|budget|more than)
too_slow          (?:below|under|above|over|exceeds?) (?:the |its )?(?:threshold|limit|budget|maximum|minimum)
too_slow          accuracy|too (?:large|big|many bytes)|timed? ?-?out|timeout|deadline exceeded
too_slow          did not (?:finish|end|complete|return) (?:in|within)
build_error       modulenotfound|importerror|no module named|cannot import|cannot find module|err_module|noclassdef
build_error       build failed|compil(?:e|ation)\b.*(?:error|fail)|(?:does|did) not (?:compile|build)
build_error       undefined reference|cannot find symbol|undefined: |error\[e\d+\]|syntax ?error|indentationerror
build_error       ^make: \*\*\*|failed to (?:build|compile|install)|could not compile
damaged_input     \b(?:was|were|been|is|are) (?:changed|modified|altered|damaged|overwritten|tampered|edited|corrupted)
damaged_input     (?:must|should) not (?:be |have been )?(?:chang|modif|alter|edit)
damaged_input     (?:input|original|source)\b.{0,40}(?:missing|changed|modified|deleted|gone)
damaged_input     no longer (?:the same|there|exists?|intact)|unexpectedly (?:modified|changed)
repository_state  \b(?:commit(?:s|ted)?|branch(?:es)?|working tree|git|head|merged?|rebased?|stash|tagged)\b
service_down      conn(?:ection ?)?(?:refused|error|reset|aborted)
service_down      not (?:listening|running|reachable|answering|responding|healthy|accepting)
service_down      no (?:server|process|service)\b|nothing (?:is )?(?:listening|answer)|answered with
service_down      status(?: code)?(?: is| was|:|=)? ?[45]\d\d|\b[45]\d\d\b == 200|http ?error|unreachable|max retries
service_down      (?:failed|unable) to connect|bad gateway
leftover          \bstill (?:there|exists?|present|running|contains?|has|in|open|refers?)
leftover          should (?:not exist|be gone|have been (?:removed|deleted))|(?:was|were) not (?:removed|deleted)
leftover          unexpected (?:file|line|entry|entries|folder|key)|extra (?:file|line|entry|entries|column|key)
leftover          left ?over|must not (?:exist|contain)|was added
missing_output    \b(?:is|are|was) empty\b|\bempty (?:file|output|result)|\b(?:no|without) (?:content|output)\b
missing_output    \bgot nothing\b|\bis blank\b|assert 0 > 0|assert len\(.*\) > 0|no such file|filenotfound|enoent
missing_output    (?:does|did) ?(?:n.t|not) exist|\bnot (?:exist|created|written|produced|generated|present|there)\b
missing_output    \bnot found\b(?! in)|\bmissing\b|exists\(|is_?file\(|is_?dir\(|no (?:output|file|result)
missing_output    never (?:created|written)|\babsent\b|expected a (?:file|folder)|not been (?:created|written)
wrong_value       jsondecode|unicodedecode|csv\.error|parse ?error|yaml\.\w+|missing (?:key|field|column)
code_error        exit(?:ed)? (?:code|status|with)|exit=\d|return(?:ed)? ?(?:code|status)|returncode|non-?zero
code_error        calledprocesserror|command .*failed|permission ?denied|eacces|operation not permitted
code_error        (?<!assertion)\b(?!assertion)\w*error\b(?!s)|exception|\braised\b|\bpanic|segmentation|core dumped
code_error        crash|traceback|no attribute|not defined|unhandled|signal \d+
wrong_value       expected|should|wrong|instead|\bbut (?:got|found|is|was|has)|differ|mismatch|assert|!=|==|not valid
wrong_value       \binvalid\b|(?:cannot|could not) be (?:read|parsed|decoded)|malformed|\bformat\b|\bheader\b|trailing
wrong_value       newline|exactly one|\bschema\b|\bmode (?:is|was|of)|not executable|\bowne[rd]\b|\bchmod\b|not equal
wrong_value       incorrect|\bgot\b|\bwant\b|(?:does|do|did) not (?:match|equal|contain|have|hold)|\border\b|not in\b
wrong_value       not found in|must (?:be|have)|unequal|similarity|left: |too (?:few|many)|\bnot the\b
"""
)
"""Causes with patterns, special ones first: the first that fits the decisive line counts."""
_BROKE = re.compile(
    r"(?:uvx?|pytest|curl|pip3?): (?:command )?not found|curl: \((?:6|7|22|28|35|56)\)|could not resolve host"
    r"|no matching distribution found for pytest|^e: (?:unable to locate package|failed to fetch)"
    r"|connection to \S+ timed out|no such container|cannot connect to the docker daemon"
)


def sign(
    trace: Trace,
    did: Sequence[Act],
    said: Sequence[Failure],
    end: Ending,
    found: Shown | None,
    passing: Collection[tuple[str, ...]] = (),
) -> Signature:
    """The signature of a rollout that did not pass: its acts, the verifier's failures, its ending, what it shows.

    `passing` are the `actions` of the task's passing rollouts. The same calls, if there are any, failed by chance: the
    cause is `flaky`. It is `infrastructure` if the ending says that the agent could not work at all, and `harness` if
    it says that the harness's own code failed.
    """
    if end.word in THE_HARNESS:
        word = "harness"
    elif trace.status == "missing" or end.word in NOTHING_DONE:
        word = "infrastructure"
    elif trace.status == "failed" and did and actions(did) in passing:
        word = "flaky"
    else:
        word = cause(said)
    mechanism = found.mechanism if found is not None and found.sure else "none"
    return Signature(cause=word, status=end.word, mechanism=mechanism)


def actions(did: Sequence[Act]) -> tuple[str, ...]:
    """All of the agent's calls in order, without what differs between two runs of the same."""
    return tuple(act.key for act in did)


def cause(found: Sequence[Failure]) -> str:
    """The cause of most failed tests; in a tie, that of the earliest test.

    `no_verdict` if the verifier left nothing to read, `unknown` if no pattern fits.
    """
    words = [_cause(failure.decisive) or _cause(failure.message) for failure in found]
    named = list(filter(None, words))
    return max(dict.fromkeys(named), key=named.count, default="unknown" if words else "no_verdict")


def _cause(text: str) -> str:
    plain = _VALUES.sub("…", text[:4_000]).lower()
    return next((word for word, pattern in _CAUSES if pattern.search(plain)), "")


def verifier_broke(found: Sequence[Failure]) -> bool:
    """Whether the verifier could not install or run its own tests, so that it says nothing about the agent."""
    return bool(found) and all(_BROKE.search(each.decisive.lower()) for each in found)


def clusters(tasks: Iterable[TaskOutcome]) -> tuple[Cluster, ...]:
    """Clusters of failed rollouts with equal signatures: most tasks first, then most trials, then by name."""
    groups: dict[Signature, list[tuple[str, str]]] = {}
    for task in tasks:
        for rollout in task.rollouts:
            if rollout.signature is not None and rollout.status == "failed":
                groups.setdefault(rollout.signature, []).append((rollout.trial, task.task))
    found = [
        Cluster(
            signature=signature,
            trials=tuple(trial for trial, _ in sorted(members)),
            tasks=tuple(sorted({task for _, task in members})),
        )
        for signature, members in groups.items()
    ]
    return tuple(sorted(found, key=lambda c: (-len(c.tasks), -len(c.trials), str(c.signature))))
