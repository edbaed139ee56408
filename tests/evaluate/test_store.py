"""The store where it is locked, damaged, without room or not to be written; and what a retry leaves."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from made_trials import trial

from ahe.debug.readers.find import find
from ahe.errors import UsageError
from ahe.evaluate.store import EARLIER, Store
from ahe.records import Usage


def put(store: Store, id: str, status: str = "passed") -> None:
    folder = store.new_folder(id)
    (folder / "trajectory.json").write_text(f'"{status}"')
    store.put(trial(id, "t", status))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    with closing(Store(tmp_path / "runs")) as store:
        for id in ("one", "two"):
            put(store, id)
        store.charge("coder", Usage(calls=1, input_tokens=5))
    return tmp_path / "runs"


def test_a_locked_store_is_named_with_the_remedy(runs: Path) -> None:
    with closing(sqlite3.connect(runs / "ahe.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM fact")
        with pytest.raises(UsageError, match=r"ahe\.sqlite: another process keeps it locked.*fuser"):
            Store(runs, patience=0.01)


def test_a_lock_in_the_middle_is_named_too(runs: Path) -> None:
    with closing(Store(runs, patience=0.01)) as store, closing(sqlite3.connect(runs / "ahe.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UsageError, match="another process keeps it locked"):
            store.put_fact("a", 1)
        other.rollback()
        store.put_fact("a", 1)
        assert store.fact("a") == 1


def read_all(runs: Path) -> None:
    with closing(Store(runs)) as store:
        store.find(["one"])
        store.of_harness("h")
        store.tallies("m")


@pytest.mark.parametrize("damage", ["garbage", "header", "middle", "truncated", "row", "schema", "folder"])
def test_a_damaged_store_is_named_with_the_remedy(runs: Path, damage: str) -> None:
    path = runs / "ahe.sqlite"
    whole = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage in ("row", "schema"):
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("UPDATE trial SET record = '{'" if damage == "row" else "DROP TABLE trial")
    else:
        path.write_bytes(
            {
                "garbage": os.urandom(5000),
                "header": b"\0" * 100 + whole[100:],
                "middle": whole[:4096] + b"\xff" * (len(whole) - 4096),
                "truncated": whole[: len(whole) // 2],
            }[damage]
        )
    with pytest.raises(
        UsageError, match=r"ahe\.sqlite: (it is damaged|it cannot be|the disk fails).*\)$"
    ) as caught:
        read_all(runs)
    assert "\n" not in str(caught.value)


def test_the_traces_of_finished_trials_survive_a_store_that_was_moved_away(runs: Path) -> None:
    (runs / "ahe.sqlite").rename(runs.parent / "damaged.sqlite")
    (runs / "trials" / "unfinished").mkdir()
    with closing(Store(runs)) as store:
        assert store.sweep() == 1
    assert sorted(os.listdir(runs / "trials")) == ["one", "two"]


def test_a_store_without_room_is_named_and_goes_on_when_there_is_room(runs: Path) -> None:
    # A limit on the size of files stands for a full disk; a process of its own, since the limit stays.
    child = os.fork()
    if not child:
        failed = 1
        try:
            with closing(Store(runs)) as store:
                resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
                try:
                    for number in range(100):
                        store.put_fact(f"fact {number}", "x" * 5000)
                except UsageError as error:
                    failed = 0 if "make room" in str(error) else 2
        finally:
            os._exit(failed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with closing(Store(runs)) as store:
        store.put_fact("later", 1)
        assert store.fact("fact 0") == "x" * 5000
        assert set(store.find(["one", "two"])) == {"one", "two"}


READING = """
import sys; from pathlib import Path; from ahe.evaluate.store import Store; from ahe.errors import UsageError
store = Store(Path(sys.argv[1]))
print(store.readonly, sorted(store.find(["one", "two"])), store.spent().input_tokens, len(store.of_harness("h")))
try: store.put_fact("a", 1)
except UsageError as error: print(error)
try: store.require_writable()
except UsageError as error: print(error)
store.close()
"""


def read_only(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program while the folder is mounted so that nobody can write it."""
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$4"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(folder), sys.executable, program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("mounting is not allowed here")
    return done


