"""Verdicts in JSON of any form: records with a test's name and outcome, failed checks by path, and reasons.

Graders write what they like. The rule: what failed, with the strings under names like `reason` next to it; a failed
check without such a string by its path; a reason at the top before single tests.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from ahe.debug.readers.lenient_json import as_text, mapping, number, salvage, words
from ahe.debug.verifiers.failure import GENERIC, LONG, Failure, failure

_DEPTH, _NODES, _MOST = 12, 20_000, 200
_REASONS = words(
    "reason reasons failurereason message messages failuremessage failuremessages errormessage error errors"
    " exception longrepr crash call detail details explanation feedback reasoning rationale justification diagnosis why"
    " failure failures problem problems issue issues violation violations mismatch mismatches diff difference"
    " comment comments note notes hint summary description stderr traceback trace log output stdout text analysis"
    " judgement judgment verdict"
)
"""Names of fields that say why, the most telling first."""
_RANK = {name: rank for rank, name in enumerate(_REASONS)}
_TITLES = words(
    "nodeid fullname name test testname testid case caseid check checkname criterion requirement title id rule key"
    " label"
)
_OUTCOMES = words(
    "passed pass ok success succeeded successful correct iscorrect resolved isresolved valid met satisfied"
)
_WORDS = words("status outcome result state verdict conclusion grade")
_OWN = frozenset((*_WORDS, *_OUTCOMES, *_TITLES))
"""Fields that speak of the record itself."""
_SCORES = words("score reward points value")
_FAILED = frozenset(
    words(
        "failed fail failure failing error errored broken false no timeout timedout incorrect wrong rejected unmet"
        " notok invalid crashed"
    )
)
_PASSED = frozenset(
    words("passed pass passing ok success true yes correct accepted skipped skip xfailed pending")
)
_CHECKS = frozenset(
    words(
        "checks check tests test testresults assertionresults cases testcases results criteria assertions gates"
        " requirements rubric rubrics conditions details subtests components scores breakdown items steps validations"
        " rules expectations rewards"
    )
)
_FAILED_LISTS = words("failed failure failures failing failedtests failingtests")
_NO_SCORE = re.compile(
    r"time|duration|second|latency|elapsed|cost|weight|threshold|tolerance|version|temperature|seed|reward|total"
    r"|overall|count|max|min|number|index"
)
_GOOD_WHEN_FALSE = re.compile(
    r"fail|error|skip|timeout|timedout|truncat|cheat|forbid|violat|interrupt|cache|dryrun|crash|kill|flaky|"
    r"missing|extra|exceed|leak|warning|invalid|wrong|abort|expected|xfail|optional|required|isnull|empty|hidden"
)
_PUNCTUATION = re.compile(r"[^a-z0-9]")


def is_verdict(text: str) -> bool:
    """Whether a text is JSON that says how something ended."""
    found = _load(text)
    return isinstance(found, dict | list) and bool(found) and _says(found)


def _load(text: str) -> Any:
    """The value of a JSON text, or the list of the values of its lines."""
    bare = text.strip("\ufeff \t\r\n")
    if bare[:1] not in ("{", "["):
        return None
    value, faults = salvage(bare)
    if any("extra data" in what for _, what in faults):
        lines = [salvage(line)[0] for line in bare.split("\n") if line[:1] == "{"]
        return [line for line in lines if isinstance(line, dict) and "Action" not in line]
    return None if any("damaged" in what for _, what in faults) else value


def _says(value: Any, depth: int = 3) -> bool:
    given = value[:5] if isinstance(value, list) else [*mapping(value).values()][:20]
    names = {_plain(key) for key in mapping(value)}
    known = {*_OUTCOMES, *_WORDS, *_SCORES, *_CHECKS, *_REASONS[:18]}
    return bool(names & known) or (depth > 0 and any(_says(each, depth - 1) for each in given))


def parse_verdict(text: str) -> list[Failure]:
    """The failures that a JSON verdict names: its own reason, then each failed test or check. Never raises."""
    value = _load(text)
    passed = isinstance(value, dict) and _outcome(value) is True
    own = (
        _texts(value) or [*filter(None, [_differs(value)])] if isinstance(value, dict) and not passed else []
    )
    found = [*([failure("", own)] if own else []), *itertools.islice(_failed(value, (), False), _MOST)]
    if not found and not passed:
        return parse_unknown(text)
    return list({(each.test, each.decisive): each for each in found}.values())[:_MOST]


def parse_unknown(text: str) -> list[Failure]:
    """The most telling sentence in JSON of an unknown form: under a telling name, else the longest."""
    left: list[tuple[str, Any]] = [("", _load(text))]
    found: list[tuple[int, int, str]] = []
    for _ in range(_NODES):
        if not left:
            break
        name, value = left.pop()
        if isinstance(value, dict) and _outcome(value) is not True:
            left.extend(value.items())
        elif isinstance(value, list):
            left.extend((name, each) for each in value)
        elif isinstance(value, str) and len(value.split(None, 3)) > 2:
            found.append((_RANK.get(_plain(name), len(_RANK)), -len(value), value[:LONG]))
    telling = (text for _, _, text in sorted(found) if not GENERIC.fullmatch(text[:300].strip()))
    return [failure("", [text]) for text in itertools.islice(telling, 1)]


def is_json(text: str) -> bool:
    return isinstance(_load(text), dict | list)


def _failed(value: Any, path: tuple[str, ...], checks: bool, depth: int = 0) -> Iterator[Failure]:
    """The failures in a value; `checks` says that it stands in a field whose members are checks or tests."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for at, each in enumerate(value, start=1):
            yield from _failed(
                each, (*path, (isinstance(each, dict) and _title(each)) or f"{at}"), checks, depth + 1
            )
    outcome = _outcome(value) if isinstance(value, dict) and depth else None
    if not isinstance(value, dict) or outcome is True:
        return
    if outcome is False and (texts := _texts(value)):
        yield failure(_named(path), texts)
        return
    said = 0
    for key, each in value.items():
        plain = _plain(key)
        if plain in _FAILED_LISTS and isinstance(each, list) and (names := _names(each)):
            found = [Failure(name, f"{name}: failed", "") for name in names]
        elif isinstance(each, dict | list):
            further = path if plain in _CHECKS else (*path, key)
            found = list(_failed(each, further, checks or plain in _CHECKS, depth + 1))
        else:
            bad = checks and plain not in _OWN and _bad(plain, each)
            found = [_failed_check(path, key, each)] if bad else []
        said += len(found)
        yield from found
    if outcome is False and not said:
        name, differs = _named(path), _differs(value)
        yield failure(name, [differs]) if differs else Failure(name, f"{name}: failed", "")


