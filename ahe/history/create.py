"""Makes a workspace: a repository with the seed as its first commit."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ahe.errors import WorkspaceError
from ahe.harness.layout import NAMES
from ahe.history.commits import NOTES_REF, VARIANTS
from ahe.history.git import Git

BRANCH = "main"
_BUILD = ".ahe-init-"
_RUBBISH = ("__pycache__/", "*.pyc")


def create(path: Path, seed: Path) -> None:
    """Make the workspace `path` from the harness in folder `seed`.

    Other files in the folder, such as the README of an outer checkout, are neither changed nor tracked. `.git` is
    moved there last, so that the command can be repeated if it was killed. Raises `WorkspaceError` if the folder
    holds a workspace or other harness files.
    """
    if (path / ".git").exists():
        raise WorkspaceError(f"{path} is a workspace already: use it, or name another folder")
    if not (seed / "system_prompt.md").is_file():
        raise WorkspaceError(f"{seed} holds no harness to start from: system_prompt.md is missing")
    path.mkdir(parents=True, exist_ok=True)
    tree = path.resolve()
    for leftover in tree.glob(f"{_BUILD}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    others = _others(tree, seed)
    building = Path(tempfile.mkdtemp(prefix=_BUILD, dir=tree))
    shutil.copymode(tree, building)  # which gives it back at the end
    try:
        _build(building, seed, skip=others)
        git_apart = shutil.ignore_patterns(".git")
        shutil.copytree(building, tree, dirs_exist_ok=True, ignore=git_apart, copy_function=os.replace)
        exclude = "".join(f"/{name}\n" for name in sorted(others)) + "".join(f"{name}\n" for name in _RUBBISH)
        (building / ".git" / "info").mkdir(exist_ok=True)
        (building / ".git" / "info" / "exclude").write_text(exclude, "utf-8")
        os.rename(building / ".git", tree / ".git")
    finally:
        shutil.rmtree(building, ignore_errors=True)
    Git(tree, tree / ".git").probe("update-index", "-q", "--refresh")


def unpack(path: Path, bundle: Path) -> None:
    """Make the workspace `path` from a git bundle: an evolved harness with its branches, verdicts and tags.

    Nothing is fetched: other repositories can be cloned there with plain git. The folder appears when it is complete.
    Raises `WorkspaceError` if there is one that holds anything, or the bundle holds no harness.
    """
    if path.exists() and any(path.iterdir()):
        raise WorkspaceError(f"{path} is not empty: name another folder, or move it away")
    path.parent.mkdir(parents=True, exist_ok=True)
    home = path.parent.resolve()
    for leftover in home.glob(f"{_BUILD}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=_BUILD, dir=home))
    try:
        Git(building).run("init", "--quiet", f"--initial-branch={BRANCH}", "--template=", str(building))
        git = Git(building, building / ".git")
        listed = git.run("bundle", "unbundle", str(bundle.resolve())).splitlines()
        refs = {ref: sha for sha, ref in (line.split(" ", 1) for line in listed)}
        for ref, sha in refs.items():
            if ref == NOTES_REF or ref.startswith(("refs/heads/", "refs/tags/")):
                git.run("update-ref", ref, sha)
        git.run("symbolic-ref", "HEAD", _branch(refs, bundle))
        # A link in a stranger's harness becomes a file with its text, and leads nowhere.
        git.run("reset", "--quiet", "--hard", config={"core.symlinks": "false"})
        if not (building / "system_prompt.md").is_file():
            raise WorkspaceError(f"{bundle} holds no harness: system_prompt.md is missing")
        configure(git)
        building.chmod(0o755)
        os.rename(building, path)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _branch(refs: Mapping[str, str], bundle: Path) -> str:
    """The branch to check out: `main` if HEAD is there or unknown, else one that HEAD is at, or the only one."""
    branches = [ref for ref in refs if ref.startswith("refs/heads/") and VARIANTS not in ref]
    main, head = f"refs/heads/{BRANCH}", refs.get("HEAD")
    at_head = [ref for ref in branches if head in (None, refs[ref])]
    if main in at_head:
        return main
    if len(at_head) == 1 or (at_head and head):
        return at_head[0]
    raise WorkspaceError(
        f"{bundle} does not say which branch it is of: make it with `git bundle create FILE --all`"
    )


def configure(git: Git) -> None:
    """Configure plain `git log` to show the verdicts, and each remote to fetch and push notes and tags.

    Only missing settings are added. Notes are fetched without force, because a forced fetch would overwrite verdicts
    that are not pushed yet.
    """
    known = git.probe("config", "--local", "--get-regexp", r"^(notes|remote)\.").text.splitlines()
    have = {tuple(line.split(" ", 1)) for line in known}
    keys = {pair[0] for pair in have}
    missing = []
    # A glob that matches this one name: if a plain name has no notes yet, git prints a warning each time.
    for key, ref in (("displayref", f"{NOTES_REF[:-1]}[{NOTES_REF[-1]}]"), ("rewriteref", NOTES_REF)):
        if (f"notes.{key}", NOTES_REF) not in have:
            missing.append((f"notes.{key}", ref))
    for remote in (key.removesuffix(".url") for key in sorted(keys) if re.fullmatch(r"remote\..*\.url", key)):
        missing.append((f"{remote}.fetch", f"{NOTES_REF}:{NOTES_REF}"))
        if f"{remote}.push" not in keys:
            missing += [
                (f"{remote}.push", r) for r in ("HEAD", NOTES_REF, "+refs/tags/ahe/*:refs/tags/ahe/*")
            ]
    for key, value in missing:
        if (key, value) not in have:
            git.run("config", "--local", "--add", key, value)


def _others(tree: Path, seed: Path) -> set[str]:
    """Names in the folder that are not ours. Files equal to the seed's are ours, left by a run that was killed."""
    others = set()
    for name in os.listdir(tree):
        if name in (*NAMES, "README.md") and _same(tree / name, seed / name):
            continue
        if name in NAMES:
            raise WorkspaceError(
                f"{tree} holds a harness ({name}) without a .git: make it a repository with `git init` and a "
                "commit, or move it away"
            )
        others.add(name)
    return others


def _same(mine: Path, seeds: Path) -> bool:
    """Whether everything in `mine` is in the seed too, with the same content."""
    if mine.is_dir() and not mine.is_symlink():
        return seeds.is_dir() and all(_same(child, seeds / child.name) for child in mine.iterdir())
    return mine.is_file() and seeds.is_file() and mine.read_bytes() == seeds.read_bytes()


def _build(building: Path, seed: Path, skip: set[str]) -> None:
    for name in (*NAMES, "README.md"):
        source = seed / name
        if name in skip or not source.exists():
            continue
        if source.is_dir():
            shutil.copytree(source, building / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copyfile(source, building / name)
    Git(building).run("init", "--quiet", f"--initial-branch={BRANCH}", "--template=", str(building))
    git = Git(building, building / ".git")
    configure(git)
    git.run("add", "--all", config={"core.excludesFile": os.devnull})
    git.run("commit", "--quiet", "--message", "Seed harness\n\nThe harness that evolution starts from.")
