"""The mechanism that a failed rollout shows: the error that it ended with, in the form in which programs print it.

Silence is better than a guess: an error counts only in the output of the agent's own commands, not in what it viewed,
and not if a command or edit succeeded after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ahe.debug.readers.lenient_json import words
from ahe.debug.signals.acts import Act, segments
from ahe.debug.signals.vocabulary import NONE, NOT_A_COMMAND, table

Lines = frozenset[str]
"""Lines that others wrote: those of the instruction."""
LAST = 4
"""Acts from the end, not counting those that only look, in which an unresolved error is looked for."""
LINES, _LONGEST = 60, 600
"""Lines from the end of a result that are read, and their characters."""

_SH = r"^(?:\S*/)?(?:ba|z|da)?sh: (?:-c: )?(?:line \d+: |\d+: )?"
_TABLE = table(
    r"""
shell_syntax        <sh>.*(?:unexpected EOF while looking for matching|syntax error|unexpected end of file)
command_not_found   <sh>(?P<what>[\w.+-]+): (?:command )?not found$
command_not_found   ^zsh: command not found: (?P<what>\S+)$
edit_refused        ^(?:<tool_use_error>)?(?:Error: )?(?:String to replace not found|No replacement was performed)
edit_refused        (?:old_str(?:ing)?|oldString)\b.{0,80}\bnot (?:appear|found)
edit_refused        ^error: patch (?:failed|does not apply)
edit_refused        (?:Failed to find (?:expected lines|context)|Found \d+ matches of the string to replace)
disk_full           No space left on device|Disk quota exceeded
read_only           Read-only file system
out_of_memory       ^(?:bash: line \d+: +\d+ )?Killed\b|^MemoryError|OutOfMemoryError|CUDA out of memory
out_of_memory       heap out of memory
crash               Segmentation fault|\(core dumped\)|^Fatal Python error|double free or corruption
crash               stack smashing detected
command_timeout     ^(?:\[|<|Error: )?(?:the )?command (?:timed out|was killed after|exceeded)|timed out after \d
command_timeout     ^timed out\b
interactive_prompt  ^EOFError: EOF when reading|Inappropriate ioctl for device|stdin is not a t(?:ty|erminal)
lock_held           Could not get lock (?P<what>\S+)|database is locked|index\.lock': File exists
missing_library     error while loading shared libraries: (?P<what>[^:]+)|fatal error: (?P<what2>\S+\.h\w*): No such
missing_library     cannot find -l(?P<what>\S+)
missing_dependency  ModuleNotFoundError: No module named '(?P<what>[^']+)'|Cannot find module '(?P<what2>[^']+)'
missing_dependency  No module named (?P<what>[\w.]+)$|^ERROR: No matching distribution found for (?P<what2>\S+)
missing_dependency  ^E: (?:Unable to locate package|Package) '?(?P<what>[\w.+-]+)
missing_dependency  ^ImportError: cannot import name '(?P<what>[^']+)'
missing_dependency  ^(?:error: )?(?:could not find|no required module provides package) `?(?P<what>[\w./-]+)
dependency_conflict ^ERROR: (?:ResolutionImpossible|Cannot install .* because)|^npm (?:ERR!|error) (?:code )?ERESOLVE
version_mismatch    requires a different Python|^npm (?:ERR!|error) code EBADENGINE|Unsupported class file
version_mismatch    requires go >=
git_conflict        ^CONFLICT \(|^Automatic merge failed|^error: could not apply
git_state           ^fatal: (?:not a git repository|detected dubious ownership|pathspec|bad revision|ambiguous argument)
port_in_use         Address already in use|EADDRINUSE|port is already allocated
certificate         certificate verify failed|SSL certificate problem|x509: certificate
network_error       Could not resolve host|Temporary failure in name resolution|Name or service not known|EAI_AGAIN
network_error       Network is unreachable|^curl: \((?:28|35|52|56)\)|Connection timed out|Could not connect to server
connection_refused  Connection refused|ECONNREFUSED
auth_failed         Permission denied \(publickey|Authentication failed|401 Unauthorized|Access denied for user
http_error          ^curl: \(22\)|HTTP Error [45]\d\d|returned error: [45]\d\d|^\w*\.?HTTPError: [45]\d\d
permission_denied   PermissionError: \[Errno 13\]|: Permission denied$|EACCES|Operation not permitted$
encoding_error      ^Unicode(?:Decode|Encode)Error
parse_error         ^(?:json\.\w+\.)?JSONDecodeError|^yaml\.\w+\.\w+Error|^\S*ParserError|^jq: parse error
database_error      ^(?:sqlite3|psycopg2?|pymysql|sqlalchemy)\.[\w.]+Error|^ERROR \d+ \(\w+\)
no_such_path        ^ERROR: file or directory not found: (?P<what>\S+)
no_such_path        ^FileNotFoundError: .*'(?P<what>[^']+)'|can't open file '(?P<what2>[^']+)'
no_such_path        ^make: \*\*\* No (?:rule|targets)
no_such_path        ^(?!ls:|stat:|find:|which:|rm:)[\w.-]+: .*: No such file or directory$
syntax_error        ^\s*(?:SyntaxError|IndentationError|TabError)\b
type_error          ^(?:Uncaught )?TypeError: 
name_error          ^(?:Uncaught )?(?:NameError|ReferenceError|UnboundLocalError): 
attribute_error     ^AttributeError: 
key_error           ^(?:KeyError|IndexError): |index out of (?:range|bounds)
value_error         ^ValueError: 
compile_error       ^[^\s:]+:\d+(?::\d+)?: (?:fatal )?error: |^error\[E\d+\]|error TS\d+: |undefined reference to `
compile_error       ^make(?:\[\d+\])?: \*\*\* .*Error \d+|^ninja: build stopped|^collect2: error
test_failure        ^=+ .*\b\d+ (?:failed|error).* in [\d.]+s.*=+$|^FAILED (?:\(|\S+::)|^Tests?: +\d+ failed
test_failure        ^--- FAIL: |^test result: FAILED|^\s+\d+ failing$|^\d+ failed, \d+ passed|^\d+ failed in [\d.]+s$
assertion           ^AssertionError\b|^\S*: \S+:\d+: .*Assertion .* failed
usage_error         (?:unrecognized|invalid|unknown|illegal) option|unrecognized arguments:|^usage: .*
usage_error         missing .*operand
exception           ^(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception)(?:: .+)?$|panicked at |^panic: |^Uncaught 
""".replace("<sh>", _SH)
)
"""A mechanism and the shape of a line that shows it; the first that fits counts. `<sh>` is the beginning of a shell's
complaint, `what` names what it is about."""
_ANY = re.compile(
    "|".join(f"(?:{re.sub('P<[a-z0-9]+>', ':', each.pattern)})" for _, each in _TABLE), re.MULTILINE
)
_PROBES = re.compile(
    r"-c ['\"]import [\w., ]+['\"]|command -v|\bwhich\b|--version|\|\| *(?:true|echo|:)|echo .*\$\?"
)
"""Commands that are written so that they may fail."""
_EXPLAINED = re.compile(
    r"pre-?existing|unrelated|not related|already (?:fail|broken)|as (?:asked|expected|required|requested|intended)"
    r"|\brejects?\b|expected (?:error|failure)|on purpose|deliberate",
    re.IGNORECASE,
)
_CHECKS = table(
    r"""
test   (?:^|\s)(?:pytest|py\.test|unittest|tox|nox|jest|vitest|mocha|ava|ctest|rspec|phpunit|bats)\b
test   ^(?:npm|yarn|pnpm|bun|cargo|go|make|mvnw?|gradlew?|dotnet|mix|swift|bazel|rake)\s.*\b(?:test|check)s?\b
types  ^(?:npx )?(?:tsc\s.*--noEmit|pyright|(?:cargo|go) (?:clippy|vet)\b)
build  ^(?:npx )?(?:make|ninja|meson|tsc|javac|rustc|gcc|g\+\+|cc|clang(?:\+\+)?|webpack|vite|rollup)(?:\s|$)
build  ^(?:npm|yarn|pnpm|bun|cargo|go|mvnw?|gradlew?|dotnet|swift|bazel|python3? -m)\s.*\b(?:build|compile|package)\b
build  ^cmake\s.*--build
"""
)
"""Kinds of checks, and commands that make them."""
_NOT_RUN = ("command_not_found", "not_a_command", "shell_syntax", "usage_error", "no_such_path")
_KILLS = frozenset(words("kill pkill killall timeout"))
_OPTIONAL = frozenset(
    words("ruff black mypy flake8 pylint shellcheck eslint prettier pre-commit tree xxd file jq rg")
)
"""Programs that an agent likes to have but does not need."""
_HIDES = re.compile(r"[|;\n]|&\s*$")
"""What hides the exit code of a command in a line."""
_SUMMARY = re.compile(
    r"^make(?:\[\d+\])?: \*\*\*|^ninja: |^collect2|\b(?:failed|error)\b.* in [\d.]+s|^Tests?: |^FAILED \("
    r"|^test result: |failing$|^\d+ failed"
)
"""Lines that say how many things failed, and not which."""
_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})[\w+-]*\s*$|^[-+]?\d+(?:[.,]\d+)*%?$")
_SENTENCE = re.compile(
    r"^(?:the|this|that|it|i|we|you|there|here|to|now|first|let)\b[^|<>=$\\/]{8,}$", re.IGNORECASE
)


class Shown(NamedTuple):
    """An error that was not recovered from: its mechanism, the act that printed it, the line; `what` it is about."""

    mechanism: str
    act: Act
    line: str
    what: str = ""


def shown(
    did: Sequence[Act], known: Lines = frozenset(), passing: Sequence[str] = (), said: str = ""
) -> Shown | None:
    """The error that a rollout ended with; None if there is none, or any command or edit succeeded after it.

    `known` are lines of the instruction, `said` are the agent's last words: an error that they explain is no mistake.
    `passing` are results of rollouts of the task that passed: an error that one of them shows too is not named.
    """
    worked = [act for act in did if _worked(act)]
    found = error(worked[-1], known) if worked else None
    if (
        found is None
        or _PROBES.search(found.act.command[:2_000])
        or _EXPLAINED.search(said)
        or _checked(worked)
    ):
        return None
    if found.act.failed is not True and not _again(found, worked[-LAST:-1]):
        return None
    return None if any(found.line in result for result in passing) else found


def _again(found: Shown, before: Sequence[Act]) -> bool:
    """Whether one of these acts shows the same kind of error: without an exit code once is not enough."""
    return any((other := error(act)) is not None and other.mechanism == found.mechanism for act in before)


def _checked(worked: Sequence[Act]) -> bool:
    """Whether a command succeeded after the last change: the work was checked, and a later error is another thing."""
    for act in reversed(worked[:-1]):
        if act.kind == "change" or succeeded(act):
            return act.kind == "run"
    return False


def succeeded(act: Act) -> bool:
    return act.kind == "run" and not act.failed and act.result_step > 0 and error(act) is None


def unresolved(did: Sequence[Act], known: Lines = frozenset()) -> Shown | None:
    """The last failure after which no command succeeded. Unlike one that is `shown` it may not matter."""
    later: list[Act] = []
    for act in [act for act in reversed(did) if _worked(act)][:LAST]:
        if succeeded(act):
            return None
        lines = act.lines(known) if act.failed else []
        found = error(act, known) or (Shown(NONE, act, lines[-1].strip()) if lines else None)
        meant = optional(act) or _PROBES.search(act.command[:2_000])
        if found and not meant and not any(_gets_over(found, other) for other in later):
            return found
        later.append(act)
    return None


def failed_check(did: Sequence[Act]) -> Act | None:
    """The last test, build or check of types that failed, if no later one of its kind succeeded.

    A later check of another kind that succeeds proves nothing about it. What failed before the agent's first change is
    the state that it was given.
    """
    passed: set[str] = set()
    first = next((at for at, act in enumerate(did) if act.kind == "change"), len(did))
    for act in (act for act in reversed(did[first:]) if act.kind == "run" and act.result_step):
        kinds = _checks(act)
        failed = act.failed or error(act) is not None
        ran = not optional(act) and not _PROBES.search(act.command[:2_000]) and not _not_run(act)
        if failed and kinds and ran and not kinds & passed:
            return act
        passed |= set() if failed else kinds
    return None


def _not_run(act: Act) -> bool:
    """Whether a command failed before it did anything: a program that is missing, or does not know what to do."""
    found = error(act)
    return found is not None and (
        found.mechanism in _NOT_RUN or (bool(found.what) and found.what in act.command)
    )


def _checks(act: Act) -> set[str]:
    """The kinds of checks that an act makes: of each simple command the first that fits."""
    commands = (" ".join(segment) for segment in segments(act.command))
    found = (next((kind for kind, pattern in _CHECKS if pattern.search(each)), "") for each in commands)
    return {*found} - {""}


def got_over(act: Act, later: Sequence[Act]) -> bool:
    """Whether an act shows an error that a later one got over."""
    found = error(act)
    return found is not None and any(_gets_over(found, other) for other in later)


def optional(act: Act) -> bool:
    """Whether an act failed to run a program that an agent likes to have but does not need."""
    return act.failed is True and bool(act.heads & _OPTIONAL)


def _worked(act: Act) -> bool:
    """Whether an act can show an error: not if it only looks, unless the shell could not even do that."""
    return act.kind in ("run", "change") or (act.kind == "look" and error(act) is not None)


@lru_cache(maxsize=64)
def error(act: Act, known: Lines = frozenset()) -> Shown | None:
    """The last error in a command's output; None if it has none."""
    if act.failed is False and (act.kind == "look" or not _HIDES.search(act.command)):
        return None
    lines = [line[:_LONGEST] for line in act.lines(known)[-LINES:]]
    if not _ANY.search("\n".join(lines)):
        return None
    found = None
    for line in lines:
        said = line.strip().removeprefix("E   ").strip()
        if act.kind == "look" and not act.failed and said.partition(":")[0] not in act.command.split():
            continue  # what it shows, not what it says itself
        if not _ANY.search(said):
            continue
        for mechanism, pattern in _TABLE:
            if (match := pattern.search(said)) is not None:
                what = next((value for value in match.groupdict().values() if value), "")
                if what in _OPTIONAL or (mechanism == "out_of_memory" and act.heads & _KILLS):
                    break
                seen = Shown(_named(mechanism, act), act, said, what.strip("'\"`"))
                found = _better(found, seen)
                break
    return found


def _better(found: Shown | None, seen: Shown) -> Shown:
    """The last error counts, but of a compiler's the first, and a summary of tests or of a build only if alone."""
    if found is None or (_SUMMARY.search(found.line) and not _SUMMARY.search(seen.line)):
        return seen if found is None or found.mechanism != "test_failure" else found._replace(line=seen.line)
    if _SUMMARY.search(seen.line):
        return found._replace(mechanism="test_failure") if seen.mechanism == "test_failure" else found
    return found if found.mechanism == seen.mechanism == "compile_error" else seen


def _named(mechanism: str, act: Act) -> str:
    """`not_a_command` if the shell complains about prose, a number or a code fence."""
    first = next((line for line in act.command.split("\n") if line.strip()), "")
    prose = mechanism in ("command_not_found", "shell_syntax") and (
        _FENCE.match(first) or _SENTENCE.match(first)
    )
    return NOT_A_COMMAND if prose else mechanism


def _gets_over(found: Shown, later: Act) -> bool:
    """Whether a later act ran the same program, changed the same file, or did something about what was missing, and
    did not fail in the same way.
    """
    about = len(found.what) > 2 and found.what.split(".")[0] in later.command
    same = later.heads & found.act.heads or set(later.targets) & set(found.act.targets)
    if not (same or about or found.act.failed is not True or found.mechanism == "edit_refused"):
        return False
    again = error(later)
    return (again.mechanism != found.mechanism) if again else (not later.failed or found.mechanism != NONE)
