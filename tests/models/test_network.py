"""An endpoint that can never be reached is named at once, in one line, with the fix."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from model_helpers import ask

from ahe.errors import UsageError
from ahe.models.network import obstacle, unreachable
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.records import ModelSpec

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *map(str.lower, VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("base_url", "hint"),
    [
        ("localhost:11434/v1", 'write "http://localhost:11434/v1"'),
        ("api.example.com/v1", 'write "https://api.example.com/v1"'),
        ("user:word@api.example.com/v1?k=word", 'write "https://api.example.com/v1"'),
        ("ftp://example.com", "correct it"),
        ("https://api.example.com/v1/chat/completions/", "leave /chat/completions"),
        ("http://", "correct it"),
        ("http://[::1/v1", "correct it"),
        ("http://host:99999/v1", "correct it"),
    ],
)
def test_what_is_no_address_is_said_before_anything_is_sent(base_url: str, hint: str) -> None:
    with pytest.raises(UsageError, match="base_url") as refused:
        OpenAIModel(ModelSpec(name="m", base_url=base_url))
    assert hint in str(refused.value)
    assert "word" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("ALL_PROXY", "socks5://user:word@127.0.0.1:9", "pip install socksio"),
        ("HTTPS_PROXY", "ftp://127.0.0.1:9", "'ftp'"),
        ("https_proxy", "socks4://127.0.0.1:9", "'socks4'"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "/nowhere/ca.pem"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE"),
    ],
)
async def test_a_faulty_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str
) -> None:
    monkeypatch.setenv(name, value)
    model = OpenAIModel(ModelSpec(name="m", base_url="https://api.example.com/v1"))
    with pytest.raises(UsageError) as refused:
        await model.complete(ask())
    assert name.upper() in str(refused.value).upper()
    assert fix in str(refused.value)
    assert "word" not in str(refused.value)


def test_sound_variables_are_no_obstacle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "127.0.0.1:8080")
    monkeypatch.setenv("NO_PROXY", "ftp://not-a-proxy")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert obstacle() == ""


async def test_a_server_without_tls_is_told_at_once() -> None:
    heard = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = OpenAIModel(ModelSpec(name="m", base_url=address, retries=9), backoff=Backoff(base=0.0))
        with pytest.raises(UsageError, match="http:// instead of https://"):
            await model.complete(ask())
        await model.aclose()
    assert len(heard) == 1


def test_the_causes_of_a_failed_connection() -> None:
    def caused(cause: BaseException) -> str:
        error, inner = RuntimeError("Connection error."), OSError("connect")
        error.__cause__, inner.__context__ = inner, cause
        return unreachable(error, "https://e/v1")

    assert "cannot be resolved (unknown)" in caused(socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert "SSL_CERT_FILE" in caused(ssl.SSLCertVerificationError(1, "x"))
    assert caused(ConnectionRefusedError("refused")) == ""
    assert caused(TimeoutError()) == ""
