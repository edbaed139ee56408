"""What an agent's calls say about their output.

A call may not be a command at all but prose, a bare value or a code fence. The shell's complaint about it
(`bash: line 1: The: command not found`) then names the wrong mechanism; call and complaint together name the right one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ahe.debug.signals.scan import Output

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
_SHELL = re.compile(
    r"^\s*(?:\S*/)?(?:ba|da|z|k|a)?sh: (?:-c: )?(?:line )?(?:\d+: )?(?P<word>.*?): ?(?:command )?not found\b"
    r"|^\s*zsh: (?:\S*: )?command not found: (?P<zsh>.+)"
    r"|^\s*(?:\S*/)?(?:ba|da|z|k|a)?sh: .*(?:unexpected EOF|syntax error|unterminated quoted|unmatched)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})[\w+-]*\s*$")
_VALUE = re.compile(r"^[-+]?\d+(?:[.,]\d+)*%?$")
_OPERATOR = re.compile(r"[|<>;=$\\]|&&|\s--?\w|[\w.]/\S*/")
_PLAIN = re.compile(r"^[\"'(`*]*[A-Za-z]+(?:['’][a-z]+)?[\"')`*]*[,.:;!?]*$")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the a an is are was were be been has have had it this that these of to in on at for with and or not"
        " i we you your my there here as by from will can should could now",
    )
)
_OPENERS = frozenset(["the", "this", "that", "it", "i", "we", "you", "there", "here"])
"""Words that begin sentences and are not names of programs."""


@lru_cache(maxsize=1024)
def is_content(call: str) -> bool:
    """Whether a call shows files other than logs: what it prints did not happen in this run."""
    return _READS.search(call) is not None and not _LOGS.search(call)


@lru_cache(maxsize=1024)
def is_expected(call: str) -> bool:
    """Whether a call is written so that it may fail."""
    return len(call) < 400 and _EXPECTS.search(call) is not None


def retried(outputs: Sequence[Output]) -> set[str]:
    """The calls that failed and succeeded when they were made again."""
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
    """The lines of a call that irreversibly remove or overwrite data, with their numbers from 1."""
    for number, line in enumerate(call.split("\n"), 1):
        if len(line) < 2_000 and _DESTROYS.search(line):
            yield number, line


@lru_cache(maxsize=1024)
def not_a_command(call: str, line: str) -> bool:
    """Whether `line` is a shell's complaint about a call that was not a command.

    A call is not a command if its first line is a code fence (or, for a complaint about an open quote, any line before
    its first heredoc), or if the line that the shell complains about is a bare number or an English sentence.
    """
    complaint = _SHELL.search(line)
    if complaint is None or len(call) > 20_000:
        return False
    lines = [each.strip() for each in _command(call).partition("<<")[0].split("\n") if each.strip()]
    if not lines:
        return False
    word = (complaint["word"] or complaint["zsh"] or "").strip()
    if not word:
        return any(map(_FENCE.match, lines)) or _sentence(lines[0])
    if _FENCE.match(lines[0]):
        return True
    began = [each for each in lines if each.split()[0].strip("\"'`*") == word.strip("\"'`*")]
    return any(_VALUE.match(each) or _sentence(each) for each in began)


def _command(call: str) -> str:
    """The command argument of a call that is written as JSON, else the whole call."""
    if not call.lstrip().startswith("{"):
        return call
    try:
        given = json.loads(call)
    except ValueError:
        return call
    found = next((given[key] for key in ("command", "cmd") if isinstance(given.get(key), str)), call)
    return str(found)


def _sentence(line: str) -> bool:
    """Whether a line reads as English and not as a command: it begins like a sentence and consists of plain words.

    A program with a capital letter (`R CMD build pkg`) has neither function words nor a full stop in its arguments.
    """
    words = line.split()
    first = words[0].strip("\"'(`*,.:").lower().partition("'")[0].partition("’")[0]
    if len(words) < 3 or not (words[0].lstrip("\"'(`*")[:1].isupper() or first in _OPENERS):
        return False
    plain = [word for word in words if _PLAIN.match(word)]
    function_words = sum(word.strip("\"'()`*,.:;!?").lower() in _FUNCTION_WORDS for word in words)
    if 3 * len(plain) < 2 * len(words):
        return False
    if function_words >= 2 or first in _OPENERS:
        return function_words * 12 >= len(words)
    return not _OPERATOR.search(line) and line[-1] in ".!?:" and line[-2].isalnum()
