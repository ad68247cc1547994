# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes two stored metrics the same series."""

from typing import Any, NamedTuple

from kdyno.results.models import Metric, Run
from kdyno.workloads.labels import series_label


class SeriesKey(NamedTuple):
    """What must be equal for two boots to be compared."""

    workload: str
    benchmark: str
    placement: str
    parameters: tuple[tuple[str, Any], ...]  # in the order of their names
    metric: str
    unit: str
    direction: str

    @classmethod
    def of(cls, run: Run, metric: Metric) -> "SeriesKey":
        """The series of a stored metric."""
        parameters = tuple(sorted(run.parameters.items()))
        return cls(run.phase, run.benchmark, run.placement, parameters, metric.name, metric.unit, metric.direction)

    @property
    def label(self) -> str:
        """What people read."""
        return series_label(
            workload=self.workload,
            benchmark=self.benchmark,
            placement=self.placement,
            parameters=dict(self.parameters),
            metric=self.metric,
        )

    def columns(self) -> dict[str, Any]:
        """As a table keeps it."""
        return self._asdict() | {"parameters": dict(self.parameters)}
