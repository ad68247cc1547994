# SPDX-License-Identifier: GPL-2.0-or-later
"""What the command line shows, and what it tells a shell."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from kdyno.cli.progress import PlainDisplay, display, duration_text
from kdyno.cli.stages import StageClock
from kdyno.cli.verdict_table import exit_code, print_outcome
from kdyno.submissions.schemas import FailureView, ProgressView, ResultRow, StepState, StepView, SubmissionView

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def row(**changes: Any) -> ResultRow:
    content = {
        "label": "syscall-getppid",
        "workload": "syscall-getppid", "benchmark": "lat_syscall_getppid", "placement": "free", "metric": "latency",
        "unit": "ns/op", "direction": "lower", "base_median": 100.0, "patched_median": 130.0, "effect_percent": 30.0,
        "interval_low_percent": 28.0, "interval_high_percent": 32.0, "verdict": "regression", "reason": "worse",
    }  # fmt: skip
    return ResultRow(**{**content, **changes})


def view(*, steps: list[StepView] | None = None, **changes: Any) -> SubmissionView:
    content = {
        "id": 3, "url": "http://x/submissions/3", "title": "t", "state": "finished", "tree": "debian",
        "base_commit": "c", "kconfig": "k", "workloads": [], "machine_type": "virtual", "machine": "vm1",
        "boots_per_arm": 2, "created_at": NOW, "finished_at": NOW, "progress": ProgressView(steps=steps or []),
        "verdict": None, "verdict_reason": None, "rows": [], "failure": None,
    }  # fmt: skip
    return SubmissionView(**{**content, **changes})


def printed(submission: SubmissionView) -> str:
    output = io.StringIO()
    print_outcome(Console(file=output, width=160), submission)
    return output.getvalue()


@pytest.mark.parametrize(
    ("verdict", "code"), [("no-change", 0), ("improvement", 0), ("regression", 1), ("need-more", 4)]
)
def test_a_verdict_is_an_exit_code(verdict: str, code: int) -> None:
    assert exit_code(view(verdict=verdict)) == code


@pytest.mark.parametrize(("failure", "code"), [("user", 2), ("panic", 2), ("infrastructure", 3), ("bug", 3)])
def test_a_failure_says_whose_it_is(failure: str, code: int) -> None:
    failed = view(failure=FailureView(failure_class=failure, message="m"))
    assert exit_code(failed) == code
    assert f"this is {'the request' if code == 2 else 'the lab'}'s problem" in printed(failed)


def test_the_table_shows_effect_and_interval() -> None:
    text = printed(view(verdict="regression", rows=[row(), row(metric="odd", interval_low_percent=None)]))
    line = next(line for line in text.splitlines() if "ns/op" in line)
    assert line.split()[1:] == ["100", "ns/op", "130", "+30.0", "%", "+28.0", "…", "+32.0", "regression"]
    assert "unknown" in text
    assert "Overall: regression" in text


def test_of_the_many_rows_of_a_suite_those_that_moved_are_shown_and_the_rest_is_counted() -> None:
    still = [row(label=f"still{n}", verdict="no-change", effect_percent=0.1, reason="within") for n in range(100)]
    open_ones = [row(label=f"open{n}", verdict="need-more", reason="about 3 more boots") for n in range(40)]
    text = printed(
        view(verdict="regression", rows=[row(), *open_ones, row(label="faster", verdict="improvement"), *still])
    )
    lines = text.splitlines()
    assert lines[1].startswith("syscall-getppid") and lines[2].startswith("faster")
    assert text.count("ns/op") == 30
    assert "about 3 more boots" not in text
    assert "112 more rows are on the page: 12 need-more, 100 no-change" in text


def test_what_moved_inside_a_workload_is_one_line() -> None:
    still = row(workload="reaim-disk", metric="disk_rr", verdict="no-change", effect_percent=0.1)
    moved = [row(workload="reaim-short", metric=f"test{n}", effect_percent=30.0 - n) for n in range(14)]
    text = printed(view(verdict="regression", rows=[row()], details=[still, *moved]))
    assert "Moved inside of reaim-disk: none of 1 parts" in text
    line = " ".join(text[text.index("Moved inside of reaim-short:") :].split())
    assert line.startswith("Moved inside of reaim-short: test0 +30.0 %, test1 +29.0 %,")
    assert "test11 +19.0 % and 2 more" in line
    assert "test12" not in text


def test_without_a_terminal_each_change_is_one_line() -> None:
    output = io.StringIO()
    with display(Console(file=output, width=40)) as shown:
        assert isinstance(shown, PlainDisplay)
        for state, done, finished in [
            (StepState.WAITING, 0, None),
            (StepState.RUNNING, 1, None),
            (StepState.RUNNING, 2, None),
            (StepState.DONE, 3, NOW),
        ]:
            started = NOW - timedelta(seconds=90)
            step = StepView(name="build base kernel", state=state, started_at=started, finished_at=finished, done=done)
            shown.show(view(steps=[step]))
    lines = output.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("build base kernel      done     1:30")


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0.0 s"), (5.24, "5.2 s"), (59.96, "60.0 s"), (65, "1:05"), (3723, "1:02:03")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_stage_times_add_up_over_the_boots() -> None:
    clock = StageClock()

    def at(now_s: float, **states: str) -> None:
        steps = [
            StepView(name=name, state=StepState.RUNNING if state else StepState.WAITING, detail=state, job_id=1)
            for name, state in states.items()
        ]
        clock.watch(view(steps=steps), now_s=now_s)

    at(0, boot1="imaging", boot2="")
    at(20, boot1="booting", boot2="")
    at(25, boot1="", boot2="imaging, attempt 2")
    at(35, boot1="", boot2="booting")
    at(36, boot1="", boot2="")
    output = io.StringIO()
    Console(file=output, width=80).print(clock.table())
    lines = [line.split() for line in output.getvalue().splitlines()[1:]]
    assert lines == [["imaging", "30.0", "s", "2", "15.0", "s"], ["booting", "6.0", "s", "2", "3.0", "s"]]
