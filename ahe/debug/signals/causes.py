"""Causes: what went wrong in the end, according to the verifier's decisive lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.signals.vocabulary import UNKNOWN
from ahe.debug.verifiers.failure import Failure

_VALUES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|\S*/\S*")
"""Paths and quoted values do not name the kind of failure: a file may be called `timeout`."""

_TABLE = tuple(
    (cause, re.compile(pattern))
    for cause, pattern in (
        (
            "verifier_error",
            r"no tests ran|collected 0 items|pytest: |uvx?: .*not found|^e: (?:unable|could not)|usage: "
            r"|fixture .* not found|errors? during collection|internalerror|no matching distribution"
            r"|could not resolve host|unrecognized arguments",
        ),
        (
            "too_slow",
            r"too slow|slower than|not fast enough|speed-?up"
            r"|took [\d.]+ ?(?:m?s|sec\w*)\b.*(?:limit|max|allow|expect|budget|more than)"
            r"|(?:below|under|above|over|exceeds?) (?:the |its )?(?:threshold|limit|budget|maximum|minimum)"
            r"|accuracy|too (?:large|big|many bytes)",
        ),
        (
            "test_timeout",
            r"timed? ?-?out|timeout|deadline exceeded"
            r"|did not (?:finish|end|complete|return) (?:in|within)|was stopped after|took too long",
        ),
        (
            "import_error",
            r"modulenotfound|importerror|no module named|cannot import|cannot find module|err_module"
            r"|noclassdef",
        ),
        (
            "build_error",
            r"build failed|compil(?:e|ation)\b.*(?:error|fail)|(?:does|did) not (?:compile|build)"
            r"|undefined reference|cannot find symbol|undefined: |error\[e\d+\]|syntax ?error"
            r"|indentationerror|^make: \*\*\*|failed to (?:build|compile|install)|could not compile",
        ),
        (
            "damaged_input",
            r"\b(?:was|were|been|is|are) (?:changed|modified|altered|damaged|overwritten|tampered|edited|corrupted)"
            r"|(?:must|should) not (?:be |have been )?(?:chang|modif|alter|edit)"
            r"|(?:input|original|source)\b.{0,40}(?:missing|changed|modified|deleted|gone)"
            r"|no longer (?:the same|there|exists?|intact)|unexpectedly (?:modified|changed)",
        ),
        (
            "repository_state",
            r"\bcommit(?:s|ted)?\b|\bbranch(?:es)?\b|\bworking tree\b|\bgit\b|\bhead\b|\bmerged?\b"
            r"|\brebased?\b|\bstash\b|\btagged\b",
        ),
        (
            "wrong_mode",
            r"\bmode (?:is|was|of|should)"
            r"|\bpermissions?\b(?! ?(?:denied|error)).*(?:expected|should|is|are|wrong|got)"
            r"|not executable|\bowne[rd]\b|\bchmod\b|executable bit"
            r"|not a (?:symlink|symbolic|regular|directory|folder)"
            r"|should be a (?:symlink|directory|file)",
        ),
        (
            "permission",
            r"permission ?(?:denied|error)|eacces|operation not permitted|read-only file system",
        ),
        (
            "service_down",
            r"connection ?(?:refused|error|reset|aborted)|econnrefused"
            r"|not (?:listening|running|reachable|answering|responding|healthy|accepting)"
            r"|no (?:server|process|service)\b|nothing (?:is )?(?:listening|answer)|answered with"
            r"|status(?: code)?(?: is| was|:|=)? ?[45]\d\d|\b[45]\d\d\b == 200|http ?error|unreachable"
            r"|max retries|(?:failed|unable) to connect|bad gateway",
        ),
        (
            "leftover",
            r"\bstill (?:there|exists?|present|running|contains?|has|in|open|refers?)"
            r"|should (?:not exist|be gone|have been (?:removed|deleted))"
            r"|(?:was|were) not (?:removed|deleted)|unexpected (?:file|line|entry|entries|folder|key)"
            r"|extra (?:file|line|entry|entries|column|key)|left ?over|must not (?:exist|contain)"
            r"|was added",
        ),
        (
            "empty_output",
            r"\b(?:is|are|was) empty\b|\bempty (?:file|output|result)"
            r"|\b(?:no|without) (?:content|output)\b|\bgot nothing\b|\bis blank\b|assert 0 > 0"
            r"|assert len\(.*\) > 0",
        ),
        (
            "wrong_format",
            r"jsondecode|unicodedecode|keyerror|csv\.error|parse ?error|yaml\.\w+|not valid|\binvalid\b"
            r"|(?:cannot|could not) be (?:read|parsed|decoded)|\bparse\b|malformed|\bformat\b|\bheader\b"
            r"|trailing|newline|expected only|exactly one|missing (?:key|field|column)|\bschema\b"
            r"|encoding|expecting value|could not convert|invalid literal",
        ),
        (
            "missing_output",
            r"no such file|filenotfound|enoent|(?:does|did) ?(?:n.t|not) exist"
            r"|\bnot (?:exist|created|written|produced|generated|present|there)\b|\bnot found\b(?! in)"
            r"|\bmissing\b|exists\(|is_?file\(|is_?dir\(|no (?:output|file|result)"
            r"|never (?:created|written)|\babsent\b|expected a (?:file|folder)"
            r"|not been (?:created|written)",
        ),
        (
            "wrong_exit",
            r"exit(?:ed)? (?:code|status|with)|exit=\d|return(?:ed)? ?(?:code|status)|returncode"
            r"|non-?zero|calledprocesserror|command .*failed",
        ),
        (
            "code_error",
            r"(?<!assertion)\b(?!assertion)\w*error\b(?!s)|exception|\braised\b|\bpanic|segmentation"
            r"|core dumped|crash|traceback|no attribute|not defined|unhandled|signal \d+",
        ),
        (
            "wrong_value",
            r"expected|should|wrong|instead|\bbut (?:got|found|is|was|has)|differ|mismatch|assert|!=|=="
            r"|not equal|incorrect|\bgot\b|\bwant\b|\bactual\b"
            r"|(?:does|do|did) not (?:match|equal|contain|have|hold)|\border\b|not in\b|not found in"
            r"|must (?:be|have)|unequal|similarity|left: |too (?:few|many)|\bnot the\b",
        ),
    )
)


def cause(found: Sequence[Failure]) -> str:
    """The cause of most failed tests; in a tie, that of the earliest test.

    `no_verdict` if the verifier left nothing to read.
    """
    if not found:
        return "no_verdict"
    words = [_of(failure) for failure in found]
    named = [word for word in words if word != UNKNOWN] or words
    return max(dict.fromkeys(named), key=named.count)


_BROKE = re.compile(
    r"(?:uvx?|pytest|curl|pip3?): (?:command )?not found|curl: \((?:6|7|22|28|35|56)\)|could not resolve host"
    r"|no matching distribution found for pytest|^e: (?:unable to locate package|failed to fetch)"
    r"|connection to \S+ timed out|no such container|cannot connect to the docker daemon",
)


def verifier_broke(found: Sequence[Failure]) -> bool:
    """Whether the verifier could not install or run its own tests, so that it says nothing about the agent."""
    return bool(found) and all(_BROKE.search(each.decisive.lower()) for each in found)


def _of(failure: Failure) -> str:
    return _first(failure.decisive) or _first(failure.message) or UNKNOWN


def _first(text: str) -> str:
    plain = _VALUES.sub("…", text[:4_000]).lower()
    return next((word for word, pattern in _TABLE if pattern.search(plain)), "")
