"""What an agent's calls say about the output that they brought."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ahe.debug.finding.scan import Output

_READS = re.compile(
    r"(?:^|[;&|]\s*|\n)\s*(?:cat|sed -n|head|less|more|nl|bat|man|grep|rg|ag|ls|find|tree|git (?:log|diff"
    r"|show)|strings|view|read)\b"
)
_LOGS = re.compile(r"\blogs?\b|\.(?:log|out|err)\b|journalctl|dmesg")
_EXPECTS = re.compile(
    r"\|\| *(?:true|echo|:)|2> ?/dev/null|command -v|\bwhich\b|\btype -|\[\[? -\w |\btest -\w|\bif ! "
    r"|--version\b"
)
_DESTROYS = re.compile(
    r"\brm +-\w*[rf]\w* |\bgit +(?:reset +--hard|checkout +(?:-f|--|\.)|clean +-\w*f|restore +\."
    r"|push +.*(?:--force|-f\b))"
    r"|\btruncate +-s *0|\bmkfs|\bdd +.*\bof=|\bdrop +(?:table|database)\b|\bsed +-i\b.*\bd['\"]|\bshred\b"
    r"|\bdelete +from\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_content(call: str) -> bool:
    """Whether a call shows files, other than logs: what it prints did not happen in it."""
    return _READS.search(call) is not None and not _LOGS.search(call)


@lru_cache(maxsize=1024)
def is_expected(call: str) -> bool:
    """Whether a call provides for failing."""
    return len(call) < 400 and _EXPECTS.search(call) is not None


def overcome(outputs: Sequence[Output]) -> set[str]:
    """Calls that failed and, made again, succeeded."""
    failed: set[str] = set()
    done: set[str] = set()
    for output in outputs:
        if output.exit:
            failed.add(output.call)
            done.discard(output.call)
        elif output.exit == 0 and output.call in failed:
            done.add(output.call)
    return done


def destructive(call: str) -> Iterator[tuple[int, str]]:
    """The lines of a call that remove or overwrite for good, with their numbers from 1."""
    for number, line in enumerate(call.split("\n"), 1):
        if len(line) < 2_000 and _DESTROYS.search(line):
            yield number, line
