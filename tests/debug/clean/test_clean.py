"""Cleaned text: what a reader sees of it, and that the raw text comes back from it to the byte."""

from __future__ import annotations

import base64
import os
import random
import re
from pathlib import Path

import made_trials
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restored import markers, parse_pointer, restore

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.clean.pointers import Pointer, encode
from ahe.debug.readers.read import read_trial
from ahe.debug.readers.trace import Channel, Step, Text

EXAMPLES = int(os.environ.get("AHE_EXAMPLES", "60"))
BLOB = base64.b64encode(random.Random(1).randbytes(3_000)).decode()


class Rollouts:
    """Cleans texts one after another, each a step of its own, and reads raw bytes as `ahe trace --raw` does."""

    def __init__(self) -> None:
        self.cleaner = Cleaner()
        self.steps: dict[tuple[str, int], Step] = {}

    def step(self, *texts: Text, label: str = "a", limit: int | None = None) -> Step:
        step = Step(1 + len(self.steps), "agent", texts)
        self.steps[label, step.id] = step
        cleaned = self.cleaner.clean(label, step, limit)
        assert restore(cleaned.raw, self.read) == encode(step.raw)
        for shown, text in zip(cleaned.texts, texts, strict=True):
            assert restore(shown.text, self.read) == encode(text.text)
        return cleaned

    def clean(self, raw: str, channel: Channel = "result", limit: int | None = None, label: str = "a") -> str:
        return self.step(Text(channel, raw), label=label, limit=limit).raw

    def read(self, pointer: Pointer) -> bytes:
        raw = encode(self.steps[pointer.label, pointer.step].raw)
        assert 0 <= pointer.start <= pointer.end <= len(raw)
        return raw[pointer.start : pointer.end]


@pytest.fixture
def rollouts() -> Rollouts:
    return Rollouts()


def lines(first: int, last: int, form: str = "line {} of a listing with its own words {}") -> str:
    return "".join(form.format(n, "abcdefghij"[n % 10] * (n % 7)) + "\n" for n in range(first, last))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n",
        "plain\ntext",
        "text\n",
        "\ttab\n\n\n\nblank lines\n",
        "spaces  \n",
        "twice\ntwice\n",
        "é 日本\n",
        lines(0, 30),
    ],
)
def test_what_needs_no_cleaning_stays(rollouts: Rollouts, raw: str) -> None:
    assert rollouts.clean(raw) == raw


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("\x1b[31mred\x1b[0m\nplain\n", "⟦~a#1:0-19\nred\nplain⟧\n"),
        ("plain\n\x1b[31mred\x1b[0m", "⟦~a#1:0-18\nplain\nred⟧"),
        ("a\r\nb\r\nc\r\n", "⟦~a#1:0-9\na\nb\nc⟧\n"),
        ("é\r\n", "⟦~a#1:0-4 é⟧\n"),
        ("  5%\r 50%\r100%\ndone\n", "⟦~a#1:0-20\n100%\ndone⟧\n"),
        ("x ⟦…⟧ y\n", "⟦~a#1:0-14 x ⟨…⟩ y⟧\n"),
        ("bad \udcff byte\n", "⟦~a#1:0-11 bad \ufffd byte⟧\n"),
        ("\x1b[A\n", "⟦~a#1:0-4 ⟧\n"),
        ("one\ntwo\n\x1b[2AONE\x1b[2B\nend", "⟦~a#1:0-23\nONE\ntwo\n\nend⟧"),
    ],
)
def test_what_a_terminal_changes_stands_in_a_region(rollouts: Rollouts, raw: str, wanted: str) -> None:
    assert rollouts.clean(raw) == wanted


def test_what_is_cut_from_coloured_text_leads_to_all_of_it(rollouts: Rollouts) -> None:
    raw = "first\n" + "\x1b[32mwaiting for the server to come up\x1b[0m\n" * 50 + f"\x1b[1m{BLOB}\x1b[m\n"
    cleaned = rollouts.clean(raw)
    place = f"a#1:0-{len(raw)}"
    assert cleaned == (
        f"⟦~{place}\nfirst\nwaiting for the server to come up\n⟦×49 {place}⟧\n{BLOB[:32]}"
        f"⟦blob 3968 bytes {place}⟧⟧\n"
    )


def test_repeats_fold(rollouts: Rollouts) -> None:
    line = "waiting for the server to come up on port 8080\n"
    assert rollouts.clean(f"go\n{line * 50}up\n") == f"go\n{line}⟦×49 a#1:50-2353⟧\nup\n"


