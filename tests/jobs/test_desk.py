"""A person's folder, an agent's copy of it, and the way back: real files, real git, and the attacks of an agent."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ahe.errors import UsageError
from ahe.files import remove_tree
from ahe.jobs import folder as folders
from ahe.jobs.run import Desk, Done, Left

Lay = Callable[..., Desk]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "src").mkdir(parents=True)
    (folder / "src/a.py").write_text("".join(f"line {n}\n" for n in range(30)))
    (folder / "keep.txt").write_text("keep\n")
    return folder


@pytest.fixture
def lay(mine: Path, tmp_path: Path) -> Lay:
    def made(root: Path = mine, **options: bool) -> Desk:
        scratch = tmp_path / "runs" / "scratch" / "one"
        scratch.mkdir(parents=True)
        return Desk.lay(root, scratch, tmp_path / "runs", **options)

    return made


def trace(desk: Desk) -> Path:
    return desk.scratch.parent / "trace"


def applied(desk: Desk) -> tuple[Done, tuple[Left, ...]]:
    done = desk.done(trace(desk))
    return done, desk.apply(done, trace(desk))


def names(left: tuple[Left, ...]) -> list[str]:
    return [each.path for each in left]


def tree(root: Path) -> dict[str, tuple[str, bytes]]:
    """Every file and link, with its kind and content; nothing of `.git`."""
    found = {}
    for place, inner, files in os.walk(os.fsencode(root)):
        inner[:] = [name for name in inner if name != b".git"]
        for name in [*files, *inner]:
            path = os.path.join(place, name)
            key = os.fsdecode(os.path.relpath(path, os.fsencode(root)))
            if os.path.islink(path):
                found[key] = ("link", os.readlink(path))
            elif os.path.isfile(path):
                kind = "program" if os.stat(path).st_mode & 0o100 else "file"
                found[key] = (kind, Path(os.fsdecode(path)).read_bytes())
    return found


def git(root: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=root, input=stdin, capture_output=True, text=True)


# ---------------------------------------------------------------- what both did


def test_what_the_person_did_meanwhile_stays_and_is_not_the_agents(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "new.txt").write_text("agent\n")
    (mine / "keep.txt").write_text("edited meanwhile\n")
    (mine / "made.txt").write_text("made meanwhile\n")
    (mine / "src/a.py").chmod(0o755)
    done, left = applied(desk)
    assert [change.path for change in done.changes] == ["new.txt"] and left == ()
    assert (mine / "keep.txt").read_text() == "edited meanwhile\n"
    assert (mine / "made.txt").read_text() == "made meanwhile\n"
    assert os.access(mine / "src/a.py", os.X_OK)
    assert (mine / "new.txt").read_text() == "agent\n"
    assert "keep.txt" not in done.diff and "made.txt" not in done.diff


def test_edits_of_one_file_in_different_places_are_merged(mine: Path, lay: Lay) -> None:
    desk = lay()
    text = (mine / "src/a.py").read_text()
    (desk.copy / "src/a.py").write_text(text.replace("line 2\n", "agent\n"))
    (desk.copy / "src/a.py").chmod(0o755)
    (mine / "src/a.py").write_text(text.replace("line 25\n", "person\n"))
    _, left = applied(desk)
    assert left == ()
    assert (mine / "src/a.py").read_text() == text.replace("line 2\n", "agent\n").replace(
        "line 25\n", "person\n"
    )
    assert os.access(mine / "src/a.py", os.X_OK)


@pytest.mark.parametrize("data", [b"person\n", b"\0person"], ids=["text", "binary"])
def test_edits_of_the_same_place_are_left_to_the_person(mine: Path, lay: Lay, data: bytes) -> None:
    (mine / "keep.txt").write_bytes(data[:1] + b"before\n")
    desk = lay()
    (desk.copy / "keep.txt").write_bytes(b"agent\n")
    (mine / "keep.txt").write_bytes(data)
    _, left = applied(desk)
    assert (mine / "keep.txt").read_bytes() == data
    assert names(left) == ["keep.txt"] and left[0].why == "you changed it too"
    assert Path(left[0].saved).read_bytes() == b"agent\n"
    assert not [name for name in os.listdir(mine) if name.startswith(".ahe")]


@pytest.mark.parametrize(
    ("agent", "person", "why", "stays"),
    [
        ("rm keep.txt", "echo mine > keep.txt", "you changed it too", "mine\n"),
        ("echo agent > keep.txt", "rm keep.txt", "you removed it", None),
        ("echo agent > x", "echo mine > x", "you made one too", "mine\n"),
        ("echo agent > x", "mkdir x", "you have something else there", None),
        ("echo agent > x", "mkfifo x", "you have something else there", None),
        ("mkdir x; echo agent > x/y", "echo mine > x", "x is not a folder here any more", "mine\n"),
        ("echo agent > keep.txt", "rm keep.txt; ln -s ../outside keep.txt", "you changed it too", None),
        ("rm keep.txt", "rm keep.txt", "", None),
        ("echo same > keep.txt", "echo same > keep.txt", "", "same\n"),
        ("rm -r src", "rm -r src", "", None),
        ("echo agent > src/a.py", "rm -r src", "you removed its folder", None),
    ],
)
def test_collisions(mine: Path, lay: Lay, agent: str, person: str, why: str, stays: str | None) -> None:
    (mine.parent / "outside").write_text("outside\n")
    desk = lay()
    subprocess.run(["sh", "-c", agent], cwd=desk.copy, check=True)
    subprocess.run(["sh", "-c", person], cwd=mine, check=True)
    before = tree(mine), sorted(os.listdir(mine))
    _, left = applied(desk)
    assert [each.why for each in left] == ([why] if why else [])
    assert (tree(mine), sorted(os.listdir(mine))) == before
    assert (mine.parent / "outside").read_text() == "outside\n"
    touched = mine / ("x" if " x" in agent else "keep.txt")
    if stays is not None:
        assert touched.read_text() == stays


def test_applying_never_writes_through_a_link(mine: Path, lay: Lay, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("outside\n")
    desk = lay()
    (desk.copy / "src/a.py").write_text("agent\n")
    (desk.copy / "src/b.py").write_text("agent\n")
    shutil.rmtree(mine / "src")
    (mine / "src").symlink_to(outside)
    _, left = applied(desk)
    assert names(left) == ["src/a.py", "src/b.py"] and left[0].why == "src is not a folder here any more"
    assert tree(outside) == {"a.py": ("file", b"outside\n")}


def test_folders_become_files_and_files_folders(mine: Path, lay: Lay) -> None:
    desk = lay()
    shutil.rmtree(desk.copy / "src")
    (desk.copy / "src").write_text("a file now\n")
    (desk.copy / "keep.txt").unlink()
    (desk.copy / "keep.txt").mkdir()
    (desk.copy / "keep.txt/inner").write_text("inside\n")
    _, left = applied(desk)
    assert left == ()
    assert tree(mine) == {"src": ("file", b"a file now\n"), "keep.txt/inner": ("file", b"inside\n")}


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_applied(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "new.txt").write_text("agent\n")
    (desk.copy / "src/a.py").write_text("agent\n")
    if subprocess.run(["chattr", "+i", mine / "src"], capture_output=True).returncode:
        pytest.skip("no immutable folders here")
    try:
        _, left = applied(desk)
    finally:
        subprocess.run(["chattr", "-i", mine / "src"], check=True)
    assert names(left) == ["src/a.py"] and left[0].why == "it cannot be written (Operation not permitted)"
    assert (mine / "src/a.py").read_text().startswith("line 0\n")
    assert (mine / "new.txt").read_text() == "agent\n"


def test_permissions_of_a_file_stay_the_persons(mine: Path, lay: Lay) -> None:
    (mine / "keep.txt").chmod(0o640)
    (mine / "src/a.py").chmod(0o711)
    if os.geteuid() == 0:
        os.chown(mine / "keep.txt", 1234, 1234)
    desk = lay()
    for name in ("keep.txt", "src/a.py"):
        (desk.copy / name).write_text("agent\n")
    (desk.copy / "secret").write_text("x\n")
    (desk.copy / "secret").chmod(0o600)
    applied(desk)
    modes = [(mine / name).stat().st_mode & 0o777 for name in ("keep.txt", "src/a.py", "secret")]
    assert modes == [0o640, 0o711, 0o600]
    assert (mine / "keep.txt").stat().st_uid == (1234 if os.geteuid() == 0 else os.geteuid())


def test_attributes_of_a_file_stay_the_persons(mine: Path, lay: Lay) -> None:
    try:
        os.setxattr(mine / "keep.txt", "user.note", b"mine")
    except OSError:
        pytest.skip("no attributes on this file system")
    desk = lay()
    (desk.copy / "keep.txt").write_text("agent\n")
    applied(desk)
    assert (mine / "keep.txt").read_text() == "agent\n"
    assert os.getxattr(mine / "keep.txt", "user.note") == b"mine"


# ---------------------------------------------------------------- the diff


ODD = {
    "program": b"#!/bin/sh\necho hi\n",
    "latin.txt": "zwölf\nsieben\n".encode("latin-1"),
    "binary.bin": bytes(range(256)) * 50,
    "late-nul.txt": b"a\n" * 9000 + b"\0\n",
    "crlf.txt": b"one\r\ntwo\r\n",
    "no-newline": b"one\ntwo",
    "empty": b"",
    'a "name"\twith\nall.txt': b"odd\n",
    "zwölf.txt": "zwölf\n".encode(),
    " leading and trailing ": b"spaces\n",
    "-rf": b"a dash\n",
    "deep/er/and/deeper.txt": b"deep\n",
    os.fsdecode(b"not-utf8-\xff.txt"): b"name\n",
    "back\\slash": b"x\n",
    "[glob]*?": b"x\n",
}


def write_odd(root: Path, data: Callable[[bytes], bytes]) -> None:
    for name, content in ODD.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data(content))


@pytest.mark.parametrize("how", ["made", "changed", "removed", "mode"])
@pytest.mark.parametrize("place", ["plain", "stray", "repository", "subfolder"])
def test_git_takes_the_whole_diff_and_apply_does_the_same(
    tmp_path: Path, lay: Lay, how: str, place: str
) -> None:
    top = tmp_path / "top"
    mine = top / "a sub" if place in ("subfolder", "stray") else top
    mine.mkdir(parents=True)
    (mine / "other").write_text("other\n")
    if how != "made":
        write_odd(mine, bytes)
        (mine / "link").symlink_to("other")
    if place == "stray":
        (top / ".git").mkdir()
        (top / ".git" / "notes").touch()
    elif place != "plain":
        git(top, "init", "-q")
        git(top, "add", "-A")
        git(top, "commit", "-qm", "all")
    desk = lay(mine)
    if how == "made":
        write_odd(desk.copy, bytes)
        (desk.copy / "program").chmod(0o755)
        (desk.copy / "link").symlink_to("other")
        (desk.copy / os.fsdecode(b"link-\xfe")).symlink_to("program")
    elif how == "changed":
        write_odd(desk.copy, lambda data: data + b"more\n")
        (desk.copy / "link").unlink()
        (desk.copy / "link").symlink_to("program")
        (desk.copy / "other").unlink()
        (desk.copy / "other").symlink_to("empty")
    elif how == "removed":
        for name in [*ODD, "link"]:
            (desk.copy / name).unlink()
        shutil.rmtree(desk.copy / "deep")
    else:
        for name in ODD:
            (desk.copy / name).chmod(0o755)
    wanted = tree(desk.copy)
    done = desk.done(trace(desk))
    assert done.held == ()
    assert len(done.changes) == len(ODD) + {"made": 2, "changed": 2, "removed": 1, "mode": 0}[how]
    shutil.copytree(top, tmp_path / "elsewhere", symlinks=True)
    there = tmp_path / "elsewhere" / mine.relative_to(top)
    taken = git(there, "apply", "--whitespace=nowarn", "-", stdin=done.diff)
    assert (taken.returncode, taken.stderr) == (0, "")
    assert tree(there) == wanted
    assert desk.apply(done, trace(desk)) == ()
    assert tree(mine) == wanted
    assert (trace(desk) / "changes.diff").read_bytes().decode() == done.diff


def test_git_refuses_the_diff_aloud_where_the_file_changed_meanwhile(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "new.txt").write_text("new\n")
    (desk.copy / "keep.txt").write_text("agent\n")
    (mine / "keep.txt").write_text("person\n")
    taken = git(mine, "apply", "-", stdin=desk.done(trace(desk)).diff)
    assert taken.returncode == 1 and "keep.txt" in taken.stderr
    assert not (mine / "new.txt").exists()


def test_attributes_and_settings_do_not_change_the_diff(mine: Path, lay: Lay, tmp_path: Path) -> None:
    desk = lay()
    (desk.copy / ".gitattributes").write_text("* text eol=lf filter=x diff=x\n")
    (desk.copy / "crlf.txt").write_bytes(b"one\r\n")
    git(desk.copy, "config", "--global", "filter.x.clean", f"touch {tmp_path}/ran")
    assert "+one\r\n" in desk.done(trace(desk)).diff
    assert not (tmp_path / "ran").exists()


# ---------------------------------------------------------------- what is copied


def test_ignored_files_runs_and_repositories_inside_are_not_copied(mine: Path, lay: Lay) -> None:
    git(mine, "init", "-q")
    (mine / ".gitignore").write_text("*.log\n/node_modules/\n")
    (mine / "x.log").write_text("log\n")
    (mine / "node_modules/a").mkdir(parents=True)
    (mine / "node_modules/a/index.js").write_text("x\n")
    (mine / "tracked.log").write_text("tracked\n")
    git(mine, "add", "-f", "tracked.log")
    for path in ("sub/project/runs/trials", "sub/repository"):
        (mine / path).mkdir(parents=True)
    (mine / "sub/project/runs/ahe.sqlite").touch()
    git(mine / "sub/repository", "init", "-q")
    (mine / "sub/repository/.gitignore").write_text("built\n")
    (mine / "sub/repository/built").write_text("x\n")
    (mine / "sub/repository/source").write_text("x\n")
    desk = lay()
    assert set(tree(desk.copy)) == {
        ".gitignore", "keep.txt", "src/a.py", "sub/repository/.gitignore", "sub/repository/source", "tracked.log"
    }  # fmt: skip
    assert git(desk.copy, "status", "--porcelain", "tracked.log").stdout == "A  tracked.log\n"
    assert desk.before.left_out == {
        "node_modules": "git ignores it",
        "x.log": "git ignores it",
        "sub/project/runs": "it holds the record of runs",
        "sub/repository/.git": "it has the name of a git repository's own folder",
        "sub/repository/built": "git ignores it",
    }


def test_a_linked_working_tree_and_the_persons_own_ignore_file_count(
    mine: Path, lay: Lay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(f"[core]\n\texcludesFile = {tmp_path}/ignore\n")
    (tmp_path / "ignore").write_text("*.tmp\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    git(mine, "init", "-q")
    git(mine, "add", "-A")
    git(mine, "commit", "-qm", "one")
    git(mine, "worktree", "add", "-q", str(tmp_path / "linked"))
    (mine / ".git/info/exclude").write_text("*.log\n")
    for name in ("x.tmp", "x.log", "x.txt"):
        (tmp_path / "linked" / name).touch()
    desk = lay(tmp_path / "linked")
    assert desk.before.left_out == {
        ".git": "it has the name of a git repository's own folder",
        "x.log": "git ignores it",
        "x.tmp": "git ignores it",
    }
    (desk.copy / "keep.txt").write_text("agent\n")
    done = desk.done(trace(desk))
    assert git(tmp_path / "linked", "apply", "-", stdin=done.diff).returncode == 0
    assert (tmp_path / "linked/keep.txt").read_text() == "agent\n"


def test_without_a_repository_the_ignore_files_count_and_all_of_it_can_be_wanted(
    mine: Path, lay: Lay
) -> None:
    (mine / ".gitignore").write_text("*.log\n")
    (mine / "x.log").write_text("log\n")
    desk = lay()
    assert "x.log" not in tree(desk.copy)
    shutil.rmtree(desk.scratch)
    desk = lay(everything=True)
    assert "x.log" in tree(desk.copy)
    (desk.copy / "x.log").write_text("agent\n")
    applied(desk)
    assert (mine / "x.log").read_text() == "agent\n"


def test_what_the_agent_makes_and_git_ignores_is_kept_beside_the_trace(mine: Path, lay: Lay) -> None:
    git(mine, "init", "-q")
    (mine / ".gitignore").write_text("*.pyc\nbuilt/\n")
    (mine / "built").mkdir()
    (mine / "built/old").write_text("person\n")
    desk = lay()
    (desk.copy / "built/deep").mkdir(parents=True)
    (desk.copy / "built/deep/new").write_text("agent\n")
    (desk.copy / "src/a.pyc").write_text("agent\n")
    done, left = applied(desk)
    assert (done.changes, done.diff, left) == ([], "", ())
    assert [(each.path, each.why) for each in done.held] == [
        ("built", "git ignores it"),
        ("src/a.pyc", "git ignores it"),
    ]
    assert Path(done.held[0].saved, "deep/new").read_text() == "agent\n"
    assert set(tree(mine)) == {".gitignore", "built/old", "keep.txt", "src/a.py"}


def test_special_files_are_skipped_by_name(mine: Path, lay: Lay) -> None:
    os.mkfifo(mine / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(mine / "socket"))
        (mine / "dangling").symlink_to("nowhere")
        (mine / "loop").symlink_to("loop")
        desk = lay()
    assert desk.before.left_out == {"pipe": "a pipe", "socket": "a socket"}
    assert tree(desk.copy) == {k: v for k, v in tree(mine).items() if k not in ("pipe", "socket")}
    (desk.copy / "pipe").write_text("agent\n")
    done, _ = applied(desk)
    assert [(each.path, each.why) for each in done.held] == [("pipe", "a pipe")]


def test_what_cannot_be_read_is_skipped_by_name() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o777)
        (root / "mine/closed/in").mkdir(parents=True)
        for path, mode in (("mine/secret", 0), ("mine/keep.txt", 0o644)):
            (root / path).write_text("x\n")
            (root / path).chmod(mode)
        (root / "mine/closed").chmod(0)
        as_nobody(lambda: copy_and_tell(root))
        (root / "mine/closed").chmod(0o755)
        reason = "it cannot be read (Permission denied)"
        assert json.loads((root / "told").read_text()) == {"closed": reason, "secret": reason}
        assert os.listdir(root / "copy") == ["keep.txt"]


def copy_and_tell(root: Path) -> None:
    found = folders.listing(root / "mine")
    folders.copy(root / "mine", found, root / "copy")
    (root / "told").write_text(json.dumps(found.left_out))


def as_nobody(work: Callable[[], None]) -> None:
    """Do it in a process that root's rights do not help."""
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def nest(root: Path, depth: int) -> None:
    """Folders in each other, deeper than a path may be long."""
    handle = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d" * 20, dir_fd=handle)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=handle))
    os.close(handle)


