# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs Apache Otava with its default settings: a JSON list of series in, the places of their changes out."""

import json
import sys

from otava.series import AnalysisOptions, Metric, Series


def changes(values: list[float]) -> list[int]:
    series = Series("series", None, list(range(len(values))), {"value": Metric()}, {"value": values}, {})
    return [int(change.index) for change in series.analyze(AnalysisOptions()).change_points.get("value", ())]


if __name__ == "__main__":
    json.dump([changes(values) for values in json.load(sys.stdin)], sys.stdout)