def test_progress_folds_and_the_last_of_it_stays(rollouts: Rollouts) -> None:
    counts = "".join(f"epoch {n}: loss 0.{n:03}\n" for n in range(90))
    folded = rollouts.clean(counts)
    assert folded.startswith("epoch 0: loss 0.000\nepoch 1: loss 0.001\n⟦≈ 87 lines a#1:")
    assert folded.endswith("epoch 89: loss 0.089\n") and folded.count("\n") == 4
    crates = "".join(f"   Compiling crate{c} v1.{n}.0\n" for n, c in enumerate("abcdefghijklmnop"))
    assert "⟦≈ 13 lines a#2:" in rollouts.clean(crates + "error[E0308]: mismatched types\n")


def test_blobs_and_long_lines_are_cut_but_for_their_errors(rollouts: Rollouts) -> None:
    cleaned = rollouts.clean(f'{{"data": "{BLOB}"}}\n')
    assert cleaned == f'{{"data": "{BLOB[:32]}⟦blob 3968 bytes a#1:42-4010⟧"}}\n'
    wrapped = "".join(f"{BLOB[n : n + 76]}\n" for n in range(0, 3_000, 76))
    assert rollouts.clean(f"key:\n{wrapped}end\n").count("\n") == 4
    long = "x, é " * 5_000 + "Error: disk is full" + ", y" * 5_000
    cleaned = rollouts.clean(long)
    assert len(cleaned) < 3_000 and "Error: disk is full" in cleaned and cleaned.count("⟦… ") == 2


def test_what_was_seen_before_is_pointed_to(rollouts: Rollouts) -> None:
    listing = lines(0, 30)
    assert rollouts.clean(f"$ ls\n{listing}") == f"$ ls\n{listing}"
    again = rollouts.clean(f"now\n{listing}end\n")
    assert again == f"now\n⟦= 30 lines a#1:5-{5 + len(listing)}⟧\nend\n"
    other = rollouts.clean(listing[:-1], label="b")
    assert other == f"⟦= 30 lines a#1:5-{5 + len(listing)} raw b#3:0-{len(listing) - 1}⟧"
    coloured = rollouts.clean(f"\x1b[1m{listing}\x1b[m", label="b")
    assert coloured == f"⟦= 30 lines a#1:5-{5 + len(listing)} raw b#4:0-{len(listing) + 7}⟧"


def test_what_changed_in_a_file_that_is_shown_again_is_shown(rollouts: Rollouts) -> None:
    rollouts.clean(lines(0, 60))
    again = rollouts.clean(lines(0, 30) + "a new line\n" + lines(30, 60))
    assert [found.words for found in markers(again)] == ["= 30 lines", "= 30 lines"]
    assert "\na new line\n" in again and len(again) < 100


def test_a_long_output_keeps_its_ends_and_its_errors(rollouts: Rollouts) -> None:
    words = random.Random(3)
    body = ["".join(words.choices("abcdefgh ", k=60)) for _ in range(3_000)]
    body[0], body[1_500], body[-1] = "first of all", "ld: cannot find -lssl", "last of all"
    cleaned = rollouts.clean("\n".join(body), limit=2_000)
    assert len(cleaned) < 2_400
    for line in ("first of all", body[1_499], "ld: cannot find -lssl", body[1_501], "last of all"):
        assert line in cleaned
    assert sum(found.words.startswith("…") for found in markers(cleaned)) == 2


@pytest.mark.parametrize("channel", ["reasoning", "error", "injected"])
def test_reasoning_tool_errors_and_injected_messages_are_never_dropped(
    rollouts: Rollouts, channel: Channel
) -> None:
    text = lines(0, 200)
    assert rollouts.clean(text, channel, limit=500) == text
    again = rollouts.clean(text, channel, limit=500, label="b")
    assert again.startswith(text[:20]) and (again == text or channel == "injected")


def test_a_short_text_stays_whole_though_its_line_is_long(rollouts: Rollouts) -> None:
    asked = "Fix the test of the parser, and change nothing else in the repository. " * 5
    assert (
        rollouts.step(Text("message", asked), Text("result", lines(0, 900)), limit=1_000).texts[0].text
        == asked
    )


def test_texts_of_a_step_share_its_limit_and_short_ones_stay_whole(rollouts: Rollouts) -> None:
    cleaned = rollouts.step(
        Text("reasoning", "why not\n"), Text("call", "cat big\n"), Text("result", lines(0, 900)), limit=1_500
    )
    reasoning, call, result = (part.text for part in cleaned.texts)
    assert (reasoning, call) == ("why not\n", "cat big\n") and 900 < len(result) < 1_800


