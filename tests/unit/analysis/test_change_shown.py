# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of a series as text, document and picture; what is found is given here, not sought."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from golden_files import assert_golden
from kdyno.analysis import change_plot
from kdyno.analysis.change_document import ChangePointsDocument, change_document
from kdyno.analysis.change_plot import change_figure
from kdyno.analysis.change_text import changes_text, marks, report_text, sparkline
from kdyno.analysis.changepoints import Change, ChangeKind, Detection, Report, ReportKind, Segment
from kdyno.analysis.searched import SearchedSeries

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


def change(index: int, *, kind: ChangeKind = ChangeKind.STEP, before: float = 100, after: float = 105) -> Change:
    effect = after / before - 1
    return Change(
        index=index,
        low=index - 2,
        high=index + 1,
        effect=effect,
        effect_low=effect - 0.01,
        effect_high=effect + 0.01,
        kind=kind,
        confidence=0.9995 if kind is ChangeKind.STEP else 0.972,
        before=before,
        after=after,
    )


def series(levels: list[float], *, repetitions: int = 1, labels: bool = True) -> SearchedSeries:
    """Levels with a small regular ripple."""
    points = [
        [level + math.sin(5 * index + 2 * number) for number in range(repetitions)]
        for index, level in enumerate(levels)
    ]
    names = [f"{index * 2654435761 % 2**32:08x}" for index in range(len(levels))]
    return SearchedSeries("history.csv", "ns/op", points, names if labels else None)


LEVELS = [100.0] * 40 + [105.0] * 30 + [105 + 0.1 * index for index in range(30)]
CHANGES = (change(40), change(70, kind=ChangeKind.DRIFT, before=105, after=108))
FOUND = Detection(CHANGES, (Segment(0, 40, 100, 0.7), Segment(40, 70, 105, 0.7), Segment(70, 100, 106.5, 0.7)), 100)
NOTHING = Detection((), (Segment(0, 100, 100, 0.7),), 100)
REPORTS = [
    Report(ReportKind.CONFIRMED, 46, CHANGES[0]),
    Report(ReportKind.CONFIRMED, 60, change(55, after=106)),
    Report(ReportKind.RETRACTED, 66, change(55, after=106)),
]


def test_what_is_found_is_told_in_words() -> None:
    assert_golden(changes_text(series(LEVELS, repetitions=3), FOUND), name="changepoints/found.txt")
    assert_golden(changes_text(series(LEVELS, labels=False), NOTHING), name="changepoints/none.txt")
    lines = [report_text(series(LEVELS), report) for report in REPORTS]
    assert_golden("\n".join(lines) + "\n", name="changepoints/reports.txt")


def test_what_is_found_is_told_to_programs() -> None:
    document = json.loads(change_document(series(LEVELS), FOUND, reports=REPORTS).model_dump_json())
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:kdyno.changepoints:1"}
    schema |= ChangePointsDocument.model_json_schema(mode="serialization")
    jsonschema.validate(document, schema)
    assert_golden(json.dumps(schema, indent=1) + "\n", name="kdyno.changepoints-1.json", folder=SCHEMAS)
    assert_golden(json.dumps(document, indent=1) + "\n", name="changepoints/found.json")
    assert change_document(series(LEVELS), FOUND).reports is None


@given(st.lists(st.floats(-1e300, 1e300), max_size=300), st.integers(1, 100))
def test_a_sparkline_fits_and_has_the_order_of_its_values(values: list[float], width: int) -> None:
    line = sparkline(values, width=width)
    assert len(line) == min(width, len(values))
    if len(values) <= width:
        ordered = [block for _, block in sorted(zip(values, line, strict=True))]
        assert ordered == sorted(ordered)


def test_a_sparkline_is_not_squeezed_by_a_spike() -> None:
    values = [1.0] * 50 + [2.0] * 50
    values[10] = 1000
    assert sparkline(values, width=100).replace("█", "x").count("x") == 51


