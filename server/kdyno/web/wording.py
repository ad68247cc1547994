# SPDX-License-Identifier: GPL-2.0-or-later
"""How the pages say statuses, verdicts and failures: words and a sign, so that nothing hangs on colour alone."""

from dataclasses import dataclass

from kdyno.analysis.verdicts import Verdict
from kdyno.jobs.states import FailureClass, JobStatus
from kdyno.kernels.status import BuildStatus
from kdyno.machines.health import MachineHealth
from kdyno.submissions.schemas import StepState
from kdyno.submissions.status import SubmissionStatus
from kdyno.workloads.catalog import WorkloadKind


@dataclass(frozen=True)
class Badge:
    """A word with a sign; `tone` chooses the colour."""

    tone: str
    sign: str
    word: str


_BADGES: dict[str, Badge] = {
    Verdict.REGRESSION: Badge("bad", "✗", "regression"),
    Verdict.IMPROVEMENT: Badge("good", "✓", "improvement"),
    Verdict.NO_CHANGE: Badge("calm", "=", "no change"),
    Verdict.NEED_MORE: Badge("warn", "?", "need more runs"),
    SubmissionStatus.OPEN: Badge("live", "…", "in progress"),
    StepState.WAITING: Badge("idle", "○", "waiting"),
    StepState.RUNNING: Badge("live", "▶", "running"),
    StepState.DONE: Badge("calm", "✓", "done"),
    StepState.FAILED: Badge("bad", "✗", "failed"),
    StepState.SKIPPED: Badge("idle", "–", "skipped"),
    BuildStatus.BUILDING: Badge("live", "▶", "building"),
    JobStatus.QUEUED: Badge("idle", "○", "queued"),
    JobStatus.FINISHED: Badge("calm", "✓", "finished"),
    MachineHealth.GOOD: Badge("good", "✓", "good"),
    MachineHealth.BROKEN: Badge("bad", "✗", "broken"),
}


def badge_of(value: str) -> Badge:
    """The badge of a status or verdict; statuses of work under way look alike."""
    return _BADGES.get(value) or Badge("live", "▶", value)


_DETAIL_BADGES: dict[str, Badge] = {
    Verdict.REGRESSION: Badge("bad", "▼", "worse"),
    Verdict.IMPROVEMENT: Badge("good", "▲", "better"),
    Verdict.NO_CHANGE: Badge("calm", "=", "no change"),
    Verdict.NEED_MORE: Badge("idle", "?", "cannot tell"),
}


def detail_badge_of(value: str) -> Badge:
    """The badge of a detail's comparison: what was found, without the weight of a verdict."""
    return _DETAIL_BADGES[value]


KIND_TITLES: dict[str, str] = {
    WorkloadKind.MICRO: "Micro benchmarks: one small operation each",
    WorkloadKind.MACRO: "Macro workloads: users at work",
    WorkloadKind.EXTERNAL: "Programs of others",
}

BLAME: dict[str, str] = {
    FailureClass.USER: "The patch or the request: change it and send it again.",
    FailureClass.TEST: "The benchmark: it failed, or could not prove that it did its work.",
    FailureClass.INFRASTRUCTURE: "The lab: its operator has to look; your patch is not to blame.",
    FailureClass.TIMEOUT: "Probably the kernel under test: it did not get through a stage in its time.",
    FailureClass.PANIC: "The kernel under test: it died.",
    FailureClass.CANCELLED: "Nobody: somebody asked for it to stop.",
    FailureClass.BUG: "kdyno itself: please report it with the text below.",
}

STATUS_MEANINGS: dict[str, str] = {
    JobStatus.QUEUED: "waits for its builds, its turn and its machine",
    JobStatus.ASSIGNED: "has a machine, which is being switched on",
    JobStatus.IMAGING: "the golden image is written to the disk and verified",
    JobStatus.BOOTING: "the kernel under test boots",
    JobStatus.PREPARING: "the known state is proved and the agent started",
    JobStatus.RUNNING: "the benchmarks run",
    JobStatus.COLLECTING: "the machine is switched off and given back",
    JobStatus.FINISHED: "nothing more happens",
}