@pytest.mark.parametrize("whose", ["person", "agent"])
def test_folders_of_any_depth_stop_nothing(mine: Path, lay: Lay, whose: str, tmp_path: Path) -> None:
    try:
        if whose == "person":
            nest(mine, 300)
        desk = lay()
        if whose == "agent":
            nest(desk.copy, 300)
        (desk.copy / "keep.txt").write_text("agent\n")
        done, left = applied(desk)
        odd = done.held if whose == "agent" else [*desk.before.left_out.values()]
        assert odd and all("too long" in str(each) for each in odd)
        assert left == () and (mine / "keep.txt").read_text() == "agent\n"
    finally:
        remove_tree(tmp_path)  # pytest cannot


def test_a_folder_that_is_too_large_is_refused_with_its_size_before_anything_is_copied(
    mine: Path, lay: Lay, tmp_path: Path
) -> None:
    with (mine / "large").open("wb") as file:
        file.truncate(600_000_000)
    with pytest.raises(UsageError, match=r"has 600 MB; `ahe run` copies at most 500 MB.*-C"):
        lay()
    assert not (tmp_path / "runs/scratch/one/copy").exists()
    git(mine, "init", "-q")
    (mine / ".git/info/exclude").write_text("large\n")
    shutil.rmtree(tmp_path / "runs")
    assert lay().before.left_out == {"large": "git ignores it"}


