"""Verdicts in JSON of any form: records with a test's name and outcome, failed checks by path, and reasons.

Graders write what they like. The rule: what failed, with the strings under names like `reason` next to it; a failed
check without such a string by its path; a reason at the top before single tests.
"""

import re
from collections.abc import Iterator
from typing import Any

from ahe.debug.readers.lenient_json import as_text, mapping, number, salvage, words
from ahe.debug.verifiers.failure import Failure, failure, generic

_DEPTH, _MOST = 12, 200
_REASONS = words(
    "reason reasons failurereason message messages failuremessage failuremessages errormessage error errors"
    " exception longrepr crash call detail details explanation feedback reasoning rationale justification diagnosis why"
    " failure failures problem problems issue issues violation violations mismatch mismatches diff difference"
    " comment comments note notes hint summary description stderr traceback trace log output stdout text analysis"
    " judgement judgment verdict"
)
"""Names of fields that say why, the most telling first."""
_CLEAR = 18
"""How many of them say it of a verdict whose outcome is not stated."""
_RANK = {name: rank for rank, name in enumerate(_REASONS)}
_TITLES = words(
    "nodeid fullname name test testname testid case caseid check checkname criterion requirement title id rule key"
    " label"
)
_OUTCOMES = words(
    "passed pass ok success succeeded successful correct iscorrect resolved isresolved valid met satisfied"
)
_WORDS = words("status outcome result state verdict conclusion grade")
_OWN = (*_OUTCOMES, *_WORDS, *_TITLES)
"""Fields that speak of the record itself."""
_SCORES = words("score reward points value")
_BEST = words("maxscore max weight")
_FAILED = words(
    "failed fail failure failing error errored broken false no timeout timedout incorrect wrong rejected unmet"
    " notok invalid crashed"
)
_PASSED = words("passed pass passing ok success true yes correct accepted skipped skip xfailed pending")
_CHECKS = words(
    "checks check tests test testresults assertionresults cases testcases results criteria assertions gates"
    " requirements rubric rubrics conditions details subtests components scores breakdown items steps validations"
    " rules expectations"
)
_FAILED_LISTS = words("failed failure failures failing failedtests failingtests")
_WANTED, _GOT = words("expected want wanted target"), words("actual got received found observed predicted")
_GOOD_WHEN_FALSE = re.compile(
    r"fail|error|skip|timeout|timedout|truncat|cheat|forbid|violat|interrupt|cache|dryrun|crash|kill|flaky|"
    r"missing|extra|exceed|leak|warning|invalid|wrong|abort|expected|xfail|optional|required|isnull|empty|hidden"
)
_PUNCTUATION = re.compile(r"[^a-z0-9]")


def parse_verdict(text: str) -> list[Failure] | None:
    """The failures that a JSON verdict names; None if it is not one or names none."""
    found = _failed(_load(text))[:_MOST]
    return list({(each.test, each.decisive): each for each in found}.values()) or None


def parse_rewards(text: str) -> list[Failure]:
    """A failure for each named reward below 1, except `reward`, which sums up the others."""
    named = {key: value for key, value in mapping(_load(text)).items() if key != "reward"}
    low = {key: value for key, value in named.items() if isinstance(value, int | float) and value < 1}
    return [Failure(key, f"{key}: {value}", f"{key}: {value}") for key, value in low.items()]


def parse_unknown(text: str) -> list[Failure] | None:
    """The most telling reason in JSON of an unknown form; None if the text is not JSON."""
    value = _load(text)
    if value is None:
        return None
    return [failure("", [said]) for said in _reasons(value, _DEPTH)[:1]]


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


