"""Removals without a model: each component that the seed does not have is a candidate, the least useful first.

The question is that of arXiv 2603.25723: does a component of the harness earn its tokens with this model? The gate
`lean` answers it.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ahe.agents.answering import Refused
from ahe.errors import NothingLeft
from ahe.events import QUIET, Notice
from ahe.evolve.draft import MakeDraft, Manifest, drafted
from ahe.files import remove_tree
from ahe.harness.inventory import ALWAYS_SENT, Component, Stored, Touched, inventory
from ahe.harness.layout import component_name
from ahe.history import Commit, History
from ahe.history.commits import reverted
from ahe.protocols import Editor, Watcher
from ahe.records import PRUNE, Brief, Citation, Kind


class Removal(Manifest):
    """The manifest of a removal. Its evidence is the inventory, which quotes no trial."""

    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Removable:
    """A component that the seed does not have, or (`in_seed`) has with another content: then what was added goes.

    `paths` are its files or its folder: a new tool's description and implementation are one candidate.
    """

    component: Component
    paths: tuple[str, ...]
    tokens: int
    in_seed: bool

    def key(self, model: str) -> str:
        """What a commit's message says of it. Another content or another model gives another key."""
        return f"{self.component.path}@{self.component.git_id[:12]}/{model}"


def removable(
    now: Mapping[str, Stored],
    seed: Mapping[str, Stored],
    last_changes: Mapping[str, Touched],
    uses: Mapping[str, int],
) -> list[Removable]:
    """What may be removed: the least used first, of equally used ones the most tokens, then the oldest change.

    `now` and `seed` are the contents of HEAD and of the seed, the others as for `inventory`.
    """
    found = []
    components = [each for each in inventory(now, last_changes, uses) if each.path]
    for each in components:
        home = each.path.rsplit("/", 1)[0] if each.kind is Kind.SKILL else each.path
        if home in seed and seed[home].git_id == each.git_id:
            continue
        paths: tuple[str, ...] = (home,)
        if home not in seed and each.kind in (Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION):
            name = component_name(each.path)
            both = (f"tool_descriptions/{name}.yaml", f"tools/{name}.py")
            paths = tuple(path for path in both if path in now)
            if each.path != paths[0]:
                continue
        tokens = each.tokens + sum(other.tokens for other in components if other.path in paths[1:])
        found.append(Removable(each, paths, tokens, home in seed))
    newest_first = [touched.sha for touched in last_changes.values()]
    return sorted(
        found,
        key=lambda each: (
            each.component.uses,
            -each.tokens,
            -newest_first.index(each.component.last_change),
        ),
    )


@dataclass(frozen=True)
class PruneEditor:
    """An editor without a model that proposes removals.

    `model` is the fingerprint of the coder's: what was tried with another one is tried again.
    """

    history: History
    make_draft: MakeDraft
    scratch: Path
    model: str
    watcher: Watcher = QUIET

    async def edit(self, brief: Brief) -> list[str]:
        """Commits for the brief, oldest first. A removal that does not pass preflight is left out.

        Raises `NothingLeft` where nothing remains to be tried.
        """
        seed, now = (self.history.contents(sha) for sha in (self.history.root(), brief.head))
        uses: Counter[str] = Counter()
        for trial in brief.evidence.trials:
            uses.update(trial.uses)
        log = self.history.commits()
        gone = reverted(log)
        tried = [commit.body for commit in log if _did_not_stay(commit) or commit.sha in gone]
        with drafted(self.history, self.make_draft, self.scratch, brief) as (draft, _):
            for each in removable(now, seed, self.history.last_changes(brief.head), uses):
                if len(draft.commits) >= brief.changes:
                    break
                if any(each.key(self.model) in body for body in (*tried, *brief.taken)):
                    continue
                draft.reset()
                _remove(each, draft.folder, seed)
                try:
                    await draft.commit(self._manifest(each, brief))
                except Refused as error:
                    why = " ".join(str(error).split())[:300]
                    self.watcher.emit(Notice(f"{each.component.path} was not removed: {why}"))
            if not draft.commits:
                raise NothingLeft("nothing to remove that was not tried")
            return draft.commits

    def _manifest(self, each: Removable, brief: Brief) -> Removal:
        component, trials = each.component, brief.evidence.trials
        users = [trial for trial in trials if trial.uses.keys() & {component.path, *each.paths}]
        sent = "sent with every request; " if component.path.startswith(ALWAYS_SENT) else ""
        added = "what was added to " if each.in_seed else ""
        return Removal(
            subject=f"Remove {added}{component.path}"[:100],
            action="remove",
            evidence=f"About {each.tokens} tokens; {sent}used in {len(users)} of {len(trials)} rollouts on train; "
            f"last changed by {component.last_change[:10]} ({component.last_subject}).",
            root_cause="Whether it earns its tokens with this model was not measured.",
            fix=f"Remove {added}{each.key(self.model)}",
            predicts=(),
            risks=tuple(sorted({trial.task for trial in users if trial.status == "passed"})),
        )


@dataclass(frozen=True)
class EveryNth:
    """Every `n`th iteration goes to `prune`, unless there is nothing to remove, and the others to `editor`."""

    n: int
    prune: Editor
    editor: Editor

    async def edit(self, brief: Brief) -> list[str]:
        if brief.iteration % self.n == 0:
            with suppress(NothingLeft):
                if commits := await self.prune.edit(brief):
                    return commits
        return await self.editor.edit(brief)


def _remove(each: Removable, harness: Path, seed: Mapping[str, Stored]) -> None:
    """Take the component's files out of the harness in a folder; of the seed's own, put back what the seed has."""
    for path in each.paths:
        place = harness / path
        remove_tree(place) if place.is_dir() else place.unlink(missing_ok=True)
        inside = {name for name in seed if name == path or name.startswith(f"{path}/")}
        folders = {str(parent) for name in inside for parent in Path(name).parents}
        for name in inside - folders:
            (harness / name).parent.mkdir(parents=True, exist_ok=True)
            (harness / name).write_text(seed[name].text, "utf-8")


def _did_not_stay(commit: Commit) -> bool:
    return commit.strategy == PRUNE and commit.outcome not in (None, "kept")