def test_a_repository_that_is_too_large_is_left_out(mine: Path, lay: Lay) -> None:
    git(mine, "init", "-q")
    with (mine / ".git/objects/huge").open("wb") as file:
        file.truncate(600_000_000)
    desk = lay()
    assert desk.before.left_out == {".git": "it is too large"}
    (desk.copy / "keep.txt").write_text("agent\n")
    _, left = applied(desk)
    assert left == () and (mine / "keep.txt").read_text() == "agent\n"


def test_the_folder_may_hold_the_runs_that_the_copy_is_in(mine: Path, tmp_path: Path) -> None:
    for number, root in enumerate((tmp_path, mine)):
        scratch = mine / "runs" / "scratch" / str(number)
        scratch.mkdir(parents=True)
        desk = Desk.lay(root, scratch, mine / "runs")
        inside = mine.relative_to(root)
        assert desk.before.left_out == {(inside / "runs").as_posix(): "it holds the record of runs"}
        (desk.copy / inside / "runs").mkdir()
        (desk.copy / inside / "runs/ahe.sqlite").write_text("planted\n")
        done, _ = applied(desk)
        assert names(done.held) == [(inside / "runs").as_posix()]
        assert not (mine / "runs/ahe.sqlite").exists()


# ---------------------------------------------------------------- attacks


