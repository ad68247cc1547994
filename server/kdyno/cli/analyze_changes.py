# SPDX-License-Identifier: GPL-2.0-or-later
"""What `kdyno analyze changepoints` does: read, search or replay, write."""

from pathlib import Path

import typer

from kdyno.analysis.change_document import change_document
from kdyno.analysis.change_text import changes_text, report_text
from kdyno.analysis.changepoints import Detection, OnlineDetector, Report, SeriesError, detect
from kdyno.analysis.documents.measured import DocumentError
from kdyno.analysis.documents.series import SeriesChoice, SeriesReader
from kdyno.analysis.searched import SearchedSeries
from kdyno.cli.analyze_files import OutputFormat, chosen_format, lines_of, printable, source_name, write


def find_changes(
    file: str, *, choice: SeriesChoice, online: bool, wanted: OutputFormat | None, output: Path | None
) -> bool:
    """Search a file and write the answer; whether any change was found. Raises DocumentError."""
    reader = SeriesReader(lines_of(file), source_name(file), choice)
    output_format = chosen_format(wanted, output=output)
    try:
        if online:
            series, reports = replay(reader, tell=output_format is OutputFormat.TEXT and output is None)
        else:
            series, reports = whole(reader), []
        detection = _detect(series)
    except SeriesError as error:
        raise DocumentError(f"{reader.source}: {error}") from error
    told = reports if online else None
    match output_format:
        case OutputFormat.PNG:
            from kdyno.analysis.change_plot import change_figure

            picture = f"{Path(file).stem if file != '-' else 'series'}.changepoints.png"
            write(change_figure(series, detection, reports=reports), output=output, picture=picture)
        case OutputFormat.JSON:
            write(change_document(series, detection, reports=told).model_dump_json(indent=1) + "\n", output=output)
        case OutputFormat.TEXT:
            lines = [report_text(series, report) for report in reports] if online and output is not None else []
            head = "\n".join([*lines, ""]) + "\nThe whole series:\n" if online else ""
            write(head + changes_text(series, detection), output=output)
    return bool(detection.changes)


def whole(reader: SeriesReader) -> SearchedSeries:
    """All points of a file."""
    points = list(reader)
    labels = [point.label or "" for point in points] if points and points[0].label is not None else None
    return SearchedSeries(reader.source, reader.unit, [point.values for point in points], labels)


def replay(reader: SeriesReader, *, tell: bool) -> tuple[SearchedSeries, list[Report]]:
    """Feed the points one by one, as a lab would meet them; with `tell` reports are printed when they are made."""
    detector = OnlineDetector()
    points: list[tuple[float, ...]] = []
    labels: list[str] = []
    reports: list[Report] = []
    series = SearchedSeries(reader.source, None, points, None)
    for point in reader:
        points.append(point.values)
        if point.label is not None:
            labels.append(point.label)
        if len(points) == 1:
            series = SearchedSeries(reader.source, reader.unit, points, labels if labels else None)
        for report in detector.append(point.values[0] if len(point.values) == 1 else list(point.values)):
            reports.append(report)
            if tell:
                typer.echo(printable(report_text(series, report)))
    return series, reports


def _detect(series: SearchedSeries) -> Detection:
    if series.repetitions[1] > 1:
        return detect(None, repetitions=series.points)
    return detect([point[0] for point in series.points])
