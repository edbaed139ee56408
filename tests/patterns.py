"""Finds every regular expression of `ahe`, makes hostile texts for it, and measures how its time grows with them."""

from __future__ import annotations

import ast
import importlib
import re
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import world

from ahe.debug.readers import results
from ahe.harness.layout import PLACES
from ahe.models import refusals

PACKAGE = world.ROOT / "ahe"
ONCE, ALL = {"search", "match", "fullmatch"}, {"finditer", "findall", "sub", "subn", "split"}
MOST_CHARACTERS = 6
AT_RUN_TIME: dict[str, Callable[[], Iterable[Any]]] = {
    # A text that is escaped, or a table of compiled patterns, which is found by itself.
    "ahe/debug/signals/vocabulary.py pattern": lambda: (),
    "ahe/debug/signals/endings.py pattern": lambda: (),
    "ahe/debug/verifiers/frameworks.py fits": lambda: (),
    "ahe/debug/verifiers/frameworks.py each": lambda: (),
    "ahe/environments/docker_shell.py re.escape(token) + b':(\\\\d{1,3})\\\\n'": lambda: (),
    "ahe/evaluate/support.py f'(ba)?sh {re.escape(script)}( && rm (-f )?{re.escape(script)})?'": lambda: (),
    "ahe/models/refusals.py f'(?<!\\\\w){re.escape(key)}(?!\\\\w)'": lambda: (),
    "ahe/models/secrets.py re.escape(text.replace('\\\\', ''))": lambda: (),
    "ahe/models/secrets.py data.hex()": lambda: (),
    # The user's own words, in the script of a scripted model.
    "ahe/models/script.py pattern": lambda: (),
    # Tables of texts.
    "ahe/debug/readers/results.py pattern": lambda: (pattern for _, pattern in results._TOOLS),
    "ahe/harness/layout.py self.expression": lambda: (place.expression for place in PLACES),
    "ahe/harness/layout.py place.inside": lambda: (place.inside for place in PLACES if place.inside),
    "ahe/models/refusals.py '|'.join(found)": lambda: refusals._overflow().values(),
    "ahe/models/refusals.py words": lambda: (words for _, words in refusals.SETTLED),
}
"""Patterns that are made when they are used, by file and source, and how to get them."""
APPLIED = {
    "ahe/debug/verifiers/failures.py _LOUD": {"match"},
    "ahe/debug/verifiers/failures.py _MARK": {"match"},
    "ahe/debug/verifiers/frameworks.py _ERROR": {"match"},
    "ahe/debug/verifiers/frameworks.py _PANIC": {"match"},
}
"""How patterns are applied that are handed to functions."""
LONGEST = {
    "ahe/evolve/rules.py RETOLD": 4_000,
    "ahe/evolve/rules.py REPORTED": 4_000,
    "ahe/evolve/rules.py QUOTED": 4_000,
    "ahe/evolve/rules.py PATH": 4_000,
    "ahe/debug/readers/read.py _INSTANCE": 255,
    "ahe/debug/signals/acts.py _HEREDOC": 4_000,
    "ahe/debug/signals/acts.py _QUOTED": 4_000,
    "ahe/debug/signals/signatures.py _CAUSES": 4_000,
    "ahe/debug/signals/mechanisms.py _ANY": 600,
    "ahe/debug/signals/mechanisms.py _TABLE": 600,
    "ahe/debug/verifiers/failures.py _LOUD": 2_000,
    "ahe/debug/verifiers/failures.py _MARK": 2_000,
    "ahe/debug/verifiers/frameworks.py _ERROR": 2_000,
    "ahe/debug/verifiers/frameworks.py _PANIC": 2_000,
    "ahe/debug/verifiers/frameworks.py _TABLE": 2_000,
}
"""Characters to which a text is cut before these patterns see it."""
SAMPLES = {
    sre.CATEGORY_DIGIT: "0",
    sre.CATEGORY_SPACE: " \t\n",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_DIGIT: "x",
    sre.CATEGORY_NOT_SPACE: "x",
    sre.CATEGORY_NOT_WORD: " -",
}


@dataclass(frozen=True)
class Use:
    """A pattern, and how it is applied: a method of `re.Pattern`."""

    where: str
    pattern: re.Pattern[Any]
    method: str


# ---------------------------------------------------------------- where patterns are


def files() -> list[str]:
    return sorted(path.relative_to(world.ROOT).as_posix() for path in PACKAGE.rglob("*.py"))