def plant(root: Path, ran: Path, where: str = ".git") -> None:
    """A repository whose next `git status` would run a program."""
    (root / "hidden/objects/x").mkdir(parents=True)
    (root / "hidden/refs/x").mkdir(parents=True)
    for name in ("objects/x/x", "refs/x/x"):
        (root / "hidden" / name).write_text("x\n")
    (root / "hidden/HEAD").write_text("ref: refs/heads/main\n")
    worktree = "\tworktree = ..\n" if where else "\tbare = false\n\tworktree = /\n"
    (root / "hidden/config").write_text(f'[core]\n\tfsmonitor = "touch {ran}; false"\n{worktree}')
    if where:
        (root / where).parent.mkdir(parents=True, exist_ok=True)
        up = "../" * where.count("/")
        (root / where).write_text(f"gitdir: {up}hidden\n")


@pytest.mark.parametrize(
    "where", [".git", "src/.git", "new/.git", "", ".GIT", ".git ", ".Git.", "git~1", ".g\u200cit"]
)
@pytest.mark.parametrize("way", ["apply", "diff"])
def test_no_repository_is_planted(mine: Path, lay: Lay, tmp_path: Path, where: str, way: str) -> None:
    ran = tmp_path / "ran"
    desk = lay()
    plant(desk.copy, ran, where)
    (desk.copy / "keep.txt").write_text("agent\n")
    done = desk.done(trace(desk))
    if way == "apply":
        desk.apply(done, trace(desk))
    else:
        assert git(mine, "apply", "-", stdin=done.diff).returncode == 0
    assert (mine / "keep.txt").read_text() == "agent\n"
    for place in (mine, mine / "src", mine / "new", mine / "hidden", trace(desk), *trace(desk).rglob("*")):
        if place.is_dir():
            git(place, "status")
            git(place, "log")
    assert not ran.exists()
    assert not (mine / "hidden/HEAD").exists()
    if where:
        assert where in names(done.held)
        assert not (mine / where).exists()


