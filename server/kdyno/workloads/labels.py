# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read for a series: as short as it can be without being mistaken for another of the same request."""

from typing import Any

from kdyno.results.roles import MAIN_METRICS
from kdyno.workloads.benchmarks import benchmarks
from kdyno.workloads.catalog import is_suite

USUAL_PLACEMENT = "same-cpu"


def series_label(*, workload: str, benchmark: str, placement: str, parameters: dict[str, Any], metric: str) -> str:
    """The workload's name; where a workload has many benchmarks, also which one, and what is unusual about it.

    >>> series_label(workload="suite-quick", benchmark="lat_pipe", placement="free", parameters={}, metric="latency")
    'suite-quick lat_pipe free'
    """
    words = [workload]
    if is_suite(workload):
        words.append(_spec(benchmark, parameters))
        if placement != USUAL_PLACEMENT:
            words.append(placement)
    if metric not in MAIN_METRICS:
        words.append(metric)
    return " ".join(words)


def _spec(benchmark: str, parameters: dict[str, Any]) -> str:
    known = benchmarks().get(benchmark)
    unusual = known.short_parameters(parameters) if known else ""
    return f"{benchmark}:{unusual}" if unusual else benchmark
