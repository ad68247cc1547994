# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds of the tiny tree through the same code as a kernel's: reuse, isolation, and repair after a crash."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kdyno.kernels.builder import (
    BuildDirs,
    BuildError,
    BuildFailure,
    BuildProgress,
    BuildRequest,
    BuildResult,
    BuildStage,
    build_key,
    load_result,
    run_build,
    warm_folder,
)
from kdyno.kernels.kconfig import Kconfig, KconfigBase, parse_kconfig
from kdyno.kernels.sandbox import SandboxLimits
from kdyno.kernels.toolchain import identify_toolchain
from tests.fakes.tiny_kernel import TINY_TREE, make_tiny_repo, tiny_patch

SYS_C = (TINY_TREE / "kernel" / "sys.c").read_text()
MAKEFILE = (TINY_TREE / "Makefile").read_text()
SLOWER = tiny_patch({"kernel/sys.c": SYS_C.replace("return 1", "return 2")})
CRASH = """
import sys
from tests.integration.kernels.test_builder import Host
Host.at(sys.argv[1]).build(sys.stdin.buffer.read() or None)
"""


@dataclass
class Host:
    """A build host with one tree."""

    dirs: BuildDirs
    request: BuildRequest

    @classmethod
    def at(cls, folder: Path | str) -> "Host":
        data = Path(folder)
        commit = (data / "commit").read_text()
        dirs = BuildDirs(trees=data / "trees", builds=data / "builds", warm=data / "warm")
        kconfig = parse_kconfig("tinyconfig+virt-min")
        return cls(dirs, BuildRequest("tiny", commit, None, kconfig, identify_toolchain()))

    @property
    def data(self) -> Path:
        return self.dirs.trees.parent

    @property
    def warm(self) -> Path:
        return warm_folder(self.dirs, self.request)

    def build(self, patch: bytes | None = None, **options: object) -> BuildResult:
        request = replace(self.request, patch=patch)
        return run_build(request, dirs=self.dirs, jobs=2, log_path=self.data / "log", **options)  # type: ignore[arg-type]

    def finished(self) -> list[str]:
        return sorted(path.name for path in self.dirs.builds.glob("*")) if self.dirs.builds.exists() else []

    def sources(self) -> dict[str, tuple[int, bytes]]:
        files = [path for path in (self.warm / "src").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.warm)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def make_host(folder: Path, *, delay_s: float = 0, changes: dict[str, str] | None = None) -> Host:
    (folder / "trees").mkdir(parents=True)
    (folder / "commit").write_text(make_tiny_repo(folder / "trees" / "tiny.git", delay_s=delay_s, changes=changes))
    return Host.at(folder)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host(tmp_path / "data")


def output(result: BuildResult) -> str:
    """The tiny tree's image is a program that prints its release, its date and what getppid does."""
    copy = result.folder.parent / "run-me"
    copy.write_bytes(result.bzimage.read_bytes())
    copy.chmod(0o755)
    text = subprocess.run([str(copy)], check=True, capture_output=True, text=True).stdout
    copy.unlink()
    return text


def test_a_build_says_what_it_is(host: Host) -> None:
    seen: list[BuildProgress] = []
    result = host.build(on_progress=seen.append)
    assert output(result) == f"{result.release} Tue Nov 14 22:13:20 UTC 2023 1\n"
    assert result.release == f"6.1.99-kdyno-{result.key[:12]}"
    assert sorted(path.name for path in result.folder.iterdir()) == [
        "System.map",
        "build.json",
        "build.log",
        "bzImage",
        "config",
    ]
    assert "CONFIG_VIRTIO_BLK=y" in result.config.read_text()
    assert result.objects_compiled == 3
    stages = list(dict.fromkeys(progress.stage for progress in seen))
    assert stages == [BuildStage.CHECKOUT, BuildStage.CONFIGURE, BuildStage.COMPILE, BuildStage.PUBLISH]
    assert set(result.seconds) == {"checkout", "configure", "compile", "publish"}