def test_the_plant_would_have_worked(mine: Path, tmp_path: Path) -> None:
    plant(mine, tmp_path / "ran")
    git(mine, "status")
    assert (tmp_path / "ran").exists()


def test_the_folders_own_repository_stays_as_it_is(mine: Path, lay: Lay, tmp_path: Path) -> None:
    git(mine, "init", "-q")
    git(mine, "add", "-A")
    git(mine, "commit", "-qm", "one")
    before = (mine / ".git/config").read_bytes()
    desk = lay()
    (desk.copy / "keep.txt").write_text("agent\n")
    git(desk.copy, "commit", "-qam", "two")
    (desk.copy / ".git/config").write_text(f"[core]\n\tfsmonitor = touch {tmp_path}/ran\n")
    done, left = applied(desk)
    assert (done.held, left) == ((), ())
    assert (mine / ".git/config").read_bytes() == before
    assert git(mine, "log", "--format=%s").stdout == "one\n"
    assert git(mine, "status", "--porcelain").stdout == " M keep.txt\n"
    shutil.rmtree(desk.copy / ".git")
    (desk.copy / ".git").write_text("gitdir: /elsewhere\n")
    assert names(desk.done(trace(desk)).held) == [".git"]


@pytest.mark.parametrize(
    ("path", "target", "why"),
    [
        ("out", "/etc/passwd", "outside of the folder"),
        ("out", "../../etc", "outside of the folder"),
        ("src/out", "../../x", "outside of the folder"),
        ("out", "/work/keep.txt", "outside of the folder"),
        ("out", ".git/hooks", "git's own"),
        ("out", "src/../.GIT", "git's own"),
        (".gitmodules", "keep.txt", "git's own"),
        ("out", "escape/x", "outside of the folder"),
        ("src", "new", "a folder would become a link"),
        ("out", os.fsdecode(b"\xfd"), "not UTF-8"),
        ("in", "src/a.py", ""),
        ("src/in", "../keep.txt", ""),
        ("in", "nowhere", ""),
        ("in", "in", ""),
    ],
)
def test_links(mine: Path, lay: Lay, path: str, target: str, why: str) -> None:
    (mine / "escape").symlink_to("/etc")  # a person's own
    desk = lay()
    if path == "src":
        shutil.rmtree(desk.copy / "src")
    os.symlink(target, desk.copy / path)
    before = tree(mine)
    done, left = applied(desk)
    assert left == ()
    if why:
        assert names(done.held) == [path] and why in done.held[0].why
        assert tree(mine) == before and done.diff == ""
    else:
        assert done.held == () and tree(mine) == {**before, path: ("link", os.fsencode(target))}


