"""Templates of lines, and how often they are counted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.debug.signals.templates import Frequency, coarse, digest, fine


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("read 12 rows in 3.5 s", "read 9841 rows in 120.25 s"),
        ("commit 3f2a9c1be", "commit 8b01de77a"),
        ("2026-01-02 10:11:12,001 INFO done with a", "2025-12-31 23:59:59,999 INFO done with a"),
        ("[10:11:12] [warning] done with a", "done with a"),
        ('time=2026-01-02T10:11:12Z level=info msg="done with a', "done with a"),
        ("Jan  2 10:11:12 host1 app[77]: done with a", "Feb 11 01:02:03 host9 app[8]: done with a"),
        ("ERROR: Failed", "error: failed"),
    ],
)
def test_numbers_hashes_times_and_case_are_taken_out(one: str, other: str) -> None:
    assert fine(one) == fine(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("imported 0 rows", "imported 12 rows"),
        ("cannot open /a/b", "cannot open /a/c"),
        ("a failed", "b failed"),
    ],
)
def test_names_and_a_lone_nought_stay(one: str, other: str) -> None:
    assert fine(one) != fine(other)


def test_coarse_templates_have_no_names() -> None:
    assert coarse(fine("cannot open '/a/b.txt' for reading")) == coarse(
        fine("cannot open /x/y_1 for reading")
    )
    assert coarse(fine("cannot open x for reading")) != coarse(fine("cannot open x for writing"))


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    assert fine(text).count(b"\n") == text.count("\n")


def test_a_digest_is_the_same_in_every_process() -> None:
    assert digest(b"no space left") == 4588999083738734948


def test_frequency_counts_tasks_in_any_order() -> None:
    dice = random.Random(5)
    tasks = [[dice.getrandbits(64) for _ in range(50)] for _ in range(30)]
    common = dice.getrandbits(64)
    for task in tasks[:7]:
        task += [common, common]
    one, other = Frequency(), Frequency()
    for task in tasks:
        one.add(task)
    for task in reversed(tasks):
        other.add(task[::-1])
    assert one.of(common) == other.of(common) == 7
    assert one.of(tasks[20][0]) == 1 and one.of(12345) == 0
    assert one.tasks == 30
    for _ in range(300):
        one.add([common])
    assert one.of(common) == 255
