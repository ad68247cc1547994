# SPDX-License-Identifier: GPL-2.0-or-later
"""What a metric is there for. Apart from tables and schemas, which both need it."""

from enum import StrEnum


class MetricRole(StrEnum):
    """Key: judged, with the submission's false-alarm rate. Detail: says what moved inside of a key metric."""

    KEY = "key"
    DETAIL = "detail"


# What a workload is there for; its other metrics are named beside it.
MAIN_METRICS = frozenset({"latency", "bandwidth", "rate", "jpm", "mean_rate"})
