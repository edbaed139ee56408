"""The lexicon: weights that come from the catalogue, and messages that the catalogue does not hold."""

from __future__ import annotations

import json

import pytest

from ahe.debug.signals.lexicon.features import features, stem
from ahe.debug.signals.lexicon.guess import CALM, Guess, alarming, guess
from ahe.debug.signals.lexicon.train import CATALOGUE, WEIGHTS, read_catalogue, weights_of
from ahe.debug.signals.mechanisms.match import SURE
from ahe.debug.signals.templates import fine
from ahe.debug.signals.vocabulary import MECHANISMS, NONE, NOT_A_COMMAND, UNKNOWN

LINES = read_catalogue(CATALOGUE.read_text("utf-8"))


def test_the_weights_are_those_of_the_catalogue() -> None:
    assert WEIGHTS.read_text("utf-8") == weights_of(LINES), "python -m ahe.debug.signals.lexicon.train"
    assert json.loads(WEIGHTS.read_text("utf-8")).keys() == {"mechanisms", "alarm"}


def test_the_catalogue_has_lines_for_every_word_and_none_twice() -> None:
    names = {name for name, _ in LINES}
    assert names == {*MECHANISMS, CALM} - {NONE, UNKNOWN, NOT_A_COMMAND}
    assert len(set(LINES)) == len(LINES)
    assert all(line == line.rstrip() for _, line in LINES)


@pytest.mark.parametrize(
    ("mechanism", "line"),
    [
        ("stale_cache", "report.json reused from the run of last week, not recomputed"),
        ("nothing_matched", "the filter *.parquet selected none of the 40 objects, continuing"),
        ("variable_unset", "REPORT_BUCKET has no value; bucket name is now an empty string"),
        ("port_in_use", "someone else is listening on 8443 already, admin page stays off"),
        ("line_endings", "script was saved with Windows line ends, shebang unreadable"),
        ("lock_held", "pid 4123 keeps the index locked, giving up after 30 s"),
    ],
)
def test_it_names_messages_that_nobody_wrote_down(mechanism: str, line: str) -> None:
    assert (mechanism, line) not in LINES
    assert guess(line).mechanism == mechanism
    assert alarming(fine(line))


@pytest.mark.parametrize("line", ["", "   ", "42", "…", "\ud800", "~" * 4_000])
def test_a_line_without_a_known_word_names_nothing(line: str) -> None:
    assert guess(line) == Guess("", 0.0, 0.0)


def test_a_line_of_one_letter_is_not_sure_of_anything() -> None:
    found = guess("a" * 4_000)
    assert 0 <= found.lead < SURE and not alarming(fine("a" * 4_000))


def test_inflections_are_one() -> None:
    assert stem("matched") == stem("matches") == stem("matching") == stem("match")
    assert "<glob>" in features("no file matches data/*.csv")
    assert "<row lock_held>" in features("x", "lock_held")