def test_set_id_bits_do_not_come_back(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "tool").write_text("#!/bin/sh\n")
    (desk.copy / "tool").chmod(0o6755)
    (desk.copy / "keep.txt").chmod(0o4755)
    done, _ = applied(desk)
    assert [(each.path, each.why) for each in done.held] == [
        ("keep.txt", "applied without its set-id bit"),
        ("tool", "applied without its set-id bit"),
    ]
    assert [(mine / name).stat().st_mode & 0o7777 for name in ("tool", "keep.txt")] == [0o755, 0o755]


@pytest.mark.parametrize(
    "made", ["mkfifo keep.txt", "mkdir keep.txt; chmod 0 keep.txt", "ln -s /etc/passwd keep.txt"]
)
def test_a_file_that_became_something_else_is_not_taken_for_removed(mine: Path, lay: Lay, made: str) -> None:
    desk = lay()
    subprocess.run(["sh", "-c", f"rm keep.txt; {made}"], cwd=desk.copy, check=True)
    done, _ = applied(desk)
    if "chmod" in made:
        return  # it can be made readable: an empty folder in place of the file
    assert names(done.held) == ["keep.txt"]
    assert (mine / "keep.txt").read_text() == "keep\n"


def test_closed_files_and_folders_of_the_agent_are_read(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "new").mkdir()
    (desk.copy / "new/x").write_text("agent\n")
    for path in ("new/x", "new", "src"):
        (desk.copy / path).chmod(0)
    done, _ = applied(desk)
    assert [change.path for change in done.changes] == ["new/x"]
    assert (mine / "new/x").read_text() == "agent\n"


