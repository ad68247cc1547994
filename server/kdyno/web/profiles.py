# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a job shows of its profiles: the counters that moved most, perf's report, and what went wrong."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.document import PROFILE_PREFIX
from kdyno.results.models import AgentMessage, Profile
from kdyno.results.schemas import EventKind, PhaseOutcome

MOST_COUNTERS = 25

_SOURCES = {
    "stat": "Processor ticks and kernel totals",
    "vmstat": "Memory",
    "schedstat": "Scheduler",
    "softirqs": "Soft interrupts",
    "interrupts": "Interrupts",
    "diskstats": "Disks",
}


@dataclass(frozen=True)
class CounterGroup:
    """The counters of one file of /proc, the largest first; `left_out` more are in the document."""

    title: str
    counters: list[tuple[str, float]]
    left_out: int


@dataclass(frozen=True)
class ProfileView:
    """One profiled workload. `problem` says why there is nothing else."""

    workload: str
    interval_s: float = 0.0
    groups: tuple[CounterGroup, ...] = ()
    perf: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""


def profiles_of(session: Session, *, attempt_id: int) -> list[ProfileView]:
    """The profiles of an attempt, then those that failed."""
    rows = session.scalars(select(Profile).where(Profile.attempt_id == attempt_id).order_by(Profile.id)).all()
    ends = select(AgentMessage).where(
        AgentMessage.attempt_id == attempt_id,
        AgentMessage.kind == EventKind.PHASE_FINISHED.value,
        AgentMessage.phase.startswith(PROFILE_PREFIX, autoescape=True),
    )
    stored = {row.phase for row in rows}
    failed = [message for message in session.scalars(ends.order_by(AgentMessage.phase)) if message.phase not in stored]
    return [view_of(row.phase, row.document) for row in rows] + [_failed(message) for message in failed]


def view_of(phase: str, document: dict[str, Any]) -> ProfileView:
    """A stored profile, ready to be shown."""
    return ProfileView(
        workload=phase.removeprefix(PROFILE_PREFIX),
        interval_s=float(document["interval_s"]),
        groups=tuple(_group(source, counters) for source, counters in document["counters"].items() if counters),
        perf=str(document["perf"]),
        notes=tuple(document["notes"]),
    )


def _group(source: str, counters: dict[str, float]) -> CounterGroup:
    ordered = sorted(counters.items(), key=lambda item: -abs(item[1]))
    return CounterGroup(_SOURCES.get(source, source), ordered[:MOST_COUNTERS], max(0, len(ordered) - MOST_COUNTERS))


def _failed(message: AgentMessage) -> ProfileView:
    outcome = message.body.get("outcome") or PhaseOutcome.ERROR.value
    words = [str(message.body.get(key) or "").strip() for key in ("reason", "stderr_tail")]
    unread = "what the profiler printed cannot be read; the events say why"
    problem = unread if outcome == PhaseOutcome.DONE else ": ".join(word for word in (outcome, *words) if word)
    return ProfileView(workload=message.phase.removeprefix(PROFILE_PREFIX), problem=problem[-1000:])
