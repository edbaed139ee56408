"""Keys never come back from an endpoint that repeats what it was sent."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from model_helpers import ask

from ahe.errors import AheError, UsageError
from ahe.jobs import doctor
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.roles import open_models
from ahe.models.secrets import HIDDEN, Secrets, shown
from ahe.records import ModelSpec

KEY = 'sk-proj-Q7/+w"_9\\Zt=4'
OTHER = "other-role-key-1234"
COMPLETION = {"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}


def escaped_twice(text: str) -> str:
    return json.dumps(json.dumps(text))[3:-3]


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json": escaped_twice,
    "json in json in json": lambda text: json.dumps(escaped_twice(text))[1:-1],
    "json with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "unicode escapes": lambda text: "".join(f"\\u{ord(ch):04X}" for ch in text),
    "repr": lambda text: repr(text)[1:-1],
    "url": lambda text: quote(text, safe=""),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "json in url": lambda text: quote(json.dumps(text)[1:-1].replace("/", "\\/"), safe=""),
    "url in lower case": lambda text: "".join(f"%{ord(ch):02x}" for ch in text),
    "html": lambda text: "".join(f"&#{ord(ch)};" for ch in text),
    "html in hexadecimal": lambda text: "".join(f"&#x{ord(ch):x};" for ch in text),
    "hexadecimal": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of a header": lambda text: base64.b64encode(f"Bearer {text} 1".encode()).decode(),
    "base64 of a line": lambda text: base64.urlsafe_b64encode(f"key: {text}\n".encode()).decode(),
}


def unpacked(text: str) -> str:
    """Everything that a reader could make of the text, in one string."""
    found = [text]
    for word in text.replace(HIDDEN, " ").split():
        for padding in ("", "=", "=="):
            try:
                found.append(base64.b64decode(word + padding, altchars=b"-_").decode("latin-1"))
            except ValueError:
                continue
    return "\n".join(found)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_hidden_in_every_form_and_the_rest_stays(monkeypatch, form):
    monkeypatch.setenv("A_KEY", KEY)
    secrets = Secrets.of([ModelSpec(name="m", base_url="https://h/v1", api_key_env="A_KEY")])
    text = FORMS[form](KEY)
    assert HIDDEN in secrets.hide(text)
    assert secrets.hide(f"before {text} after").startswith("before ")
    assert secrets.hide(f"before {text} after").endswith(" after")
    assert KEY not in unpacked(secrets.hide(f"before {text} after"))
    assert HIDDEN.encode() in secrets.hide_in_reply(f'{{"a": "{text}"}}'.encode())


def test_a_body_stays_json_and_bodies_without_a_key_stay_as_they_are(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    secrets = Secrets.of([ModelSpec(name="m", base_url="https://h/v1", api_key_env="A_KEY")])
    value = {"a": f'say "{KEY}" and \\{KEY}\\', "b": [json.dumps({"key": KEY, KEY: "\n"})], KEY: 1}
    hidden = secrets.hide_in_reply(json.dumps(value).encode())
    again = json.loads(hidden)
    assert again["a"] == f'say "{HIDDEN}" and {HIDDEN}\\'
    assert json.loads(again["b"][0]) == {"key": HIDDEN, HIDDEN: "\n"}
    plain = b'{"a": "100 %25 \\\\u0041 sk-proj- none \xff"}'
    assert secrets.hide_in_reply(plain) == plain


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 10**6,
        "%5C" * 10**6,
        "s\\" * 10**6,
        "%" + "25" * 10**6,
        "&#" + "0" * 10**6,
        KEY[:-1] * 10**5,
        KEY[:15] + "\\" * 10**6,
        KEY[:15] + "%5C" * 10**6,
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("key", [KEY, f"~{KEY}"])  # the Base64 of the second begins with a + in a longer text
def test_looking_for_a_key_takes_no_more_than_the_length_of_the_text(monkeypatch, text, key):
    monkeypatch.setenv("A_KEY", key)
    secrets = Secrets.of([ModelSpec(name="m", base_url="https://h/v1", api_key_env="A_KEY")])
    started = time.process_time()
    assert secrets.hide(text) == text
    assert time.process_time() - started < 5.0


def test_credentials_in_addresses_and_of_proxies_are_secrets_too(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:proxypass99@proxy:3128")
    spec = ModelSpec(
        name="m", base_url="https://us%65r:p%40ssw0rd@h:8/v1?api-version=2024-02-01&key=querykey88"
    )
    secrets = Secrets.of([spec])
    for word in ("proxypass99", "p@ssw0rd", "p%40ssw0rd", "querykey88"):
        assert secrets.hide(f"407 from {word}") == f"407 from {HIDDEN}"
    assert secrets.hide("407 from 2024-02-01") == "407 from 2024-02-01"
    assert shown(spec.base_url) == "https://h:8/v1"


def test_short_values_are_hidden_in_errors_only(monkeypatch):
    monkeypatch.setenv("A_KEY", "ollama")
    secrets = Secrets.of([ModelSpec(name="m", base_url="http://h/v1", api_key_env="A_KEY")])
    assert secrets.hide("bad key ollama") == f"bad key {HIDDEN}"
    assert secrets.hide_in_reply(b"pip install ollama") == b"pip install ollama"


@pytest.mark.parametrize(
    ("key", "hidden"),
    [
        ("lm-studio", False),
        ("not-needed", False),
        ("hunter2abc", True),
        ("sixteen-letters-x", True),
    ],
)
def test_a_word_in_place_of_a_key_stays_in_replies(monkeypatch, key, hidden):
    monkeypatch.setenv("A_KEY", key)
    secrets = Secrets.of([ModelSpec(name="m", base_url="http://administrator@h/v1", api_key_env="A_KEY")])
    said = f"use {key} as administrator"
    assert secrets.hide(said) == f"use {HIDDEN} as {HIDDEN}"
    kept = HIDDEN if hidden else key
    assert secrets.hide_in_reply(said.encode()).decode() == f"use {kept} as administrator"


@asynccontextmanager
async def repeating(status: int, body: Callable[[str], object]) -> AsyncIterator[str]:
    """An endpoint whose answer holds the request's head. Yields its base URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        said = json.dumps(body(head)).encode()
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(said))
        )
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413, 422, 429, 500])
@pytest.mark.parametrize(
    "wrap", [lambda head: {"error": {"message": head}}, lambda head: head, lambda head: [head]]
)
async def test_an_error_that_repeats_the_headers_shows_no_key(monkeypatch, status, wrap):
    monkeypatch.setenv("A_KEY", OTHER)
    async with repeating(status, lambda head: wrap("x" * 980 + head)) as address:
        spec = ModelSpec(name="m", base_url=address, api_key_env="A_KEY", retries=0)
        model = OpenAIModel(spec, backoff=Backoff(base=0.0, cap=0.0))
        with pytest.raises(AheError) as caught:
            await model.complete(ask())
        await model.aclose()
    # Nor a part of it, which cutting before hiding would leave.
    assert OTHER[:6] not in str(caught.value)


