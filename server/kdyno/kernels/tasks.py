# SPDX-License-Identifier: GPL-2.0-or-later
"""The build worker's task: one build, under a lease that its progress refreshes."""

from dataclasses import asdict
from typing import Any

import structlog
from celery import Task, shared_task

from kdyno.config import Limits
from kdyno.jobs.states import Failure, FailureClass
from kdyno.kernels import service
from kdyno.kernels.build_request import BuildDirs, BuildError, BuildFailure, BuildProgress, BuildRequest, BuildResult
from kdyno.kernels.builder import build_key, run_build
from kdyno.kernels.errors import BuildHostError, InputError
from kdyno.kernels.kconfig import parse_kconfig
from kdyno.kernels.models import Build
from kdyno.kernels.sandbox import SandboxLimits
from kdyno.kernels.toolchain import identify_toolchain
from kdyno.runtime import Runtime
from kdyno.step_lease import LEASE, LeaseKeeper, owner_name
from kdyno.worker import task_runtime

log = structlog.get_logger(__name__)


@shared_task(name="kernels.build", bind=True)
def build(self: Task, build_id: int) -> None:
    """Build one kernel, unless it is built or somebody else is at it."""
    runtime = task_runtime()
    owner = owner_name(self.request.id)
    with runtime.unit_of_work() as session:
        claimed = service.claim_build(session, build_id=build_id, owner=owner, lease=LEASE)
    if claimed is None:
        return
    if claimed.tries > service.MAX_BUILD_TRIES:
        message = f"the build took its worker down {service.MAX_BUILD_TRIES} times"
        _end(runtime, build_id=build_id, owner=owner, failure=Failure(FailureClass.INFRASTRUCTURE, message))
        return
    progress = _Progress()

    def refresh() -> bool:
        with runtime.unit_of_work() as session:
            return service.refresh_build(
                session, build_id=build_id, owner=owner, lease=LEASE, done=progress.done, total=progress.total
            )

    with LeaseKeeper(refresh) as lease:
        try:
            result = _run(runtime, claimed=claimed, progress=progress, lease=lease)
        except (BuildError, BuildHostError, InputError, OSError) as error:
            if not lease.lost.is_set():
                _end(runtime, build_id=build_id, owner=owner, failure=failure_of(error), details=_details(error))
        else:
            _end(runtime, build_id=build_id, owner=owner, result=result)


class _Progress:
    """Objects compiled so far, and how many are expected; read by the lease keeper's thread."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None

    def __call__(self, progress: BuildProgress) -> None:
        self.done = progress.objects_done
        self.total = progress.objects_expected


def _run(runtime: Runtime, *, claimed: Build, progress: _Progress, lease: LeaseKeeper) -> BuildResult:
    paths = runtime.paths
    request = BuildRequest(
        tree=claimed.tree_name,
        commit=claimed.commit,
        patch=claimed.patch.encode() if claimed.patch is not None else None,
        kconfig=parse_kconfig(claimed.kconfig),
        toolchain=identify_toolchain(),
    )
    log.info("build begins", build=claimed.id, key=build_key(request))
    return run_build(
        request,
        dirs=BuildDirs(trees=paths.trees, builds=paths.builds, warm=paths.warm),
        jobs=runtime.settings.build_jobs,
        log_path=paths.build_log(claimed.id),
        limits=sandbox_limits(runtime.settings.limits),
        on_progress=progress,
        cancelled=lease.lost.is_set,
    )


def sandbox_limits(limits: Limits) -> SandboxLimits:
    """The lab's limits as the sandbox wants them."""
    return SandboxLimits(
        wall_s=limits.build_wall_s,
        memory_bytes=limits.build_memory_bytes,
        log_bytes=limits.build_log_bytes,
        disk_bytes=limits.build_output_bytes,
    )


def failure_of(error: Exception) -> Failure:
    """Whose problem a build's error is: what fails without the patch is not the patch's fault."""
    if isinstance(error, BuildError):
        if error.failure is BuildFailure.CANCELLED:
            return Failure(FailureClass.CANCELLED, str(error))
        where = "the base without the patch" if error.of_base else "the patched source"
        return Failure(FailureClass.USER, f"{where}: {error}")
    if isinstance(error, InputError):
        return Failure(FailureClass.USER, str(error))
    return Failure(FailureClass.INFRASTRUCTURE, str(error))


def _details(error: Exception) -> dict[str, Any]:
    if isinstance(error, BuildError) and error.first_error is not None:
        return {"stage": error.stage.value, "first_error": asdict(error.first_error)}
    return {}


def _end(
    runtime: Runtime,
    *,
    build_id: int,
    owner: str,
    result: BuildResult | None = None,
    failure: Failure | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    values: dict[str, Any] = {"details": details or {}}
    if result is not None:
        values = {
            "key": result.key,
            "release": result.release,
            "toolchain": result.toolchain,
            "reused": result.reused,
            "objects_done": result.objects_compiled,
            "objects_expected": result.objects_compiled,
            "details": {"seconds": result.seconds, "bytes": result.bytes, "sha256": result.sha256},
        }
    with runtime.unit_of_work() as session:
        service.finish_build(session, build_id=build_id, owner=owner, values=values, failure=failure)
