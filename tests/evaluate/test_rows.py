"""Suites of rows: read, scored, and made of a person's file."""

import json
from pathlib import Path

import pytest

from ahe.errors import TaskError, UsageError
from ahe.evaluate.rows import convert, score
from ahe.evaluate.suite import hidden_texts, load_suite
from ahe.evaluate.verifier import judge
from ahe.records import Row


def write(folder: Path, name: str, rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in rows]
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")


def suite_folder(folder: Path, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "question.md").write_text("Which team?\n")
    write(folder, "train.jsonl", [("lost parcel", "logistics"), ("charged twice", "billing")])
    write(folder, "heldout.jsonl", [("no password mail came", "accounts")])
    write(folder, "test.jsonl", [("broken wheel on arrival today", "logistics")])
    (folder / "suite.toml").write_text(
        '[rows]\nscorer = "label"\nquestion = "question.md"\ntrain = "train.jsonl"\n'
        f'heldout = "heldout.jsonl"\ntest = "test.jsonl"\n{more}'
    )
    return folder


def test_each_row_is_a_task_without_a_folder(tmp_path: Path) -> None:
    suite = load_suite(suite_folder(tmp_path / "tickets"))
    assert [len(suite.part(split)) for split in ("train", "heldout", "test")] == [2, 1, 1]
    task = suite.part("train")[0]
    assert task.instruction == "Which team?\n\nlost parcel"
    assert task.row is not None and task.row.labels == ("accounts", "billing", "logistics")


def test_a_row_keeps_its_name_and_digest_when_others_are_added(tmp_path: Path) -> None:
    folder = suite_folder(tmp_path / "tickets")
    before = load_suite(folder).part("train")[0]
    write(folder, "train.jsonl", [("where is my bill", "billing"), ("lost parcel", "logistics")])
    after = load_suite(folder).part("train")[1]
    assert (before.name, before.digest) == (after.name, after.digest)


def test_a_changed_answer_is_another_task(tmp_path: Path) -> None:
    folder = suite_folder(tmp_path / "tickets")
    before = load_suite(folder).part("train")[0]
    write(folder, "train.jsonl", [("lost parcel", "billing"), ("charged twice", "billing")])
    after = load_suite(folder).part("train")[0]
    assert before.name == after.name and before.digest != after.digest


def test_quick_takes_the_first_rows_of_each_split(tmp_path: Path) -> None:
    suite = load_suite(suite_folder(tmp_path / "tickets", "quick = 1\n"))
    assert len(suite.part("train", quick=True)) == len(suite.part("heldout", quick=True)) == 1


def test_questions_outside_train_must_not_leak(tmp_path: Path) -> None:
    hidden = hidden_texts(load_suite(suite_folder(tmp_path / "tickets")))
    assert set(hidden) == {"no password mail came", "broken wheel on arrival today"}


def test_a_question_in_two_splits_is_refused(tmp_path: Path) -> None:
    folder = suite_folder(tmp_path / "tickets")
    write(folder, "test.jsonl", [("lost parcel", "logistics")])
    with pytest.raises(TaskError, match="in train and again in test: 'lost parcel'"):
        load_suite(folder)


@pytest.mark.parametrize(
    "line", ["[]", "{}", '{"question": "x"}', "no JSON", '{"question": "", "answer": "a"}']
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str) -> None:
    folder = suite_folder(tmp_path / "tickets")
    (folder / "test.jsonl").write_text(f'{{"question": "q", "answer": "a"}}\n{line}\n')
    with pytest.raises(TaskError, match=r"test\.jsonl:2: "):
        load_suite(folder)


LABELS = ("billing", "key accounts", "accounts")


@pytest.mark.parametrize(
    ("scorer", "right", "answer", "passes"),
    [
        ("exact", "Ulm", " **ulm.** ", True),
        ("exact", "Ulm", "It is Ulm", False),
        ("exact", "a b", "a\n b", True),
        ("label", "accounts", "The team is `accounts`.", True),
        ("label", "accounts", "key accounts", False),
        ("label", "key accounts", "Key accounts", True),
        ("label", "accounts", "accounts or billing", False),
        ("label", "accounts", "", False),
        ("label", "accounts", "key accounts, not accounts", False),
        ("number", "1200", "12 boxes of 100 are 1,200", True),
        ("number", "0.5", "half", False),
        ("number", "-3", "The result is -3.0 degrees", True),
        ("contains", "blue", "It is a Blue one", True),
        ("contains", "blue", "red", False),
    ],
)
def test_scorers(scorer: str, right: str, answer: str, passes: bool) -> None:
    row = Row.model_validate({"question": "q", "answer": right, "scorer": scorer, "labels": LABELS})
    assert score(answer, row) is passes
    judged = judge(answer, row)
    assert judged.passed is passes and judged.output.startswith("OK" if passes else "FAIL: answered ")


def test_a_long_hostile_answer_takes_no_time() -> None:
    row = Row(question="q", answer="accounts", scorer="label", labels=LABELS)
    for text in ("billing " * 200_000, "9" * 1_000_000, "(" * 1_000_000, " " * 1_000_000):
        for scorer in ("exact", "label", "number", "contains"):
            score(text, row.model_copy(update={"scorer": scorer}))


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_file_becomes_a_suite(tmp_path: Path, ending: str) -> None:
    rows = [{"text": f"question {n}", "team": "a" if n % 2 else "b", "more": 1} for n in range(60)]
    source = tmp_path / f"rows{ending}"
    if ending == ".csv":
        source.write_text("text,team,more\n" + "".join(f'"{r["text"]}",{r["team"]},1\n' for r in rows))
    else:
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert convert(source, tmp_path / "suite", "text", "team", "label") == 60
    suite = load_suite(tmp_path / "suite")
    assert sum(len(suite.part(split)) for split in ("train", "heldout", "test")) == 60
    assert all(suite.part(split) for split in ("train", "heldout", "test"))


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="row 1 has no 'question'; it has a, b: name it with --question"):
        convert(source, tmp_path / "suite", "question", "b", "exact")
    with pytest.raises(UsageError, match="1 different questions"):
        convert(source, tmp_path / "suite", "a", "b", "exact")
    (tmp_path / "suite").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        convert(source, tmp_path / "suite", "a", "b", "exact")


def test_other_line_separators_within_a_text_do_not_end_a_row(tmp_path: Path) -> None:
    folder = suite_folder(tmp_path / "tickets")
    row = json.dumps({"question": "one\u2028two\x85three", "answer": "a"}, ensure_ascii=False)
    (folder / "test.jsonl").write_text(row + "\n", "utf-8")
    (task,) = load_suite(folder).part("test")
    assert task.row is not None and task.row.question == "one\u2028two\x85three"


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "link.txt"])
def test_a_suite_reads_no_file_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = suite_folder(tmp_path / "tickets")
    (tmp_path / "secret.txt").write_text("a key")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    toml = (folder / "suite.toml").read_text().replace("question.md", name)
    (folder / "suite.toml").write_text(toml)
    with pytest.raises(TaskError, match="outside of the suite"):
        load_suite(folder)


def test_a_missing_cell_gives_no_row(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("question,answer\nq1,a\nq2\nq3,b\nq4,c\n")
    assert convert(source, tmp_path / "suite", "question", "answer", "exact") == 3
