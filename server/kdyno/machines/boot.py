# SPDX-License-Identifier: GPL-2.0-or-later
"""Which profile a machine boots now: read from its job, rendered by the lab's pure code."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, Job
from kdyno.jobs.states import JobStatus
from kdyno.kernels.models import Build
from kdyno.machines.models import Lease, Machine
from kdyno.submissions.models import Arm
from kdyno_lab.boot.profile import BootMachine, ImagerProfile, KernelProfile, LocalDiskProfile, Profile
from kdyno_lab.boot.script import render_boot

# Where a machine under test reaches this server: the virtual lab forwards this address and nothing else.
GUEST_SERVER_URL = "http://10.0.2.100:80"

# Random address layouts differ from boot to boot, and with them the page faults of a fork: 10 or 12 of them, 4 % of
# its time. Both arms get the same layout instead; the state manifest records the policy.
STEADY_ARGUMENTS = ("norandmaps",)


def script_for(session: Session, *, machine: Machine | None, server_url: str = GUEST_SERVER_URL) -> str:
    """The boot script for a machine at this moment."""
    if machine is None:
        return render_boot(None, LocalDiskProfile())
    known = BootMachine(name=machine.name, mac=machine.mac)
    row = session.execute(
        select(Job, Attempt, Build)
        .join(Lease, Lease.job_id == Job.id)
        .join(Attempt, Attempt.id == Job.current_attempt_id)
        .join(Arm, Arm.id == Job.arm_id)
        .join(Build, Build.id == Arm.build_id)
        .where(Lease.machine_id == machine.id)
    ).one_or_none()
    if row is None:
        return render_boot(known, LocalDiskProfile())
    job, attempt, build = row
    token = attempt.token or ""
    match JobStatus(job.status):
        case JobStatus.IMAGING:
            profile: Profile = ImagerProfile(
                server_url=server_url, attempt_id=attempt.id, token=token, image_id=attempt.image_id
            )
        case JobStatus.BOOTING:
            profile = KernelProfile(
                server_url=server_url,
                attempt_id=attempt.id,
                token=token,
                build_key=build.key or "",
                release=build.release or "",
                extra_arguments=STEADY_ARGUMENTS,
            )
        case _:
            profile = LocalDiskProfile()
    return render_boot(known, profile)