def uses(file: str) -> tuple[list[Use], list[str]]:
    """The patterns of a file, and the calls of `re` whose pattern only exists at run time."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    found: dict[tuple[Any, int, str], Use] = {}
    unknown = []

    def add(pattern: Any, flags: int, where: str, method: str) -> None:
        made = pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, flags)
        found[made.pattern, made.flags, method] = Use(where, made, method)

    here, anywhere = methods(file), methods("")
    of_rows = set().union(*(used for name, used in here.items() if name not in vars(module))) - {"split"} or {
        "search"
    }
    for name, value in vars(module).items():
        if getattr(value, "__module__", module.__name__) not in (module.__name__, "re"):
            continue
        for inner, pattern in compiled(value, name):
            for method in APPLIED.get(f"{file} {name}") or (here if inner[:1] == "_" else anywhere).get(
                inner, of_rows
            ):
                add(pattern, 0, f"{file} {name}", method)
    for call in calls(file):
        assert isinstance(call.func, ast.Attribute)
        source = f"{file} {ast.unparse(call.args[0])}"
        try:
            patterns = [eval(_expression(call.args[0]), vars(module))]
        except NameError:
            patterns = list(AT_RUN_TIME.get(source, lambda: [])())
            unknown += [] if source in AT_RUN_TIME else [source]
        flags = sum(map(_flag, [*call.args[1:], *(keyword.value for keyword in call.keywords)]))
        for pattern in patterns if call.func.attr != "compile" else ():  # those are in names of the module
            add(pattern, flags, f"{file}:{call.lineno}", call.func.attr)
    return list(found.values()), unknown


def calls(file: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse((world.ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re" and node.func.attr in ONCE | ALL | {"compile"}:
                yield node


def _expression(node: ast.expr) -> Any:
    return compile(ast.Expression(node), "pattern", "eval")


def _flag(node: ast.expr) -> int:
    if not any(isinstance(each, ast.Attribute) for each in ast.walk(node)):
        return 0
    try:
        value = eval(_expression(node), {"re": re})
    except NameError:
        return 0
    return int(value) if isinstance(value, re.RegexFlag) else 0


def compiled(value: Any, name: str, depth: int = 4) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The compiled patterns in a module's value (tables, records), each with the name or the field that holds it."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif depth:
        inner: Iterable[tuple[str, Any]] = ()
        if isinstance(value, dict):
            inner = [(name, each) for pair in value.items() for each in pair]
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            inner = zip(value._fields, value, strict=True)
        elif isinstance(value, (list, tuple, set, frozenset)):
            inner = [(name, each) for each in value]
        elif is_dataclass(value) and not isinstance(value, type):
            inner = [(field.name, getattr(value, field.name)) for field in fields(value)]
        for each_name, each in inner:
            yield from compiled(each, each_name, depth - 1)


@cache
def methods(file: str) -> dict[str, set[str]]:
    """For each name in a file (or in all files), the methods of patterns that are called on it."""
    used: dict[str, set[str]] = defaultdict(set)
    for each in [file] if file else files():
        for node in ast.walk(ast.parse((world.ROOT / each).read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ONCE | ALL:
                of = node.value
                name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
                used[name].add(node.attr)
    return used


# ---------------------------------------------------------------- hostile texts


def characters(tree: Any) -> Iterator[str]:
    """Characters that a pattern asks for, and for each of its classes some that are in it."""
    for op, argument in tree:
        if op in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(argument) if op is sre.LITERAL else "x"
        elif op is sre.ANY:
            yield "x"
        elif op is sre.CATEGORY:
            yield from SAMPLES.get(argument, "x")
        elif op is sre.RANGE:
            yield chr(argument[0])
        elif op is sre.IN:
            yield from "x " if argument[0][0] is sre.NEGATE else ""
            yield from characters(argument)
        else:
            for part in _inside(op, argument):
                yield from characters(part)


def repeated(tree: Any) -> Iterator[str]:
    """Characters in the repeated parts of a pattern, which are those that take time."""
    for op, argument in tree:
        repeats = op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT) and argument[1] > 3
        for part in _inside(op, argument):
            yield from characters(part) if repeats else repeated(part)


def _inside(op: Any, argument: Any) -> Iterator[Any]:
    """The parts of a compound operation."""
    if op is sre.BRANCH:
        yield from argument[1]
    elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        yield argument[2]
    elif op is sre.SUBPATTERN:
        yield argument[3]
    elif op in (sre.ASSERT, sre.ASSERT_NOT):
        yield argument[1]
    elif op is sre.ATOMIC_GROUP:
        yield argument
    elif op is sre.GROUPREF_EXISTS:
        yield from (part for part in argument[1:] if part)


def beginnings(tree: Any) -> list[str]:
    """Texts that a pattern's first parts match, longer and longer, its branches one by one."""
    found = [""]
    for op, argument in tree:
        ends = {""}
        if op in (sre.LITERAL, sre.IN, sre.ANY, sre.CATEGORY, sre.NOT_LITERAL, sre.RANGE):
            ends = {next(characters([(op, argument)]), "")}
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            ends = {end * max(1, min(argument[0], 3)) for end in beginnings(argument[2])[-3:]}
        elif op not in (sre.ASSERT, sre.ASSERT_NOT, sre.AT, sre.GROUPREF):
            ends = {end for part in _inside(op, argument) for end in beginnings(part)[-1:]}
        whole = found[-1]
        found += [whole + end for end in sorted(ends, key=len)[-4:]]
    return found


