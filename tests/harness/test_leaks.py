from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.harness.leaks import Secrets, leaks

VERIFIER = """#!/bin/bash
set -euo pipefail
import json
total = sum(order["amount"] for order in orders if order["region"] == "north")
assert total == 48213, "the northern total is wrong"
check("ranges", "merge", [[1, 4], [4, 8]], [[1, 8]])
digest = "05635bfea6f2aed6a3d5cd5306b63c2c5b106be3"
"""
SOLUTION = "find /app/src -name '*.py' -exec sed -i 's/get_user/fetch_user/g' {} +\n"
INSTRUCTION = (
    "Write the sum of all paid orders of the northern region to /app/total.txt, with two decimals.\n"
)
SECRETS = Secrets(
    ["sum-paid-north", "org/fix_median", "regex"],
    [VERIFIER, SOLUTION, INSTRUCTION + "extra words of the verifier\n"],
    [INSTRUCTION],
)


def told(text: str, path: str = "memory.md") -> list[str]:
    every = frozenset(range(text.count("\n") + 1))
    return [problem.rule for problem in leaks({path: text}, {path: every}, SECRETS)]


@pytest.mark.parametrize(
    "text",
    [
        "See sum-paid-north.",
        "In SUM_PAID_NORTH, count.",
        "tasks/sum-paid-north/x",
        "sum.paid.north",
        "like fix-median-2",
        "the regex.",
    ],
)
def test_a_name_is_found_however_it_is_joined(text: str) -> None:
    assert told(text) == ["task names"]


@pytest.mark.parametrize(
    "text", ["sum paid north", "median", "fix the median", "resum-paid-northern", "regexes"]
)
def test_words_that_are_no_name_pass(text: str) -> None:
    assert told(text) == []


def test_a_file_cannot_be_called_like_a_task() -> None:
    assert told("Use csv.", "skills/sum-paid-north/SKILL.md") == ["task names"]


@pytest.mark.parametrize(
    "text",
    [
        *VERIFIER.splitlines()[3:],
        SOLUTION.strip(),
        "- Remember: total = sum(order['amount'] for order in orders if order['region']",
        "TOTAL  ==\n48213,\n'the northern total",
        "the digest 05635bfea6f2aed6a3d5cd5306b63c2c5b106be3",
        "run find /app/src -name '*.py' -exec sed -i s/get_user/fetch_user/g",
    ],
)
def test_copied_text_is_found_wherever_it_stands(text: str) -> None:
    assert set(told(f"- Look first.\n{text}\n")) == {"task text"}


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/bash\nset -euo pipefail\nimport json",
        INSTRUCTION,
        "Check each total twice before you write it to the file.",
        "with open(path, encoding='utf-8') as file:\n    return json.load(file)",
        "Sum the amounts of the orders, then compare with the total that the task asks for.",
        "",
        "12345 0.5 2024",
    ],
)
def test_boilerplate_instructions_and_lessons_pass(text: str) -> None:
    assert told(text) == []


def test_a_reason_shows_only_the_evolvers_own_line() -> None:
    line = "Say total == 48213, the northern total is wrong"
    (problem,) = leaks({"memory.md": line}, {"memory.md": frozenset([0])}, SECRETS)
    assert line in problem.text
    rest = str(problem).replace(line, "")
    assert not any(word in rest for word in ("sum-paid", "orders", "48213", "train", "heldout", "tests/"))


def test_lines_that_stood_there_before_are_not_told_again() -> None:
    text = SOLUTION + "A new line about something else.\n"
    assert not list(leaks({"m": text}, {"m": frozenset([1])}, SECRETS))


def test_a_copy_put_together_from_an_old_and_a_new_line_is_found() -> None:
    text = 'assert total ==\n48213, "the northern total is wrong"\n'
    (problem,) = leaks({"m": text}, {"m": frozenset([1])}, SECRETS)
    assert problem.where == "m:2"


@given(
    st.lists(st.from_regex(r"[a-z]{5,9}[0-9]{2}", fullmatch=True), min_size=8, max_size=40, unique=True),
    st.data(),
)
def test_eight_words_in_a_row_are_always_found(words: list[str], data: st.DataObject) -> None:
    secrets = Secrets([], [" ".join(words)], [])
    first = data.draw(st.integers(0, len(words) - 8))
    glue = data.draw(st.sampled_from([" ", "_", "\n", ", ", " == ", "\t"]))
    text = "Before.\n" + glue.join(words[first : first + 8]).upper() + "\nAfter."
    every = frozenset(range(text.count("\n") + 1))
    assert any(problem.rule == "task text" for problem in leaks({"m": text}, {"m": every}, secrets))


@given(st.text(max_size=300))
def test_no_text_before_a_leak_hides_it(text: str) -> None:
    assert "task names" in told(f"{text}\nSee sum-paid-north.")


def search(tasks: int) -> float:
    """CPU seconds, the least of several, that a search takes among the texts of this many tasks."""
    chance = random.Random(0)
    words = [f"w{n:x}" for n in range(20_000)]
    hidden = [" ".join(chance.choices(words, k=200)) for _ in range(tasks)]
    secrets = Secrets([f"task-{n}-x" for n in range(tasks)], hidden, [])
    text = "\n".join(" ".join(chance.choices(words, k=12)) for _ in range(150)) + "\n" + hidden[7][:200]
    took = []
    for _ in range(3):
        began = time.process_time()
        found = list(leaks({"m": text}, {"m": frozenset(range(151))}, secrets))
        took.append(time.process_time() - began)
        assert [problem.where for problem in found] == ["m:151"]
    return min(took)


def test_a_search_costs_about_the_same_however_many_tasks_there_are() -> None:
    """A scan of every text would cost 40 times as much."""
    assert search(4_000) < 10 * search(100)
