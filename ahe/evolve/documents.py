"""Skills from documents that a person names: each document is one change, which the loop measures like any other.

The text stays as it is. A tool returns only so many characters, so a longer document is cut at its headings into
several skills, which go into one commit.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ahe.agents.answering import Refused, fill_in, object_schema, rendered_prompt
from ahe.agents.play import MakeExecutor
from ahe.errors import HarnessError, NothingLeft, UsageError
from ahe.events import QUIET, Notice
from ahe.evolve.draft import MakeDraft, Manifest, drafted
from ahe.evolve.rules import SENTENCE
from ahe.harness.load import split_front_matter
from ahe.history import History
from ahe.protocols import Model, Watcher
from ahe.records import Brief, Citation, Message, Record, Request
from ahe.text import read_text

ENDINGS = (".md", ".txt")
"""Of the files that a folder stands for."""
SECTIONS = 12
"""Most skills that one document becomes."""
ADDED_TOKENS = 30_000
"""What preflight lets one document add: it is read on demand, and only its description is always sent."""
ABOUT, NAME, TITLE, READ = 300, 60, 70, 12_000
"""Most characters of a description, a skill's name and a title, and of what a model reads to describe a document."""


@dataclass(frozen=True)
class Section:
    """A part of a document that becomes a skill."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Document:
    """A document. `source` is its path with its digest, as the commit names it; `about` what it says of itself."""

    source: str
    title: str
    about: str
    sections: tuple[Section, ...]


class DocumentAdded(Manifest):
    """The manifest of a document: it quotes no trial, because no failure led to it."""

    citations: tuple[Citation, ...] = ()


class Described(Record):
    """What a model writes about a document."""

    description: Annotated[str, Field(min_length=20, max_length=ABOUT)]


def read_documents(paths: Iterable[str], root: Path, size: int) -> tuple[Document, ...]:
    """The documents at these paths (relative to `root`); a folder stands for its .md and .txt files, by name.

    A skill gets at most `size` characters. Raises `UsageError` that names the file and the fix.
    """
    places = [root / path for path in paths]
    files = [file for place in places for file in (_inside(place) if place.is_dir() else [place])]
    return tuple(_read(file, root, size) for file in dict.fromkeys(files))


def untried(documents: Sequence[Document], history: History) -> list[Document]:
    """Those that no commit of HEAD's history comes from, in their order. A document that has changed is a new one.

    Digests are compared: a path with odd spaces does not stay as it is in a commit message.
    """
    tried = {_digest(commit.source) for commit in history.commits()}
    return [document for document in documents if _digest(document.source) not in tried]


def _digest(source: str) -> str:
    return source.rpartition("sha256:")[2]


@dataclass
class DocumentsEditor:
    """An editor that commits one document after the other. `model` describes them; without one they do it themselves.

    `harness` is the evolver's own. `refused` are those that did not pass preflight in this run.
    """

    history: History
    make_draft: MakeDraft
    scratch: Path
    documents: tuple[Document, ...]
    model: Model | None
    harness: Path
    make_executor: MakeExecutor
    watcher: Watcher = QUIET
    refused: set[str] = field(default_factory=set)

    async def edit(self, brief: Brief) -> list[str]:
        """The commit of the next document that passes preflight. Raises `NothingLeft` after the last one."""
        with drafted(self.history, self.make_draft, self.scratch, brief) as (draft, _):
            for document in untried(self.documents, self.history):
                if document.source in self.refused or document.source in brief.taken:
                    continue
                draft.reset()
                try:
                    write(document, draft.folder, await self._about(document))
                    return [await draft.commit(manifest(document), source=document.source)]
                except (HarnessError, Refused) as error:
                    self.refused.add(document.source)
                    why = " ".join(str(error).split())[:300]
                    self.watcher.emit(Notice(f"{document.source} was not tried: {why}"))
        raise NothingLeft("every document was tried")

    async def _about(self, document: Document) -> str:
        if self.model is None:
            return document.about
        found = [document.about]

        async def take(given: Described) -> None:
            found.append(" ".join(given.description.split()))

        system = await rendered_prompt(
            self.harness, self.make_executor, {"mode": "description", "changes": 1}
        )
        text = "\n\n".join(section.text for section in document.sections)[:READ]
        schema = object_schema({"description": {"type": "string", "minLength": 20, "maxLength": ABOUT}})
        form = Request(
            role="evolver",
            key=f"explore/{document.sections[0].name}",
            messages=(Message(role="system", content=system), Message(role="user", content=text)),
            max_tokens=400,
            seed=0,
            response_schema=schema,
        )
        await fill_in(self.model, form, Described, take, repairs=2, again="Write it again.")
        return found[-1]


def write(document: Document, harness: Path, about: str) -> None:
    """Add the document's skills to the harness in a folder. Raises `HarnessError` where it has one of the name."""
    for number, section in enumerate(document.sections):
        folder = harness / "skills" / section.name
        if folder.exists():
            raise HarnessError(
                f"the harness has a skill {section.name} already: revert it, or rename the file"
            )
        said = (
            about if not number else _clipped(f"{document.title}: {section.title}. {_opening(section.text)}")
        )
        folder.mkdir(parents=True)
        fields = f"name: {json.dumps(section.name)}\ndescription: {json.dumps(said, ensure_ascii=False)}"
        (folder / "SKILL.md").write_text(f"---\n{fields}\n---\n\n{section.text}\n", "utf-8")


