"""Keys never come back from an endpoint that repeats what it was sent."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from model_helpers import ask

from ahe.errors import AheError, ModelUnavailable, UsageError
from ahe.jobs import doctor
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.roles import open_models
from ahe.models.secrets import HIDDEN, Secrets, shown
from ahe.records import ModelSpec

KEY = 'sk-proj-Q7/+w"_9\\Zt=4'
OTHER = "other-role-key-1234"
KEYS = [
    KEY,
    f"~{KEY}",  # its Base64 begins with a + in a longer text
    'csk-ab12/+"cd34=ef',  # these begin as escapes end, or as what stands behind a backslash, % or &
    'Csk-ab12/+"cd34=ef',
    '5cab12/+"cd34=ef56',
    'u1234ab/+"cd34=ef5',
    'x41ab12/+"cd34=ef5',
    '%41ab12/+"cd34=ef5',
    '%zzab12/+"cd34=ef5',
    '#65;ab12/+"cd34=e5',
    'ab%20cd12/+"ef34=5',  # these hold escapes
    'ab%5ccd12/+"ef34=5',
    'ab\\u0041cd12/"ef34=',
    'ab&#65;cd12/+"ef34=',
]
COMPLETION = {"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}


def escaped_twice(text: str) -> str:
    return json.dumps(json.dumps(text))[3:-3]


def codes(text: str) -> str:
    return "".join(f"\\u{ord(ch):04X}" for ch in text)


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json": escaped_twice,
    "json in json in json": lambda text: json.dumps(escaped_twice(text))[1:-1],
    "json with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "unicode escapes": codes,
    "unicode escapes in url": lambda text: quote(codes(text), safe=""),
    "unicode escapes of url": lambda text: codes(quote(text, safe="")),
    "codes of bytes": lambda text: "".join(f"\\x{ord(ch):02x}" for ch in text),
    "repr": lambda text: repr(text)[1:-1],
    "url": lambda text: quote(text, safe=""),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "json in url": lambda text: quote(json.dumps(text)[1:-1].replace("/", "\\/"), safe=""),
    "url in lower case": lambda text: "".join(f"%{ord(ch):02x}" for ch in text),
    "html": lambda text: "".join(f"&#{ord(ch)};" for ch in text),
    "html in hexadecimal": lambda text: "".join(f"&#x{ord(ch):x};" for ch in text),
    "html with names": html.escape,
    "html with names twice": lambda text: html.escape(html.escape(text)),
    "html in json": lambda text: html.escape(text).replace("&", "\\u0026"),
    "html in url in json in url": lambda text: quote(codes(quote(html.escape(text), safe="")), safe=""),
    "hexadecimal": lambda text: text.encode().hex().upper(),
    "escaped hexadecimal": lambda text: codes(text.encode().hex()),
    "escaped base64": lambda text: codes(base64.b64encode(text.encode()).decode()),
    "base64 in url in html": lambda text: html.escape(
        quote(base64.b64encode(text.encode()).decode(), safe="")
    ).replace("%", "&#37;"),
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


@pytest.fixture(params=KEYS, ids=lambda key: key[:6])
def key(request, monkeypatch) -> str:
    monkeypatch.setenv("A_KEY", request.param)
    return request.param


def made() -> Secrets:
    return Secrets.of([ModelSpec(name="m", base_url="https://h/v1", api_key_env="A_KEY")])


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_hidden_in_every_form_and_the_rest_stays(key, form):
    text, secrets = FORMS[form](key), made()
    assert HIDDEN in secrets.hide(text)
    hidden = secrets.hide(f"before {text} after")
    assert hidden.startswith("before ") and hidden.endswith(" after")
    if "base64" not in form:  # its last character may hold bits of what follows
        assert hidden == f"before {HIDDEN} after"
    assert key not in unpacked(hidden)
    assert HIDDEN.encode() in secrets.hide_in_reply(f'{{"a": "{text}"}}'.encode())


@pytest.mark.parametrize(
    "before", ["\\", "\\\\", "%", "100%25", "%5c", "\\u005c", "\\u00", "&", "&#", "&#x", "c", "5"]
)
@pytest.mark.parametrize("form", ["plain", "json", "json with slashes escaped", "unicode escapes"])
def test_a_key_is_hidden_whatever_stands_before_it(key, before, form):
    hidden = made().hide(before + FORMS[form](key) + "!")
    assert hidden.endswith(f"{HIDDEN}!") and len(hidden) <= len(before + HIDDEN + "!")


def test_a_key_is_hidden_if_its_own_escapes_come_back_undone(monkeypatch):
    monkeypatch.setenv("A_KEY", "ab%20cd-1234-efgh")
    assert made().hide("bad key ab cd-1234-efgh!") == f"bad key {HIDDEN}!"
    assert made().hide_in_reply(b"bad key ab cd-1234-efgh!").decode() == f"bad key {HIDDEN}!"


@pytest.mark.parametrize("form", ["plain", "json", "unicode escapes", "url", "html"])
def test_secrets_that_overlap_are_hidden_whole(monkeypatch, form):
    monkeypatch.setenv("A_KEY", "abcd-1234-efgh-5678")
    monkeypatch.setenv("B_KEY", "5678-zzzz-9999-abcd")
    specs = [ModelSpec(name="m", base_url="https://h/v1", api_key_env=name) for name in ("A_KEY", "B_KEY")]
    for first, second in (specs, specs[::-1]):
        secrets = Secrets.of([first, second])
        for text in (
            "abcd-1234-efgh-5678-zzzz-9999-abcd",
            "5678-zzzz-9999-abcd-1234-efgh-5678-zzzz-9999-abcd",
        ):
            assert secrets.hide(f"<{FORMS[form](text)}>") == f"<{HIDDEN}>"
            assert secrets.hide_in_reply(f"<{FORMS[form](text)}>".encode()).decode() == f"<{HIDDEN}>"


def test_a_key_that_overlaps_with_itself_is_hidden_whole(monkeypatch):
    monkeypatch.setenv("A_KEY", "abc1-abc1-abc1-abc1-")
    assert made().hide("<abc1-abc1-abc1-abc1-abc1-abc1->") == f"<{HIDDEN}>"


def test_a_key_of_nothing_but_backslashes_hides_nothing(monkeypatch):
    monkeypatch.setenv("A_KEY", "\\" * 20)
    assert made().hide("C:\\\\a\\b") == "C:\\\\a\\b"


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


RUNS = [
    *("\\", "\\u005c", "\\x5c", "\\u00", "\\x", "\\u", "u", "x", "c", "C", "5", "5c", "0", "2"),
    *("%5c", "%5C", "%255c", "%", "%2", "%25", "25", "%u005c", "%26%2392;"),
    *("&#92;", "&#x5c;", "&#0", "&#", "&", "#", ";", "&amp;", "&amp;#92;", "a\\", "c\\", "%\\", "s\\"),
]
BEGINNINGS = ["", "%", "&#", "&#x"]
SHORT = 5_000


def grows(secrets: Secrets, beginning: str, run: str) -> bool:
    """Whether four times the text takes much more than four times the time of this process."""
    for _ in range(3):  # other work on the machine must not look like growth
        times = []
        for size in (SHORT, 4 * SHORT):
            text = beginning + run * (size // len(run))
            started = time.process_time()
            secrets.hide(text)
            times.append(time.process_time() - started)
        if times[1] < 10 * times[0] + 0.1:
            return False
    return True


@pytest.mark.parametrize("run", RUNS)
def test_looking_for_a_key_takes_time_as_the_text_is_long(monkeypatch, run):
    for key in KEYS[:9]:
        monkeypatch.setenv("A_KEY", key)
        secrets = made()
        for beginning in [*BEGINNINGS, key[:-2], key[0]]:
            text = beginning + run * (SHORT // len(run))
            assert secrets.hide(text) == text
            assert not grows(secrets, beginning, run), (key, beginning)


def test_looking_for_a_key_in_its_own_beginnings_takes_time_as_the_text_is_long(key):
    for part in (key, key[:-1], key[: len(key) // 2], codes(key), codes(key[:-1]), quote(key[:-1], safe="")):
        assert not grows(made(), "", part), part


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
    """An endpoint whose answer holds the request's head, as JSON if it is not bytes. Yields its base URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        answer = body(head)
        said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
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


