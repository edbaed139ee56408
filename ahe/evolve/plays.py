"""The playbook: interventions that others have found, each a folder that knows no task.

A play is `<name>/PLAY.md` with front matter, `files/` with whole files at their mounts, and `append/` with text that is
added to the prompt or the memory. A model need not write code to use one: see `docs/playbook.md`.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, ValidationError

from ahe.agents.answering import Refused
from ahe.debug.signals.vocabulary import WORDS
from ahe.errors import HarnessError, UsageError
from ahe.events import QUIET, Notice
from ahe.evolve.draft import MakeDraft, Manifest, drafted
from ahe.harness.layout import classify
from ahe.harness.load import split_front_matter
from ahe.history import History
from ahe.protocols import Watcher
from ahe.records import Brief, Citation, Cluster, Kind, Record
from ahe.text import read_text

ALWAYS = "always"
WORTH_ALWAYS = 0.2
"""The fit of a play for any harness, as a share of the failures: behind plays that fit a fifth of them."""
PREDICTED = 20
"""Tasks that a play predicts to fix at most: a claim about hundreds of questions would say nothing."""
ROWS = "skills/examples/rows.jsonl"
"""Where a play with `data: train-rows` finds the questions and answers of the train split, one object a line."""


class Examples(NamedTuple):
    """Questions with their answers, and the text that precedes every question in a trial."""

    rows: Sequence[tuple[str, str]] = ()
    before: str = ""

    def lines(self) -> Iterator[str]:
        """The rows as JSON, one object a line; first the text that precedes them, if any."""
        objects = [{"before": self.before}] if self.before else []
        objects += [{"question": question, "answer": answer} for question, answer in self.rows]
        return (json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


NO_EXAMPLES = Examples()


class Play(Record):
    """One intervention. `fits` are words of the failures' signatures, or `always`; `why` is the text for people.

    `shell` is whether it acts on commands and files: a suite of questions has none.
    """

    name: str
    title: str = Field(min_length=10, max_length=90)
    kinds: tuple[Kind, ...] = Field(min_length=1)
    fits: tuple[str, ...] = Field(min_length=1)
    source: str = Field(min_length=5)
    data: Literal["", "train-rows"] = ""
    shell: bool = True
    why: str = Field(min_length=40)
    root: str
    digest: str

    @property
    def key(self) -> str:
        """What a commit's `Ahe-Play` says: the name and the version of the play."""
        return f"{self.name}@{self.digest}"

    def fit(self, clusters: Sequence[Cluster]) -> float:
        """The share of the failed trials, from 0 to 1, whose signature has one of the play's words."""
        failed = sum(len(cluster.trials) for cluster in clusters)
        fitting = sum(len(cluster.trials) for cluster in clusters if self.suits(cluster))
        share = fitting / failed if failed else 0.0
        return max(share, WORTH_ALWAYS) if ALWAYS in self.fits else share

    def suits(self, cluster: Cluster) -> bool:
        """Whether a failure of this cluster is an occasion for the play."""
        said = cluster.signature
        return not {said.cause, said.status, said.mechanism}.isdisjoint(self.fits)

    def apply(self, harness: Path, examples: Examples = NO_EXAMPLES) -> None:
        """Add the play to the harness in a folder. Raises `HarnessError` if that is not possible, and changes nothing.

        `examples` are those of the train split, for a play that shows them.
        """
        if reason := self.obstacle(harness, examples):
            raise HarnessError(f"the play {self.name} cannot be added: {reason}")
        for path in self._within("files"):
            (harness / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(self.root) / "files" / path, harness / path)
        for path in self._within("append"):
            old = read_text(harness / path).rstrip("\n") if (harness / path).is_file() else ""
            new = read_text(Path(self.root) / "append" / path)
            (harness / path).write_text(f"{old}\n\n{new}".lstrip("\n"), "utf-8")
        if self.data:
            (harness / ROWS).parent.mkdir(parents=True, exist_ok=True)
            (harness / ROWS).write_text("".join(examples.lines()), "utf-8")

    def obstacle(self, harness: Path, examples: Examples = NO_EXAMPLES) -> str:
        """Why the play cannot be added to this harness; empty if it can.

        A tool's implementation may be replaced, because every harness has one; of other files the person's count.
        """
        if self.shell and examples.rows:
            return "it acts on commands and files, and this suite's questions have none"
        if self.data and not examples.rows:
            return "it shows examples of the train split, and this suite has no questions with answers"
        files = self._within("files")
        if files and all(self._same(path, harness) for path in files):
            return "the harness has it already"
        for path in files:
            there = (harness / path).exists() and not self._same(path, harness)
            if there and classify(path) is not Kind.TOOL_IMPLEMENTATION:
                return f"the harness has a {path} of its own"
        for path in self._within("append"):
            if (harness / path).is_file() and read_text(
                Path(self.root) / "append" / path
            ).strip() in read_text(harness / path):
                return "the harness has it already"
        return ""

    def _same(self, path: str, harness: Path) -> bool:
        there = harness / path
        return there.is_file() and there.read_bytes() == (Path(self.root) / "files" / path).read_bytes()

    def _within(self, part: str) -> list[str]:
        return _files(Path(self.root) / part)


