# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes test requests: the web form, the REST API and the CLI all come through `create`."""

import hashlib
import re
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.config import Limits, Paths
from kdyno.db.engine import hint
from kdyno.jobs import service as jobs
from kdyno.jobs.scheduler import interleave
from kdyno.jobs.states import Failure
from kdyno.kernels import service as kernels
from kdyno.machines import service as machines
from kdyno.submissions.checks import SubmissionInvalid, check
from kdyno.submissions.models import Arm, Submission
from kdyno.submissions.schemas import FieldProblem, SubmissionRequest
from kdyno.submissions.status import ArmName, SubmissionStatus

_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


class IdempotencyConflict(ValueError):
    """The idempotency key was used before, with another request."""


def create(
    session: Session,
    *,
    request: SubmissionRequest,
    requested_by: str,
    paths: Paths,
    limits: Limits,
    idempotency_key: str | None = None,
) -> tuple[Submission, bool]:
    """Check a request whole and queue it: two builds, and the jobs of both arms interleaved.

    Returns:
        The submission, and whether it is new (False: the idempotency key was seen before).

    Raises:
        SubmissionInvalid: naming every wrong field; nothing was queued.
        IdempotencyConflict: the key belongs to a different request.
    """
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    if idempotency_key is not None:
        earlier = _earlier(session, requested_by=requested_by, key=idempotency_key, digest=digest)
        if earlier is not None:
            return earlier, False
    checked = check(session, request=request, paths=paths, limits=limits)
    submission = Submission(
        title=checked.title,
        tree_name=request.tree,
        base_revision=request.base,
        base_commit=checked.base_commit,
        patch=request.patch,
        patchset_hash=checked.patchset_hash,
        kconfig=checked.kconfig,
        workloads=checked.workloads,
        machine_type=checked.machine_type,
        boots_per_arm=request.boots_per_arm,
        profile=request.profile,
        mail=request.mail or None,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
        request_sha256=digest,
        image_id=machines.current_image(session).id,
    )
    session.add(submission)
    session.flush()
    _expand(session, submission=submission)
    return submission, True


def _earlier(session: Session, *, requested_by: str, key: str, digest: str) -> Submission | None:
    if not _IDEMPOTENCY_KEY.match(key):
        raise SubmissionInvalid([FieldProblem(field="Idempotency-Key", reason="1 to 255 printable ASCII characters")])
    # Two requests with one key at the same moment: the second waits here until the first is stored.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{requested_by}\n{key}", 0))))
    earlier = session.scalar(
        select(Submission).where(Submission.requested_by == requested_by, Submission.idempotency_key == key)
    )
    if earlier is not None and earlier.request_sha256 != digest:
        raise IdempotencyConflict(f"key {key!r} was used for submission {earlier.id}, which asked for something else")
    return earlier


def _expand(session: Session, *, submission: Submission) -> None:
    """One build and one arm for each side, and the jobs in the order in which they will run."""
    arms: dict[str, Arm] = {}
    for letter, name in (("A", ArmName.BASE), ("B", ArmName.PATCHED)):
        patched = name is ArmName.PATCHED
        build_id = kernels.request_build(
            session,
            tree_name=submission.tree_name,
            commit=submission.base_commit,
            patch=submission.patch if patched else None,
            patchset_hash=submission.patchset_hash if patched else None,
            kconfig=submission.kconfig,
        )
        arms[letter] = Arm(submission_id=submission.id, name=name.value, build_id=build_id)
        session.add(arms[letter])
        session.flush()
    for order_no, letter in enumerate(interleave(submission.boots_per_arm), start=1):
        jobs.create_job(session, submission_id=submission.id, arm_id=arms[letter].id, order_no=order_no)


def cancel(session: Session, *, submission_id: int) -> bool:
    """Ask for a submission to be stopped; False when it has ended already."""
    submission = session.scalar(select(Submission).where(Submission.id == submission_id).with_for_update())
    if submission is None or submission.status != SubmissionStatus.OPEN.value:
        return False
    submission.cancel_requested = True
    session.flush()
    hint(session, "jobs.tick")
    return True


def finish(
    session: Session, *, submission: Submission, verdict: str | None, reason: str, failure: Failure | None
) -> None:
    """Store what came out of a submission: a verdict, or a failure, never both."""
    submission.status = SubmissionStatus.FINISHED.value
    submission.verdict = verdict
    submission.verdict_reason = reason if verdict else None
    submission.failure_class = failure.failure_class.value if failure else None
    submission.failure_message = failure.message if failure else None
    submission.finished_at = datetime.now(UTC)
    session.flush()


def pin_machine(session: Session, *, submission_id: int, machine_id: int) -> None:
    """Bind a submission to the machine that its first job got."""
    session.get_one(Submission, submission_id).machine_id = machine_id
    session.flush()