ENCODED: dict[str, Callable[[str], str]] = {
    "hexadecimal": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "plain": str,
}


@asynccontextmanager
async def answering(
    monkeypatch: pytest.MonkeyPatch, status: int, said: bytes, key: str = OTHER
) -> AsyncIterator[OpenAIModel]:
    monkeypatch.setenv("A_KEY", key)
    async with repeating(status, lambda head: said) as address:
        spec = ModelSpec(name="m", base_url=address, api_key_env="A_KEY", retries=0)
        model = OpenAIModel(spec, backoff=Backoff(base=0.0, cap=0.0))
        yield model
        await model.aclose()


@pytest.mark.parametrize("encoded", ENCODED)
@pytest.mark.parametrize("begin", ["", " ", "\ufeff", "data: "])
async def test_a_key_whose_digits_are_escaped_does_not_reach_the_agent(monkeypatch, encoded, begin):
    text = codes(ENCODED[encoded](OTHER))
    message = f'{{"role":"assistant","content":"<{text}>"}}'
    said = f'{begin}{{"choices":[{{"message":{message},"finish_reason":"stop"}}]}}\n'
    async with answering(monkeypatch, 200, said.encode()) as model:
        reply = await model.complete(ask())
    assert reply.message.content.rstrip("A=>") == f"<{HIDDEN}"


