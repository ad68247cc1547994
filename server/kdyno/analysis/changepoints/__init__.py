# SPDX-License-Identifier: GPL-2.0-or-later
"""Change points of a history: where a series of measurements moved to another level, and by how much.

`detect` searches a whole series, `OnlineDetector` one that grows. Both are pure and deterministic.
"""

from kdyno.analysis.changepoints.detect import detect
from kdyno.analysis.changepoints.findings import Change, ChangeKind, Detection, Report, ReportKind, Segment
from kdyno.analysis.changepoints.online import OnlineDetector
from kdyno.analysis.changepoints.series import MIN_POINTS, SeriesError

__all__ = [
    "MIN_POINTS",
    "Change",
    "ChangeKind",
    "Detection",
    "OnlineDetector",
    "Report",
    "ReportKind",
    "Segment",
    "SeriesError",
    "detect",
]
