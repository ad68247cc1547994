# SPDX-License-Identifier: GPL-2.0-or-later
"""What people see: the table in a mail and the picture beside it."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from kdyno.analysis.compare import ArmSamples, Direction, Metric, MetricPair, Verdict, compare_submission
from kdyno.analysis.plot import samples_figure
from kdyno.analysis.text import HEADINGS, percent, quantity, verdict_rows, verdict_table

ArmBuilder = Callable[..., ArmSamples]


@pytest.fixture
def pairs(arm: ArmBuilder) -> list[MetricPair]:
    return [
        MetricPair(Metric(name, "ns/op", Direction.LOWER), arm("base", boots=2), arm("patched", boots=2, level=level))
        for name, level in (("lat_syscall_getppid", 180), ("lat_pipe", 100))
    ]


def test_rows_say_what_was_measured(pairs: list[MetricPair]) -> None:
    slow, same = verdict_rows(compare_submission(pairs))
    assert slow.metric == "lat_syscall_getppid"
    assert slow.verdict is Verdict.REGRESSION
    assert slow.change.startswith("+")
    assert slow.base.endswith("ns/op")
    assert slow.boots == "2+2"
    assert same.verdict is Verdict.NEED_MORE


def test_the_table_is_aligned_plain_text(pairs: list[MetricPair]) -> None:
    text = verdict_table(compare_submission(pairs, minutes_per_boot=3))
    lines = text.splitlines()
    assert lines[0].startswith("Overall: regression")
    assert all(heading in lines[2] for heading in HEADINGS)
    column = lines[2].index("verdict")
    assert [line[column:] for line in lines[4:6]] == ["regression", "need-more"]
    assert "minutes" in text
    assert text.count("too few boots") == 1


def test_one_boot_per_arm_is_shown_without_an_interval(arm: ArmBuilder) -> None:
    pair = MetricPair(Metric("m", "ns/op", Direction.LOWER), arm("base", boots=1), arm("patched", boots=1))
    result = compare_submission([pair])
    assert verdict_rows(result)[0].interval == "unknown"
    assert samples_figure([pair], result).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "shown"), [(0.001234, "+0.12 %"), (-0.5, "-50.0 %"), (0.123, "+12.3 %"), (2.5, "+250 %")]
)
def test_percentages(value: float, shown: str) -> None:
    assert percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(99.996, "100"), (123456.7, "123,457"), (0.5, "0.5"), (4.999999999999999, "5"), (1e-9, "1.000e-09")],
)
def test_quantities(value: float, shown: str) -> None:
    assert quantity(value) == shown


def test_the_picture_is_a_png_of_a_fair_size(pairs: list[MetricPair]) -> None:
    png = samples_figure(pairs, compare_submission(pairs))
    assert png.startswith(b"\x89PNG\r\n")
    assert 5_000 < len(png) < 500_000


def test_no_metrics_no_picture() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        samples_figure([], compare_submission([]))


def test_matplotlib_is_not_loaded_before_a_picture_is_drawn() -> None:
    check = "import sys, kdyno.analysis.plot, kdyno.analysis.text; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
