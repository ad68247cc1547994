# SPDX-License-Identifier: GPL-2.0-or-later
"""What does kdyno add to an incremental kernel build? Prints the time of a one-file patch build through kdyno, of plain
`make` after the same edit on the same objects, and their ratio, all from one run.

    python benchmarks/incremental_build.py linux-source-6.1.tar.xz examples/patches/getppid-slower.patch [folder]

The folder keeps tree, warm objects and builds, so that a second run skips the cold build. Rounds alternate, because a
machine's speed drifts; each round patches the file anew, and plain make works on its own copy of sources and objects.
That copy is mounted where kdyno mounts its own (make compiles everything anew when paths change), which takes the
sandbox: about a tenth of a second for both.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from kdyno.kernels import sandbox
from kdyno.kernels.builder import (
    OBJ,
    SRC,
    BuildDirs,
    BuildRequest,
    BuildResult,
    build_key,
    run_build,
    warm_folder,
)
from kdyno.kernels.kconfig import parse_kconfig
from kdyno.kernels.patches import apply, parse_patch
from kdyno.kernels.sandbox import Ending, Sandbox
from kdyno.kernels.toolchain import identify_toolchain
from kdyno.kernels.trees import import_archive, resolve_commit


def kdyno_build(request: BuildRequest, dirs: BuildDirs, *, jobs: int) -> tuple[float, BuildResult]:
    """Seconds from the request to the published image; an earlier result is thrown away first."""
    shutil.rmtree(dirs.builds / build_key(request), ignore_errors=True)
    started = time.monotonic()
    result = run_build(request, dirs=dirs, jobs=jobs, log_path=dirs.builds.parent / "benchmark.log")
    return time.monotonic() - started, result


class PlainMake:
    """The developer's way: one source tree, one object tree, an edited file, `make`."""

    def __init__(self, request: BuildRequest, dirs: BuildDirs, *, jobs: int) -> None:
        assert request.patch is not None
        warm = warm_folder(dirs, request)
        repo = dirs.trees / f"{request.tree}.git"
        self.folder = dirs.builds.parent / "plain"
        self.source = self.folder / "src"
        self.jobs = jobs
        self.changes = apply(repo, request.commit, parse_patch(request.patch))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name in ("src", "obj"):
            subprocess.run(["cp", "-a", str(warm / name), str(self.folder / name)], check=True)
        self.before = {
            c.path: (self.source / c.path).read_bytes() for c in self.changes if (self.source / c.path).exists()
        }
        self.make()

    def make(self) -> float:
        """Seconds of one make."""
        command = Sandbox(
            argv=["make", "-C", SRC, f"O={OBJ}", f"-j{self.jobs}", "LOCALVERSION=-plain", "bzImage"],
            cwd=OBJ,
            read_only={SRC: self.source},
            writable={OBJ: self.folder / "obj"},
        )
        with (self.folder / "make.log").open("wb") as log:
            outcome = sandbox.run(command, log=log)
        assert outcome.ending is Ending.DONE, (self.folder / "make.log").read_text()
        return outcome.seconds

    def patched(self) -> float:
        """Seconds of make after the edit; the edit is taken back and built again, off the clock."""
        for change in self.changes:
            (self.source / change.path).write_bytes(change.content or b"")
        seconds = self.make()
        for path, content in self.before.items():
            (self.source / path).write_bytes(content)
        self.make()
        return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0] if __doc__ else "")
    parser.add_argument("archive", type=Path)
    parser.add_argument("patch", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--kconfig", default="tinyconfig+virt-min")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data = options.folder or Path(tempfile.mkdtemp(prefix="kdyno-incremental-"))
    dirs = BuildDirs(trees=data / "trees", builds=data / "builds", warm=data / "warm")
    repo = dirs.trees / "debian.git"
    if not repo.exists():
        started = time.monotonic()
        import_archive(archive=options.archive, bare_repo=repo)
        print(f"import                {time.monotonic() - started:7.1f} s")
    base = BuildRequest(
        tree="debian",
        commit=resolve_commit(repo, "main"),
        patch=None,
        kconfig=parse_kconfig(options.kconfig),
        toolchain=identify_toolchain(),
    )
    cold = not (warm_folder(dirs, base) / "obj").exists()
    seconds, result = kdyno_build(base, dirs, jobs=options.jobs)
    print(f"base build ({'cold' if cold else 'warm'})     {seconds:7.1f} s  {result.objects_compiled} objects")
    request = replace(base, patch=options.patch.read_bytes())
    plain = PlainMake(request, dirs, jobs=options.jobs)
    times: dict[str, list[float]] = {"kdyno": [], "make": []}
    for _ in range(options.rounds):
        times["make"].append(plain.patched())
        seconds, result = kdyno_build(request, dirs, jobs=options.jobs)
        times["kdyno"].append(seconds)
    for name, values in times.items():
        print(
            f"one-file patch, {name:5} {statistics.median(values):7.1f} s  all: {', '.join(f'{v:.1f}' for v in values)}"
        )
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in result.seconds.items())
    print(f"kdyno's last one: {result.objects_compiled} objects; seconds: {stages}")
    print(f"ratio of the medians  {statistics.median(times['kdyno']) / statistics.median(times['make']):7.2f}")
    shutil.rmtree(plain.folder)


if __name__ == "__main__":
    main()
