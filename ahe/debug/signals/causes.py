"""Causes: what went wrong in the end, according to the verifier's decisive lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.signals.vocabulary import UNKNOWN
from ahe.debug.verifiers.failure import Failure
from ahe.debug.verifiers.failures import failures

_VALUES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|\S*/\S*")
"""Paths and quoted values do not name the kind of failure: a file may be called `timeout`."""

_TABLE = tuple(
    (cause, re.compile(pattern))
    for cause, pattern in (
        (
            "verifier_error",
            r"no tests ran|collected 0 items|pytest: |uvx?: .*not found|^e: (?:unable|could not)|usage: "
            r"|fixture .* not found"
            r"|errors? during collection|internalerror|no matching distribution|could not resolve host"
            r"|unrecognized arguments",
        ),
        (
            "too_slow",
            r"too slow|slower than|not fast enough|speed-?up|took [\d.]+ ?(?:m?s|sec\w*)\b.*(?:limit|max|allow"
            r"|expect|budget|more than)"
            r"|(?:below|under|above|over|exceeds?) (?:the |its )?(?:threshold|limit|budget|maximum|minimum)"
            r"|accuracy|too (?:large|big|many bytes)",
        ),
        (
            "test_timeout",
            r"timed? ?-?out|timeout|deadline exceeded|did not (?:finish|end|complete|return) (?:in|within)"
            r"|was stopped after|took too long",
        ),
        (
            "import_error",
            r"modulenotfound|importerror|no module named|cannot import|cannot find module|err_module"
            r"|noclassdef",
        ),
        (
            "build_error",
            r"build failed|compil(?:e|ation)\b.*(?:error|fail)|(?:does|did) not (?:compile|build)"
            r"|undefined reference|cannot find symbol|undefined: "
            r"|error\[e\d+\]|syntax ?error|indentationerror|^make: \*\*\*|failed to (?:build|compile|install)"
            r"|could not compile",
        ),
        (
            "damaged_input",
            r"\b(?:was|were|been|is|are) (?:changed|modified|altered|damaged|overwritten|tampered|edited"
            r"|corrupted)|(?:must|should) not (?:be |have been )?"
            r"(?:chang|modif|alter|edit)|(?:input|original|source)\b.{0,40}(?:missing|changed|modified|deleted"
            r"|gone)|no longer (?:the same|there|exists?|intact)|unexpectedly (?:modified|changed)",
        ),
        (
            "repository_state",
            r"\bcommit(?:s|ted)?\b|\bbranch(?:es)?\b|\bworking tree\b|\bgit\b|\bhead\b|\bmerged?\b"
            r"|\brebased?\b|\bstash\b|\btagged\b",
        ),
        (
            "wrong_mode",
            r"\bmode (?:is|was|of|should)|\bpermissions?\b(?! ?(?:denied|error)).*(?:expected|should|is|are"
            r"|wrong|got)|not executable|\bowne[rd]\b|\bchmod\b"
            r"|executable bit|not a (?:symlink|symbolic|regular|directory|folder)|should be a (?:symlink"
            r"|directory|file)",
        ),
        ("permission", r"permission ?(?:denied|error)|eacces|operation not permitted|read-only file system"),
        (
            "service_down",
            r"connection ?(?:refused|error|reset|aborted)|econnrefused|not (?:listening|running|reachable"
            r"|answering|responding|healthy|accepting)|no (?:server|process|service)\b"
            r"|nothing (?:is )?(?:listening|answer)|answered with|status(?: code)?(?: is| was|:|=)? ?[45]\d\d"
            r"|\b[45]\d\d\b == 200|http ?error|unreachable|max retries|(?:failed|unable) to connect"
            r"|bad gateway",
        ),
        (
            "leftover",
            r"\bstill (?:there|exists?|present|running|contains?|has|in|open|refers?)|should (?:not exist"
            r"|be gone|have been (?:removed|deleted))|(?:was|were) not (?:removed|deleted)"
            r"|unexpected (?:file|line|entry|entries|folder|key)|extra (?:file|line|entry|entries|column|key)"
            r"|left ?over|must not (?:exist|contain)|was added",
        ),
        (
            "empty_output",
            r"\b(?:is|are|was) empty\b|\bempty (?:file|output|result)|\b(?:no|without) (?:content|output)\b"
            r"|\bgot nothing\b|\bis blank\b|assert 0 > 0|assert len\(.*\) > 0",
        ),
        (
            "wrong_format",
            r"jsondecode|unicodedecode|keyerror|csv\.error|parse ?error|yaml\.\w+|not valid|\binvalid\b"
            r"|(?:cannot|could not) be (?:read|parsed|decoded)|\bparse\b|malformed|\bformat\b"
            r"|\bheader\b|trailing|newline|expected only|exactly one|missing (?:key|field|column)|\bschema\b"
            r"|encoding|expecting value|could not convert|invalid literal",
        ),
        (
            "missing_output",
            r"no such file|filenotfound|enoent|(?:does|did) ?(?:n.t|not) exist|\bnot (?:exist|created|written"
            r"|produced|generated|present|there)\b|\bnot found\b(?! in)|\bmissing\b"
            r"|exists\(|is_?file\(|is_?dir\(|no (?:output|file|result)|never (?:created|written)|\babsent\b"
            r"|expected a (?:file|folder)|not been (?:created|written)",
        ),
        (
            "wrong_exit",
            r"exit(?:ed)? (?:code|status|with)|exit=\d|return(?:ed)? ?(?:code|status)|returncode|non-?zero"
            r"|calledprocesserror|command .*failed",
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


def cause(files: Sequence[VerifierFile]) -> str:
    """The cause of most failed tests; in a tie, that of the earliest test.

    `no_verdict` if the verifier left nothing to read.
    """
    found = failures(files)
    if not found:
        return "no_verdict"
    words = [_of(failure) for failure in found]
    named = [word for word in words if word != UNKNOWN] or words
    return max(dict.fromkeys(named), key=named.count)


def _of(failure: Failure) -> str:
    return _first(failure.decisive) or _first(failure.message) or UNKNOWN


def _first(text: str) -> str:
    plain = _VALUES.sub("…", text[:4_000]).lower()
    return next((word for word, pattern in _TABLE if pattern.search(plain)), "")