def test_the_same_content_is_built_once(host: Host) -> None:
    first = host.build(SLOWER)
    log = (host.data / "log").read_bytes()
    mailed = b"From: a@example.org\nSubject: [PATCH] the same\n\nText.\n---\n" + SLOWER
    again = host.build(mailed)
    assert (again.key, again.reused, first.reused) == (first.key, True, False)
    assert (host.data / "log").read_bytes() == log
    assert load_result(host.dirs, first.key) == again
    assert len(host.finished()) == 2, "the base and the patched build"


def test_the_key_covers_all_that_matters(host: Host) -> None:
    request = host.request
    others = [
        replace(request, commit="0" * 40),
        replace(request, patch=SLOWER),
        replace(request, kconfig=Kconfig(KconfigBase.DEFCONFIG)),
        replace(request, toolchain=replace(request.toolchain, compiler="other")),
        replace(request, recipe_version=99),
    ]
    assert len({build_key(other) for other in [request, *others]}) == 6
    assert build_key(replace(request, tree="elsewhere")) == build_key(request)


def test_a_patch_compiles_what_it_touches_and_leaves_no_trace(host: Host) -> None:
    base = host.build()
    before = host.sources()
    patched = host.build(SLOWER)
    assert output(patched).endswith(" 2\n")
    assert patched.objects_compiled == 2, "the patched file and the one that holds the release"
    assert host.sources() == before
    moved = host.build(tiny_patch({"kernel/sys.c": None, "kernel/deep/down/sys.c": SYS_C, "kernel/sys2.c": SYS_C}))
    assert output(moved).endswith(" 1\n")
    assert host.sources() == before
    assert sorted(path.name for path in host.warm.iterdir()) == ["index", "lock", "obj", "src", "state.json"]
    for folder in (host.warm, base.folder):
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    assert host.build().sha256 == base.sha256, "the same key gives the same image"


def test_an_error_in_the_patch_is_shown_and_nothing_is_published(host: Host) -> None:
    host.build()
    before = host.finished()
    with pytest.raises(BuildError) as caught:
        host.build(tiny_patch({"kernel/sys.c": SYS_C.replace("return 1", "return nothing")}))
    error = caught.value
    assert (error.failure, error.of_base, error.stage) == (BuildFailure.COMPILE, False, BuildStage.COMPILE)
    assert error.first_error is not None
    assert (error.first_error.file, error.first_error.line) == ("kernel/sys.c", 7)
    assert host.finished() == before
    assert host.build(SLOWER).objects_compiled == 2


def test_a_base_that_does_not_build_is_not_the_patchs_fault(tmp_path: Path) -> None:
    host = make_host(tmp_path / "data", changes={"kernel/main.c": "#error no\n"})
    with pytest.raises(BuildError, match="no") as caught:
        host.build(SLOWER)
    assert caught.value.of_base
    assert host.finished() == []


def test_a_patch_that_does_not_apply(host: Host) -> None:
    with pytest.raises(BuildError, match=r"kernel/sys\.c: hunk 1") as caught:
        host.build(tiny_patch({"kernel/sys.c": "b\n"}, base={"kernel/sys.c": "a\n"}))
    assert caught.value.failure is BuildFailure.PATCH


def test_a_dropped_option_is_an_error(host: Host, tmp_path: Path) -> None:
    (tmp_path / "odd.config").write_text("CONFIG_DROPPED=y\n")
    kconfig = parse_kconfig("tinyconfig+odd", folder=tmp_path)
    with pytest.raises(BuildError, match="CONFIG_DROPPED=y became n") as caught:
        replace(host, request=replace(host.request, kconfig=kconfig)).build()
    assert caught.value.failure is BuildFailure.KCONFIG


def test_a_hostile_patch_reaches_no_other_build(host: Host) -> None:
    base = host.build()
    recipe = "\t@cp $< $@\n"
    evil = (
        "\t@echo 'int main(void){return 66;}' > $(O)/e.c; $(CC) -o $(O)/e $(O)/e.c; cp $(O)/e $@\n"
        "\t@for f in main sys version; do cp $(O)/e $(O)/kernel/$$f.o; done; touch -d 2099-01-01 $(O)/kernel/*.o\n"
        "\t@-echo evil > $(CURDIR)/kernel/main.c; echo evil > ../../../src/Makefile; chmod -R 000 $(O)/include\n"
        "\t@mkdir -p $(O)/a/b/c; chmod 000 $(O)/a\n"
    )
    with suppress(BuildError):  # an ordinary user cannot read what the build has locked, root can
        host.build(tiny_patch({"Makefile": MAKEFILE.replace(recipe, evil)}))
    after = host.build(SLOWER)
    assert output(after).endswith(" 2\n")
    assert base.bzimage.read_bytes() == (base.folder / "bzImage").read_bytes()
    assert not (host.warm / "scratch").exists()