async def test_a_reply_that_repeats_any_roles_key_does_not_reach_the_others(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    monkeypatch.setenv("B_KEY", OTHER)
    call = {"id": KEY, "type": "function", "function": {"name": "t", "arguments": json.dumps({"a": KEY})}}
    said = {"role": "assistant", "content": f"{KEY} {OTHER}", "reasoning": OTHER, "tool_calls": [call]}
    async with repeating(200, lambda head: {"choices": [{"message": {**said, "thinking": head}}]}) as address:
        spec = ModelSpec(name="m", base_url=address, api_key_env="A_KEY", tool_calls="native")
        both = {"coder": spec, "evolver": spec.model_copy(update={"api_key_env": "B_KEY"})}
        async with open_models(both) as models:
            reply = await models["coder"].complete(ask())
    text = reply.model_dump_json()
    assert OTHER not in text
    assert reply.message.tool_calls[0].arguments == {"a": HIDDEN}
    assert reply.message.content == f"{HIDDEN} {HIDDEN}"


async def test_errors_show_the_address_without_its_credentials():
    spec = ModelSpec(name="m", base_url="http://user:passw0rd@127.0.0.1:9/v1?token=abcdefgh", retries=0)
    model = OpenAIModel(spec, backoff=Backoff(base=0.0, cap=0.0))
    with pytest.raises(AheError) as caught:
        await model.complete(ask())
    await model.aclose()
    assert "http://127.0.0.1:9/v1" in str(caught.value)
    assert "passw0rd" not in str(caught.value) and "abcdefgh" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-\u043a\u043b\u044e\u0447", "sk-one\nsk-two"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(monkeypatch, key):
    monkeypatch.setenv("A_KEY", key)
    with pytest.raises(UsageError, match="A_KEY") as caught:
        OpenAIModel(ModelSpec(name="m", base_url="https://h/v1", api_key_env="A_KEY"))
    assert key not in str(caught.value)


async def test_white_space_around_a_key_is_left_out(monkeypatch):
    monkeypatch.setenv("A_KEY", f" {OTHER}\r\n")
    heads: list[str] = []
    async with repeating(200, lambda head: heads.append(head) or COMPLETION) as address:
        model = OpenAIModel(ModelSpec(name="m", base_url=address, api_key_env="A_KEY"))
        assert (await model.complete(ask())).message.content == "hi"
        await model.aclose()
    assert f"Bearer {OTHER}\r\n" in heads[0]


def test_a_key_in_place_of_the_variables_name_is_not_shown():
    with pytest.raises(UsageError, match="name of an environment variable") as caught:
        OpenAIModel(ModelSpec(name="m", base_url="https://h/v1", api_key_env="sk-proj-123"))
    assert "sk-proj" not in str(caught.value)


def test_doctor_does_not_show_a_key_in_place_of_the_variables_name():
    spec = ModelSpec(name="m", base_url="https://user:passw0rd@h/v1", api_key_env="sk-proj-123")
    finding = doctor._endpoint("model", spec)
    assert finding.state == "missing" and "sk-proj" not in f"{finding}" and "passw0rd" not in f"{finding}"
