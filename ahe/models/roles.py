"""Opens the models of all roles, starts the servers that `ahe` itself runs for them, and caches answers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from ahe.models.identity import served_here
from ahe.models.ledger import Ledger
from ahe.models.local import LocalServer
from ahe.models.openai import OpenAIModel
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.models.secrets import Secrets
from ahe.models.weights import locate, pace, sha256_of
from ahe.protocols import Model
from ahe.records import ModelSpec, Reply, Request, Role

LOCAL_TIMEOUT = 3600.0


@asynccontextmanager
async def open_models(
    specs: Mapping[Role, ModelSpec],
    *,
    jobs: int = 1,
    ledger: Ledger | None = None,
) -> AsyncIterator[dict[Role, OpenAIModel]]:
    """Yields a model for each role; equal specs share one model, equal names one server.

    `jobs` is how many conversations the embedded model holds at once. A model's `spec` is the completed one (see
    `settle`). Raises UsageError, before any server starts, if a model has no address, key or weights, or a script
    that cannot be read.
    """
    settled = {role: await asyncio.to_thread(settle, spec) for role, spec in specs.items()}
    secrets = Secrets.of(settled.values())
    servers = {spec.name: server_for(spec, jobs) for spec in settled.values() if served_here(spec)}
    async with AsyncExitStack() as stack:
        addresses = {}
        for name, server in servers.items():
            stack.push_async_callback(server.stop)
            addresses[name] = await server.start()
        models = {
            spec: OpenAIModel(
                spec,
                ledger=ledger,
                keyed=served_here(spec) == "scripted",
                base_url=addresses[spec.name] if served_here(spec) else None,
                secrets=secrets,
            )
            for spec in settled.values()
        }
        for model in models.values():
            stack.push_async_callback(model.aclose)
        yield {role: models[spec] for role, spec in settled.items()}


def settle(spec: ModelSpec) -> ModelSpec:
    """The spec, completed if `ahe` serves the model itself, else unchanged.

    Embedded: the weights' sha256 and nominal speed, the context window of one slot, `text` for `auto` (small models
    write calls as text), and at least an hour for a reply, because a busy machine is not a failure. Scripted: `native`
    for `auto`. Raises UsageError as `open_models` does.
    """
    kind = served_here(spec)
    if kind is None:
        return spec
    auto = spec.tool_calls == "auto"
    if kind != "local":
        return spec.model_copy(update={"tool_calls": "native"}) if auto else spec
    path, weights = locate(spec)
    return spec.model_copy(
        update={
            "tool_calls": "text" if auto else spec.tool_calls,
            "weights_sha256": sha256_of(path),
            "context": LocalServer(path, weights).slot_context,
            "pace": pace(path.stat().st_size),
            "timeout_seconds": max(spec.timeout_seconds, LOCAL_TIMEOUT),
        }
    )


def server_for(spec: ModelSpec, jobs: int) -> ScriptedServer | LocalServer:
    """The server, not yet started, of a model that `ahe` serves itself."""
    kind, _, path = spec.name.partition(":")
    if kind == "scripted":
        return ScriptedServer(Script.read(Path(path).expanduser()))
    return LocalServer(*locate(spec), jobs=jobs)


class AnswerStore(Protocol):
    """Where a CachedModel keeps answers: the trial store."""

    def answer(self, digest: str) -> Reply | None: ...
    def put_answer(self, digest: str, role: Role, reply: Reply) -> None: ...


class CachedModel:
    """A model for debugger or evolver that asks for each reply once, even if the run is killed and repeated."""

    def __init__(self, model: Model, answers: AnswerStore) -> None:
        self.spec = model.spec
        self.fingerprint = model.fingerprint
        self._model = model
        self._answers = answers

    async def complete(self, request: Request) -> Reply:
        """The stored reply to an equal request, else the model's reply, which is then stored."""
        content = f"{self.fingerprint}\n{request.model_dump_json()}"
        digest = hashlib.sha256(content.encode()).hexdigest()
        stored = self._answers.answer(digest)
        if stored is not None:
            return stored
        reply = await self._model.complete(request)
        self._answers.put_answer(digest, request.role, reply)
        return reply
