# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a submission is; what came out of it is its verdict or its failure, which are other columns."""

from enum import StrEnum


class SubmissionStatus(StrEnum):
    """A submission is open until its verdict or its failure is stored."""

    OPEN = "open"
    FINISHED = "finished"


class ArmName(StrEnum):
    """The two sides of a comparison."""

    BASE = "base"
    PATCHED = "patched"
