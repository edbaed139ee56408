"""What a command in bubblewrap must not be able to see, reach or change. Each test is an attempt."""

from __future__ import annotations

import os
import socket
import sys
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import ahe
from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.layout import installation
from ahe.errors import UnsupportedTask
from ahe.records import EnvironmentSpec, Mount


@pytest.fixture
async def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BwrapEnvironment]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-host-secret")
    environment = BwrapEnvironment(EnvironmentSpec(name="escape"), tmp_path / "scratch")
    await environment.start()
    yield environment
    await environment.stop()


async def test_ahe_is_nowhere(box: BwrapEnvironment):
    places = [*installation(), Path(ahe.__file__).parent]
    if sys.prefix != sys.base_prefix:
        places.append(Path(sys.prefix, "lib"))
    for place in places:
        done = await box.exec(f"ls -A '{place}'")
        assert done.exit_code != 0 or not done.output, f"{place} is visible: {done.text}"
    for python in ("python3", str(Path(sys.base_prefix, "bin", "python3"))):
        done = await box.exec(f"{python} -c 'import ahe'")
        assert "No module named" in done.text
    found = await box.exec("find / -xdev -path /proc -prune -o -type d -name ahe -print 2>/dev/null | head")
    assert found.text == ""


async def test_installed_packages_are_nowhere(box: BwrapEnvironment):
    patterns = "/usr/lib/python3*/dist-packages/* /usr/local/lib/python3*/*-packages/*"
    assert (await box.exec(f"ls -d {patterns} 2>/dev/null")).text == ""
    packages = sysconfig.get_path("purelib", vars={"base": sys.base_prefix})
    done = await box.exec(f"ls -A {packages}; touch {packages}/x")
    assert done.text == f"touch: cannot touch '{packages}/x': Read-only file system\n"


async def test_folders_of_the_host_do_not_exist(box: BwrapEnvironment, tmp_path: Path):
    tmp_path.joinpath("secret").write_text("secret")
    assert (await box.exec(f"cat {tmp_path}/secret")).exit_code != 0
    assert (
        await box.exec("ls -A /home /opt /srv /run /mnt /media 2>/dev/null | grep -v :")
    ).text.strip() == ""
    assert (await box.exec("cat /etc/shadow /etc/machine-id")).exit_code != 0
    passwd = (await box.exec("cat /etc/passwd")).text
    assert len(passwd.splitlines()) == 2, "the host's users are listed"


async def test_hidden_paths_are_covered(tmp_path: Path):
    shared = tmp_path / "shared"
    (shared / "heldout").mkdir(parents=True)
    (shared / "heldout" / "answer").write_text("42")
    (shared / "key").write_text("sk")
    (shared / "train").write_text("yes")
    hidden = (str(shared / "heldout"), str(shared / "key"), "/usr/share/common-licenses")
    spec = EnvironmentSpec(name="x", mounts=(Mount(host=str(shared), inside="/shared"),), hidden=hidden)
    environment = BwrapEnvironment(spec, tmp_path / "scratch")
    await environment.start()
    try:
        assert (await environment.exec("cat /shared/train; cat /shared/key 2>/dev/null")).text == "yes"
        assert (await environment.exec("ls -A /shared/heldout; ls -A /usr/share/common-licenses")).text == ""
        assert (await environment.exec("touch /shared/new /shared/heldout/new")).exit_code != 0
    finally:
        await environment.stop()


async def test_variables_of_the_host_are_absent(box: BwrapEnvironment):
    shown = await box.exec("env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "secret" not in shown.text
    assert "API_KEY" not in shown.text


async def test_no_network_not_even_to_the_host(box: BwrapEnvironment):
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "10.0.0.1", "1.1.1.1"):
            done = await box.exec(f"exec 3<>/dev/tcp/{host}/{port}", timeout=10)
            assert done.exit_code != 0, f"connected to {host}"


async def test_abstract_sockets_of_the_host_are_unreachable(box: BwrapEnvironment):
    name = f"ahe-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        code = f"import socket; socket.socket(socket.AF_UNIX).connect('\\\\0{name}')"
        assert "ConnectionRefused" in (await box.exec(f'python3 -c "{code}"')).text


async def test_processes_of_the_host_are_invisible(box: BwrapEnvironment):
    done = await box.exec("for f in /proc/[0-9]*; do echo ${f#/proc/}; done")
    assert len(done.text.split()) <= 4
    assert (await box.exec(f"kill -0 {os.getpid() + 100000}")).exit_code != 0