@pytest.mark.parametrize("state", ["closed", "killed", "none"])
def test_a_store_on_a_read_only_disk_can_be_read(runs: Path, state: str, tmp_path: Path) -> None:
    if state == "killed":  # its last transactions are in the log
        copy = tmp_path / "copy"
        with closing(Store(runs)) as store:
            put(store, "three")
            store.charge("coder", Usage(calls=1, input_tokens=7))
            shutil.copytree(runs, copy)
        runs = copy
        assert (runs / "ahe.sqlite-wal").stat().st_size > 0
    elif state == "none":
        (runs / "ahe.sqlite").unlink()
    done = read_only(runs, READING, str(runs))
    spent = {"closed": 5, "killed": 12, "none": 0}[state]
    known = "['one', 'two']" if state != "none" else "[]"
    number = {"closed": 2, "killed": 3, "none": 0}[state]
    first, *rest = done.stdout.splitlines()
    assert first == f"True {known} {spent} {number}", done.stderr
    assert len(rest) == 2 and all("it cannot be written" in line for line in rest)


def test_a_retry_keeps_what_the_missing_attempts_left(runs: Path) -> None:
    with closing(Store(runs)) as store:
        for status in ("missing", "missing", "passed"):
            put(store, "three", status)
        assert store.find(["three"])["three"].status == "passed"
        folder = store.folder("three")
        assert (folder / "trajectory.json").read_text() == '"passed"'
        assert sorted(os.listdir(folder / EARLIER)) == ["1", "2"]
        assert (folder / EARLIER / "1" / "trajectory.json").read_text() == '"missing"'
        assert '"status": "missing"' in (folder / EARLIER / "2" / "result.json").read_text()
        assert store.sweep() == 0
        assert len(find([runs])) == 3, "an earlier attempt counts as a trial"


@pytest.mark.parametrize("step", ["renamed", "made", "moved", "earlier"])
def test_a_kill_while_an_attempt_is_put_aside_stops_no_later_one(runs: Path, step: str) -> None:
    with closing(Store(runs)) as store:
        for _ in range(2):
            put(store, "three", "missing")
        folder = store.folder("three")
        aside = folder.with_name(f"three.{EARLIER}")
        folder.rename(aside)
        if step != "renamed":
            folder.mkdir()
        if step in ("moved", "earlier"):
            (aside / EARLIER).rename(folder / EARLIER)
        if step == "earlier":
            (folder / "half").touch()  # what the next attempt left
        store.sweep()
        for _ in range(2):
            put(store, "three", "missing")
        assert not aside.exists()
        kept = sorted((folder / EARLIER).iterdir())
        finished = [path for path in kept if (path / "result.json").exists()]
        assert [path.name for path in finished] == (["1", "2", "4"] if step == "earlier" else ["1", "2", "3"])


def test_what_a_killed_attempt_left_is_not_in_the_way(runs: Path) -> None:
    with closing(Store(runs)) as store:
        (store.new_folder("three") / "half").touch()
        assert os.listdir(store.new_folder("three")) == []


def test_a_store_that_only_its_owner_may_write_is_not_taken_for_writable(runs: Path) -> None:
    (runs / "ahe.sqlite").chmod(stat.S_IRUSR)
    with closing(Store(runs)) as store:
        assert store.readonly is not os.access(runs / "ahe.sqlite", os.W_OK)


WORKING = """
import sys; from pathlib import Path; from ahe.evaluate.store import Store
store = Store(Path(sys.argv[1]))
store.new_folder("three")
(store.scratch.own / "file").touch()
print(store.scratch.own, flush=True)
sys.stdin.read()
"""


def test_a_sweep_leaves_alone_what_a_living_process_works_on(runs: Path) -> None:
    (runs / "scratch" / "of-an-earlier-version").mkdir(parents=True)
    command = [sys.executable, "-c", WORKING, str(runs)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
        closing(Store(runs)) as store,
    ):
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        store.new_folder("four")
        mine = store.scratch.own
        assert store.sweep() == 0
        assert (theirs / "file").exists() and mine.is_dir() and mine != theirs
        assert sorted(os.listdir(runs / "trials")) == ["four", "one", "three", "two"]
        other.kill()
        other.wait()
        assert store.sweep() == 1
        assert not theirs.exists() and mine.is_dir()
        assert sorted(os.listdir(runs / "trials")) == ["four", "one", "two"]
    assert os.listdir(runs / "scratch") == ["lock"]


def test_a_trial_that_is_stored_is_not_claimed_any_more(runs: Path) -> None:
    with closing(Store(runs)) as store:
        put(store, "three")
        assert store.scratch.claimed() == set()
