# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of one build: status, identity, the first error, and its log, live while it is built."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, status
from fastapi.responses import FileResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.dependencies import DbSession, RuntimeDep
from kdyno.kernels.models import Build
from kdyno.kernels.status import BUILD_ENDED, BuildStatus
from kdyno.runtime import Runtime
from kdyno.submissions.models import Arm, Submission
from kdyno.web import buildlog
from kdyno.web.render import SECURITY_HEADERS, fragment, page
from kdyno.web.stream import Update, stream

router = APIRouter(prefix="/builds")


@router.get("/{build_id}")
def read_build(build_id: int, request: Request, session: DbSession, runtime: RuntimeDep) -> Response:
    """One build."""
    build = _found(session, build_id)
    used_by = session.scalars(
        select(Submission).join(Arm, Arm.submission_id == Submission.id).where(Arm.build_id == build_id)
    ).all()
    return page(
        request, "build.html", used_by=used_by, seen=_seen(runtime, build=build), **_values(runtime, build=build)
    )


@router.get("/{build_id}/events")
def build_events(
    build_id: int,
    request: Request,
    session: DbSession,
    runtime: RuntimeDep,
    seen: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Status and log as they grow."""
    _found(session, build_id)
    return stream(request, look=partial(_look, runtime, build_id), seen=seen)


@router.get("/{build_id}/log")
def build_log(build_id: int, session: DbSession, runtime: RuntimeDep) -> Response:
    """The whole log as text."""
    path = buildlog.log_path(runtime.paths, build=_found(session, build_id))
    if path is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"build {build_id} has no log yet")
    return FileResponse(path, media_type="text/plain; charset=utf-8", headers=SECURITY_HEADERS)


def _values(runtime: Runtime, *, build: Build) -> dict[str, Any]:
    path = buildlog.log_path(runtime.paths, build=build)
    return {
        "build": build,
        "ended": BuildStatus(build.status) in BUILD_ENDED,
        "tail": buildlog.log_tail(path) if path else None,
        "first_error": buildlog.first_error_of(build),
    }


def _seen(runtime: Runtime, *, build: Build) -> str:
    path = buildlog.log_path(runtime.paths, build=build)
    size = path.stat().st_size if path else 0
    return f"{build.status}-{build.objects_done}-{build.objects_expected}-{size}"


def _look(runtime: Runtime, build_id: int, seen: str) -> Update:
    with runtime.unit_of_work() as session:
        build = session.get_one(Build, build_id)
    ended = BuildStatus(build.status) in BUILD_ENDED
    now = _seen(runtime, build=build)
    if now == seen:
        return Update(seen=now, ended=ended)
    values = _values(runtime, build=build)
    fragments = [(name, fragment(f"build/{name}.html", **values)) for name in ("status", "log")]
    return Update(seen=now, fragments=fragments, ended=ended)


def _found(session: Session, build_id: int) -> Build:
    build = session.get(Build, build_id) if build_id < 2**63 else None
    if build is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no build {build_id}")
    return build