@pytest.mark.parametrize("encoded", ENCODED)
async def test_an_escaped_key_in_parts_of_a_stream_does_not_reach_the_agent(monkeypatch, encoded):
    text = ENCODED[encoded](OTHER)
    deltas = [f'{{"content":"{codes(part)}"}}' for part in ("<", text[:7], text[7:], ">")]
    events = [f'data: {{"choices":[{{"delta":{delta}}}]}}\n\n' for delta in deltas]
    async with answering(monkeypatch, 200, "".join([*events, "data: [DONE]\n\n"]).encode()) as model:
        reply = await model.complete(ask())
    assert reply.message.content.rstrip("A=>") == f"<{HIDDEN}"


@pytest.mark.parametrize("encoded", ENCODED)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_an_error_with_an_escaped_key_shows_none(monkeypatch, encoded, status):
    text = ENCODED[encoded](OTHER)
    said = f'{{"error":{{"message":"bad: {codes(text)}"}}}}'
    async with answering(monkeypatch, status, said.encode()) as model:
        with pytest.raises(AheError) as caught:
            await model.complete(ask())
    assert text[:8] not in str(caught.value) and HIDDEN in str(caught.value)


@pytest.mark.parametrize("parts", [["\\u1234abcd-5678-efgh"], ["\\u1234ab", "cd-5678-efgh"]])
async def test_a_stream_that_is_no_json_without_its_keys_cannot_be_read(monkeypatch, parts):
    """The key is in the JSON, though not in its text: it begins within an escape."""
    key = "1234abcd-5678-efgh"
    events = [f'data: {{"choices":[{{"delta":{{"content":"{part}"}}}}]}}\n\n' for part in [*parts, "!"]]
    async with answering(monkeypatch, 200, "".join([*events, "data: [DONE]\n\n"]).encode(), key=key) as model:
        with pytest.raises(ModelUnavailable, match="not JSON"):
            await model.complete(ask())


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