def manifest(document: Document) -> DocumentAdded:
    names = ", ".join(section.name for section in document.sections)
    return DocumentAdded(
        subject=f"Add the document {document.title}",
        action="add",
        evidence=f"The document {document.source}, which a person named.",
        root_cause="None is claimed: whether the document helps is what the measurement answers.",
        fix=f"Skills with its text: {names}",
        predicts=(),
        risks=(),
    )


# ---------------------------------------------------------------- reading


def _inside(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS and path.is_file())
    if not found:
        raise UsageError(f"{folder} holds no {' or '.join(ENDINGS)} file: name files, or another folder")
    return found


def _read(path: Path, root: Path, size: int) -> Document:
    try:
        whole = read_text(path)
        fields, text = split_front_matter(whole) if whole.startswith("---\n") else ({}, whole.strip())
    except FileNotFoundError:
        raise UsageError(f"there is no document {path}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as a document: {error}") from None
    if len(text.split()) < 3:
        raise UsageError(f"{path} holds no text to make a skill of")
    # A text that cannot fit is not cut first: that takes long for a very large one.
    parts = cut(text, size) if len(text) <= SECTIONS * size else []
    if not 0 < len(parts) <= SECTIONS:
        room = f"{SECTIONS} skills of {size} characters"
        raise UsageError(f"{path} is too long ({len(text)} characters; it may take {room}): split it")
    words = re.sub(r"[-_]+", " ", path.parent.name if path.stem == "SKILL" else path.stem)
    title = str(fields.get("title") or parts[0][0] or words)[:TITLE]
    about = str(fields.get("description") or f"{title}. {_opening(text)}")
    name = slug(str(fields.get("name") or words))
    names = dict.fromkeys([name])
    for heading, _ in parts[1:]:
        wanted = slug(f"{name}-{heading or 'more'}")
        while wanted in names:
            wanted = f"{slug(wanted[: NAME - 4])}-{len(names) + 1}"
        names[wanted] = None
    sections = [Section(one, part[0] or title, part[1]) for one, part in zip(names, parts, strict=True)]
    digest = sha256(path.read_bytes()).hexdigest()
    source = f"{Path(os.path.relpath(path, root)).as_posix()} sha256:{digest}"
    return Document(source, title, _clipped(about), tuple(sections))


def slug(text: str) -> str:
    """A skill's name made of a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:NAME].strip("-") or "document"


def cut(text: str, size: int) -> list[tuple[str, str]]:
    """The text in parts of at most `size` characters, each with its first heading: as many sections as fit."""
    parts: list[tuple[str, str]] = []
    for heading, section in _by_heading(text):
        for piece in _pieces(section, size):
            last = parts[-1] if parts else ("", " " * size)
            if len(last[1]) + 2 + len(piece) <= size:
                parts[-1] = (last[0], f"{last[1]}\n\n{piece}")
            else:
                parts.append((heading, piece))
    return parts


def _by_heading(text: str) -> Iterator[tuple[str, str]]:
    """The sections of a Markdown text, each with its heading; a line in a fenced block is none."""
    heading, lines, fence = "", list[str](), ""
    for line in text.split("\n"):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        marks = len(line) - len(line.lstrip("#"))
        if not fence and 1 <= marks <= 6 and line[marks : marks + 1] == " ":
            if "".join(lines).strip():
                yield heading, "\n".join(lines).strip()
            heading, lines = line.strip("# \t"), []
        lines.append(line)
    if "".join(lines).strip():
        yield heading, "\n".join(lines).strip()


def _pieces(section: str, size: int) -> Iterator[str]:
    """A section in pieces of at most `size` characters: cut at a blank line, else at a line, else anywhere."""
    while len(section) > size:
        at = next((at for mark in ("\n\n", "\n", " ") if (at := section.rfind(mark, 0, size)) > 0), size)
        yield section[:at].strip()
        section = section[at:].strip()
    if section:
        yield section


def _opening(text: str) -> str:
    """The first sentence of prose; empty where there is none."""
    for paragraph in text.split("\n\n"):
        lines = [line for line in paragraph.split("\n") if line.strip() and not line.startswith("#")]
        if lines and lines[0].lstrip()[:1].isalpha():
            return SENTENCE.split(" ".join(" ".join(lines).split()), maxsplit=1)[0]
    return ""


def _clipped(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= ABOUT else line[: ABOUT - 1] + "…"
