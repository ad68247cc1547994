# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of submissions (to people: test requests): list, form, one submission, its live updates and samples."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, status
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kdyno.dependencies import DbSession, RuntimeDep
from kdyno.kernels import service as kernels
from kdyno.kernels.kconfig import KconfigBase, available_fragments
from kdyno.machines import service as machines
from kdyno.runtime import Runtime
from kdyno.submissions import service
from kdyno.submissions.checks import MIN_BOOTS_PER_ARM, SubmissionInvalid
from kdyno.submissions.models import Submission
from kdyno.submissions.schemas import FieldProblem
from kdyno.web import follow, listing, samples
from kdyno.web.form import FormUnreadable, TypedForm, posted_form
from kdyno.web.guard import require_same_origin
from kdyno.web.render import SECURITY_HEADERS, page
from kdyno.web.stream import Update, stream
from kdyno.workloads.benchmarks import benchmarks
from kdyno.workloads.catalog import WorkloadKind, catalog, default_names

router = APIRouter()

# Everybody who can open the pages may ask for a measurement; the lab decides who that is (it binds to loopback).
WEB_REQUESTER = "web"
_POSTED_ONLY_HERE = [Depends(require_same_origin)]


@router.get("/")
def list_submissions(
    request: Request, session: DbSession, before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None
) -> Response:
    """Newest first, a page at a time."""
    found = listing.list_page(session, before=before)
    return page(request, "submissions.html", rows=found.rows, next_before=found.next_before, before=before)


@router.get("/submissions/new")
def new_form(request: Request, session: DbSession, runtime: RuntimeDep) -> Response:
    """The empty form; the default workloads are chosen."""
    return _form_page(request, session, runtime=runtime, form=TypedForm(workloads=default_names()))


@router.post("/submissions", dependencies=_POSTED_ONLY_HERE)
def create_submission(
    request: Request, session: DbSession, runtime: RuntimeDep, form: Annotated[TypedForm, Depends(posted_form)]
) -> Response:
    """Queue what the form asks for, through the same service as the API."""
    try:
        submission_id = None if form.problems else _create(session, runtime=runtime, form=form)
    except FormUnreadable as error:
        form.problems.append(FieldProblem(field=error.field_name, reason=str(error)))
        submission_id = None
    except SubmissionInvalid as error:
        session.rollback()
        form.take(error.problems)
        submission_id = None
    except service.IdempotencyConflict as error:
        reason = f"{error}; to queue this as well, send it once more"
        form.problems.append(FieldProblem(field="form", reason=reason))
        form.key = TypedForm().key
        submission_id = None
    if submission_id is None:
        return _form_page(request, session, runtime=runtime, form=form)
    return _see(f"/submissions/{submission_id}")


def _create(session: Session, *, runtime: Runtime, form: TypedForm) -> int:
    """The submission's id; a second click finds what the first one queued, even while that is under way."""
    create = partial(
        service.create,
        session,
        request=form.request(),
        requested_by=WEB_REQUESTER,
        paths=runtime.paths,
        limits=runtime.settings.limits,
        idempotency_key=form.key,
    )
    try:
        return create()[0].id
    except IntegrityError:
        session.rollback()
        return create()[0].id


def _form_page(request: Request, session: Session, *, runtime: Runtime, form: TypedForm) -> Response:
    values: dict[str, Any] = {
        "form": form,
        "trees": kernels.list_trees(session),
        "machine_types": machines.machine_types(session),
        "workloads": [(kind, [w for w in catalog().values() if w.kind is kind]) for kind in WorkloadKind],
        "benchmark_count": len(benchmarks()),
        "kconfig_bases": [base.value for base in KconfigBase],
        "fragments": list(available_fragments().values()),
        "min_boots": MIN_BOOTS_PER_ARM,
        "limits": runtime.settings.limits,
    }
    return page(request, "submission_form.html", status_code=422 if form.problems else 200, **values)


def _see(path: str) -> Response:
    return RedirectResponse(path, status_code=status.HTTP_303_SEE_OTHER, headers=SECURITY_HEADERS)


@router.get("/submissions/{submission_id}")
def read_submission(submission_id: int, request: Request, session: DbSession, runtime: RuntimeDep) -> Response:
    """One submission; while it is open the page follows it by server-sent events."""
    submission = _found(session, submission_id)
    # the token first: what changes after it is sent again, nothing is missed
    token, _ = follow.token_of(session, submission_id=submission_id)
    values = follow.page_values(session, runtime=runtime, submission=submission)
    tail = follow.console_tail(session, submission_id=submission_id)
    return page(request, "submission.html", token=str(token), tail=tail, **values)


@router.get("/submissions/{submission_id}/events")
def submission_events(
    submission_id: int,
    request: Request,
    session: DbSession,
    runtime: RuntimeDep,
    seen: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Fragments of the page as they change."""
    _found(session, submission_id)
    return stream(request, look=partial(_look, runtime, submission_id), seen=seen)


def _look(runtime: Runtime, submission_id: int, seen: str) -> Update:
    return follow.look(runtime, submission_id=submission_id, seen=seen)


@router.get("/submissions/{submission_id}/samples.json")
def submission_samples(
    submission_id: int,
    session: DbSession,
    place: Annotated[list[int] | None, Query(max_length=200, description="Only the metrics at these places")] = None,
) -> Response:
    """All samples of each judged metric, by boot, in the order of the boots."""
    _found(session, submission_id)
    document = samples.samples_document(session, submission_id=submission_id, places=place or ())
    return JSONResponse(document, headers=SECURITY_HEADERS)


@router.get("/submissions/{submission_id}/patch")
def submission_patch(submission_id: int, session: DbSession) -> Response:
    """The patch as it was sent."""
    submission = _found(session, submission_id)
    name = f'attachment; filename="submission-{submission_id}.patch"'
    return PlainTextResponse(submission.patch, headers=SECURITY_HEADERS | {"Content-Disposition": name})


@router.post("/submissions/{submission_id}/cancel", dependencies=_POSTED_ONLY_HERE)
def cancel_submission(submission_id: int, session: DbSession) -> Response:
    """Ask for a stop. When it has ended meanwhile, its page says so."""
    _found(session, submission_id)
    service.cancel(session, submission_id=submission_id)
    return _see(f"/submissions/{submission_id}")


def _found(session: Session, submission_id: int) -> Submission:
    submission = session.get(Submission, submission_id) if submission_id < 2**63 else None
    if submission is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no test request {submission_id}")
    return submission
