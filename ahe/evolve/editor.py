"""Runs one of the evolver's modes over a draft of the harness."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from ahe.evolve.desk import Draft, Dynamic
from ahe.harness.preflight import Preflight
from ahe.history import History
from ahe.records import Brief


class Mode(Protocol):
    """How the evolver works: `AgentMode` or `ProposalMode`."""

    async def work(self, brief: Brief, desk: Draft, scratch: Path) -> None: ...


class Evolver:
    """The editor of the `ahe` strategy: a debug report in, commits on a draft out."""

    def __init__(
        self,
        history: History,
        mode: Mode,
        preflight: Preflight,
        dynamic: Dynamic,
        scratch: Path,
        model_name: str,
        strategy: str,
    ) -> None:
        self._history = history
        self._mode = mode
        self._preflight = preflight
        self._dynamic = dynamic
        self._scratch = scratch
        self._model_name = model_name
        self._strategy = strategy

    async def edit(self, brief: Brief) -> list[str]:
        """Commits for the brief, oldest first; none when nothing passed preflight."""
        scratch = self._scratch / f"evolve-{brief.iteration:03d}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            with self._history.draft(brief.head) as worktree:
                desk = Draft(
                    self._history,
                    worktree,
                    scratch / "desk",
                    brief,
                    self._preflight,
                    self._dynamic,
                    self._model_name,
                    self._strategy,
                )
                await self._mode.work(brief, desk, scratch)
                return desk.commits
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
