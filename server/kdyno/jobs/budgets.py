# SPDX-License-Identifier: GPL-2.0-or-later
"""How long each status of a job may last. Time in the queue is never counted."""

from dataclasses import dataclass
from datetime import timedelta

from kdyno.jobs.states import JobStatus


@dataclass(frozen=True)
class StatusBudgets:
    """One budget for each status that waits for something; running adds the budgets of its phases."""

    assigned: timedelta
    imaging: timedelta
    booting: timedelta
    preparing: timedelta
    running_margin: timedelta
    collecting: timedelta

    def running(self, *, phase_timeouts_s: list[int]) -> timedelta:
        """Budget of the running status: every phase to its own limit, and a margin for reports and grace times."""
        return timedelta(seconds=sum(phase_timeouts_s)) + self.running_margin

    def of(self, status: JobStatus) -> timedelta:
        """Budget of a status whose length does not depend on the workloads."""
        return {
            JobStatus.ASSIGNED: self.assigned,
            JobStatus.IMAGING: self.imaging,
            JobStatus.BOOTING: self.booting,
            JobStatus.PREPARING: self.preparing,
            JobStatus.COLLECTING: self.collecting,
        }[status]
