# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a comparison: every row is there, and no value lies outside what is shown."""

from collections.abc import Callable, Sequence

import pytest
from matplotlib.figure import Figure

from kdyno.analysis import comparison_plot
from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, Metric, MetricPair, compare_submission
from kdyno.analysis.comparison_plot import MOST_ROWS, comparison_figure

ArmBuilder = Callable[..., ArmSamples]
Drawer = Callable[[Sequence[MetricPair]], Figure]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    """The figure as it is before it becomes a file."""
    figures: list[Figure] = []
    real = comparison_plot.as_png
    monkeypatch.setattr(comparison_plot, "as_png", lambda figure: figures.append(figure) or real(figure))

    def draw(pairs: Sequence[MetricPair]) -> Figure:
        assert comparison_figure(pairs, compare_submission(pairs)).startswith(b"\x89PNG")
        return figures[-1]

    return draw


def pair(arm: ArmBuilder, name: str, *, level: float, **changes: float) -> MetricPair:
    return MetricPair(
        Metric(name, "ns/op", Direction.LOWER), arm("base", **changes), arm("patched", level=level, **changes)
    )


def names(figure: Figure) -> list[str]:
    return [label.get_text().split("\n")[0] for label in figure.axes[0].get_yticklabels()]


def test_the_weightiest_comes_first_and_nothing_lies_outside(arm: ArmBuilder, drawn: Drawer) -> None:
    pairs = [pair(arm, name, level=level, boots=6, boot_cv=0.002) for name, level in (("same", 100), ("slow", 130))]
    figure = drawn(pairs)
    assert names(figure) == ["slow", "same"]
    for axes in figure.axes:
        low, high = axes.get_xlim()
        shown = [float(value) for line in axes.lines for value in line.get_xdata()]
        assert low < min(shown) < max(shown) < high
    assert len(figure.axes[1].lines) == 5  # two arms of two metrics, and the zero
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {
        "margin ±1 %", "regression", "no-change", "base boot", "patched boot",
    }  # fmt: skip


def test_a_huge_effect_does_not_squeeze_the_others(arm: ArmBuilder, drawn: Drawer) -> None:
    few = [pair(arm, name, level=level) for name, level in (("a", 101), ("b", 103))]
    assert drawn(few).axes[0].get_xscale() == "linear"
    assert drawn([*few, pair(arm, "c", level=2500)]).axes[0].get_xscale() == "symlog"


def test_one_boot_has_no_interval(arm: ArmBuilder, drawn: Drawer) -> None:
    figure = drawn([pair(arm, "m", level=104, boots=1)])
    assert figure.axes[0].get_yticklabels()[0].get_text().endswith("(unknown)")
    assert [line.get_markerfacecolor() for line in figure.axes[0].lines[1:]] == ["white"]


def test_many_metrics_are_cut_and_counted(drawn: Drawer) -> None:
    arms = [
        ArmSamples(name, [BootSamples(boot, [100.0 + boot], "u") for boot in (1, 2)]) for name in ("base", "patched")
    ]
    pairs = [MetricPair(Metric(f"m{number}", "u", Direction.LOWER), *arms) for number in range(MOST_ROWS + 7)]
    figure = drawn(pairs)
    assert len(names(figure)) == MOST_ROWS
    assert figure.get_supxlabel() == "7 more metrics, less remarkable, are not drawn"


def test_names_are_shown_as_they_are(arm: ArmBuilder, drawn: Drawer) -> None:
    odd = "$x_1$ \x1b ≥ ünï " + "long " * 20
    (shown,) = names(drawn([pair(arm, odd, level=104)]))
    assert shown.startswith(r"\$x_1\$ ? ≥ ünï long")
    assert shown.endswith("…")


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(ValueError, match="no metrics"):
        comparison_figure([], compare_submission([]))
