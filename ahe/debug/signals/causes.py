"""Causes: what went wrong in the end, according to the verifier's decisive lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ahe.debug.signals.vocabulary import UNKNOWN, table
from ahe.debug.verifiers.failure import Failure

_VALUES = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`|(?<!\S)\S*/\S*")
"""Paths and quoted values do not name the kind of failure: a file may be called `timeout`."""

_TABLE = table(
    r"""
verifier_error    no tests ran|collected 0 items|pytest: |uvx?: .*not found|^e: (?:unable|could not)|usage: 
verifier_error    fixture .* not found|errors? during collection|internalerror|no matching distribution
verifier_error    could not resolve host|unrecognized arguments
too_slow          too slow|slower than|not fast enough|speed-?up
too_slow          took [\d.]+ ?(?:m?s|sec\w*)\b.*(?:limit|max|allow|expect|budget|more than)
too_slow          (?:below|under|above|over|exceeds?) (?:the |its )?(?:threshold|limit|budget|maximum|minimum)
too_slow          accuracy|too (?:large|big|many bytes)
test_timeout      timed? ?-?out|timeout|deadline exceeded|did not (?:finish|end|complete|return) (?:in|within)
test_timeout      was stopped after|took too long
import_error      modulenotfound|importerror|no module named|cannot import|cannot find module|err_module|noclassdef
build_error       build failed|compil(?:e|ation)\b.*(?:error|fail)|(?:does|did) not (?:compile|build)
build_error       undefined reference|cannot find symbol|undefined: |error\[e\d+\]|syntax ?error|indentationerror
build_error       ^make: \*\*\*|failed to (?:build|compile|install)|could not compile
damaged_input     \b(?:was|were|been|is|are) (?:changed|modified|altered|damaged|overwritten|tampered|edited|corrupted)
damaged_input     (?:must|should) not (?:be |have been )?(?:chang|modif|alter|edit)
damaged_input     (?:input|original|source)\b.{0,40}(?:missing|changed|modified|deleted|gone)
damaged_input     no longer (?:the same|there|exists?|intact)|unexpectedly (?:modified|changed)
repository_state  \bcommit(?:s|ted)?\b|\bbranch(?:es)?\b|\bworking tree\b|\bgit\b|\bhead\b|\bmerged?\b|\brebased?\b
repository_state  \bstash\b|\btagged\b
wrong_mode        \bmode (?:is|was|of|should)
wrong_mode        \bpermissions?\b(?! ?(?:denied|error)).*(?:expected|should|is|are|wrong|got)|not executable
wrong_mode        \bowne[rd]\b|\bchmod\b|executable bit|not a (?:symlink|symbolic|regular|directory|folder)
wrong_mode        should be a (?:symlink|directory|file)
permission        permission ?(?:denied|error)|eacces|operation not permitted|read-only file system
service_down      connection ?(?:refused|error|reset|aborted)|econnrefused
service_down      not (?:listening|running|reachable|answering|responding|healthy|accepting)
service_down      no (?:server|process|service)\b|nothing (?:is )?(?:listening|answer)|answered with
service_down      status(?: code)?(?: is| was|:|=)? ?[45]\d\d|\b[45]\d\d\b == 200|http ?error|unreachable
service_down      max retries|(?:failed|unable) to connect|bad gateway
leftover          \bstill (?:there|exists?|present|running|contains?|has|in|open|refers?)
leftover          should (?:not exist|be gone|have been (?:removed|deleted))|(?:was|were) not (?:removed|deleted)
leftover          unexpected (?:file|line|entry|entries|folder|key)|extra (?:file|line|entry|entries|column|key)
leftover          left ?over|must not (?:exist|contain)|was added
empty_output      \b(?:is|are|was) empty\b|\bempty (?:file|output|result)|\b(?:no|without) (?:content|output)\b
empty_output      \bgot nothing\b|\bis blank\b|assert 0 > 0|assert len\(.*\) > 0
wrong_format      jsondecode|unicodedecode|keyerror|csv\.error|parse ?error|yaml\.\w+|not valid|\binvalid\b
wrong_format      (?:cannot|could not) be (?:read|parsed|decoded)|\bparse\b|malformed|\bformat\b|\bheader\b|trailing
wrong_format      newline|expected only|exactly one|missing (?:key|field|column)|\bschema\b|encoding|expecting value
wrong_format      could not convert|invalid literal
missing_output    no such file|filenotfound|enoent|(?:does|did) ?(?:n.t|not) exist
missing_output    \bnot (?:exist|created|written|produced|generated|present|there)\b|\bnot found\b(?! in)
missing_output    \bmissing\b|exists\(|is_?file\(|is_?dir\(|no (?:output|file|result)|never (?:created|written)
missing_output    \babsent\b|expected a (?:file|folder)|not been (?:created|written)
wrong_exit        exit(?:ed)? (?:code|status|with)|exit=\d|return(?:ed)? ?(?:code|status)|returncode|non-?zero
wrong_exit        calledprocesserror|command .*failed
code_error        (?<!assertion)\b(?!assertion)\w*error\b(?!s)|exception|\braised\b|\bpanic|segmentation|core dumped
code_error        crash|traceback|no attribute|not defined|unhandled|signal \d+
wrong_value       expected|should|wrong|instead|\bbut (?:got|found|is|was|has)|differ|mismatch|assert|!=|==
wrong_value       not equal|incorrect|\bgot\b|\bwant\b|\bactual\b
wrong_value       (?:does|do|did) not (?:match|equal|contain|have|hold)|\border\b|not in\b|not found in
wrong_value       must (?:be|have)|unequal|similarity|left: |too (?:few|many)|\bnot the\b
"""
)
"""Causes with patterns, special ones first: the first that fits the decisive line counts."""


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
