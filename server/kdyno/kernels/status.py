# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a build is."""

from enum import StrEnum


class BuildStatus(StrEnum):
    """Life of a build: queued → building → done or failed; a lost worker sends it back to the queue by its lease."""

    QUEUED = "queued"
    BUILDING = "building"
    DONE = "done"
    FAILED = "failed"


BUILD_ENDED = frozenset({BuildStatus.DONE, BuildStatus.FAILED})
