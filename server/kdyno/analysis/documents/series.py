# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a series of measurements: numbers by line, CSV with a header, or JSON, told apart by how they begin.

Points come one by one as their lines do, so that a growing series can be followed. A point is one value or several
repetitions: several numbers on a line, several columns, neighbouring rows with one label, or a list in JSON.
"""

import csv
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from kdyno.analysis.changepoints.series import MAX_POINTS
from kdyno.analysis.documents.measured import Document, DocumentError, Name, parse_json, validated

SCHEMA = "kdyno.series/1"
# Sums of two of them are still numbers.
LARGEST = 1e300
SHOWN_CHARACTERS = 40
SHOWN_COLUMNS = 12
# Columns that are taken for the value, or for the label, when nobody names one.
VALUE_COLUMNS = ("value", "median", "mean")
LABEL_COLUMNS = ("label", "commit", "revision")
UNIT_COLUMN = "unit"

_DIVIDER = re.compile(r"[\s,;]+")
_UNIT = re.compile(r"[^\W\d_][\w/%^.*-]*|%")

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
_ONE_OR_SEVERAL = {
    "type": "array",
    "items": {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]},
}


def _as_lists(values: Any) -> Any:
    if not isinstance(values, list):
        return values
    if len(values) > MAX_POINTS:
        raise ValueError(f"more than {MAX_POINTS} points")
    return [value if isinstance(value, list) else [value] for value in values]


class SeriesDocument(Document):
    """One series, oldest point first."""

    schema_name: Annotated[Literal["kdyno.series/1"], Field(alias="schema", description="May be left out.")] = (
        "kdyno.series/1"
    )
    unit: Name | None = None
    values: Annotated[
        list[Annotated[list[Finite], Field(min_length=1)]],
        BeforeValidator(_as_lists),
        WithJsonSchema(_ONE_OR_SEVERAL | {"description": "One number per point, or a list of its repetitions."}),
    ]
    labels: Annotated[
        list[str | int] | None, Field(description="What to call each point: a commit, a date. As many as values.")
    ] = None


@dataclass(frozen=True)
class Point:
    """One point of a series; `line` is where it ends in its file, 0 in JSON."""

    values: tuple[float, ...]
    label: str | None
    line: int


@dataclass(frozen=True)
class SeriesChoice:
    """What of a file is wanted. `columns`: names in the header, or positions from 1 where there is none."""

    columns: Sequence[str] = ()
    label: str | None = None
    unit: str | None = None


@dataclass
class SeriesReader:
    """The points of one file, once; `unit` is known when the first point is. Raises DocumentError as it reads."""

    lines: Iterable[str]
    source: str
    choice: SeriesChoice = field(default_factory=SeriesChoice)
    unit: str | None = field(init=False, default=None)
    _units: list[str | None] = field(init=False, default_factory=list)

    def __iter__(self) -> Iterator[Point]:
        for number, point in enumerate(self._points()):
            if number == MAX_POINTS:
                raise DocumentError(f"{self.source}: more than {MAX_POINTS} points")
            yield point

    def _points(self) -> Iterator[Point]:
        self.unit = self.choice.unit
        numbered = ((number, line.lstrip("\ufeff")) for number, line in enumerate(self.lines, 1))
        wanted = ((number, line) for number, line in numbered if line.strip() and not line.lstrip().startswith("#"))
        first = next(wanted, None)
        if first is None:
            raise DocumentError(f"{self.source}: empty, there is no number in it")
        rest = itertools.chain([first], wanted)
        if first[1].lstrip()[0] in "[{":
            return self._json("".join(line for _, line in rest))
        if _is_number(_DIVIDER.split(first[1].strip())[0]):
            return self._rows(rest)
        return self._table(rest)

    def _wrong(self, line: int, what: str) -> DocumentError:
        return DocumentError(f"{self.source}: line {line}: {what}")

    def _rows(self, lines: Iterable[tuple[int, str]]) -> Iterator[Point]:
        """Numbers, and perhaps a unit at the end of the line."""
        if self.choice.label is not None:
            raise DocumentError(f"{self.source}: has no header, so no column {self.choice.label!r} for labels")
        for number, line in lines:
            words = [word for word in _DIVIDER.split(line.strip()) if word]
            has_unit = len(words) > 1 and not _is_number(words[-1]) and _UNIT.fullmatch(words[-1]) is not None
            self._take_unit(words.pop() if has_unit else None, line=number)
            yield Point(tuple(self._number(word, line=number) for word in self._chosen(words, number)), None, number)

    def _chosen(self, words: list[str], line: int) -> list[str]:
        chosen = []
        for column in self.choice.columns:
            if not column.isdecimal():
                raise DocumentError(f"{self.source}: has no header, so columns are numbers from 1, not {column!r}")
            if not 1 <= int(column) <= len(words):
                raise self._wrong(line, f"has {len(words)} columns, not {column}")
            chosen.append(words[int(column) - 1])
        return chosen or words

    def _table(self, lines: Iterator[tuple[int, str]]) -> Iterator[Point]:
        """Rows below a header."""
        line, first = next(lines)
        delimiter = max("\t;,", key=lambda divider: len(self._cells(first, delimiter=divider, line=line)))
        header = self._cells(first, delimiter=delimiter, line=line)
        values, label, unit = self._columns(header, line=line)

        def points() -> Iterator[Point]:
            number = line
            for number, text in lines:
                row = self._cells(text, delimiter=delimiter, line=number)
                if len(row) != len(header):
                    raise self._wrong(number, f"has {len(row)} columns, the header has {len(header)}")
                if unit is not None:
                    self._take_unit(row[unit] or None, line=number)
                numbers = tuple(self._number(row[at], line=number, column=header[at]) for at in values)
                yield Point(numbers, None if label is None else row[label], number)
            if number == line:
                raise self._wrong(line, f"{_shown(first)} is no number, and as a header it has no rows below it")

        return points() if label is None else self._grouped(points())

    def _cells(self, text: str, *, delimiter: str, line: int) -> list[str]:
        try:
            return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
        except csv.Error as error:
            raise self._wrong(line, str(error)) from error

    def _grouped(self, points: Iterable[Point]) -> Iterator[Point]:
        """Neighbours with one label are one point."""
        ended: set[str] = set()
        for label, group in itertools.groupby(points, lambda point: point.label or ""):
            rows = list(group)
            if label in ended:
                raise self._wrong(rows[0].line, f"{_shown(label)} again, after other labels; sort the rows by age")
            ended.add(label)
            yield Point(tuple(value for row in rows for value in row.values), label, rows[-1].line)

    def _columns(self, header: list[str], *, line: int) -> tuple[list[int], int | None, int | None]:
        """Positions of values, label and unit."""
        wanted = list(self.choice.columns) or [name for name in VALUE_COLUMNS if name in header][:1]
        label = self.choice.label or next((name for name in LABEL_COLUMNS if name in header), None)
        if not wanted:
            others = [name for name in header if name not in {label, UNIT_COLUMN}]
            if len(others) != 1:
                raise self._wrong(line, f"which column? choose with --column: {_listed(header)}")
            wanted = others
        for name in [*wanted, *([label] if label else [])]:
            if header.count(name) != 1:
                count = "twice" if name in header else "missing"
                raise self._wrong(line, f"column {name!r} is {count} in the header {_listed(header)}")
        unit = header.index(UNIT_COLUMN) if UNIT_COLUMN in header and UNIT_COLUMN not in wanted else None
        return [header.index(name) for name in wanted], header.index(label) if label else None, unit

    def _json(self, text: str) -> Iterator[Point]:
        content = parse_json(text, source=self.source)
        if self.choice.columns or self.choice.label:
            raise DocumentError(f"{self.source}: is JSON, which has no columns to choose from")
        body = {"values": content} if isinstance(content, list) else content
        document = validated(SeriesDocument, body, source=self.source)
        self._take_unit(document.unit, line=1)
        labels = document.labels
        if labels is not None and len(labels) != len(document.values):
            raise DocumentError(f"{self.source}: {len(labels)} labels for {len(document.values)} values")
        for index, values in enumerate(document.values):
            yield Point(tuple(values), None if labels is None else str(labels[index]), 0)

    def _take_unit(self, unit: str | None, *, line: int) -> None:
        """All points have one unit, or none of them has; the first one decides."""
        expected = self._units[0] if self._units else self.unit or unit
        if unit != expected and (self._units or unit is not None):
            raise self._wrong(line, f"mixed units: {unit or 'none'} here, {expected or 'none'} before")
        if not self._units:
            self._units.append(unit)
            self.unit = expected

    def _number(self, text: str, *, line: int, column: str = "") -> float:
        where = f"column {column!r}: " if column else ""
        if not text.strip():
            raise self._wrong(line, f"{where}empty; leave out the row where nothing was measured")
        if not _is_number(text):
            raise self._wrong(line, f"{where}{_shown(text)} is not a number")
        number = float(text)
        if not math.isfinite(number):
            what = "not a number (NaN)" if math.isnan(number) else "infinite"
            raise self._wrong(line, f"{where}{_shown(text)} is {what}; leave out what was not measured")
        if abs(number) > LARGEST:
            raise self._wrong(line, f"{where}{_shown(text)} is beyond {LARGEST:g}")
        return number


def _is_number(text: str) -> bool:
    """Whether Python reads it as a number, infinity and NaN included, but not its 1_000."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _listed(names: Sequence[str]) -> str:
    more = ", …" if len(names) > SHOWN_COLUMNS else ""
    return ", ".join(map(_shown, names[:SHOWN_COLUMNS])) + more


def _shown(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")
