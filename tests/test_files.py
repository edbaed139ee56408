"""Copying what a sandboxed process left, or is still changing: each test is an attempt to get at something else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import world

from ahe.files import TreeLimits, copy_tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def found(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_and_folders_with_what_is_executable(source: Path, tmp_path: Path) -> None:
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "run").write_bytes(b"\0\xff" * 700_000)
    (source / "a" / "b" / "run").chmod(0o710)
    (source / "plain").write_text("x")
    assert copy_tree(source, tmp_path / "new" / "target") == []
    target = tmp_path / "new" / "target"
    assert found(target) == ["a", "a/b", "a/b/run", "plain"]
    assert (target / "a/b/run").read_bytes() == b"\0\xff" * 700_000
    assert [(target / name).stat().st_mode & 0o777 for name in ("a/b/run", "plain")] == [0o755, 0o644]


def test_links_are_left_out_or_copied_as_links(source: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("sk")
    (source / "folder").symlink_to(tmp_path / "secret")
    (source / "file").symlink_to(tmp_path / "secret" / "key")
    assert copy_tree(source, tmp_path / "plain") == ["file: a link", "folder: a link"]
    assert found(tmp_path / "plain") == []
    assert copy_tree(source, tmp_path / "linked", links=True) == []
    assert os.readlink(tmp_path / "linked" / "folder") == str(tmp_path / "secret")
    with pytest.raises(OSError):
        copy_tree(source / "folder", tmp_path / "through")


def test_a_link_in_the_target_is_not_written_through(source: Path, tmp_path: Path) -> None:
    (source / "name").write_text("new")
    (tmp_path / "victim").write_text("old")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "name").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        copy_tree(source, tmp_path / "target")
    assert (tmp_path / "victim").read_text() == "old"


def test_pipes_sockets_and_devices_are_named_and_not_opened(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(source / "socket"))
    left_out = copy_tree(source, tmp_path / "target")
    assert left_out == ["pipe: a pipe", "socket: a socket"]
    if os.geteuid() == 0:
        os.mknod(source / "device", 0o020666, os.makedev(1, 5))
        assert "device: a device" in copy_tree(source, tmp_path / "again")


AS_NOBODY = """
import os
from pathlib import Path
from ahe.files import copy_tree

if os.geteuid() == 0:  # root may read everything
    for path in (".", "source", "source/closed", "source/closed/file"):
        os.chown(path, 65534, 65534)
    os.setuid(65534)
print(copy_tree(Path("source"), Path("target")), Path("target/closed/file").read_text())
"""


def test_what_was_made_unreadable_is_read(source: Path, tmp_path: Path) -> None:
    (source / "closed").mkdir()
    (source / "closed" / "file").write_text("in it")
    (source / "closed" / "file").chmod(0)
    (source / "closed").chmod(0)
    command = [sys.executable, "-c", AS_NOBODY]
    done = subprocess.run(command, cwd=tmp_path, env=world.environment(), capture_output=True, text=True)
    assert done.stdout == "[] in it\n", done.stderr


def test_what_is_too_large_too_many_or_too_deep_is_named(source: Path, tmp_path: Path) -> None:
    with open(source / "sparse", "wb") as file:
        file.truncate(1 << 40)
    (source / "small").write_text("x" * 10)
    (source / "tail").write_text("x" * 10)
    limits = TreeLimits(bytes=15, entries=100, depth=2)
    assert copy_tree(source, tmp_path / "bytes", limits) == ["sparse: too large", "tail: too large"]
    assert found(tmp_path / "bytes") == ["small"]
    deep = source / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert "a/b/c: too many folders in each other" in copy_tree(source, tmp_path / "deep", limits)
    for number in range(200):
        (source / "a" / str(number)).touch()
    left_out = copy_tree(source, tmp_path / "many", limits)
    assert "a/: too many files, the rest is left out" in left_out
    assert len(found(tmp_path / "many")) <= 100
    assert len(left_out) < 10


def test_a_path_that_the_system_would_refuse_is_left_out(source: Path, tmp_path: Path) -> None:
    inside = os.open(source, os.O_RDONLY)
    for _ in range(19):  # 250 bytes in 125 characters: 4,769 bytes in all, and the fourth is over 1,000
        os.mkdir("é" * 125, dir_fd=inside)
        below = os.open("é" * 125, os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = below
    os.close(inside)
    (source / "plain").write_text("x")
    (left_out,) = copy_tree(source, tmp_path / "target")
    assert left_out.isascii() and len(left_out) < 300 and left_out.endswith(": its path is too long")
    assert found(tmp_path / "target") == ["plain", *("/".join(["é" * 125] * n) for n in (1, 2, 3))]


def test_odd_names_are_copied_and_shown_escaped(source: Path, tmp_path: Path) -> None:
    odd = os.fsencode(source) + b"/\xff\n\x1b[31m"
    with open(odd, "wb"):
        pass
    os.mkfifo(odd + b"p")
    (left_out,) = copy_tree(source, tmp_path / "target")
    assert left_out.isascii() and left_out.isprintable() and left_out.endswith(": a pipe")
    assert os.listdir(os.fsencode(tmp_path / "target")) == [b"\xff\n\x1b[31m"]


def test_a_folder_that_turns_into_a_link_meanwhile_leads_nowhere(source: Path, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "secret").write_text("secret")
    code = f"""
import os
os.chdir({str(source)!r})
os.mkdir("real"); open("real/secret", "w").write("mine"); os.symlink({str(tmp_path / "host")!r}, "link")
print("ready", flush=True)
while True:
    os.rename("real", "place"); os.rename("place", "real")
    os.rename("link", "place"); os.rename("place", "link")
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as swapping:
        assert swapping.stdout and swapping.stdout.readline()
        try:
            for number in range(200):
                copy_tree(source, tmp_path / f"target-{number}")
        finally:
            swapping.kill()
    copied = {path.read_text() for path in tmp_path.glob("target-*/*/*")}
    assert copied <= {"mine"}