def test_what_is_too_large_for_a_diff_is_named(mine: Path, lay: Lay) -> None:
    desk = lay()
    with (desk.copy / "large").open("wb") as file:
        file.truncate(60_000_000)
    done, _ = applied(desk)
    assert [(each.path, each.why, each.saved) for each in done.held] == [("large", "it has 60 MB", "")]
    assert not (mine / "large").exists()


def promisor(root: Path, ran: Path, way: str) -> None:
    """A repository whose ignore file is not there, and whose remote runs a program when git fetches it."""
    git(root, "init", "-q")
    missing = subprocess.run(
        ["git", "hash-object", "--stdin"], input=way.encode(), capture_output=True
    ).stdout
    git(root, "update-index", "--add", "--cacheinfo", f"100644,{missing.decode().strip()},.gitignore")
    git(root, "update-index", "--skip-worktree", ".gitignore")
    program = root / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    url = {"ext": f"ext::{program}", "ssh": "ssh://nowhere.invalid/x"}.get(way, ".")
    settings = f'[extensions]\n\tpartialClone = o\n[remote "o"]\n\tpromisor = true\n\turl = {url}\n'
    settings += f"\tuploadpack = {program}\n[core]\n\trepositoryformatversion = 1\n\tsshCommand = {program}\n"
    allowed = ("file", "ext", "ssh") if way != "plain" else ()
    settings += "".join(f'[protocol "{name}"]\n\tallow = always\n' for name in allowed)
    with (root / ".git/config").open("a") as file:
        file.write(settings)


