"""Progress in a terminal: finished things scroll by above, what runs now is redrawn below."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from ahe.events import Decided, Downloading, EvaluationFinished, Event, TrialFinished
from ahe.views.lines import sentence, trial_line
from ahe.views.progress import Progress
from ahe.views.text import visible

STYLES = {"passed": "green", "failed": "red", "missing": "yellow"}
VERDICT_STYLES = {
    "kept": "bold green",
    "reverted": "bold red",
    "undecided": "bold yellow",
    "unchanged": "bold",
}
REDRAWS_PER_SECOND = 4
BAR_COLUMNS = 60


class Screen:
    """A watcher that draws on `console`; a context manager, so that the terminal is always restored."""

    def __init__(self, console: Console, progress: Progress | None = None) -> None:
        self._console = console
        self.progress = progress or Progress()
        self._download: Downloading | None = None
        self._active = False
        self._live = Live(
            console=console,
            get_renderable=self._draw,
            refresh_per_second=REDRAWS_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def emit(self, event: Event) -> None:
        self.progress.take(event)
        if isinstance(event, Downloading):
            self._download = event if event.done < event.total or not event.total else None
        self._active = not isinstance(event, EvaluationFinished) and (
            self._active or self.progress.done < self.progress.total
        )
        if isinstance(event, TrialFinished):
            self._console.print(Text(trial_line(event.trial), style=STYLES[event.trial.status]))
        elif line := sentence(event):
            style = VERDICT_STYLES[event.verdict.outcome] if isinstance(event, Decided) else ""
            self._console.print(Text(line, style=style))

    def _draw(self) -> RenderableType:
        if self._download:
            return self._downloading(self._download)
        progress = self.progress
        if not self._active:
            return Text(progress.costs(), style="dim")
        bar = self._bar(progress.done, progress.total)
        now = f"now: {visible(progress.now())}" if progress.running else ""
        return Group(bar, _line(progress.counts()), _line(progress.costs(), "dim"), _line(now, "cyan"))

    def _downloading(self, event: Downloading) -> RenderableType:
        of = f" of {event.total / 1e6:.0f}" if event.total else ""
        text = f"downloading {visible(event.name)}: {event.done / 1e6:.0f}{of} MB"
        return Group(_line(text), self._bar(event.done, event.total))

    def _bar(self, done: int, total: int) -> Text:
        # rich's own bar does not end its line, so the next line of a group would follow on the same one.
        width = min(BAR_COLUMNS, self._console.width)
        filled = width * min(done, total) // total if total else 0
        return Text.assemble(("━" * filled, "green"), ("─" * (width - filled), "dim"))


def _line(text: str, style: str = "") -> Text:
    """One line at any width: a wrapped line would make the drawing jump."""
    return Text(text, style=style, overflow="ellipsis", no_wrap=True)