async def test_process_1_cannot_be_ended(box: BwrapEnvironment):
    for number in (1, 2, 3, 9, 10, 15, 17, 19, 31):
        await box.exec(f"kill -{number} 1; kill -{number} -1", timeout=20)
    assert (await box.exec("echo alive")).text == "alive\n"


async def test_process_1_cannot_be_reached(box: BwrapEnvironment):
    for attempt in (
        "readlink /proc/1/fd/1",
        "cat /proc/1/fd/0",
        "cat /proc/1/environ",
        "cat /proc/1/mem",
        "cat /proc/1/maps",
        "ls -l /proc/1/cwd/",
    ):
        assert (await box.exec(attempt)).exit_code != 0, attempt
    assert (await box.exec("echo x >/proc/1/fd/1")).exit_code != 0
    inherited = await box.exec("ls /proc/self/fd")
    assert inherited.text.split() == ["0", "1", "2", "3"], "a file of process 1 leaked into a command"


async def test_the_system_cannot_be_written(box: BwrapEnvironment):
    for place in ("/usr/x", "/bin/x", "/lib/x", "/etc/ssl/certs/x", "/dev/x", f"{sys.base_prefix}/lib/x"):
        assert (await box.exec(f"touch {place}")).exit_code != 0, place
    for setting in ("vm/swappiness", "kernel/core_pattern", "kernel/hostname"):
        before = Path("/proc/sys", setting).read_text()
        assert (await box.exec(f"cat /proc/sys/{setting} >/proc/sys/{setting}")).exit_code != 0, setting
        assert Path("/proc/sys", setting).read_text() == before
    for attempt in ("mount -t tmpfs x /mnt", "mount -o remount,rw /usr", "unshare -U true", "chroot / true"):
        assert (await box.exec(attempt)).exit_code != 0, attempt
    assert (await box.exec("mknod /tmp/disk b 8 0")).exit_code != 0
    assert (await box.exec("cat /proc/kallsyms /proc/keys 2>/dev/null")).text == ""


async def test_no_capability_over_the_host(box: BwrapEnvironment):
    status = (await box.exec("grep -E 'CapEff|NoNewPrivs' /proc/self/status")).text.split()
    assert int(status[1], 16) & 1 << 21 == 0, "CAP_SYS_ADMIN"
    assert int(status[1], 16) & 1 << 19 == 0, "CAP_SYS_PTRACE"
    assert status[3] == "1"


async def test_links_lead_nowhere_outside(box: BwrapEnvironment, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("host")
    await box.exec(f"ln -s {secret} read; ln -s {tmp_path} folder; ln -s /proc/1/environ environ")
    with pytest.raises(FileNotFoundError):
        await box.read("read")
    with pytest.raises(PermissionError):
        await box.read("environ")
    await box.write("read", b"changed")
    await box.write("folder/new", b"changed")
    assert secret.read_text() == "host"
    assert not (tmp_path / "new").exists()
    with pytest.raises(OSError, match="Read-only"):
        await box.write("/usr/bin/new", b"x")


async def test_files_that_are_none_do_not_block(box: BwrapEnvironment):
    await box.exec("mkfifo pipe; ln -s loop loop")
    for path in ("pipe", "loop", "/dev/zero", "/proc/1/mem"):
        with pytest.raises(OSError):
            await box.read(path)
    with pytest.raises(OSError):
        await box.write("pipe", b"x")
    assert (await box.exec("truncate -s 900M huge")).exit_code == 0
    with pytest.raises(OSError, match="large"):
        await box.read("huge")


async def test_no_terminal_to_type_into(box: BwrapEnvironment):
    code = "import fcntl, termios; fcntl.ioctl(open('/dev/tty'), termios.TIOCSTI, b'x')"
    done = await box.exec(f'python3 -c "{code}"')
    assert "No such device or address" in done.text


async def test_scratch_goes_whatever_was_left_in_it(tmp_path: Path):
    environment = BwrapEnvironment(EnvironmentSpec(name="x"), tmp_path / "scratch")
    await environment.start()
    deep = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"
    done = await environment.exec(f'mkdir -p a/b; touch a/b/c; chmod 0 a/b a; python3 -c "{deep}"')
    assert done.exit_code == 0
    await environment.stop()
    assert not (tmp_path / "scratch" / "root").exists()


async def test_other_users_are_refused_by_name(box: BwrapEnvironment, tmp_path: Path):
    with pytest.raises(UnsupportedTask, match=r"postgres.*Docker"):
        await box.exec("true", user="postgres")
    with pytest.raises(UnsupportedTask, match=r"postgres.*Docker"):
        BwrapEnvironment(EnvironmentSpec(name="x", users=("postgres",)), tmp_path)
