# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the time went: wall time by stage, for the table at the end of the demo."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.table import Table

from kdyno.cli.progress import duration_text
from kdyno.submissions.schemas import StepState, SubmissionView


class StageClock:
    """Adds up the seconds of named stages, in the order of their first appearance."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._times: dict[str, int] = {}
        self._running: dict[str, tuple[str, float]] = {}

    def add(self, stage: str, seconds: float, *, times: int = 1) -> None:
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds
        self._times[stage] = self._times.get(stage, 0) + times

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as one stage."""
        begin_s = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - begin_s)

    def watch(self, view: SubmissionView, *, now_s: float) -> None:
        """Note what each step of a submission is at; as exact as views are frequent."""
        for step in view.progress.steps:
            # a job's detail is the status it is in; a build is one stage from start to end
            stage = step.detail.partition(",")[0] if step.job_id is not None else step.name
            current = stage if step.state is StepState.RUNNING else ""
            before, since_s = self._running.get(step.name, ("", now_s))
            if before == current:
                continue
            if before:
                self.add(before, now_s - since_s)
            self._running[step.name] = (current, now_s)

    def table(self) -> Table:
        """One row per stage; several passes show their mean too."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("stage")
        for heading in ("wall time", "passes", "each"):
            table.add_column(heading, justify="right")
        for stage, seconds in self._seconds.items():
            times = self._times[stage]
            each = duration_text(seconds / times) if times > 1 else ""
            table.add_row(stage, duration_text(seconds), str(times) if times > 1 else "", each)
        return table
