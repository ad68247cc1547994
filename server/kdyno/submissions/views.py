# SPDX-License-Identifier: GPL-2.0-or-later
"""REST API for test requests."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Response, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import select

from kdyno.dependencies import DbSession, Requester, RuntimeDep
from kdyno.submissions import service
from kdyno.submissions.checks import SubmissionInvalid
from kdyno.submissions.models import Submission
from kdyno.submissions.progress import view_of
from kdyno.submissions.schemas import FieldProblem, SubmissionRequest, SubmissionView

router = APIRouter(prefix="/api/v1/submissions", tags=["submissions"])


class Problems(BaseModel):
    """Answer 422: every field that is wrong, and why."""

    errors: list[FieldProblem]


@router.post("", status_code=201, response_model=SubmissionView, responses={422: {"model": Problems}})
def create_submission(
    request: SubmissionRequest,
    response: Response,
    session: DbSession,
    runtime: RuntimeDep,
    name: Requester,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> SubmissionView | JSONResponse:
    """Queue a test request. With the same Idempotency-Key the same submission is answered again, with 200."""
    try:
        submission, is_new = service.create(
            session,
            request=request,
            requested_by=name,
            paths=runtime.paths,
            limits=runtime.settings.limits,
            idempotency_key=idempotency_key,
        )
    except SubmissionInvalid as error:
        session.rollback()
        return JSONResponse(Problems(errors=error.problems).model_dump(), status_code=422)
    except service.IdempotencyConflict as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error
    response.status_code = 201 if is_new else 200
    return view_of(session, submission=submission, base_url=runtime.settings.public_url)


@router.get("")
def list_submissions(
    session: DbSession,
    runtime: RuntimeDep,
    _: Requester,
    before: Annotated[int | None, Query(description="Only submissions with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[SubmissionView]:
    """Newest first, a page at a time."""
    query = select(Submission).order_by(Submission.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Submission.id < before)
    return [view_of(session, submission=s, base_url=runtime.settings.public_url) for s in session.scalars(query)]


@router.get("/{submission_id}")
def read_submission(submission_id: int, session: DbSession, runtime: RuntimeDep, _: Requester) -> SubmissionView:
    """State, steps, and the answer when there is one."""
    return view_of(session, submission=_found(session, submission_id), base_url=runtime.settings.public_url)


@router.post("/{submission_id}/cancel", status_code=202)
def cancel_submission(submission_id: int, session: DbSession, runtime: RuntimeDep, _: Requester) -> SubmissionView:
    """Ask for a stop; what runs is powered off, what waits never begins."""
    submission = _found(session, submission_id)
    if not service.cancel(session, submission_id=submission_id):
        raise HTTPException(status.HTTP_409_CONFLICT, f"submission {submission_id} has ended already")
    return view_of(session, submission=submission, base_url=runtime.settings.public_url)


def _found(session: DbSession, submission_id: int) -> Submission:
    submission = session.get(Submission, submission_id)
    if submission is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no submission {submission_id}")
    return submission