WORD = st.sampled_from(
    [
        "make",
        "error: x",
        "été",
        "日本",
        "⟦",
        "⟧",
        "⟦/⟧",
        "a#1:0-4⟧",
        "12%",
        "\udcfe",
        "--",
        "",
        "x" * 90,
    ]
)
CONTROL = st.sampled_from(
    [
        "\r",
        "\r\n",
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[K",
        "\x1b[A",
        "\x1b[2A",
        "\x1b[3B",
        "\x1b[E",
        "\x1b[2J",
        "\x1b[H",
        "\b",
        "\t",
        "\x00",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[M",
        "\x1b[L",
        "\x1b",
        "\x1b[5;2H",
    ]
)
NEWLINES = st.sampled_from(["\n", "\n", "\n", "\n\n"])
LINE = st.lists(WORD | CONTROL, max_size=5).map(" ".join)
CALM = st.lists(WORD, max_size=5).map(" ".join)
PARAGRAPH = st.one_of(
    st.lists(st.tuples(CALM, NEWLINES).map("".join), max_size=12).map("".join),
    st.lists(st.tuples(LINE, NEWLINES).map("".join), max_size=6).map("".join),
    st.builds(lambda line, n: (line + "\n") * n, CALM | LINE, st.integers(1, 30)),
    st.builds(
        lambda block, n: "".join(f"{b}\n" for b in block) * n,
        st.lists(CALM, min_size=2, max_size=6),
        st.integers(2, 9),
    ),
    st.builds(
        lambda n, end: "".join(f"step {i} of {n}{end}" for i in range(n)),
        st.integers(1, 60),
        st.sampled_from("\n\r"),
    ),
    st.builds(lambda a, n: lines(a, a + n), st.integers(0, 5), st.integers(1, 40)),
    st.builds(
        lambda a, n: lines(a, a + n, "\x1b[1mline {} of a listing\x1b[m with its own words {}"),
        st.integers(0, 5),
        st.integers(1, 20),
    ),
    st.builds(lambda a, b: BLOB[a : a + b], st.integers(0, 9), st.integers(0, 3_000)),
    st.builds(lambda n: "".join(f"{BLOB[i * 76 : i * 76 + 76]}\n" for i in range(n)), st.integers(1, 15)),
    st.just("$ vi\n\x1b[?1049h\x1b[Htext\x1b[5;1Hmore\x1b[?1049l$ \n"),
    CALM,
)
RAW = st.lists(PARAGRAPH, max_size=6).map("".join)
CHANNEL = st.sampled_from(["message", "reasoning", "call", "result", "result", "error", "injected"])
STEP = st.lists(st.builds(lambda c, t: Text(c, t), CHANNEL, RAW), min_size=1, max_size=3)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b/c~2", "été.json"]), STEP), max_size=5),
    st.none() | st.integers(0, 3_000),
)
def test_cleaned_text_and_pointers_restore_the_raw_text(
    steps: list[tuple[str, list[Text]]], limit: int | None
) -> None:
    rollouts = Rollouts()
    for label, texts in steps:
        cleaned = rollouts.step(*texts, label=label, limit=limit)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", cleaned.raw)
        for found in markers(cleaned.raw):
            assert parse_pointer(str(found.pointer)) == found.pointer


def test_the_rollouts_of_a_task_come_back_from_their_cleaned_texts(tmp_path: Path) -> None:
    outputs = [
        "\x1b[32mPASS\x1b[0m one\r\n" + lines(0, 30),
        "".join(f"\r{n}% [{'█' * (n // 5):20}]" for n in range(101)) + "\nok\n",
        "\x1b[2A\x1b[2K" + "Pulling layer 1\n" * 20 + BLOB + "\n",
        lines(0, 30) + "Traceback (most recent call last):\nOSError: ⟦disk⟧ is full",
    ]
    rollouts = Rollouts()
    for attempt in range(3):
        name = f"{attempt}" * 24
        made_trials.trace(
            tmp_path, name, [(f"run {n}", text) for n, text in enumerate(outputs[attempt:] * 2)]
        )
        for step in read_trial(tmp_path / "trials" / name).steps:
            rollouts.steps[name, step.id] = step
            cleaned = rollouts.cleaner.clean(name, step, limit=1_000 if attempt == 2 else None)
            assert restore(cleaned.raw, rollouts.read) == encode(step.raw)
            assert attempt == 0 or len(cleaned.raw) < 900


@settings(max_examples=EXAMPLES, deadline=None)
@given(RAW, st.integers(0, 3_000))
def test_a_limit_holds(raw: str, limit: int) -> None:
    cleaned = Cleaner().clean("a", Step(1, "agent", (Text("result", raw),)), limit)
    shown = re.sub(r"⟦[^~⟦⟧][^⟦⟧]*⟧\n?|⟦~\S+\s|⟧", "", cleaned.raw)
    assert len(shown) <= max(limit, 200) + 200