@pytest.mark.parametrize("trick", ["ln -sf /proc/self/environ $@", "rm -f $@; mkfifo $@", "rm -f $@; mkdir $@", "true"])
def test_an_image_that_is_no_file_is_refused(host: Host, trick: str) -> None:
    patch = tiny_patch({"Makefile": MAKEFILE.replace("\t@cp $< $@\n", f"\t@{trick}\n")})
    host.build()
    subprocess.run(["rm", "-f", str(host.warm / "obj/arch/x86/boot/bzImage")], check=True)
    before = host.finished()
    with pytest.raises(BuildError, match="bzImage") as caught:
        host.build(patch)
    assert caught.value.failure is BuildFailure.COMPILE
    assert host.finished() == before


def test_a_lying_release_is_refused(host: Host) -> None:
    patch = tiny_patch({"Makefile": MAKEFILE.replace("$(EXTRAVERSION)$(LOCALVERSION)", "-other")})
    with pytest.raises(BuildError, match="calls itself"):
        host.build(patch)


def test_cancel_and_time_out(tmp_path: Path) -> None:
    host = make_host(tmp_path / "data", delay_s=60)
    with pytest.raises(BuildError) as caught:
        host.build(cancelled=lambda: "kernel/sys.o" in (host.data / "log").read_text())
    assert caught.value.failure is BuildFailure.CANCELLED
    with pytest.raises(BuildError, match="timeout") as caught:
        host.build(limits=SandboxLimits(wall_s=2))
    assert caught.value.failure is BuildFailure.LIMIT
    assert host.finished() == []


@pytest.mark.parametrize("patch", [None, tiny_patch({"kernel/sys.c": SYS_C.replace("return 1", "return 5")})])
def test_a_killed_builder_is_made_good_by_the_next(tmp_path: Path, patch: bytes | None) -> None:
    host = make_host(tmp_path / "data")
    slow = make_host(tmp_path / "slow", delay_s=60)
    victim = slow
    if patch is not None:
        # The base is there already; the patch itself makes the link slow.
        victim = host
        host.build()
        patch += tiny_patch({"delay": "60\n"}, base={"delay": "0\n"})
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CRASH, str(victim.data)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    process.stdin.write(patch or b"")
    process.stdin.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        log = victim.data / "log"
        if log.exists() and (b"unpatched" in log.read_bytes()) is (patch is None) and b"sys.o" in log.read_bytes():
            break
        time.sleep(0.05)
    time.sleep(0.3)
    before = victim.finished()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(before) == (0 if patch is None else 1)
    assert (victim.warm / "state.json").exists()
    if patch is None:
        with pytest.raises(BuildError, match="timeout"):
            victim.build(limits=SandboxLimits(wall_s=3))
        # The half-built objects were not trusted: all three were compiled again.
        assert (victim.data / "log").read_text().count("  CC ") == 3
        return
    assert b"return 5" in (victim.warm / "src/kernel/sys.c").read_bytes(), "the patch was still in place"
    assert output(victim.build(SLOWER)).endswith(" 2\n")
    assert b"return 1" in (victim.warm / "src/kernel/sys.c").read_bytes()
    assert (victim.warm / "src/delay").read_text() == "0\n"


def test_a_lock_is_waited_for_and_can_be_cancelled(host: Host) -> None:
    host.build()
    holder = subprocess.Popen(["flock", str(host.warm / "lock"), "sleep", "60"])
    try:
        time.sleep(0.3)
        seen: list[BuildProgress] = []
        with pytest.raises(BuildError, match="waiting for its turn"):
            host.build(SLOWER, on_progress=seen.append, cancelled=lambda: len(seen) > 1)
        assert {progress.stage for progress in seen} == {BuildStage.WAITING}
    finally:
        holder.terminate()
        holder.wait()