def _bad(name: str, value: Any) -> bool:
    """Whether a check's value says that it failed."""
    if isinstance(value, str):
        return _plain(value) in _FAILED
    if not isinstance(value, int | float) or _GOOD_WHEN_FALSE.search(name):
        return False
    return value is False or (value is not True and not _NO_SCORE.search(name) and 0 <= value < 1)


def _failed_check(path: tuple[str, ...], key: str, value: Any) -> Failure:
    if isinstance(value, str):
        name = " ".join((*path, key)) if path else key
        return Failure(name, f"{name}: {value}", "")
    where = ": ".join(filter(None, (_named(path), key)))
    said = f"{where} {as_text(value)}"
    return Failure(_named(path) or key, said, said)


def _outcome(record: dict[str, Any]) -> bool | None:
    """Whether a record says that it passed; None if it says nothing of the kind."""
    fields = {_plain(key): value for key, value in record.items()}
    for name in _OUTCOMES:
        if isinstance(fields.get(name), bool):
            return bool(fields[name])
    for name in _WORDS:
        said = _plain(fields[name]) if isinstance(fields.get(name), str) else ""
        if said in _FAILED or said in _PASSED:
            return said in _PASSED
    grade = fields.get("value", fields.get("grade"))
    if isinstance(grade, str) and grade in ("C", "I", "P", "N"):
        return grade == "C"
    titled = any(name in fields for name in _TITLES)
    for name in _SCORES:
        if titled and isinstance(fields.get(name), int | float):
            best = max(1.0, number(fields.get("maxscore", fields.get("max", fields.get("weight", 1)))))
            return number(fields[name]) >= best or fields[name] is True
    return None


def _texts(record: dict[str, Any], depth: int = 2) -> list[str]:
    """The strings under telling names, the most telling first; also those one record deeper."""
    found: list[tuple[int, str]] = []
    for key, value in record.items():
        rank = _RANK.get(_plain(key))
        if rank is None:
            continue
        if isinstance(value, str):
            found.append((rank, value))
        elif (
            isinstance(value, list)
            and not _names(value)
            and all(isinstance(each, str) for each in value[:20])
        ):
            found.append((rank, "\n".join(value[:20])))
        elif isinstance(value, dict) and depth > 1:
            found += [(rank, text) for text in _texts(value, depth - 1)]
    return [
        text
        for _, text in sorted(found, key=lambda pair: pair[0])
        if not GENERIC.fullmatch(text.strip()[:300])
    ]


def _names(value: Any) -> list[str]:
    """The names in a list of failed tests; empty if the list holds anything else."""
    names = [each for each in value[:_MOST] if isinstance(each, str) and each and len(each.split()) == 1]
    return names if isinstance(value, list) and len(names) == len(value[:_MOST]) else []


def _differs(record: dict[str, Any]) -> str:
    """Expected and actual values, if the record has both."""
    fields = {_plain(key): value for key, value in record.items()}
    wanted = next((fields[key] for key in ("expected", "want", "wanted", "target") if key in fields), None)
    got = next(
        (
            fields[key]
            for key in ("actual", "got", "received", "found", "observed", "predicted")
            if key in fields
        ),
        None,
    )
    if wanted is None and got is None:
        return ""
    return f"expected {as_text(wanted)[:300]}, got {as_text(got)[:300]}"


def _title(record: dict[str, Any]) -> str:
    fields = {_plain(key): value for key, value in record.items()}
    return next((as_text(fields[key])[:200] for key in _TITLES if isinstance(fields.get(key), str | int)), "")


def _named(path: tuple[str, ...]) -> str:
    return " ".join([part for part in path[-3:] if not part.isdigit()] or path[-1:])[:300]


def _plain(name: Any) -> str:
    return _PUNCTUATION.sub("", str(name)[:60].lower())
