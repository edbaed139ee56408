"""Runs git on one repository, the same way on every machine. The only module that imports GitPython."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.errors import WorkspaceError

AUTHOR_NAME = "ahe"
AUTHOR_EMAIL = "ahe@localhost"

# A person's and the machine's configuration is not read at all; these override what a repository's own may say.
CONFIG = {
    "color.diff": "false",
    "color.ui": "false",
    "commit.gpgSign": "false",
    "core.abbrev": "auto",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.commentChar": "#",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.quotePath": "false",
    "core.safecrlf": "false",
    "diff.context": "3",
    "diff.dstPrefix": "b/",
    "diff.interHunkContext": "0",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "diff.orderFile": os.devnull,
    "diff.srcPrefix": "a/",
    "diff.submodule": "short",
    "fetch.bundleURI": "",
    "gc.auto": "0",  # a background collector would outlive this process and hold its lock
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "log.showRoot": "true",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "merge.verifySignatures": "false",
    "rerere.enabled": "false",
    "tag.gpgSign": "false",
    "trailer.separators": ":",
}

# Prefixes of variables that are kept, because they do not point git at another repository.
HARMLESS = (
    "GIT_PYTHON_",
    "GIT_TRACE",
    "GIT_SSL_",
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
)
_SIGNED = tuple(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL"))
_IDENT = re.compile(r"([^<>]*) <([^<>]*)> \d+ [+-]\d+\s*")


@dataclass(frozen=True)
class GitResult:
    """Exit code and output of one git command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


@dataclass(frozen=True)
class Git:
    """A repository: `tree` is its working tree, `folder` its git directory (None: git finds it).

    Every git process inherits the file descriptors in `keep`, so that a lock lasts as long as the work done under it.
    `author` (name and address of author and of committer) signs the commits. Only with `personal` does git read the
    configuration of the person and the machine.
    """

    tree: Path
    folder: Path | None = None
    keep: tuple[int, ...] = ()
    author: tuple[str, ...] = (AUTHOR_NAME, AUTHOR_EMAIL) * 2
    personal: bool = False

    @property
    def common(self) -> Path:
        """The git directory with refs and objects: that of the main working tree, where this one is linked to it."""
        assert self.folder is not None
        link = self.folder / "commondir"
        return (self.folder / link.read_text("utf-8").strip()).resolve() if link.is_file() else self.folder

    def as_person(self) -> Git:
        """The repository, for commits in the person's own name. Raises `WorkspaceError` if git has no name."""
        asked = replace(self, personal=True)
        said = [asked.probe("var", f"GIT_{who}_IDENT") for who in ("AUTHOR", "COMMITTER")]
        found = [_IDENT.fullmatch(result.text) for result in said]
        if not all(found):
            why = [line for result in said for line in result.err.splitlines() if line.startswith("fatal: ")]
            raise WorkspaceError(
                f"git does not know who you are ({why[0] if why else 'no message'}): "
                "run `git config --global user.name NAME` and `git config --global user.email ADDRESS` first"
            )
        return replace(self, author=tuple(part for match in found if match for part in match.groups()))

    def run(self, *arguments: str, stdin: bytes | None = None, config: dict[str, str] | None = None) -> str:
        """Output of a command, as text. Raises `WorkspaceError` with git's message if it fails."""
        return self.raw(*arguments, stdin=stdin, config=config).decode("utf-8", "replace")

    def raw(self, *arguments: str, stdin: bytes | None = None, config: dict[str, str] | None = None) -> bytes:
        outcome = self.probe(*arguments, stdin=stdin, config=config)
        if outcome.code:
            said = outcome.err.strip() or outcome.text.strip() or "no message"
            raise WorkspaceError(f"git {arguments[0]} failed in {self.tree}: {said}")
        return outcome.out

    def probe(
        self, *arguments: str, stdin: bytes | None = None, config: dict[str, str] | None = None
    ) -> GitResult:
        """Run a command that may fail."""
        environment = self._environment({**CONFIG, **(config or {})})
        command = [*_without_foreign_variables(environment), "git", *arguments]
        with tempfile.TemporaryFile() as source:
            source.write(stdin or b"")
            source.seek(0)
            code, out, err = _git_class()(str(self.tree)).execute(
                command,
                istream=source,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=environment,
                pass_fds=self.keep,
            )
        return GitResult(int(code), bytes(out), str(err))

    def _environment(self, config: dict[str, str]) -> dict[str, str]:
        environment = {
            "GIT_EDITOR": "true",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": str(len(config)),
            # Nothing is ever fetched: a repository's own configuration names commands for that, and an object that
            # is missing would be enough. A repository can overrule protocol.allow, but not this list of none.
            "GIT_ALLOW_PROTOCOL": "/",
            "GIT_NO_LAZY_FETCH": "1",
        }
        if self.personal:
            environment |= {name: os.environ[name] for name in _SIGNED if name in os.environ}
        else:
            environment |= dict(zip(_SIGNED, self.author, strict=True))
            environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for number, (key, value) in enumerate(config.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        if self.folder is None:
            environment["GIT_CEILING_DIRECTORIES"] = str(self.tree.parent)
        else:
            environment["GIT_DIR"] = str(self.folder)
            environment["GIT_WORK_TREE"] = str(self.tree)
        return environment


def locate(path: Path) -> Git:
    """The repository whose working tree is exactly `path`, never an outer one.

    Raises `WorkspaceError` if there is none (`ahe init` makes one), or git does not trust its owner.
    """
    tree = path.resolve()
    if not (tree / ".git").exists():
        raise WorkspaceError(
            f"{path} is not a workspace: it has no .git of its own. Make one with `ahe init`"
        )
    asked = ("rev-parse", "--show-toplevel", "--absolute-git-dir")
    found = Git(tree).probe(*asked)
    if found.code:  # another owner's, perhaps, which only the person's own configuration can trust
        found = Git(tree, personal=True).probe(*asked)
    if "dubious ownership" in found.err or "safe.directory" in found.err:
        raise WorkspaceError(
            f"git does not trust {tree}, because another user owns it. If you do, run: "
            f"git config --global --add safe.directory {tree}"
        )
    lines = found.text.splitlines()
    if found.code or len(lines) != 2 or Path(lines[0]).resolve() != tree:
        raise WorkspaceError(
            f"{tree}/.git is not a usable repository ({found.err.strip() or 'it has no working tree'}). "
            "Restore it, or move the folder away and run `ahe init`"
        )
    git = Git(tree, Path(lines[1]))
    if (git.common / "shallow").exists():
        raise WorkspaceError(
            f"{tree} is a shallow clone, which lacks the older commits: get them with "
            f"`git -C {tree} fetch --unshallow`"
        )
    return git


def _git_class() -> type:
    try:
        import git
    except ImportError as error:
        raise WorkspaceError(
            f"git cannot be run: install git 2.31 or newer ({str(error).splitlines()[0]})"
        ) from None
    return git.Git


def _without_foreign_variables(ours: dict[str, str]) -> list[str]:
    """An `env` command that unsets variables such as GIT_INDEX_FILE, which are set if a git hook runs `ahe`."""
    foreign = [
        name
        for name in os.environ
        if name.startswith("GIT_") and name not in ours and not name.startswith(HARMLESS)
    ]
    return ["env", *(part for name in foreign for part in ("-u", name))] if foreign else []
