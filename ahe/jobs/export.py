"""Takes a version of the harness out: as a git bundle, as a branch of another repository, as an agent for Harbor."""

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ahe.errors import UsageError, WorkspaceError
from ahe.history import Commit, History
from ahe.history.commits import reverted
from ahe.history.git import Git
from ahe.jobs.best import export
from ahe.project.project import Project

AGENT = Path(__file__).with_name("harbor_agent.txt")


def to_bundle(project: Project, file: Path) -> list[str]:
    """Write the workspace with its history, verdicts and tags; `ahe init --from FILE` begins with it."""
    if file.exists():
        raise UsageError(f"{file} exists already: name another file")
    history = project.history()
    Git(history.path).run("bundle", "create", "--quiet", str(file.absolute()), "--all")
    return [str(file)]


def to_harbor(project: Project, sha: str, folder: Path) -> list[str]:
    """Write an agent for Harbor's `--agent-import-path ahe_agent:AheAgent`; its version is the harness's id.

    Raises `UsageError` where a person's file or folder would be replaced.
    """
    target, text = folder / "ahe_agent.py", AGENT.read_text("utf-8")
    ours = target.is_file() and target.read_bytes().startswith(text.partition("\n")[0].encode())
    if target.is_symlink() or (target.exists() and not ours):
        raise UsageError(f"{target} is there already, and not from ahe: name another folder")
    files = export(project, sha, folder / "harness")
    text = text.replace("@TREE@", project.history().harness_id(sha))
    target.write_text(text.replace("@PYTHON@", sys.executable), "utf-8")
    return ["ahe_agent.py", *(f"harness/{name}" for name in files)]


def to_branch(project: Project, sha: str, repository: Path, branch: str, path: str) -> list[str]:
    """Make a branch in another repository, from its HEAD: the folder `path` there holds the harness, first the seed,
    then a commit for each change up to `sha` that was kept. Returns the commits' subjects, oldest first.

    The repository's working tree is not touched. Raises `UsageError` where the branch or `repository` is not usable, or
    `path` holds something else than a harness.
    """
    history, git = project.history(), Git(repository.resolve()).as_person()
    ref, folder = f"refs/heads/{branch}", path.strip("/")
    if git.probe("check-ref-format", ref).code or {"", ".", ".."} & set(folder.split("/")):
        raise UsageError(f"{branch!r} or {path!r} cannot be a branch and a folder: name others")
    head = git.probe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.code:
        raise UsageError(f"{repository} is not a git repository with a commit: --repo names one")
    if not git.probe("show-ref", "--verify", "--quiet", ref).code:
        raise UsageError(f"{repository} has a branch {branch} already: name another one")
    _require_harness(git, folder)
    name, address, *_ = git.author
    stream, subjects, seen = [], [], ""
    for commit, title, text in _kept(history, sha):
        if (harness := history.harness_id(commit)) == seen:
            continue
        seen = harness
        subjects.append(title)
        message = f"{title}\n\n{text}".strip().encode() + b"\n"
        stream += [
            f"commit {ref}\ncommitter {name} <{address}> now\ndata {len(message)}\n".encode(),
            message,
            f"from {head.text.strip()}\n".encode() if len(subjects) == 1 else b"",
            f"D {folder}\n".encode(),
        ]
        for place, stored in history.contents(commit).items():
            if not any(other.startswith(f"{place}/") for other in history.contents(commit)):
                data = stored.text.encode()
                stream.append(f"M 100644 inline {folder}/{place}\ndata {len(data)}\n".encode() + data + b"\n")
    try:
        git.run("fast-import", "--quiet", "--date-format=now", stdin=b"".join(stream))
    except WorkspaceError as error:
        raise UsageError(f"the branch could not be made: {error}") from None
    return subjects


def _require_harness(git: Git, folder: str) -> None:
    """Raises `UsageError` where HEAD has something else than a harness at this path, or a file on the way to it."""
    for place in (folder, *map(str, PurePosixPath(folder).parents[:-1])):
        kind = git.probe("cat-file", "-t", f"HEAD:{place}").text.strip()
        harness = place != folder or not git.probe("cat-file", "-e", f"HEAD:{folder}/system_prompt.md").code
        if kind == "blob" or (kind and not harness):
            raise UsageError(
                f"{place} in HEAD is not a harness and would be replaced: --path names another folder"
            )


def _kept(history: History, sha: str) -> Iterator[tuple[str, str, str]]:
    """The seed, each change that stands in `sha`, oldest first, and `sha` itself: commit, subject and text."""
    commits = history.commits(start=sha)[::-1]
    gone = reverted(commits[::-1])
    yield commits[0].sha, "Harness: the seed", ""
    for commit in commits[1:]:
        standing = not commit.reverts and commit.sha not in gone
        if standing and (commit.by_person or (commit.verdict and commit.verdict.outcome == "kept")):
            yield commit.sha, commit.subject, _text(commit)
    yield sha, "Harness: what else changed", ""


def _text(commit: Commit) -> str:
    """The commit's text without trailers, and its verdict."""
    body = "\n".join(line for line in commit.body.splitlines() if not line.startswith("Ahe-")).strip()
    if (verdict := commit.verdict) is None or verdict.delta is None:
        return body
    return f"{body}\n\nMeasured by ahe: {verdict.delta} with 90 %, P(better) = {verdict.score or 0.0:.2f}.".strip()
