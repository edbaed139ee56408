"""The errors that a rollout's output shows, in the form in which programs print them, and which the agent got over.

Silence is better than a guess: an error counts only in the output of the agent's own commands, not in what it viewed,
and names a mechanism only if the rollout ended with it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ahe.debug.signals.acts import Act, segments
from ahe.debug.signals.vocabulary import names, table

LAST = 4
"""Acts from the end, not counting those that only look, in which an unresolved error is looked for."""
LINES, _LONGEST = 60, 600
"""Lines from the end of a result that are read, and their characters."""

_TABLE = table(
    r"""
shell_syntax        <sh>.*(?:unexpected EOF while looking for matching|syntax error|unexpected end of file)
command_not_found   <sh>([\w.+-]+): (?:command )?not found$|^zsh: command not found: (\S+)$
edit_refused        ^(?:<tool_use_error>)?(?:Error: )?(?:String to replace not found|No replacement was performed)
edit_refused        (?:old_str(?:ing)?|oldString)\b.{0,80}\bnot (?:appear|found)|^error: patch (?:failed|does not apply)
edit_refused        Failed to find (?:expected lines|context)|Found \d+ matches of the string to replace
disk_full           No space left on device|Disk quota exceeded
out_of_memory       ^(?:bash: line \d+: +\d+ )?Killed\b|^MemoryError|OutOfMemoryError|(?:CUDA|heap) out of memory
crash               Segmentation fault|\(core dumped\)|^Fatal Python error|double free or|stack smashing
command_timeout     ^(?:\[|<|Error: )?(?:the )?command (?:timed out|was killed after|exceeded)|timed out after \d
command_timeout     ^timed out\b
interactive_prompt  ^EOFError: EOF when reading|Inappropriate ioctl for device|stdin is not a t(?:ty|erminal)
in_use              Could not get lock (\S+)|database is locked|index\.lock': File exists|Address already in use
in_use              EADDRINUSE|port is already allocated
missing_dependency  error while loading shared libraries: ([^:]+)|fatal error: (\S+\.h\w*): No such
missing_dependency  cannot find -l(\S+)|ModuleNotFoundError: No module named '([^']+)'|Cannot find module '([^']+)'
missing_dependency  No module named ([\w.]+)$|^ERROR: No matching distribution found for (\S+)
missing_dependency  ^E: (?:Unable to locate package|Package) '?([\w.+-]+)|^ImportError: cannot import name '([^']+)'
missing_dependency  ^(?:error: )?(?:could not find|no required module provides package) `?([\w./-]+)
version_conflict    ^ERROR: (?:ResolutionImpossible|Cannot install .* because)|^npm (?:ERR!|error) (?:code )?ERESOLVE
version_conflict    requires (?:a different Python|go >=)|^npm (?:ERR!|error) code EBADENGINE|Unsupported class file
git_state           ^CONFLICT \(|^Automatic merge failed|^error: could not apply
git_state           ^fatal: (?:not a git repository|detected dubious ownership|pathspec|bad revision|ambiguous argument)
network_error       certificate verify failed|SSL certificate problem|x509: certificate|Could not resolve host
network_error       Temporary failure in name resolution|Name or service not known|EAI_AGAIN|Network is unreachable
network_error       ^curl: \((?:22|28|35|52|56)\)|Connection timed out|Could not connect to server|Connection refused
network_error       ECONNREFUSED|HTTP Error [45]\d\d|returned error: [45]\d\d|^\w*\.?HTTPError: [45]\d\d
auth_failed         Permission denied \(publickey|Authentication failed|401 Unauthorized|Access denied for user
permission_denied   PermissionError: \[Errno 13\]|: Permission denied$|EACCES|Operation not permitted$|Read-only file
no_such_path        ^ERROR: file or directory not found: (\S+)|^FileNotFoundError: .*'([^']+)'
no_such_path        can't open file '([^']+)'|^make: \*\*\* No (?:rule|targets)
no_such_path        ^(?!ls:|stat:|find:|which:|rm:)[\w.-]+: .*: No such file or directory$
compile_error       ^[^\s:]+:\d+(?::\d+)?: (?:fatal )?error: |^error\[E\d+\]|error TS\d+: |undefined reference to `
compile_error       ^make(?:\[\d+\])?: \*\*\* .*Error \d+|^ninja: build stopped|^collect2: error
test_failure        ^=+ .*\b\d+ (?:failed|error).* in [\d.]+s.*=+$|^FAILED (?:\(|\S+::)|^Tests?: +\d+ failed
test_failure        ^--- FAIL: |^test result: FAILED|^\s+\d+ failing$|^\d+ failed, \d+ passed|^\d+ failed in [\d.]+s$
exception           ^(?:Uncaught )?(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception)(?:: .+| \[.+)?$|panicked at |^panic: 
exception           ^Uncaught |^jq: parse error|^ERROR \d+ \(\w+\)|^\S*: \S+:\d+: .*Assertion .* failed
usage_error         (?:unrecognized|invalid|unknown|illegal) option|unrecognized arguments:|^usage: |missing .*operand
""".replace("<sh>", r"^(?:\S*/)?(?:ba|z|da)?sh: (?:-c: )?(?:line \d+: |\d+: )?")
)
"""A mechanism and the shape of a line that shows it; the first that fits counts. `<sh>` is the beginning of a shell's
complaint, a group is what it is about."""
_ANY = re.compile("|".join(pattern.pattern for _, pattern in _TABLE))
_PROBES = re.compile(
    r"-c ['\"]import [\w., ]+['\"]|command -v|\bwhich\b|--version|\|\| *(?:true|echo|:)|echo .*\$\?"
)
"""Commands that are written so that they may fail."""
_EXPLAINED = re.compile(
    r"(?i)pre-?existing|unrelated|not related|already (?:fail|broken)|as (?:asked|expected|required|requested|intended)"
    r"|\brejects?\b|expected (?:error|failure)|on purpose|deliberate"
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
_NOT_RUN = ("command_not_found", "shell_syntax", "usage_error", "no_such_path")
"""Errors of commands that failed before they did anything."""
_KILLS = names("kill pkill killall timeout")
_OPTIONAL = names("ruff black mypy flake8 pylint shellcheck eslint prettier pre-commit tree xxd file jq rg")
"""Programs that an agent likes to have but does not need."""
_HIDES = re.compile(r"[|;\n]|&\s*$")
"""What hides the exit code of a command in a line."""
_SUMMARY = re.compile(
    r"^make(?:\[\d+\])?: \*\*\*|^ninja: |^collect2|\b(?:failed|error)\b.* in [\d.]+s|^Tests?: |^FAILED \("
    r"|^test result: |failing$|^\d+ failed"
)
"""Lines that say how many things failed, and not which."""


class Shown(NamedTuple):
    """An error: its mechanism, `none` if it has no known form; the act that printed it, the line; `what` it is about.

    It is `sure` if the rollout ended with it and nothing explains it: then its mechanism is that of the failure.
    """

    mechanism: str
    act: Act
    line: str
    what: str = ""
    sure: bool = False


def unresolved(
    did: Sequence[Act], known: frozenset[str] = frozenset(), passing: Sequence[str] = (), said: str = ""
) -> Shown | None:
    """The last failure that the agent did not get over: no command succeeded after it.

    `known` are lines of the instruction. One that the agent's last words `said` explain, or that one of `passing`
    shows too, results of the task's passing rollouts, is not sure, nor is one that came after the work was checked.
    """
    worked = [act for act in did if act.kind in ("run", "change") or (act.kind == "look" and error(act))]
    for at, act in reversed(list(enumerate(worked))[-LAST:]):
        later = worked[at + 1 :]
        if succeeded(act):
            return None
        lines = act.lines(known) if act.failed else []
        found = error(act, known) or (Shown("none", act, lines[-1].strip()) if lines else None)
        if found and not _may_fail(act) and not got_over(found, later):
            explained = _EXPLAINED.search(said[-2_000:]) or any(found.line in result for result in passing)
            return found._replace(sure=not later and not explained and _names(found, worked[:at]))
    return None


def _names(found: Shown, before: Sequence[Act]) -> bool:
    """Whether an error names a mechanism: it has a known form, and an exit code or was shown before.

    An error after the work was checked, by a command that succeeded after the last change, is another thing.
    """
    last = next((act for act in reversed(before) if act.kind == "change" or succeeded(act)), None)
    shown = found.act.failed is True or found.mechanism in map(_shows, before[1 - LAST :])
    return found.mechanism != "none" and shown and (last is None or last.kind == "change")


def succeeded(act: Act) -> bool:
    return act.kind == "run" and act.result_step > 0 and not _shows(act)


def got_over(found: Shown, later: Sequence[Act]) -> bool:
    """Whether a later act ran the same program, changed the same file, or did something about what was missing, and
    did not fail in the same way.
    """
    for act in later:
        about = len(found.what) > 2 and found.what.split(".")[0] in act.command
        same = act.heads & found.act.heads or set(act.targets) & set(found.act.targets)
        unsure = found.act.failed is not True or found.mechanism == "edit_refused"
        if (same or about or unsure) and _shows(act) != found.mechanism:
            return True
    return False


def failed_check(did: Sequence[Act]) -> Act | None:
    """The last test, build or check of types that failed, if no later one of its kind succeeded.

    A later check of another kind that succeeds proves nothing about it. What failed before the agent's first change is
    the state that it was given.
    """
    passed: set[str] = set()
    first = next((at for at, act in enumerate(did) if act.kind == "change"), len(did))
    for act in (act for act in reversed(did[first:]) if act.kind == "run" and act.result_step):
        commands = (" ".join(segment) for segment in segments(act.command))
        fits = (next((kind for kind, pattern in _CHECKS if pattern.search(each)), "") for each in commands)
        kinds = {*fits} - {""}
        found = error(act)
        ran = not found or not (found.mechanism in _NOT_RUN or (found.what and found.what in act.command))
        if not _shows(act):
            passed |= kinds
        elif ran and kinds and not kinds & passed and not _may_fail(act):
            return act
    return None


def _may_fail(act: Act) -> bool:
    return optional(act) or _PROBES.search(act.command[:2_000]) is not None


def optional(act: Act) -> bool:
    """Whether an act failed to run a program that an agent likes to have but does not need."""
    return act.failed is True and bool(act.heads & _OPTIONAL)


def _shows(act: Act) -> str:
    """The mechanism of an act's error; `none` if it failed without one, empty if it did not fail."""
    found = error(act)
    return found.mechanism if found is not None else "none" if act.failed else ""


@lru_cache(maxsize=64)
def error(act: Act, known: frozenset[str] = frozenset()) -> Shown | None:
    """The last error in a command's output, of a compiler's the first; a count of failures only if it stands alone.

    None if there is none. That tests failed counts before the reason that one of them gives.
    """
    if act.failed is False and (act.kind == "look" or not _HIDES.search(act.command)):
        return None
    shown = list(_errors(act, known))
    telling = [each for each in shown if not _SUMMARY.search(each.line)] or shown
    if not telling:
        return None
    compiler = [each for each in telling if each.mechanism == "compile_error"]
    found = compiler[0] if telling[-1] in compiler else telling[-1]
    tests = any(each.mechanism == "test_failure" for each in shown)
    return found._replace(mechanism="test_failure") if tests else found


def _errors(act: Act, known: frozenset[str]) -> Iterator[Shown]:
    for line in act.lines(known)[-LINES:]:
        said = line[:_LONGEST].strip().removeprefix("E   ").strip()
        if act.kind == "look" and not act.failed and said.partition(":")[0] not in act.command.split():
            continue  # what it shows, not what it says itself
        if not _ANY.search(said):
            continue
        found = ((word, match) for word, pattern in _TABLE if (match := pattern.search(said)))
        mechanism, match = next(found)
        what = next(filter(None, match.groups()), "").strip("'\"`")
        if what not in _OPTIONAL and not (mechanism == "out_of_memory" and act.heads & _KILLS):
            yield Shown(mechanism, act, said, what)
