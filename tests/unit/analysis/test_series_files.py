# SPDX-License-Identifier: GPL-2.0-or-later
"""Series in files: every form is read, and what is wrong is named with its line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdyno.analysis.documents.measured import DocumentError
from kdyno.analysis.documents.series import Point, SeriesChoice, SeriesReader


def read(text: str, **choice: Any) -> SeriesReader:
    return SeriesReader(text.splitlines(keepends=True), "f", SeriesChoice(**choice))


def points(text: str, **choice: Any) -> list[tuple[tuple[float, ...], str | None]]:
    return [(point.values, point.label) for point in read(text, **choice)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1\n2.5\n", [(1.0,), (2.5,)]),
        ("\ufeff# a comment\n\n 1e3\r\n-2\n", [(1000.0,), (-2.0,)]),
        ("1 2 3\n4, 5\n6;7\n", [(1.0, 2.0, 3.0), (4.0, 5.0), (6.0, 7.0)]),
        ("12 ms\n13 ms\n", [(12.0,), (13.0,)]),
        ("value\n1\n2\n", [(1.0,), (2.0,)]),
        ("[1, 2]", [(1.0,), (2.0,)]),
        ("\n [[1, 2], 3,\n [4]]", [(1.0, 2.0), (3.0,), (4.0,)]),
        ('{"values": [1, [2, 3]]}', [(1.0,), (2.0, 3.0)]),
    ],
)
def test_forms_are_told_apart_by_how_they_begin(text: str, expected: list[tuple[float, ...]]) -> None:
    assert [values for values, _ in points(text)] == expected


def test_a_table_gives_labels_units_and_repetitions() -> None:
    text = "commit;date;value;unit\na1;2030-01-01;5;ms\na1;2030-01-01;6;ms\nb2;2030-01-02;7;ms\n"
    reader = read(text)
    assert list(reader) == [Point((5.0, 6.0), "a1", 3), Point((7.0,), "b2", 4)]
    assert reader.unit == "ms"
    assert points(text, label="date", columns=["value"])[1] == ((7.0,), "2030-01-02")


def test_columns_can_be_chosen() -> None:
    assert points("a,b,c\n1,2,3\n", columns=["c", "a"]) == [((3.0, 1.0), None)]
    assert points('"a, b"\tc\n1\t2\n', columns=["a, b"]) == [((1.0,), None)]
    assert points("1 2 3\n4 5 6\n", columns=["2"]) == [((2.0,), None), ((5.0,), None)]


def test_json_gives_labels_and_a_unit() -> None:
    reader = read('{"schema": "kdyno.series/1", "unit": "ns/op", "values": [1, 2], "labels": ["a", 7]}')
    assert [point.label for point in reader] == ["a", "7"]
    assert reader.unit == "ns/op"


def test_points_come_as_their_lines_do() -> None:
    def lines() -> Any:
        yield "value\n"
        yield "1\n"
        raise AssertionError("read ahead")

    assert next(iter(SeriesReader(lines(), "f"))).values == (1.0,)


@pytest.mark.parametrize(
    ("text", "choice", "words"),
    [
        ("", {}, "f: empty"),
        ("# only a comment\n\n", {}, "f: empty"),
        ("1\nx\n", {}, "f: line 2: 'x' is not a number"),
        ("1\n2 x y\n", {}, "f: line 2: mixed units: y here, none before"),
        ("1 ms\n\n2 us\n", {}, "f: line 3: mixed units: us here, ms before"),
        ("1 ms\n2\n", {}, "f: line 2: mixed units: none here, ms before"),
        ("1 ms\n", {"unit": "us"}, "f: line 1: mixed units: ms here, us before"),
        ("1\nnan\n", {}, "f: line 2: 'nan' is not a number (NaN)"),
        ("1\n2 -inf\n", {}, "f: line 2: '-inf' is infinite"),
        ("1\n1e999\n", {}, "f: line 2: '1e999' is infinite"),
        ("1\n-1e301\n", {}, "f: line 2: '-1e301' is beyond 1e+300"),
        ("1_000\n", {}, "f: line 1: '1_000' is no number, and as a header it has no rows"),
        ("1\n1_000\n", {}, "f: line 2: '1_000' is not a number"),
        ("hello\n", {}, "f: line 1: 'hello' is no number"),
        ("hello\nworld\n", {}, "f: line 2: column 'hello': 'world' is not a number"),
        ("a,b\n1,2\n", {}, "f: line 1: which column? choose with --column: 'a', 'b'"),
        ("a,b\n1,2\n", {"columns": ["c"]}, "f: line 1: column 'c' is missing in the header 'a', 'b'"),
        ("a,a\n1,2\n", {"columns": ["a"]}, "f: line 1: column 'a' is twice in the header"),
        ("a,value\n1,2\n", {"label": "date"}, "f: line 1: column 'date' is missing"),
        ("value\n1\n2,3\n", {}, "f: line 3: column 'value': '2,3' is not a number"),
        ("a,value\n1,1\n2\n", {}, "f: line 3: has 1 columns, the header has 2"),
        ("commit,value\na,1\nb,\n", {}, "f: line 3: column 'value': empty; leave out the row"),
        ("commit,value\na,1\nb,2\na,3\n", {}, "f: line 4: 'a' again, after other labels"),
        ("value,unit\n1,ms\n2,us\n", {}, "f: line 3: mixed units: us here, ms before"),
        ("value\n" + "x" * 200_000 + "\n", {}, "f: line 2: field larger than field limit"),
        ("1\n", {"label": "date"}, "f: has no header, so no column 'date'"),
        ("1\n", {"columns": ["a"]}, "f: has no header, so columns are numbers from 1, not 'a'"),
        ("1 2\n", {"columns": ["3"]}, "f: line 1: has 2 columns, not 3"),
        ("[1, NaN]", {}, "f: NaN is no number in JSON"),
        ("[1, 1e999]", {}, "f: values[1][0]: Input should be a finite number"),
        ("[1, 1e301]", {}, "f: values[1][0]: Input should be less than or equal to"),
        ('[1, "2"]', {}, "f: values[1][0]: Input should be a valid number, got '2'"),
        ("[1, true]", {}, "f: values[1][0]: Input should be a valid number, got True"),
        ("[1, []]", {}, "f: values[1]: List should have at least 1 item"),
        ("[1, 2", {}, "f: no JSON: line 1, column 6"),
        ("[" * 100_000, {}, "f: nested too deeply"),
        ("[" + "1" * 5000 + "]", {}, "f: Exceeds the limit"),
        ('{"values": 3}', {}, "f: values: Input should be a valid list"),
        ('{"value": [3]}', {}, "f: values: Field required; value: Extra inputs are not permitted"),
        ('{"values": [3], "labels": []}', {}, "f: 0 labels for 1 values"),
        ('{"schema": "kdyno.samples/1", "values": [3]}', {}, "f: schema: Input should be 'kdyno.series/1'"),
        ("[1]", {"columns": ["a"]}, "f: is JSON, which has no columns"),
        ('{"values": [1], "unit": "s"}', {"unit": "ms"}, "f: line 1: mixed units: s here, ms before"),
    ],
)
def test_what_is_wrong_is_named(text: str, choice: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        points(text, **choice)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_series_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kdyno.analysis.documents.series.MAX_POINTS", 3)
    assert len(points("1\n2\n3\n")) == len(points("[1, 2, 3]")) == 3
    for text in ("1\n2\n3\n4\n", "[1, 2, 3, 4]", "value\n1\n2\n3\n4\n"):
        with pytest.raises(DocumentError, match="more than 3 points"):
            points(text)


@given(st.lists(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=3), min_size=1))
def test_every_form_says_the_same(values: list[list[float]]) -> None:
    expected = [tuple(point) for point in values]
    rows = "\n".join(" ".join(map(repr, point)) for point in values)
    table = "commit,value\n" + "\n".join(f"{i},{v!r}" for i, point in enumerate(values) for v in point)
    for text in (rows, table, json.dumps(values)):
        assert [point for point, _ in points(text)] == expected


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert points(text)
    except DocumentError as error:
        assert str(error).startswith("f: ")
