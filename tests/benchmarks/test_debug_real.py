"""The corpus of `benchmarks/debug_real`, and how its reports are scored."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from ahe.debug.readers.find import find
from ahe.debug.readers.read import read
from benchmarks.debug_real.__main__ import figures, misses
from benchmarks.debug_real.labels import HALVES, LABEL, TRACES, Labelled, corpus, labelled
from benchmarks.debug_real.score import LINES, compared, first_screen

ALL = [each for half in HALVES for each in corpus(half)]
by_name = pytest.mark.parametrize("label", ALL, ids=lambda label: f"{label.half}-{label.name}")


@pytest.mark.parametrize("half", HALVES)
def test_a_half_has_the_wanted_shares(half):
    found = corpus(half)
    failing = [each for each in found if not each.passing]
    assert len(found) >= 36 and len({each.format for each in found}) >= 10
    assert 3 * (len(found) - len(failing)) == len(found)
    assert 0.2 <= sum(each.fault == "not-agent" for each in failing) / len(failing) <= 0.35


@by_name
def test_what_a_label_says_stands_in_the_traces(label):
    said = _solid("\n".join(_texts(label.folder)))
    assert bool(label.cause) is bool(label.shown_by) is not label.passing
    for text in (*label.shown_by, *label.must_not_quote, *(text for each in label.cause for text in each)):
        assert len(text) >= 6 and _solid(text) in said, text


@by_name
def test_a_cause_is_not_among_the_texts_that_are_no_evidence(label):
    for cause, wrong in ((c, w) for each in label.cause for c in each for w in label.must_not_quote):
        assert cause not in wrong and wrong not in cause


@by_name
def test_a_folder_is_read_as_the_rollouts_in_it(label):
    assert len(find([label.folder])) == label.rollouts


@by_name
def test_a_run_that_passed_says_nothing_about_a_failure_in_its_verdict(label):
    if label.passing:
        verdicts = [path for path in _files(label.folder) if path.parent.name in ("verifier", "panes")]
        said = "\n".join(path.read_text("utf-8") for path in verdicts if path.name not in _PANES)
        assert not re.search(r"fail|error|expected|assert|not ok|missing", said, re.IGNORECASE)


def test_no_two_folders_are_alike():
    contents = {label: frozenset(_lines(label)) for label in ALL}
    for one, other in combinations(ALL, 2):
        assert one.name != other.name and (one.passing or one.cause != other.cause)
        shared = len(contents[one] & contents[other]) / min(len(contents[one]), len(contents[other]))
        assert shared < 0.7, f"{one.name}, {other.name}"


@pytest.mark.parametrize("half", HALVES)
def test_a_part_is_small(half):
    sizes = [sum(path.stat().st_size for path in _files(label.folder)) for label in corpus(half)]
    assert max(sizes) <= (200_000 if half == "fresh" else 64_000) and sum(sizes) < 1_500_000


def test_a_third_of_the_fresh_part_is_long():
    steps = [len(read(source).steps) for label in corpus("fresh") for source in find([label.folder])]
    assert 3 * sum(count >= 40 for count in steps) >= len(steps) and max(steps) <= 160


def test_a_wrong_label_is_refused(tmp_path):
    (tmp_path / LABEL).write_text('format = "x"\nfault = "agent"\n', "utf-8")
    with pytest.raises(ValueError, match="cause"):
        labelled(tmp_path, "dev")


def test_a_cause_counts_wherever_it_stands_and_on_the_first_screen_only_there():
    report = "# Debug report\n\n" + "- filler\n" * LINES + "- the verifier: got 3, wanted 4\n"
    found = compared(_label(cause=(("no such",), ("got 3", "wanted 4"))), report, [], 1)
    assert found.cause and not found.first_screen
    assert compared(_label(cause=(("got 3", "wanted 5"),)), report, [], 1).cause is False


def test_the_first_screen_is_wrapped_and_a_text_that_wrapping_broke_is_found():
    report = "# Title\n\n" + "word " * 19 + "broken-in-the-middle-of-a-line-that-goes-on\n"
    assert first_screen(report).count("\n") == 2
    assert compared(_label(cause=(("word broken-in-the-middle",),)), report, [], 1).first_screen
    assert len(first_screen("# T\n\n" + "x\n" * 99).split("\n")) == LINES


def test_names_of_passing_runs_and_wrong_quotes_are_counted():
    passing = compared(
        _label(passing=True, fault="none"), "“Setting up  less” (a#1)", ["no_such_path", "none"], 1
    )
    fine = compared(_label(passing=True, fault="none"), "nothing", ["unknown"], 1)
    assert passing.named == ("no_such_path",) and passing.misquoted == ("Setting up less",)
    both = figures([passing, fine])
    assert (both.false_names, both.misquoted, both.read) == (0.5, 0.5, 1.0)
    assert misses(passing) == ["passing, but named no_such_path", "quotes 'Setting up less'"]


def test_what_others_did_has_to_come_before_the_failures():
    others, own = "## Not the agent's doing\n\n- t: 401\n\n", "## Failures\n\n- u: wrong\n\n"
    label = _label(fault="not-agent")
    assert compared(label, f"# T\n\n## In short\n\n- 2\n\n{others}{own}", [], 1).elsewhere
    late, empty = (
        compared(label, f"# T\n\n{text}", [], 1) for text in (own + others, "## Not the agent's doing\n\n")
    )
    assert not late.elsewhere and not empty.elsewhere
    assert (
        figures([late]).not_agent == 0.0
        and figures([compared(_label(), others, [], 1)]).blamed_elsewhere == 1.0
    )


_PANES = ("pre-agent.txt", "post-agent.txt")


def _label(
    cause: tuple[tuple[str, ...], ...] = (("x",),), passing: bool = False, fault: Any = "agent"
) -> Labelled:
    return Labelled(TRACES / "t", "dev", "harbor", fault, passing, 1, cause, (), ("Setting up less",))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LABEL)


def _texts(folder: Path) -> Iterator[str]:
    """The raw text of the files, and all strings of JSON in them, however deep."""
    for path in _files(folder):
        for text in _raw(path):
            yield text
            yield from _strings(_parsed(text))
            for line in text.split("\n"):
                yield from _strings(_parsed(line))


def _raw(path: Path) -> list[str]:
    if path.suffix != ".eval":
        return [path.read_text("utf-8")]
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name).decode() for name in archive.namelist()]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in ("{", "[") else None
    except ValueError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from _strings(_parsed(value))
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)


def _lines(label: Labelled) -> Iterator[str]:
    """The lines of some length in all texts: what makes a trace different from another."""
    for text in _texts(label.folder):
        yield from (line for line in text.split("\n") if 20 < len(line) < 2_000)


def _solid(text: str) -> str:
    return "".join(text.split())
