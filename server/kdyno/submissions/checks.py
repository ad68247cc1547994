# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a test request whole before anything is queued: every wrong field is reported, not only the first."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.config import Limits, Paths
from kdyno.kernels import patches, trees
from kdyno.kernels.errors import InputError
from kdyno.kernels.kconfig import parse_kconfig
from kdyno.kernels.models import Tree
from kdyno.machines import service as machines
from kdyno.submissions.models import Submission
from kdyno.submissions.schemas import FieldProblem, SubmissionRequest
from kdyno.submissions.status import SubmissionStatus
from kdyno.workloads.catalog import UnknownWorkload, default_names, find_workload

MAX_WORKLOADS = 100  # with their profiles as many phases as an agent takes
MIN_BOOTS_PER_ARM = 2  # one boot says nothing about the noise between boots
_MAIL = re.compile(r"^[^@\s<>\",;:\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253})$")

_Wrong = Callable[[str, object], None]


class SubmissionInvalid(ValueError):
    """The request cannot be run; nothing was queued. `problems` lists every field that is wrong."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.reason}" for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class CheckedRequest:
    """What a request means, once every field was found to make sense."""

    base_commit: str
    patchset_hash: str
    kconfig: str
    workloads: list[str]
    machine_type: str
    title: str


def check(session: Session, *, request: SubmissionRequest, paths: Paths, limits: Limits) -> CheckedRequest:
    """Check all fields.

    Raises:
        SubmissionInvalid: naming every field that is wrong, and what to do about it.
    """
    problems: list[FieldProblem] = []

    def wrong(field: str, reason: object) -> None:
        problems.append(FieldProblem(field=field, reason=str(reason)))

    kconfig = ""
    try:
        kconfig = str(parse_kconfig(request.kconfig))
    except InputError as error:
        wrong("kconfig", error)
    workloads = _check_workloads(request.workloads, wrong)
    machine_type = _check_machine_type(session, request.machine_type, wrong)
    if not MIN_BOOTS_PER_ARM <= request.boots_per_arm <= limits.max_boots_per_arm:
        allowed = f"{MIN_BOOTS_PER_ARM} to {limits.max_boots_per_arm}"
        wrong("boots_per_arm", f"{request.boots_per_arm} is not in the allowed range {allowed}")
    if request.mail and not _MAIL.match(request.mail):
        wrong("mail", f"{request.mail[:80]!r} is not a mail address")
    is_open = Submission.status == SubmissionStatus.OPEN.value
    waiting = session.scalar(select(func.count()).select_from(Submission).where(is_open)) or 0
    if waiting >= limits.max_open_submissions:
        wrong("request", f"{waiting} test requests are open, as many as this lab takes: try again later")
    patchset = _check_patch(request.patch, limits, wrong)
    base_commit = _check_base(session, request, paths, wrong)
    if patchset is not None and base_commit:
        try:
            patches.check_applies(paths.tree(request.tree), base_commit, patchset)
        except InputError as error:
            wrong("patch", error)
    if problems or patchset is None:
        raise SubmissionInvalid(problems)
    return CheckedRequest(
        base_commit=base_commit,
        patchset_hash=patchset.digest,
        kconfig=kconfig,
        workloads=workloads,
        machine_type=machine_type,
        title=request.title.strip() or patchset.subject or "Untitled patch",
    )


def _check_workloads(wanted: list[str], wrong: _Wrong) -> list[str]:
    if not wanted:
        return default_names()
    if len(wanted) > MAX_WORKLOADS:
        wrong("workloads", f"{len(wanted)} workloads, at most {MAX_WORKLOADS} are run for one request")
        return wanted
    for name in wanted:
        try:
            find_workload(name)
        except UnknownWorkload as error:
            wrong("workloads", error)
    if len(set(wanted)) != len(wanted):
        wrong("workloads", "a workload is named twice")
    return wanted


def _check_machine_type(session: Session, wanted: str, wrong: _Wrong) -> str:
    types = machines.machine_types(session)
    if not types:
        wrong("machine_type", "no machine of this lab is in good health: see the machines page for the reasons")
    elif not wanted and len(types) > 1:
        wrong("machine_type", f"choose one of {', '.join(types)}")
    elif wanted and wanted not in types:
        wrong("machine_type", f"no machine matches {wanted[:80]!r}: this lab has {', '.join(types)}")
    elif not wanted:
        return types[0]
    try:
        machines.current_image(session)
    except machines.NoImage as error:
        wrong("machine_type", error)
    return wanted


def _check_patch(text: str, limits: Limits, wrong: _Wrong) -> patches.Patchset | None:
    try:
        return patches.parse_patch(text.encode("utf-8", errors="surrogateescape"), max_bytes=limits.max_patch_bytes)
    except InputError as error:
        wrong("patch", error)
        return None


def _check_base(session: Session, request: SubmissionRequest, paths: Paths, wrong: _Wrong) -> str:
    tree = session.get(Tree, request.tree)
    if tree is None:
        known = ", ".join(session.scalars(select(Tree.name).order_by(Tree.name))) or "none yet: `kdyno tree add`"
        wrong("tree", f"unknown tree {request.tree[:80]!r}: this lab has {known}")
        return ""
    try:
        return trees.resolve_commit(paths.tree(tree.name), request.base or tree.default_revision)
    except InputError as error:
        wrong("base", error)
        return ""
