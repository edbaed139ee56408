"""What a harness is made of: each kind of component alone, and the whole without each kind and each commit."""

from ahe.errors import RevertConflict
from ahe.harness.components import component_problems
from ahe.harness.layout import MOUNTS, Problem
from ahe.history import History
from ahe.history.commits import reverted
from ahe.jobs.arms import Scope, Study, ends, study
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Kind, Record


class Skipped(Record):
    """An arm that cannot be made."""

    name: str
    why: str


class Ablation(Record):
    """The study of `rev`, and the arms that could not be made."""

    rev: str
    study: Study
    skipped: tuple[Skipped, ...] = ()


async def ablate(
    project: Project,
    watcher: Watcher,
    scope: Scope,
    *,
    rev: str = "HEAD",
    kinds: bool = False,
    commits: bool = False,
) -> Ablation:
    """Measure the seed, REV, and the arms of `kinds` and of `commits`, of both where neither is asked for.

    Raises as `ends` and `study` do.
    """
    history = project.history()
    with project.run_lock():
        arms = ends(history, rev)
        seed, head = arms.values()
        allowed = _problems(history, seed) | _problems(history, head)
        made = _kinds(history, seed, head, rev) if kinds or not commits else {}
        more, skipped = _commits(history, head, rev) if commits or not kinds else ({}, [])
        for name, sha in (made | more).items():
            if new := _problems(history, sha) - allowed:
                skipped.append(Skipped(name=name, why=f"not a whole harness: {min(new)}"))
            else:
                arms[name] = sha
        return Ablation(rev=rev, study=await study(project, watcher, arms, scope), skipped=tuple(skipped))


def _kinds(history: History, seed: str, head: str, rev: str) -> dict[str, str]:
    """The arms of each kind in which REV differs from the seed."""

    def files(sha: str, kind: Kind) -> dict[str, str]:
        contents = history.contents(sha).items()
        return {path: file.git_id for path, file in contents if path.split("/")[0] == MOUNTS[kind]}

    changed = [kind for kind in Kind if files(seed, kind) != files(head, kind)]
    alone = {f"seed + {kind}": history.combined(seed, kind, head) for kind in changed}
    return alone | {f"{rev} without {kind}": history.combined(head, kind, seed) for kind in changed}


def _commits(history: History, head: str, rev: str) -> tuple[dict[str, str], list[Skipped]]:
    """REV without each commit since the seed, newest first; reverts and what they reverted are not arms."""
    log, arms, skipped = history.commits(start=head), {}, []
    gone = reverted(log)
    for commit in log[:-1]:
        if commit.reverts or commit.sha in gone:
            continue
        name = f"{rev} without {commit.change_id or commit.sha[:10]} ({commit.subject})"
        try:
            arms[name] = history.without(head, [commit])
        except RevertConflict as conflict:
            why = f"it cannot be reverted: later commits changed the same lines of {conflict}"
            skipped.append(Skipped(name=name, why=why))
    return arms, skipped


def _problems(history: History, sha: str) -> set[Problem]:
    """Rules that the components break together, such as a tool that is described but not implemented."""
    return set(component_problems({path: file.text for path, file in history.contents(sha).items()}))
