"""Commits as records, all of them from one `git log` call."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ahe.errors import WorkspaceError
from ahe.history.git import AUTHOR_EMAIL, Git
from ahe.history.message import Trailers, names, read_outcome, read_trailers, read_verdict
from ahe.records import Kind, PredictionScore, Verdict

NOTES_REF = "refs/notes/ahe"
VARIANTS = "ahe/variant/"
"""What the names of the variants' branches begin with."""
_FIELDS = ("%H", "%P", "%T", "%an", "%ae", "%aI", "%D", "%(trailers:only,unfold)", "%N", "%s", "%b")
_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)


@dataclass(frozen=True)
class Commit:
    """One commit with its note and tags. `date` is the author's, in ISO 8601."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    author: str
    email: str
    date: str
    subject: str
    body: str
    trailers: Trailers
    note: str
    tags: tuple[str, ...]

    def trailer(self, name: str) -> str:
        """The last value of a trailer, or the empty string."""
        return self.trailers.get(name, ("",))[-1]

    @property
    def change_id(self) -> str:
        return self.trailer("Ahe-Change")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that the trailers name; unknown names are left out."""
        known = {kind.value: kind for kind in Kind}
        return tuple(known[name] for name in names(self.trailers.get("Ahe-Kind", ())) if name in known)

    @property
    def action(self) -> str:
        return self.trailer("Ahe-Action")

    @property
    def predicts(self) -> tuple[str, ...]:
        return names(self.trailers.get("Ahe-Predicts", ()))

    @property
    def risks(self) -> tuple[str, ...]:
        return names(self.trailers.get("Ahe-Risks", ()))

    @property
    def play(self) -> str:
        """The play of the playbook that the change comes from, `<name>@<digest>`; empty without one."""
        return self.trailer("Ahe-Play")

    @property
    def strategy(self) -> str:
        return self.trailer("Ahe-Strategy")

    @property
    def source(self) -> str:
        """The document that the change comes from, `<path> sha256:<digest>`; empty without one."""
        return self.trailer("Ahe-Source")

    @property
    def evidence(self) -> tuple[str, ...]:
        """The places cited, each `<trial id>#<step>`."""
        return names(self.trailers.get("Ahe-Evidence", ()))

    @property
    def outcome(self) -> str | None:
        """`kept`, `reverted` or `undecided`, as the note says; None without a verdict."""
        return read_outcome(self.note)

    @cached_property
    def verdict(self) -> Verdict | None:
        return read_verdict(self.note)

    @property
    def reverts(self) -> str | None:
        """The commit that this one reverts, whether `ahe` or plain git made it."""
        if stated := self.trailer("Ahe-Reverts"):
            return stated
        found = _REVERTS.search(self.body)
        return found[1] if found else None

    @property
    def by_person(self) -> bool:
        return not self.change_id and self.email != AUTHOR_EMAIL

    @property
    def kind(self) -> str:
        """The kinds; `seed`, `revert` or `by hand` for a commit that has no manifest."""
        if self.kinds:
            return "+".join(self.kinds)
        return "seed" if not self.parents else "revert" if self.reverts else "by hand"

    @property
    def title(self) -> str:
        """The subject without the kind."""
        return self.subject.removeprefix(f"{self.kind}: ")

    @property
    def state(self) -> str:
        """The outcome, or `pending` without a note. The seed and reverts by `ahe` need none: "" for them."""
        needs_none = not self.parents or (self.reverts is not None and not self.by_person)
        return self.outcome or ("" if needs_none else "pending")


def reverted(log: Iterable[Commit]) -> set[str]:
    """The commits that those of the log, newest first, revert; a revert that was itself reverted does not count."""
    found: set[str] = set()
    for commit in log:
        if commit.reverts and commit.sha not in found:
            found.add(commit.reverts)
    return found


def prediction_scores(commits: Iterable[Commit]) -> tuple[PredictionScore, PredictionScore]:
    """How well the changes' own predictions came true: of fixes, and of regressions."""
    verdicts = [commit.verdict for commit in commits if commit.change_id and commit.verdict]
    return (
        sum((verdict.fixes for verdict in verdicts if verdict.fixes), PredictionScore()),
        sum((verdict.regressions for verdict in verdicts if verdict.regressions), PredictionScore()),
    )


def read_commits(
    git: Git, start: str = "HEAD", limit: int | None = None, merged: bool = False, without: str = ""
) -> list[Commit]:
    """Commits from `start` back along first parents, newest first, from one git process.

    With `merged` also the commits of branches that a person merged; `without` leaves out what a commit contains.
    """
    options = ["-z", "--topo-order", f"--format={'%x00'.join(_FIELDS)}", "--no-notes", f"--notes={NOTES_REF}"]
    options += ["--decorate=full", "--decorate-refs=refs/tags/"]
    options += [f"--decorate-refs=refs/heads/{VARIANTS}", f"^{without}"] if without else []
    options += [] if merged else ["--first-parent"]
    options += [] if limit is None else [f"--max-count={limit}"]
    return list(_parse(git.raw("log", *options, start, "--").decode("utf-8", "replace")))


def _parse(text: str) -> Iterator[Commit]:
    parts = text.removesuffix("\0").split("\0") if text else []
    width = len(_FIELDS)
    if len(parts) % width:
        raise WorkspaceError(
            f"a note under {NOTES_REF} holds a NUL character: fix it with `git notes --ref=ahe`"
        )
    for first in range(0, len(parts), width):
        fields = parts[first : first + width]
        sha, parents, tree, author, email, date, refs, trailers, note, subject, body = fields
        yield Commit(
            sha=sha,
            parents=tuple(parents.split()),
            tree=tree,
            author=author,
            email=email,
            date=date,
            subject=subject,
            body=body,
            trailers=read_trailers(trailers),
            note=note.strip("\n"),
            tags=tuple(
                ref.removeprefix("tag: refs/tags/").removeprefix("refs/heads/")
                for ref in refs.split(", ")
                if ref
            ),
        )
