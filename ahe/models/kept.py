"""A model whose answers are kept: the same request is paid for once, however often the run is killed."""

from __future__ import annotations

import hashlib
from typing import Protocol

from ahe.protocols import Model
from ahe.records import Reply, Request, Role


class Answers(Protocol):
    """Where answers are kept; the trial store is one."""

    def answer(self, digest: str) -> Reply | None: ...
    def put_answer(self, digest: str, role: Role, reply: Reply) -> None: ...


class KeptModel:
    """Serves requests of debugger and evolver from the answers that an earlier, killed process paid for."""

    def __init__(self, model: Model, answers: Answers) -> None:
        self.spec = model.spec
        self.fingerprint = model.fingerprint
        self._model = model
        self._answers = answers

    async def complete(self, request: Request) -> Reply:
        """The kept reply to an equal request, else the model's, which is kept."""
        content = f"{self.fingerprint}\n{request.model_dump_json()}"
        digest = hashlib.sha256(content.encode()).hexdigest()
        kept = self._answers.answer(digest)
        if kept is not None:
            return kept
        reply = await self._model.complete(request)
        self._answers.put_answer(digest, request.role, reply)
        return reply