def test_marks_stand_below_their_place() -> None:
    assert marks([change(0), change(50), change(99)], size=100, width=10) == "1    2   3"
    many = [change(index) for index in range(12)]
    assert marks(many, size=12) == "123456789^^^"


Drawer = Callable[..., Figure]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    """The figure as it is before it becomes a file."""
    figures: list[Figure] = []
    real = change_plot.as_png
    monkeypatch.setattr(change_plot, "as_png", lambda figure: figures.append(figure) or real(figure))

    def draw(shown: SearchedSeries, detection: Detection, *, reports: list[Report] | None = None) -> Figure:
        png = change_figure(shown, detection, reports=reports or [])
        assert png.startswith(b"\x89PNG")
        return figures[-1]

    return draw


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_picture_names_every_mark(drawn: Drawer) -> None:
    figure = drawn(series(LEVELS, repetitions=3), FOUND, reports=REPORTS)
    assert legend(figure) == [
        "repetition",
        "median of a point",
        "level ± 2 spreads",
        "step and its interval",
        "drift and its interval",
        "confirmed",
        "retracted",
    ]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text.split("\n")[0] for text in texts] == ["+5.00 %", "+2.86 %"]
    assert figure.axes[0].get_ylabel() == "ns/op"


def test_the_picture_of_no_change_has_a_level_only(drawn: Drawer) -> None:
    figure = drawn(series(LEVELS, labels=False), NOTHING)
    assert legend(figure) == ["point", "level ± 2 spreads"]
    assert figure.axes[0].get_title(loc="left").startswith("No change in 100 points")


def test_the_band_follows_the_scatter_and_the_drift(drawn: Drawer) -> None:
    wider = change(60, kind=ChangeKind.VARIANCE, before=1, after=4)
    axes = drawn(series([100.0] * 100), Detection((wider,), (Segment(0, 100, 100, 3),), 100)).axes[0]
    bands = [path.get_paths()[0].get_extents() for path in axes.collections]
    assert [(round(band.x0, 1), round(band.x1, 1), band.y0, band.y1) for band in bands] == [
        (-0.5, 59.5, 98, 102),
        (59.5, 99.5, 92, 108),
    ]
    drift = Change(20, 20, 79, 0.1, 0.05, 0.15, ChangeKind.DRIFT, 0.99, 100, 110)
    axes = drawn(series(LEVELS), Detection((drift,), (Segment(20, 80, 105, 1),), 100)).axes[0]
    (level,) = [line for line in axes.lines if line.get_linewidth() == 2]
    assert [*level.get_xdata(), *level.get_ydata()] == [19.5, 79.5, 100, 110]


def test_spikes_are_shown_at_the_edge_and_counted(drawn: Drawer) -> None:
    levels = [100.0] * 100
    levels[30], levels[60] = 900, 0.1
    axes = drawn(series(levels, labels=False), NOTHING).axes[0]
    low, high = axes.get_ylim()
    assert 90 < low < high < 110
    assert axes.texts[-1].get_text() == "2 points beyond the edge"
    edges = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() in {"^", "v"}]
    assert edges == [(30, high), (60, low)]


def test_labels_of_neighbours_do_not_cover_each_other(drawn: Drawer) -> None:
    crowd = tuple(change(index) for index in range(40, 80, 2))
    figure = drawn(series(LEVELS), Detection(crowd, FOUND.segments, 100))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) >= 6
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])


def test_the_same_series_gives_the_same_picture() -> None:
    assert change_figure(series(LEVELS), FOUND) == change_figure(series(LEVELS), FOUND)


def test_names_cannot_disturb_the_picture(drawn: Drawer) -> None:
    odd = SearchedSeries(
        "a$b", "ns$\x1b", [[1.0 + 0.1 * (index % 3)] for index in range(100)], ["$_{" + "x" * 50] * 100
    )
    figure = drawn(odd, FOUND)
    assert figure.axes[0].get_ylabel() == r"ns\$?"
    assert np.isfinite(figure.axes[0].get_ylim()).all()
