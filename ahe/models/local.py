"""The embedded model: llama.cpp's server in this process, started and stopped by `ahe`."""

import asyncio
import os
from pathlib import Path
from typing import Any

from ahe.errors import UsageError
from ahe.models.weights import Weights

SLOT_CONTEXT = 6144


class LocalServer:
    """Serves a GGUF file on a free loopback port, with one slot (its own context window) for each job.

    `slot_context` is in tokens. Each slot computes a system prompt once and reuses it for the next trial; a
    conversation that leaves its slot is kept in memory and restored.

    With `poll` over 0 its threads spin for `poll` percent of the time in which they wait for each other: a little
    faster on an idle machine, and much slower on a busy one, because they then take the cores from what they wait for
    (`python -m benchmarks.embedded`).
    """

    threads = os.cpu_count() or 1
    poll = 0

    def __init__(self, path: Path, weights: Weights | None = None, jobs: int = 1) -> None:
        self.path = path
        self.jobs = max(1, jobs)
        self.slot_context = weights.slot_context if weights else SLOT_CONTEXT
        self._chat_template = weights.chat_template if weights else ""
        self._server: Any = None

    async def start(self) -> str:
        """Loads the weights, which takes seconds; returns the base URL. Raises UsageError if it fails."""
        self._server = await asyncio.to_thread(self._load)
        return f"{self._server.listening_address}/v1"

    async def stop(self) -> None:
        """Frees the model. Does nothing if it is not running."""
        server, self._server = self._server, None
        if server is not None:
            # Its destructor joins the serving threads, which must not block the event loop.
            holder = [server]
            del server
            await asyncio.to_thread(holder.clear)

    def _load(self) -> Any:
        try:
            import xllamacpp
        except ImportError as error:
            raise UsageError(
                f"the embedded model needs xllamacpp ({error}): pip install '.[local]' in the checkout of ahe, "
                "or set `name` and `base_url` under [model] in ahe.toml"
            ) from error
        try:
            return xllamacpp.Server(self._parameters(xllamacpp.CommonParams()))
        except RuntimeError as error:
            raise UsageError(
                f"{self.path} could not be loaded ({error}): it must be a GGUF file that fits into memory; "
                "`ahe models pull` fetches one that does"
            ) from error

    def _parameters(self, parameters: Any) -> Any:
        parameters.model.path = str(self.path)
        parameters.n_parallel = self.jobs
        # Slots of fixed size, not one shared pool: whether a conversation overflows its window must not depend on
        # the other trials.
        parameters.kv_unified = False
        parameters.n_ctx = self.slot_context * self.jobs
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
            cpu.n_threads, cpu.poll = self.threads, self.poll
        parameters.verbosity = 0
        parameters.warmup = False
        if self._chat_template:
            parameters.chat_template = self._chat_template
        return parameters
