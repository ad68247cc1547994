# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages about the lab: machines, trees, workloads, and the mails of the local sink."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Query, Request, status
from fastapi.responses import Response
from sqlalchemy import select

from kdyno.config import Settings
from kdyno.dependencies import DbSession, RuntimeDep
from kdyno.jobs.models import Job
from kdyno.kernels import service as kernels
from kdyno.machines import service as machines
from kdyno.machines.models import Lease, Machine
from kdyno.mail import mailbox
from kdyno.web.render import SECURITY_HEADERS, page
from kdyno.workloads.benchmarks import benchmarks
from kdyno.workloads.catalog import catalog

router = APIRouter()

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@router.get("/machines")
def list_machines(request: Request, session: DbSession) -> Response:
    """Every machine: whether it is free, and whether it can be trusted."""
    query = (
        select(Machine, Lease, Job)
        .outerjoin(Lease, Lease.machine_id == Machine.id)
        .outerjoin(Job, Job.id == Lease.job_id)
        .order_by(Machine.lab_name, Machine.name)
    )
    try:
        image = machines.current_image(session)
    except machines.NoImage:
        image = None
    return page(request, "machines.html", rows=session.execute(query).all(), image=image)


@router.get("/trees")
def list_trees(request: Request, session: DbSession) -> Response:
    """The source trees of the build host."""
    return page(request, "trees.html", trees=kernels.list_trees(session))


@router.get("/workloads")
def list_workloads(request: Request) -> Response:
    """The catalogue, and the benchmarks that may be asked for one by one."""
    return page(request, "workloads.html", workloads=list(catalog().values()), benchmarks=list(benchmarks().values()))


@router.get("/mail")
def list_mails(
    request: Request, runtime: RuntimeDep, number: Annotated[int, Query(ge=1, alias="page")] = 1
) -> Response:
    """What the local sink has received."""
    mails = mailbox.list_mails(runtime.paths.mail, page=number)
    return page(request, "mails.html", mails=mails, elsewhere=mail_host(runtime.settings))


@router.get("/mail/{name}")
def read_mail(name: str, request: Request, runtime: RuntimeDep) -> Response:
    """One mail as text, its pictures below it."""
    try:
        mail = mailbox.read_mail(runtime.paths.mail, name)
    except mailbox.MailNotFoundError as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, str(error)) from error
    return page(request, "mail.html", mail=mail)


@router.get("/mail/{name}/attachments/{index}")
def read_attachment(name: str, index: int, runtime: RuntimeDep) -> Response:
    """An attachment: pictures to be shown, everything else only to be saved."""
    try:
        attachment, content = mailbox.read_attachment(runtime.paths.mail, name, index=index)
    except mailbox.MailNotFoundError as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, str(error)) from error
    headers = dict(SECURITY_HEADERS)
    if attachment.picture:
        return Response(content, media_type=attachment.content_type, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="attachment-{index}"'
    return Response(content, media_type="application/octet-stream", headers=headers)


def mail_host(settings: Settings) -> str | None:
    """The host that mails go to, or None when it is the lab's own sink. Never the whole address: it may hold a
    password."""
    if settings.smtp_url is None:
        return None
    parts = urlsplit(settings.smtp_url)
    if parts.hostname in _LOOPBACK and parts.port == settings.smtp_port:
        return None
    return parts.hostname or "another server"
