"""The embedded model, for real where its small weights are in the cache."""

from __future__ import annotations

import asyncio
import json
import os

import pytest
from model_helpers import ask

from ahe.errors import ContextOverflow, UsageError
from ahe.models.local import LocalServer
from ahe.models.roles import open_models
from ahe.models.weights import TINY, path_of
from ahe.records import ModelSpec

SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
}
needs_weights = pytest.mark.skipif(
    not path_of(TINY).is_file() and os.environ.get("AHE_REQUIRE_MODEL") != "1",
    reason="needs `ahe models pull tiny`",
)


@pytest.mark.model
@needs_weights
async def test_the_tiny_model_answers(capfd):
    async with open_models({"coder": ModelSpec(name="local:tiny", temperature=0.0)}, jobs=2) as models:
        model = models["coder"]
        assert model.spec.weights_sha256 == TINY.sha256
        assert (model.spec.tool_calls, model.spec.context) == ("text", TINY.slot_context)
        replies = await asyncio.gather(
            *(
                model.complete(ask(f"t/{number}/0", text="Name a colour.", max_tokens=8))
                for number in range(3)
            )
        )
        assert all(reply.message.content for reply in replies)
        assert all(0 < reply.usage.output_tokens <= 8 and reply.usage.usd == 0.0 for reply in replies)
        shaped = await model.complete(ask(text="Name a colour.", response_schema=SCHEMA, max_tokens=60))
        assert json.loads(shaped.message.content)["colour"] in ("red", "blue")
        with pytest.raises(ContextOverflow):
            await model.complete(ask(text="word " * 3000))
    chatter = capfd.readouterr()
    assert (chatter.out, chatter.err) == ("", "")


@pytest.mark.model
async def test_what_is_no_model_is_refused(tmp_path):
    pytest.importorskip("xllamacpp")
    path = tmp_path / "bad.gguf"
    path.write_text("not a model")
    server = LocalServer(path)
    with pytest.raises(UsageError, match=r"bad\.gguf"):
        await server.start()
    await server.stop()