@pytest.mark.parametrize("way", ["plain", "file", "ext", "ssh"])
@pytest.mark.parametrize("place", ["", "sub", "module"])
def test_a_repository_in_the_folder_fetches_nothing(
    mine: Path, lay: Lay, tmp_path: Path, way: str, place: str
) -> None:
    ran, root = tmp_path / "ran", mine / place
    root.mkdir(exist_ok=True)
    promisor(root, ran, way)
    if place == "module":
        (mine / "modules").mkdir()
        (root / ".git").rename(mine / "modules/one")
        (root / ".git").write_text("gitdir: ../modules/one\n")
    lay()
    assert not ran.exists()
    git(root, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory")
    assert ran.exists(), "the attack would have worked"


@pytest.mark.parametrize("magic", [":!x", ":(exclude)x", ":x", "link/x", "module/x"])
@pytest.mark.parametrize("inside", ["", "src"])
def test_no_name_switches_off_what_git_ignores(mine: Path, lay: Lay, magic: str, inside: str) -> None:
    git(mine, "init", "-q")
    (mine / ".gitignore").write_text("*.log\n")
    root = mine / inside
    (root / "link").symlink_to(mine / ".git")
    git(mine, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{inside or '.'}/module")
    desk = lay(root)
    (desk.copy / "link").unlink()
    for name in (magic, "x.log", "y.txt"):
        (desk.copy / name).parent.mkdir(exist_ok=True)
        (desk.copy / name).write_text("agent\n")
    done, _ = applied(desk)
    assert names(done.held) == [*(["link"] if magic == "link/x" else []), "x.log"]
    assert not (root / "x.log").exists() and (root / "y.txt").exists()
    assert (root / magic).exists() == (magic != "link/x")


@pytest.mark.parametrize("name", ["gi7eba~1", "src/GI7EBA~1", ".gitmodule\u200cs"])
def test_what_git_leaves_out_of_the_diff_is_not_applied(mine: Path, lay: Lay, name: str) -> None:
    desk = lay()
    (desk.copy / name).symlink_to("keep.txt")
    (desk.copy / "new.txt").write_text("agent\n")
    done, _ = applied(desk)
    assert names(done.held) == [name] and [change.path for change in done.changes] == ["new.txt"]
    assert "new.txt" in done.diff and "gi7eba" not in done.diff.casefold()
    assert set(tree(mine)) == {"keep.txt", "new.txt", "src/a.py"}


@pytest.mark.parametrize(
    "names_", [("head", "Objects", "REFS"), ("Head", "objects.", "refs "), ("HEAD", "Commondir", "x")]
)
def test_a_repository_in_another_case_is_not_planted(mine: Path, lay: Lay, names_: tuple[str, ...]) -> None:
    desk = lay()
    for name in (*names_, "CONFIG", "note"):
        place = desk.copy / "new" / name
        place = place / "x" if name[:3].lower() in ("obj", "ref") else place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x\n")
    applied(desk)
    assert not {name.casefold().rstrip(". ") for name in os.listdir(mine / "new")} & {
        "head",
        "config",
        "refs",
    }
    assert (mine / "new/note").exists()
    assert not [path for path in trace(desk).rglob("*") if path.name.casefold() == "head"]


def test_what_all_changes_have_together_is_limited(mine: Path, lay: Lay) -> None:
    desk = lay()
    (desk.copy / "a.txt").write_text("agent\n")
    for name in ("b", "c", "d"):
        with (desk.copy / name).open("wb") as file:
            file.truncate(45_000_000)
    (desk.copy / "e.txt").write_text("agent\n")
    done, _ = applied(desk)
    assert [(each.path, each.why) for each in done.held] == [("d", "more than 100 MB were changed in all")]
    assert [change.path for change in done.changes] == ["a.txt", "b", "c", "e.txt"]
    assert not (mine / "d").exists() and (mine / "e.txt").exists()


@pytest.mark.parametrize("kind", ["folders", "pipes", "long paths"])
def test_folders_and_special_files_are_counted(tmp_path: Path, kind: str) -> None:
    top = tmp_path / "/".join(["x" * 200] * 15 if kind == "long paths" else "x")
    top.mkdir(parents=True)
    for number in range(30 if kind == "long paths" else 300):
        place = top / f"{number}"
        place.mkdir() if kind == "folders" else os.mkfifo(place) if kind == "pipes" else place.touch()
    assert folders.listing(tmp_path, most=500)
    with pytest.raises(UsageError, match="more than 200 files and folders"):
        folders.listing(tmp_path, most=200)


def test_a_link_into_what_was_not_copied_is_held_back(mine: Path, lay: Lay, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (mine / ".gitignore").write_text("cache\n")
    (mine / "cache").symlink_to(tmp_path / "secret")
    (mine / "mine").symlink_to("cache")
    desk = lay()
    for name, target in (("a", "cache/x"), ("b", "cache"), ("c", "mine/x"), ("src/d", "../cache/x")):
        (desk.copy / name).symlink_to(target)
    done, _ = applied(desk)
    assert names(done.held) == ["a", "b", "c", "src/d"]
    assert not {"a", "b", "c", "src/d"} & set(tree(mine))


def test_a_kept_folder_holds_no_repository(tmp_path: Path) -> None:
    copy, ran, target = tmp_path / "copy", tmp_path / "ran", tmp_path / "target"
    target.touch(0o400)
    for number, where in enumerate([".git", "src/.git", "", ".GIT", "git~1"]):
        plant(copy / str(number), ran, where)
    git(copy / "0", "init", "-q", "own")
    (copy / "0/own/.git/config").write_text(f"[core]\n\tfsmonitor = touch {ran}; false\n")
    (copy / "0/closed/.git").mkdir(parents=True)
    (copy / "0/closed").chmod(0)
    (copy / "0/head").symlink_to(target)
    (copy / "0/kept.txt").write_text("agent\n")
    (copy / "0/objects").mkdir()
    folders.without_repositories(copy)
    assert (copy / "0/kept.txt").read_text() == "agent\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o400
    for place in (copy, *copy.rglob("*")):
        if place.is_dir():
            git(place, "status")
        assert place.name.casefold() not in (".git", "git~1", "head")
    assert not ran.exists()
