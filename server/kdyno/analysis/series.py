# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes two stored metrics the same series."""

from typing import NamedTuple

from kdyno.results.models import Metric, Run


class SeriesKey(NamedTuple):
    """What must be equal for two boots to be compared."""

    workload: str
    benchmark: str
    placement: str
    metric: str
    unit: str
    direction: str

    @classmethod
    def of(cls, run: Run, metric: Metric) -> "SeriesKey":
        """The series of a stored metric."""
        return cls(run.phase, run.benchmark, run.placement, metric.name, metric.unit, metric.direction)
