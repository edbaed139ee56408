"""Tasks made of a git repository: the task is a change, the tests that its commit adds or changes are the check."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ahe.errors import TaskError, UsageError, WorkspaceError
from ahe.evaluate.made import GUARDED, NewTask, name_of, run_pytest
from ahe.history.git import Git

FOLDERS = {"test", "tests", "spec", "specs", "__tests__", "testdata"}
_TEST = re.compile(r"conftest\.py|test_.*|.*_test\.\w+|.*\.(test|spec)\.\w+|.*Tests?\.\w+")
_PYTEST = re.compile(r"test_.*\.py|.*_test\.py")
_TRAILERS = re.compile(r"(\n[A-Z][\w-]+: [^\n]*)+\s*\Z")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
"""The repository may name programs that show a difference; they are not run."""
_LINK, _SUBMODULE = "120000", "160000"
SOLVE = b"#!/bin/bash\nset -e\ngit apply --whitespace=nowarn /solution/fix.patch\n"
SAID = "The files in this folder are a project. Make this change to it:\n\n"


def is_test(path: str) -> bool:
    """Whether a file belongs to a project's tests, by its name and folders."""
    *folders, name = PurePosixPath(path).parts
    return bool(FOLDERS & set(folders) or _TEST.fullmatch(name))


@dataclass(frozen=True)
class Repository:
    """A person's repository, which is only read. Files are checked out into the folder `scratch`."""

    root: Path
    scratch: Path

    def commits(self, span: str) -> list[tuple[str, str]]:
        """The commits of a range such as `v1..main`, oldest first, each after its parent. Merges are not in it."""
        listed = self._own("rev-list", "--reverse", "--no-merges", "--min-parents=1", "--parents", span)
        return [(line.split()[1], line.split()[0]) for line in listed.splitlines()]

    def task(self, base: str, fix: str, check: str, taken: set[str]) -> NewTask:
        """The task of changing the tree of `base` into that of `fix`. Raises `TaskError` where it is none.

        `check` are commands that replace the run of the changed Python tests by pytest.
        """
        before, after = (
            self._own("rev-parse", "--verify", f"{rev}^{{commit}}").strip() for rev in (base, fix)
        )
        listed = self._own("diff", "--raw", *_PLAIN, "-z", "--diff-filter=d", before, after).split("\0")
        modes = {path: about.split()[1] for about, path in zip(listed[::2], listed[1::2], strict=False)}
        if modules := [path for path, mode in modes.items() if mode == _SUBMODULE]:
            raise TaskError(f"it changes the submodule {modules[0]}, whose files are not in the repository")
        tests = [path for path, mode in modes.items() if mode != _LINK and is_test(path)]
        patch = self._git().raw(
            *("diff", "--binary", "--full-index", *_PLAIN, before, after, "--", "."),
            *(f":(exclude,top,literal){path}" for path in tests),
        )
        said = _TRAILERS.sub("", self._own("log", "-1", "--format=%B", after)).strip()
        subject = said.partition("\n")[0]
        run = [path for path in tests if _PYTEST.fullmatch(PurePosixPath(path).name)]
        if not tests:
            raise TaskError(f"it adds or changes no tests ({subject})")
        if not patch:
            raise TaskError(f"it changes nothing but tests ({subject})")
        if not check and not run:
            raise TaskError(f"it has no tests for pytest: name their command with --check ({subject})")
        return NewTask(
            name_of(f"{subject[:36]} {after[:7]}", taken),
            SAID + said,
            check or run_pytest(shlex.join(run)),
            self._files(before),
            restored=self._tests(after),
            solution={"solve.sh": SOLVE, "fix.patch": patch},
        )

    def _tests(self, sha: str) -> dict[str, bytes]:
        """Every file of a commit's tree that belongs to its tests or sets them up."""
        folder = self._files(sha)
        listed = self._own("ls-tree", "-r", "-z", "--full-tree", sha).split("\0")
        files = [path for mode, _, path in (line.partition(" ") for line in listed if line) if mode != _LINK]
        names = [path.partition("\t")[2] for path in files]
        wanted = [name for name in names if is_test(name) or PurePosixPath(name).name in GUARDED]
        return {name: (folder / name).read_bytes() for name in wanted if (folder / name).is_file()}

    def _files(self, sha: str) -> Path:
        """The files of a commit, through a repository of our own that borrows the objects of the person's."""
        folder = self.scratch / sha
        if not folder.is_dir():
            folder.mkdir()
            git = Git(folder)
            git.run("init", "--quiet", "--template=")
            objects = self._own("rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
            (folder / ".git/objects/info/alternates").write_text(f"{objects}\n", "utf-8")
            git.run("checkout", "--quiet", "--force", "--detach", sha)
            shutil.rmtree(folder / ".git")
        return folder

    def _git(self) -> Git:
        return Git(self.root)

    def _own(self, *arguments: str) -> str:
        try:
            return self._git().run(*arguments)
        except WorkspaceError as error:
            raise UsageError(f"{error}: name a repository and commits that are there") from None


def tasks_of(
    repository: Repository, pairs: list[tuple[str, str]], check: str
) -> Iterator[NewTask | tuple[str, str]]:
    """The task of each pair of commits, or the commit and why it is none."""
    taken: set[str] = set()
    for base, fix in pairs:
        try:
            yield repository.task(base, fix, check, taken)
        except TaskError as error:
            yield fix[:10], str(error)
