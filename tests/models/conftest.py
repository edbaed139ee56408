"""A scripted model over real HTTP, opened the way the product opens it, but quick to try again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ahe.models.ledger import Ledger
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.records import ModelSpec

Opened = AbstractAsyncContextManager[tuple[OpenAIModel, ScriptedServer]]
QUICK = Backoff(base=0.01, cap=0.02, patience=0.1)


@pytest.fixture
def scripted() -> Callable[..., Opened]:
    @asynccontextmanager
    async def open_one(
        answers: Mapping[str, Any],
        *,
        ledger: Ledger | None = None,
        log: Path | None = None,
        backoff: Backoff = QUICK,
        **spec: Any,
    ) -> AsyncIterator[tuple[OpenAIModel, ScriptedServer]]:
        server = ScriptedServer(Script({"coder": answers}, log=log))
        address = await server.start()
        named = ModelSpec(**{"name": "m", "base_url": address, "retries": 3, **spec})
        model = OpenAIModel(named, ledger=ledger, keyed=True, backoff=backoff)
        try:
            yield model, server
        finally:
            await model.aclose()
            await server.stop()

    return open_one
