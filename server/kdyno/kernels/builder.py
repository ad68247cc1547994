# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds one kernel: same content, same key, same image. What is built already is not built again."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from kdyno.kernels import artifacts, kconfig, sandbox
from kdyno.kernels.build_log import FirstError, compiled_object, first_error
from kdyno.kernels.build_request import (
    BuildDirs,
    BuildError,
    BuildFailure,
    BuildProgress,
    BuildRequest,
    BuildResult,
    BuildStage,
    build_key,
    load_result,
    local_version,
)
from kdyno.kernels.errors import PatchError
from kdyno.kernels.git import git
from kdyno.kernels.patches import Patchset, apply, parse_patch, patchset_hash
from kdyno.kernels.sandbox import Ending, Sandbox, SandboxLimits
from kdyno.kernels.warm import WarmTree

__all__ = ["BuildDirs", "BuildError", "BuildFailure", "BuildProgress", "BuildRequest", "BuildResult", "BuildStage"]
__all__ += ["build_key", "load_result", "run_build", "warm_folder"]

SRC = "/build/src"
OBJ = "/build/obj"
_CONFIG = ".config"
_STRIPPED_OPTIONS = {"LOCALVERSION_AUTO": kconfig.NOT_SET, "LOCALVERSION": '""'}


def run_build(
    request: BuildRequest,
    *,
    dirs: BuildDirs,
    jobs: int,
    log_path: Path,
    limits: SandboxLimits | None = None,
    on_progress: Callable[[BuildProgress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BuildResult:
    """Build, or find what was built before. A patched build first sees to it that its unpatched base is built.

    Raises:
        BuildError: no kernel came out of this request.
        BuildHostError: this host is at fault; the request may succeed elsewhere or later.
    """
    key = build_key(request)
    if (finished := load_result(dirs, key)) is not None:
        return finished
    warm = WarmTree(warm_folder(dirs, request), repo=dirs.trees / f"{request.tree}.git")
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("wb") as log:
        run = _Run(dirs, warm, jobs=jobs, log=log, limits=limits or SandboxLimits(), callbacks=(on_progress, cancelled))
        with warm.locked(cancelled=cancelled, on_wait=run.report) as got_it:
            if not got_it:
                raise run.error(BuildFailure.CANCELLED, "cancelled while waiting for its turn")
            if (finished := load_result(dirs, key)) is not None:
                return finished
            base = replace(request, patch=None)
            if request.patch is None or warm.state.built != build_key(base):
                result = run.build_base(base)
            if request.patch is not None:
                result = run.build_patched(request, parse_patch(request.patch))
            return result


def warm_folder(dirs: BuildDirs, request: BuildRequest) -> Path:
    """One warm tree for each pair of tree and kconfig."""
    return dirs.warm / f"{request.tree}-{request.kconfig.digest[:16]}"


@dataclass
class _Counters:
    """What one build has used so far."""

    objects: int = 0
    expected: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    log_start: int = 0


class _Run:
    """One call of `run_build`: everything it needs at every step, and where it is."""

    def __init__(
        self,
        dirs: BuildDirs,
        warm: WarmTree,
        *,
        jobs: int,
        log: IO[bytes],
        limits: SandboxLimits,
        callbacks: tuple[Callable[[BuildProgress], None], Callable[[], bool]],
    ) -> None:
        self.dirs = dirs
        self.warm = warm
        self.jobs = jobs
        self.log = log
        self.limits = limits
        self.on_progress, self.cancelled = callbacks
        self.started = time.monotonic()
        self.stage = BuildStage.WAITING
        self.stage_started = self.started
        self.of_base = True
        self.counters = _Counters()

    def build_base(self, request: BuildRequest) -> BuildResult:
        """Build without a patch, in the warm objects; publish unless that was done before."""
        key = build_key(request)
        self.begin(key, of_base=True)
        self.enter(BuildStage.CHECKOUT)
        self.warm.checkout(request.commit)
        cold = self.warm.begin_base()
        self.counters.expected = self.warm.state.cold_objects if cold else None
        whole = ""
        try:
            self.configure(self.warm.obj, request)
            self.compile(self.warm.obj, request, key)
            whole = key
        except BuildError as error:
            if error.failure is BuildFailure.COMPILE:
                # make ended by itself and removed what it could not finish; anything else was killed half-way.
                self.warm.end_base(built="", cold_objects=None)
            raise
        objects = self.counters.objects
        self.warm.end_base(built=whole, cold_objects=objects if cold else None)
        return self.publish(self.warm.obj, request, key, patchset=None)

    def build_patched(self, request: BuildRequest, patchset: Patchset) -> BuildResult:
        """Build with the patch in a copy of the warm objects, then put the sources back."""
        key = build_key(request)
        self.begin(key, of_base=False)
        self.enter(BuildStage.CHECKOUT)
        self.warm.checkout(request.commit)
        try:
            changes = apply(self.warm.repo, request.commit, patchset)
        except PatchError as error:
            raise self.error(BuildFailure.PATCH, str(error)) from error
        self.counters.expected = self.warm.state.patched_objects
        objects = None
        try:
            obj = self.warm.copy_objects()
            self.warm.patch(changes)
            if any(may_change_config(change.path) for change in changes):
                self.configure(obj, request)
            self.compile(obj, request, key)
            result = self.publish(obj, request, key, patchset=patchset)
            objects = self.counters.objects
        finally:
            self.warm.unpatch()
            self.warm.drop_copy(objects=objects)
        return result

    def configure(self, obj: Path, request: BuildRequest) -> None:
        """Make `.config` from nothing; when it comes out as it was it keeps its date, for make goes by dates."""
        self.enter(BuildStage.CONFIGURE)
        path = obj / _CONFIG
        before, date_ns = artifacts.read_text(obj, _CONFIG), path.lstat().st_mtime_ns if path.is_file() else 0
        artifacts.discard(obj, _CONFIG)
        self.make(obj, request, request.kconfig.base.value)
        wanted = request.kconfig.requested() | _STRIPPED_OPTIONS
        merged = kconfig.merge(artifacts.read_text(obj, _CONFIG), requested=wanted)
        artifacts.write_text(obj, _CONFIG, merged)
        self.make(obj, request, "olddefconfig")
        final = artifacts.read_text(obj, _CONFIG)
        self.check_config(final, request)
        if final == before:
            os.utime(path, ns=(date_ns, date_ns), follow_symlinks=False)

    def check_config(self, final: str, request: BuildRequest) -> None:
        if dropped := kconfig.dropped_options(final, requested=request.kconfig.requested()):
            raise self.error(BuildFailure.KCONFIG, kconfig.describe_dropped(dropped))

    def compile(self, obj: Path, request: BuildRequest, key: str) -> None:
        """Compile and link, then make sure that the right kernel came out."""
        self.enter(BuildStage.COMPILE)
        self.make(obj, request, f"LOCALVERSION={local_version(key)}", "bzImage")
        self.check_config(artifacts.read_text(obj, _CONFIG), request)
        release = artifacts.read_text(obj, artifacts.RELEASE).strip()
        if not release.endswith(local_version(key)):
            raise self.error(BuildFailure.COMPILE, f"the kernel calls itself {release!r}, not ...{local_version(key)}")

    def publish(self, obj: Path, request: BuildRequest, key: str, *, patchset: Patchset | None) -> BuildResult:
        """Copy what is kept to a folder that appears whole or not at all."""
        self.enter(BuildStage.PUBLISH)
        try:
            partial = artifacts.collect(obj, self.dirs.builds / f".partial-{key}", log=Path(self.log.name))
        except artifacts.ArtifactMissing as error:
            raise self.error(BuildFailure.COMPILE, str(error)) from error
        self.enter(None)
        result = BuildResult(
            key=key,
            folder=self.dirs.builds / key,
            release=artifacts.read_text(obj, artifacts.RELEASE).strip(),
            tree=request.tree,
            commit=request.commit,
            patchset_hash=patchset_hash(patchset) if patchset else None,
            kconfig=str(request.kconfig),
            kconfig_hash=request.kconfig.digest,
            toolchain=str(request.toolchain),
            recipe_version=request.recipe_version,
            objects_compiled=self.counters.objects,
            bytes=artifacts.sizes(partial),
            sha256={"bzImage": artifacts.sha256(partial / "bzImage")},
            seconds={stage: round(seconds, 3) for stage, seconds in self.counters.seconds.items()},
        )
        facts = asdict(result)
        del facts["folder"], facts["reused"]
        artifacts.finish(partial, result.folder, build_json=json.dumps(facts, indent=1))
        return result

    def make(self, obj: Path, request: BuildRequest, *arguments: str) -> None:
        """One make in the sandbox, within what is left of the build's time."""
        left_s = self.limits.wall_s - (time.monotonic() - self.started)
        sandboxed = Sandbox(
            argv=["make", "-C", SRC, f"O={OBJ}", f"-j{self.jobs}", *arguments],
            cwd=OBJ,
            read_only={SRC: self.warm.src},
            writable={OBJ: obj},
            env=self.fixed_environment(request),
            limits=replace(self.limits, wall_s=max(0.0, left_s)),
        )
        self.log.write(f"$ make {' '.join(arguments)}\n".encode())
        outcome = sandbox.run(sandboxed, log=self.log, on_line=self.see, cancelled=self.asked_to_stop)
        self.report()
        if outcome.ending is Ending.CANCELLED:
            raise self.error(BuildFailure.CANCELLED, "cancelled")
        if outcome.ending is Ending.FAILED:
            first = first_error(self.own_log_lines())
            message = str(first) if first else f"make {arguments[-1]} ended with exit status {outcome.exit_code}"
            raise self.error(BuildFailure.COMPILE, message, first=first)
        if outcome.ending is not Ending.DONE:
            raise self.error(BuildFailure.LIMIT, f"the build was ended: {outcome.ending} reached ({self.limits})")

    def fixed_environment(self, request: BuildRequest) -> dict[str, str]:
        """What the kernel writes into itself comes from the commit, not from the day and the host."""
        seconds = int(git(["show", "-s", "--format=%ct", request.commit], repo=self.warm.repo))
        moment = datetime.fromtimestamp(seconds, UTC)
        return {
            "SOURCE_DATE_EPOCH": str(seconds),
            "KBUILD_BUILD_TIMESTAMP": moment.strftime("%a %b %e %H:%M:%S UTC %Y"),
            "KBUILD_BUILD_USER": "kdyno",
            "KBUILD_BUILD_HOST": "kdyno",
            "KBUILD_BUILD_VERSION": "1",
        }

    def begin(self, key: str, *, of_base: bool) -> None:
        self.of_base = of_base
        self.log.write(f"# kdyno build {key}{' (unpatched)' if of_base else ''}\n".encode())
        self.log.flush()
        self.counters = _Counters(log_start=self.log.tell())

    def enter(self, stage: BuildStage | None) -> None:
        """Start a stage, or with None only close the books on the last one."""
        now = time.monotonic()
        if self.stage in self.counters.seconds or self.stage is not BuildStage.WAITING:
            spent = self.counters.seconds.get(self.stage, 0.0)
            self.counters.seconds[self.stage.value] = spent + now - self.stage_started
        self.stage, self.stage_started = stage or self.stage, now
        self.report()

    def see(self, line: str) -> None:
        if compiled_object(line):
            self.counters.objects += 1

    def asked_to_stop(self) -> bool:
        self.report()
        return self.cancelled()

    def report(self) -> None:
        elapsed_s = time.monotonic() - self.started
        self.on_progress(BuildProgress(self.stage, self.counters.objects, self.counters.expected, elapsed_s))

    def own_log_lines(self) -> list[str]:
        self.log.flush()
        with Path(self.log.name).open("rb") as log, suppress(OSError):
            log.seek(self.counters.log_start)
            return log.read().decode(errors="replace").splitlines()
        return []

    def error(self, failure: BuildFailure, message: str, *, first: FirstError | None = None) -> BuildError:
        return BuildError(failure, message, stage=self.stage, of_base=self.of_base, first=first)


def may_change_config(path: str) -> bool:
    """Whether a change to this source file can change what the configuration comes out as."""
    name = path.rpartition("/")[2]
    return name.startswith("Kconfig") or name.endswith(("config", ".config")) or path.startswith("scripts/")
