from __future__ import annotations

import pytest

from ahe.errors import UsageError
from ahe.models.identity import fingerprint
from ahe.models.ledger import Ledger
from ahe.models.roles import open_models, settle
from ahe.records import Message, ModelSpec, Request


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("coder: {'*': code}\nevolver: {'*': edit}\n")
    return f"scripted:{path}"


async def test_roles_share_one_server_and_equal_specs_one_model(script):
    ledger = Ledger()
    specs = {
        "coder": ModelSpec(name=script),
        "debugger": ModelSpec(name=script),
        "evolver": ModelSpec(name=script, temperature=0.5),
    }
    async with open_models(specs, ledger=ledger) as models:
        assert models["coder"] is models["debugger"]
        assert models["coder"] is not models["evolver"]
        for role, text in (("coder", "code"), ("evolver", "edit")):
            request = Request(role=role, key="k/0/0", messages=(Message(role="user", content="x"),))
            assert (await models[role].complete(request)).message.content == text
        assert models["coder"].spec.tool_calls == "native"
    assert ledger.total.usd == 0.0


async def test_models_of_one_name_have_one_server(tmp_path):
    """The script counts the calls, so a second server would begin with the first answer again."""
    path = tmp_path / "script.yaml"
    path.write_text("coder: {'*': [first, second]}\n")
    spec = ModelSpec(name=f"scripted:{path}")
    specs = {"coder": spec, "evolver": spec.model_copy(update={"temperature": 0.5})}
    request = Request(role="coder", key="k/0/0", messages=(Message(role="user", content="x"),))
    async with open_models(specs) as models:
        said = [(await models[role].complete(request)).message.content for role in specs]
    assert said == ["first", "second"]


async def test_two_runs_have_equal_fingerprints(script):
    found = []
    for _ in range(2):
        async with open_models({"coder": ModelSpec(name=script)}) as models:
            found.append(models["coder"].fingerprint)
    assert found[0] == found[1]


async def test_no_weights_no_start(monkeypatch, tmp_path):
    monkeypatch.setenv("AHE_CACHE", str(tmp_path))
    for name, advice in (("local", "ahe models pull`"), ("local:tiny", "ahe models pull tiny`")):
        with pytest.raises(UsageError, match=advice):
            async with open_models({"coder": ModelSpec(name=name)}):
                pass


def test_fingerprint_knows_weights_not_places(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.gguf").write_bytes(b"same")
    (tmp_path / "other.gguf").write_bytes(b"other")
    one, two, other = (
        fingerprint(settle(ModelSpec(name=f"local:{tmp_path / place}")))
        for place in ("a/m.gguf", "b/m.gguf", "other.gguf")
    )
    assert one == two != other


def test_fingerprint_of_an_endpoint():
    spec = ModelSpec(name="m", base_url="https://API.example.com/v1/")
    same = [
        {"base_url": "https://api.example.com/v1"},
        {"base_url": "https://User:pass@api.example.com/v1"},
        {"timeout_seconds": 1.0},
        {"retries": 1},
    ]
    other = [
        {"name": "n"},
        {"temperature": 0.5},
        {"tool_calls": "text"},
        {"base_url": "http://api.example.com/v1"},
    ]
    assert all(fingerprint(spec) == fingerprint(spec.model_copy(update=change)) for change in same)
    assert all(fingerprint(spec) != fingerprint(spec.model_copy(update=change)) for change in other)
