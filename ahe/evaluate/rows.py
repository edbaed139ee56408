"""Suites of rows: questions with their answers in a file, without a folder, a sandbox or a shell each.

`suite.toml` names the files of the splits, `[rows] train = "train.jsonl"`; each line is an object with `question` and
`answer`. The agent answers in words, and a named scorer compares its answer with the right one.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ahe.errors import TaskError, UsageError
from ahe.evaluate.taskformat import RowsToml
from ahe.records import EnvironmentSpec, Row, Split, Task
from ahe.text import loads, read_text

SECONDS = 300.0
"""Limit of an agent's time for one question; the project's own may be shorter."""
MAX_TEXT = 20_000
EDGES = " \"'`*_.,:;!()[]"
_WORD = re.compile(r"[\w-]+")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")

Rows = dict[Split, tuple[Task, ...]]


def read_rows(root: Path, toml: RowsToml) -> Rows:
    """The tasks of the splits' files, in the order of the files. Raises `TaskError` that names the file and line."""
    before = _text(root, toml.question).strip() if toml.question else ""
    read = {split: _pairs(root, name) for split, name in toml.files().items()}
    labels = tuple(sorted({answer for pairs in read.values() for _, answer in pairs}))
    seen: dict[str, str] = {}
    found: Rows = {}
    for split, pairs in read.items():
        for question, _ in pairs:
            if question in seen:
                raise TaskError(
                    f"{root}: a question is in {seen[question]} and again in {split}: {question[:60]!r}; remove one"
                )
            seen[question] = split
        found[split] = tuple(
            _task(
                root, split, before, Row(question=question, answer=answer, scorer=toml.scorer, labels=labels)
            )
            for question, answer in pairs
        )
    return found


def _task(root: Path, split: Split, before: str, row: Row) -> Task:
    labels = row.labels if row.scorer == "label" else ()
    parts = [before, row.question, row.answer, row.scorer, labels]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    name = f"{split}-{hashlib.sha256(row.question.encode()).hexdigest()[:10]}"
    return Task(
        name=name,
        path=str(root),
        digest=digest,
        instruction=f"{before}\n\n{row.question}".strip(),
        environment=EnvironmentSpec(name=name, workdir=""),
        agent_seconds=SECONDS,
        row=row,
    )


def _text(root: Path, name: str) -> str:
    """A file of the suite: never one outside of its folder, which a stranger's suite could send to the endpoint."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise TaskError(f"{path} is outside of the suite: put the file into {root}")
    try:
        return read_text(path)
    except (OSError, UnicodeError) as error:
        raise TaskError(f"{path} cannot be read: {error}") from None


def _pairs(root: Path, name: str) -> list[tuple[str, str]]:
    """The questions and answers of a file with one JSON object a line."""
    found, path = [], root / name
    # Not `splitlines`: JSON may hold other line separators, such as U+2028, within a text.
    for number, line in enumerate(_text(root, name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = loads(line)
            question, answer = row["question"], row["answer"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise TaskError(f"{path}:{number}: each line is an object with `question` and `answer`") from None
        if not all(isinstance(text, str) and text.strip() for text in (question, answer)):
            raise TaskError(f"{path}:{number}: question and answer are texts that are not empty")
        found.append((question.strip(), answer.strip()))
    if not found:
        raise TaskError(f"{path} holds no rows")
    return found


# ------------------------------------------------------------------------------------------------------------- scorers


def score(answer: str, row: Row) -> bool:
    """Whether the agent's answer is right."""
    return SCORERS[row.scorer](answer[-MAX_TEXT:], row)


def plain(text: str) -> str:
    """Text as it is compared: one case, single spaces, without quotes and punctuation at its edges."""
    return " ".join(text.split()).strip(EDGES).casefold()


def _exact(answer: str, row: Row) -> bool:
    return plain(answer) == plain(row.answer)


def _label(answer: str, row: Row) -> bool:
    """The right label occurs, and no other one; a label inside a longer one that occurs does not count."""
    rest, named = _words(answer), set()
    for label in sorted(map(_words, row.labels), key=len, reverse=True):
        if label in rest:
            named.add(label)
            rest = rest.replace(label, " . ")
    return named == {_words(row.answer)}


def _words(text: str) -> str:
    """The words of a text between single spaces, with one at either end."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _number(answer: str, row: Row) -> bool:
    """The last number in the answer is the right one."""
    said, right = _NUMBER.findall(answer), _NUMBER.findall(row.answer)
    return bool(said and right) and abs(_value(said[-1]) - _value(right[-1])) <= 1e-6 * max(
        1.0, abs(_value(right[-1]))
    )


def _contains(answer: str, row: Row) -> bool:
    return plain(row.answer) in plain(answer)


def _value(text: str) -> float:
    return float(text.replace(",", ""))


SCORERS: Mapping[str, Callable[[str, Row], bool]] = {
    "exact": _exact,
    "label": _label,
    "number": _number,
    "contains": _contains,
}


# ---------------------------------------------------------------------------------------------------------- conversion


def convert(source: Path, target: Path, question: str, answer: str, scorer: str) -> int:
    """Make the suite `target` of a CSV or JSONL file with these columns; returns how many rows it has.

    Rows are put into train, heldout and test by the hash of the question, 40/20/40. Raises `UsageError`.
    """
    if target.exists():
        raise UsageError(f"{target} exists already: name another folder with --out")
    rows = {}
    for number, each in enumerate(_records(source), 1):
        if missing := [name for name in (question, answer) if name not in each]:
            has = ", ".join(map(str, each))
            fix = "name it with --question or --answer"
            raise UsageError(f"{source}: row {number} has no {missing[0]!r}; it has {has}: {fix}")
        asked, right = ("" if each[name] is None else str(each[name]).strip() for name in (question, answer))
        if asked and right:
            rows[asked] = right
    if len(rows) < 3:
        raise UsageError(f"{source} has {len(rows)} different questions with answers; a suite needs more")
    target.mkdir(parents=True)
    parts: dict[Split, list[str]] = {"train": [], "heldout": [], "test": []}
    for text, right in rows.items():
        place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
        split: Split = "train" if place < 0.4 else "heldout" if place < 0.6 else "test"
        parts[split].append(json.dumps({"question": text, "answer": right}, ensure_ascii=False))
    lines = [f"name = {json.dumps(target.name)}", "", "[rows]", f"scorer = {json.dumps(scorer)}"]
    for split, part in parts.items():
        if part:
            (target / f"{split}.jsonl").write_text("\n".join(part) + "\n", "utf-8")
            lines.append(f'{split} = "{split}.jsonl"')
    (target / "suite.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return len(rows)


def _records(source: Path) -> Iterable[Mapping[str, object]]:
    text = read_text(source)
    if source.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    try:
        found = [loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not JSON, one object a line: {error}") from None
    if not all(isinstance(each, dict) for each in found):
        raise UsageError(f"{source}: each line is an object")
    return found
