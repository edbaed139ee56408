"""Chooses how progress is shown: live in a terminal, as plain lines elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ahe.protocols import Watcher


@contextmanager
def watcher(stream: TextIO) -> Iterator[Watcher]:
    """A watcher that shows its events on `stream`; however it ends, the terminal is restored."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        from ahe.views.lines import Lines

        yield Lines(stream)
        return
    from rich.console import Console

    from ahe.views.live import Screen

    with Screen(Console(file=stream, highlight=False)) as screen:
        yield screen
