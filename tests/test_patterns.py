"""No regular expression takes more than linear time: strangers' files hold what no author of a pattern expects."""

from __future__ import annotations

import re

import patterns
import pytest


@pytest.mark.parametrize("file", patterns.files())
def test_no_pattern_takes_more_than_linear_time(file: str) -> None:
    uses, unknown = patterns.uses(file)
    assert unknown == [], "name how to get these in AT_RUN_TIME of patterns.py"
    slow = [f"{use.where} ({use.method}) on {text}" for use in uses if (text := patterns.superlinear(use))]
    assert slow == [], "use a possessive repeat, a lookbehind for the first character, or cut the lines first"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\s+$", "search"),
        (r"(a+)+$", "match"),
        (r"(.*) <(.*)> \d+", "fullmatch"),
        (r"error: .* at .* line", "search"),
        (r"\r+\n", "sub"),
        (r"\d+(\.\d+)+", "finditer"),
        (r'"(?:[^"\\]|\\.)*"', "findall"),
        (rb"[ab]*c", "search"),
    ],
)
def test_bad_patterns_are_noticed(pattern: str, method: str) -> None:
    assert patterns.superlinear(patterns.Use("here", re.compile(pattern), method))


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(?<!\s)\s+$", "search"),
        (r"[a-z]+\d*", "finditer"),
        (r"error|fail|refus|denied|not found|unable|cannot|timed? ?out|\b[45]\d\d\b", "search"),
        (r"^\w{1,40}: .{1,80}$", "search"),
    ],
)
def test_good_patterns_pass(pattern: str, method: str) -> None:
    assert patterns.superlinear(patterns.Use("here", re.compile(pattern), method)) == ""


def test_patterns_in_tables_and_calls_are_found() -> None:
    found = {use.pattern.pattern for file in patterns.files() for use in patterns.uses(file)[0]}
    assert len(found) > 150
    assert r"[^A-Za-z0-9_.-]+" in found, "a call in a function"
    assert r"harness\.toml|README\.md" in found or any("memory" in str(each) for each in found)