def read_playbook(*folders: Path) -> tuple[Play, ...]:
    """The plays of all folders, by name; of two with one name that of the later folder counts.

    Raises `HarnessError` that names the file and what is wrong with it.
    """
    found: dict[str, Play] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/PLAY.md")):
            found[path.parent.name] = _read(path)
    return tuple(found[name] for name in sorted(found))


def best_first(plays: Iterable[Play], clusters: Sequence[Cluster], tried: Iterable[str]) -> list[Play]:
    """The plays that fit these failures and were not tried yet (`Ahe-Play` values), best fit first.

    Of equal ones those with examples of the train split come first, because only some suites have them, then those
    with fewer words, which are more specific; then by name.
    """
    done = set(tried)
    fitting = [play for play in plays if play.key not in done and play.fit(clusters) > 0]
    return sorted(fitting, key=lambda play: (-play.fit(clusters), not play.data, len(play.fits), play.name))


def named(plays: Sequence[Play], names: Sequence[str]) -> tuple[Play, ...]:
    """The plays of these names, in this order. Raises `UsageError` for a name that no play has."""
    known = {play.name: play for play in plays}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no play {unknown[0]!r}: `ahe plays` lists {', '.join(known)}")
    return tuple(known[name] for name in names)


@dataclass(frozen=True)
class PlaysEditor:
    """An editor without a model: it commits plays that were not tried yet, those first that fit the report best.

    With `in_order` they come as they stand in `plays`, whether they fit or not.
    """

    history: History
    make_draft: MakeDraft
    scratch: Path
    plays: tuple[Play, ...]
    examples: Examples = NO_EXAMPLES
    watcher: Watcher = QUIET
    in_order: bool = False

    async def edit(self, brief: Brief) -> list[str]:
        """Commits for the brief, oldest first. Plays that cannot be added or do not pass preflight are left out."""
        tried = [*(commit.play for commit in self.history.commits()), *brief.taken]
        untried = [play for play in self.plays if play.key not in tried]
        with drafted(self.history, self.make_draft, self.scratch, brief) as (draft, _):
            for play in untried if self.in_order else best_first(self.plays, brief.report.clusters, tried):
                said = manifest(play, brief)
                if said is None or len(draft.commits) >= brief.changes:
                    break
                draft.reset()
                if not self.in_order and play.obstacle(draft.folder, self.examples):
                    continue
                try:
                    play.apply(draft.folder, self.examples)
                    await draft.commit(said, play.key)
                except (HarnessError, Refused) as error:
                    said_why = " ".join(str(error).split())[:300]
                    self.watcher.emit(Notice(f"the play {play.name} was not tried: {said_why}"))
            return draft.commits


def manifest(play: Play, brief: Brief) -> Manifest | None:
    """What the commit of a play says: the failures that are its occasion. None where there is nothing to cite."""
    suited = [cluster for cluster in brief.report.clusters if play.suits(cluster)]
    trials = {trial for cluster in suited for trial in cluster.trials}
    cited: list[Citation] = [c for c in brief.report.citations if c.trial in trials or not trials][:3]
    if not (cited := cited or list(brief.report.citations[:1])):
        return None
    failed = sum(len(cluster.trials) for cluster in brief.report.clusters)
    seen = "; ".join(f"{len(cluster.trials)} {cluster.signature}" for cluster in suited[:5]) or "any failure"
    tasks = sorted({task for cluster in suited for task in cluster.tasks})
    first = play.why.split("\n\n", 1)[0]
    return Manifest(
        subject=play.title,
        action="add",
        evidence=f"{len(trials)} of {failed} failed rollouts are an occasion for it: {seen}.",
        root_cause=" ".join(first.split()),
        fix=f"The play {play.name} of the playbook. Source: {play.source}",
        predicts=tuple(tasks) if len(tasks) <= PREDICTED else (),
        risks=(),
        citations=tuple(cited),
    )


def _read(path: Path) -> Play:
    root = path.parent
    digest = sha256()
    for name in _files(root):
        digest.update(f"{name}\0{sha256((root / name).read_bytes()).hexdigest()}\n".encode())
    try:
        fields, why = split_front_matter(read_text(path))
        given = {
            **fields,
            "name": root.name,
            "why": why,
            "root": str(root),
            "digest": digest.hexdigest()[:12],
        }
        play = Play.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise HarnessError(f"{path}: {wrong}") from None
    except ValueError as error:
        raise HarnessError(f"{path}: {error}") from None
    if unknown := sorted(set(play.fits) - WORDS - {ALWAYS}):
        raise HarnessError(f"{path}: fits: {', '.join(unknown)}: not a word that the debugger uses")
    kinds = {classify(name) for part in ("files", "append") for name in _files(root / part)}
    kinds |= {Kind.SKILL} if play.data else set()
    if kinds != set(play.kinds):
        has = ", ".join(sorted(kind.value for kind in kinds if kind)) or "nothing"
        raise HarnessError(f"{path}: kinds: files/ and append/ hold {has}")
    return play


def _files(folder: Path) -> list[str]:
    """The files below a folder as relative POSIX paths, sorted."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
