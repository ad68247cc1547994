# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows a submission on its way: a live table on a terminal, one line per change elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kdyno.submissions.schemas import StepState, StepView, SubmissionView

_STYLES = {
    StepState.WAITING: "dim",
    StepState.RUNNING: "cyan",
    StepState.DONE: "green",
    StepState.FAILED: "red",
    StepState.SKIPPED: "dim",
}
_BAR_WIDTH = 24


class Display(Protocol):
    """Takes each new view of a submission."""

    def show(self, view: SubmissionView) -> None: ...


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """The display that fits what `console` writes to."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=4, transient=False) as live:
            yield LiveDisplay(live)
    else:
        yield PlainDisplay(console)


class LiveDisplay:
    """Redraws all steps in place; elapsed times go on between two views."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, view: SubmissionView) -> None:
        self._live.update(_Steps(view))


class PlainDisplay:
    """Prints a line when a step changes its state or what it is at."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, tuple[StepState, str]] = {}

    def show(self, view: SubmissionView) -> None:
        for step in view.progress.steps:
            now = (step.state, step.detail)
            if self._seen.get(step.name, (StepState.WAITING, step.detail)) != now:
                took = f" {elapsed(step)}" if step.started_at else ""
                detail = f"  {step.detail}" if step.detail else ""
                stamp = datetime.now().astimezone().strftime("%H:%M:%S")
                line = f"{stamp}  {step.name:<22} {step.state:<8}{took}{detail}"
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._seen[step.name] = now


class _Steps:
    """Draws itself anew at each refresh, so that times and pulses move."""

    def __init__(self, view: SubmissionView) -> None:
        self._view = view

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for _ in range(4):
            table.add_column(no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True)
        for step in self._view.progress.steps:
            style = _STYLES[step.state]
            table.add_row(
                Text(step.name, style=style),
                _bar(step),
                Text(
                    f"{step.done}/{step.total}" if step.total and step.state is StepState.RUNNING else "", style=style
                ),
                Text(elapsed(step), style=style),
                Text(step.detail if step.state is not StepState.WAITING else "", style=style),
            )
        return table


def _bar(step: StepView) -> ProgressBar:
    if step.state is StepState.DONE:
        return ProgressBar(total=1, completed=1, width=_BAR_WIDTH)
    if step.state is StepState.RUNNING:
        return ProgressBar(total=step.total or None, completed=step.done, width=_BAR_WIDTH, pulse=not step.total)
    return ProgressBar(total=step.total or 1, completed=step.done, width=_BAR_WIDTH)


def elapsed(step: StepView) -> str:
    """How long a step has taken, or takes until now; empty before it begins."""
    if step.started_at is None:
        return ""
    return duration_text(((step.finished_at or datetime.now(UTC)) - step.started_at).total_seconds())


def duration_text(seconds: float) -> str:
    """`5.2 s`, `1:05`, `1:02:03`."""
    if seconds < 0:
        seconds = 0.0
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