def _failed(value: Any, path: tuple[str, ...] = (), checks: bool = False, depth: int = 0) -> list[Failure]:
    """The failures in a value; `checks` says that it stands in a field whose members are checks or tests."""
    if isinstance(value, list) and depth < _DEPTH:
        members = [((*path, _title(each) or str(at)), each) for at, each in enumerate(value, start=1)]
        return [found for inner, each in members for found in _failed(each, inner, checks, depth + 1)]
    if not isinstance(value, dict) or depth > _DEPTH:
        return []
    outcome = _outcome(value)
    name = " ".join([part for part in path[-3:] if not part.isdigit()] or path[-1:])[:300]
    speaks = outcome is None and not depth and not _fields(value).keys().isdisjoint(_REASONS[:_CLEAR])
    texts = _reasons(value, 2) if outcome is False or speaks else []
    found = [failure(name, texts)] if texts else []
    if depth and (texts or outcome is True):
        return found
    for key, each in value.items():
        plain = _plain(key)
        if plain in _FAILED_LISTS and (names := _names(each)):
            found += [Failure(test, f"{test}: failed", "") for test in names]
        elif isinstance(each, dict | list):
            further = path if plain in _CHECKS else (*path, key)
            found += _failed(each, further, checks or plain in _CHECKS, depth + 1)
        elif checks and plain not in _OWN and _plain(each) in _FAILED and not _GOOD_WHEN_FALSE.search(plain):
            test = f"{name} {key}".strip()[:300]
            found.append(Failure(test, f"{test}: {as_text(each)[:300]}", ""))
    if outcome is False and depth and not found:
        found.append(Failure(name, f"{name}: failed", ""))
    return found


def _outcome(record: dict[str, Any]) -> bool | None:
    """Whether a record says that it passed; None if it says nothing of the kind."""
    fields = _fields(record)
    for name in (*_OUTCOMES, *_WORDS):
        said = _plain(fields[name]) if isinstance(fields.get(name), bool | str) else ""
        if said in _FAILED or said in _PASSED:
            return said in _PASSED
    if (grade := fields.get("value", fields.get("grade"))) in ("C", "I", "P", "N"):
        return bool(grade == "C")
    scores = [fields[name] for name in _SCORES if isinstance(fields.get(name), int | float)]
    if scores and _title(record):
        best = next((number(fields[name]) for name in _BEST if name in fields), 1.0)
        return scores[0] is True or number(scores[0]) >= max(1.0, best)
    return None


def _reasons(value: Any, depth: int) -> list[str]:
    """What says why: the strings under telling names, at most `depth` records deep, the most telling first; last the
    expected and the actual value."""
    found = sorted(_strings(value, depth), key=lambda pair: pair[0])
    fields = _fields(value)
    wanted, got = (
        next((fields[name] for name in names if name in fields), None) for names in (_WANTED, _GOT)
    )
    differ = wanted is not None or got is not None
    differs = [f"expected {as_text(wanted)[:300]}, got {as_text(got)[:300]}"] if differ else []
    return [text for _, text in found] + differs


def _strings(value: Any, depth: int, name: str = "") -> Iterator[tuple[int, str]]:
    """The strings under telling names with the ranks of their names, except in records that passed."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value[:20]):
        value = "" if _names(value) else "\n".join(value[:20])
    if isinstance(value, str) and name in _RANK and not generic(value):
        yield _RANK[name], value
    elif isinstance(value, list) and depth and name in ("", *_RANK):
        for each in value:
            yield from _strings(each, depth - 1, name)
    elif isinstance(value, dict) and depth and _outcome(value) is not True:
        for key, each in value.items():
            yield from _strings(each, depth - 1, _plain(key))


def _names(value: Any) -> list[str]:
    """The names in a list of failed tests; empty if it is not a list or holds anything else."""
    given = value[:_MOST] if isinstance(value, list) else []
    return given if all(isinstance(each, str) and len(each.split()) == 1 for each in given) else []


def _title(value: Any) -> str:
    fields = _fields(value)
    return next((as_text(fields[key])[:200] for key in _TITLES if isinstance(fields.get(key), str | int)), "")


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a record by their names in small letters without punctuation."""
    return {_plain(key): each for key, each in mapping(value).items()}


def _plain(name: Any) -> str:
    return _PUNCTUATION.sub("", str(name)[:60].lower())