def hostile(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """(once, repeated) pairs of texts: long runs of characters, pairs and beginnings of the pattern."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(
        text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    )
    alphabet = list(dict.fromkeys([*repeated(tree), *characters(tree), "x", " "]))
    starts = [start[:200] for start in dict.fromkeys(beginnings(tree)) if start]
    few = [*alphabet[:MOST_CHARACTERS], "\n"]
    texts = [("", one) for one in alphabet[:40]]
    texts += [("", one + other) for one in few for other in few if one != other]
    texts += [("", start) for start in starts] + [("", f"{start} ") for start in starts]
    texts += [(start, one) for start in starts[-8:] for one in few]
    return list(dict.fromkeys(texts))


# ---------------------------------------------------------------- time


class TooLong(Exception):
    """A single application took more than `CEILING` seconds of CPU."""


CUT_SECONDS = 0.1
"""Seconds that a pattern may take for a text that was cut."""
CEILING = 2.0
NOTICEABLE = 0.05
"""Seconds for 64,000 characters below which nothing is said about growth."""
END = "\x01"
"""Hardly any pattern allows it: what could match to the end of a text fails there, and is tried from the next place."""


def superlinear(use: Use) -> str:
    """A text on which the pattern's time grows faster than the text's length, shown; empty if there is none.

    If the pattern only sees short texts: one of that length that takes it long.
    """
    most = LONGEST.get(use.where.split(":")[0]) or LONGEST.get(use.where.split()[0].split(":")[0])
    for once, again in hostile(use.pattern):
        try:
            if most:
                if seconds(use, once, again, most) > CUT_SECONDS:
                    return f"{once!r} + {again!r} * n + {END!r} of {most} characters"
                continue
            seconds(use, once, again, 60)  # where growth has no bounds, this is too long already
            if grows(use, once, again, 1_000, 4_000) and grows(use, once, again, 4_000, 64_000):
                return f"{once!r} + {again!r} * n + {END!r}"
        except TooLong:
            return f"{once!r} + {again!r} * n + {END!r} takes more than {CEILING} s"
    return ""


def grows(use: Use, once: str, again: str, short: int, long: int) -> bool:
    """Whether one long text takes noticeably longer than as many characters in short texts."""
    least = NOTICEABLE * (long / 64_000) ** 2
    if seconds(use, once, again, long) < least:
        return False
    # The least of three: other work on the machine must neither look like growth nor hide it.
    whole = min(seconds(use, once, again, long) for _ in range(3))
    parts = min(seconds(use, once, again, short, long // short) for _ in range(3))
    return whole >= max(least, 2 * parts)


def seconds(use: Use, once: str, again: str, size: int, times: int = 1) -> float:
    """Seconds of CPU to apply the pattern to such a text of about `size` characters, `times` times."""
    text = once + again * (size // len(again)) + END
    subject: Any = text.encode("latin-1", "replace") if isinstance(use.pattern.pattern, bytes) else text
    began = time.process_time()
    with _ceiling():
        for _ in range(times):
            if use.method in ONCE:
                getattr(use.pattern, use.method)(subject)
            else:
                for _ in use.pattern.finditer(subject):
                    pass
    return time.process_time() - began


@contextmanager
def _ceiling() -> Iterator[None]:
    def late(*_: Any) -> None:
        raise TooLong

    old = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, CEILING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
