# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs Apache Otava with its default settings: a JSON list of series per line in, the places of their changes out."""

import json
import sys

from otava.series import AnalysisOptions, Metric, Series


def changes(values: list[float]) -> list[int]:
    series = Series("series", None, list(range(len(values))), {"value": Metric()}, {"value": values}, {})
    return [int(change.index) for change in series.analyze(AnalysisOptions()).change_points.get("value", ())]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps([changes(values) for values in json.loads(line)]), flush=True)
