"""Documents become skills: read, cut, described and checked like any change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from evolve_bench import Bench, executor

from ahe.agents.answering import Refused
from ahe.errors import HarnessError, NothingLeft, UsageError
from ahe.evolve.documents import (
    ABOUT,
    SECTIONS,
    DocumentsEditor,
    cut,
    manifest,
    read_documents,
    slug,
    untried,
    write,
)
from ahe.harness.load import load
from ahe.project.content import entry

GUIDE = """# House style

Write short lines. Then stop.

## Names

Use the words of the field.

```sh
# not a heading
```

## Tests

A test can fail.
"""


def test_a_document_is_a_skill_with_its_title_and_first_sentence(tmp_path: Path) -> None:
    (tmp_path / "House_Style.md").write_text(GUIDE)
    (document,) = read_documents(["House_Style.md"], tmp_path, 8_000)
    assert document.source.startswith("House_Style.md sha256:")
    assert (document.title, document.about) == ("House style", "House style. Write short lines.")
    assert [each.name for each in document.sections] == ["house-style"]
    assert document.sections[0].text == GUIDE.strip()


def test_a_long_document_is_cut_at_its_headings(tmp_path: Path) -> None:
    (tmp_path / "style.md").write_text(GUIDE)
    (document,) = read_documents(["style.md"], tmp_path, 75)
    assert [(each.name, each.title) for each in document.sections] == [
        ("style", "House style"),
        ("style-names", "Names"),
        ("style-tests", "Tests"),
    ]
    assert "# not a heading" in document.sections[1].text
    with pytest.raises(UsageError, match=r"too long .* split it"):
        read_documents(["style.md"], tmp_path, 10)


def test_nothing_is_lost_and_no_part_is_too_long() -> None:
    random = Random(5)
    for _ in range(2_000):
        text, size = "".join(random.choices("ab #\n`", k=random.randint(0, 300))), random.randint(5, 80)
        parts = cut(text, size)
        assert all(0 < len(part) <= size for _, part in parts)
        assert "".join("".join(part.split()) for _, part in parts) == "".join(text.split())


def test_a_folder_stands_for_its_texts_and_a_skill_brings_its_own_description(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "release-notes"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(
        "---\nname: notes\ndescription: How to write notes\n---\n\nOne line each.\n"
    )
    (folder / "b.txt").write_text("Plain text without a heading.\n")
    (folder / "c.py").write_text("pass\n")
    skill, plain = read_documents(["docs/release-notes"], tmp_path, 8_000)
    assert (skill.sections[0].name, skill.about) == ("notes", "How to write notes")
    assert (plain.title, plain.about) == ("b", "b. Plain text without a heading.")
    (tmp_path / "none").mkdir()
    for wrong in ("none", "nothing.md", "docs/release-notes/c.py"):
        with pytest.raises(UsageError):
            read_documents([wrong], tmp_path, 8_000)
    assert slug("  Ä/ ") == "document" and len(slug("a " * 100)) < 64


def editor(bench: Bench, folder: Path, **texts: str) -> DocumentsEditor:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)
    documents = read_documents([f"{name}.md" for name in texts], folder, 8_000)
    parts = bench.history, bench.make_draft, bench.runs / "scratch", documents
    return DocumentsEditor(*parts, None, entry("evolver"), executor)


async def test_each_document_is_a_commit_and_a_leak_is_refused(bench: Bench, tmp_path: Path) -> None:
    edits = editor(bench, tmp_path, leak="# Hints\n\nFor omega-note write the word omega.\n", good=GUIDE)
    (sha,) = await edits.edit(bench.brief)
    bench.history.advance(sha)
    (commit,) = bench.history.commits(limit=1)
    assert commit.subject == "skill: add the document House style"
    assert commit.source == edits.documents[1].source and not commit.evidence
    assert edits.refused == {edits.documents[0].source}
    assert untried(edits.documents, bench.history) == [edits.documents[0]]
    (skill,) = load(bench.history.path).skills
    assert (skill.name, skill.description) == ("good", "House style. Write short lines.")
    with pytest.raises(NothingLeft, match="every document"):
        await edits.edit(bench.brief.model_copy(update={"head": sha}))
    assert bench.history.contains(sha) and not list((bench.runs / "scratch").glob("evolve-*"))


async def test_a_name_is_a_string_and_odd_spaces_do_not_make_a_document_new(
    bench: Bench, tmp_path: Path
) -> None:
    edits = editor(bench, tmp_path, **{"12  34": GUIDE, "2024": "# Years\n\nCount them all.\n"})
    for document in edits.documents:
        assert untried(edits.documents, bench.history)[0] == document
        (sha,) = await edits.edit(bench.brief.model_copy(update={"head": bench.history.head()}))
        bench.history.advance(sha)
    assert untried(edits.documents, bench.history) == []
    assert [skill.name for skill in load(bench.history.path).skills] == ["12-34", "2024"]


async def test_a_skill_of_that_name_is_not_replaced(bench: Bench, tmp_path: Path) -> None:
    edits = editor(bench, tmp_path, good=GUIDE)
    (document,) = edits.documents
    with bench.draft() as draft:
        write(document, draft.folder, document.about)
        with pytest.raises(HarnessError, match="a skill good already"):
            write(document, draft.folder, document.about)
        skill = draft.folder / "skills" / "good" / "SKILL.md"
        skill.write_text("---\nname: good\ndescription: d\n---\n" + "word " * 3_000)
        longer = manifest(replace(document, title="x" * 70))
        with pytest.raises(Refused, match="tokens of text"):
            await draft.commit(longer, source=document.source)
    assert SECTIONS * 70 < 2_000 and ABOUT <= 1_024, "they fit a manifest, and the format of skills"
