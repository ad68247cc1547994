# SPDX-License-Identifier: GPL-2.0-or-later
"""Which accelerator QEMU may use on this host: only one under which a guest was seen to run.

That /dev/kvm opens proves nothing (nested or filtered virtualisation may hang or reset any guest), so each
candidate gets a trial boot with a time limit. The choice is kept for as long as the host stays up.
"""

import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from kdyno_lab.power.process import host_boot_id
from kdyno_lab.vlab.trial_boot import EXIT_STATUS, MARKER, trial_sector

KVM_DEVICE = Path("/dev/kvm")
_KERNEL_MARKERS = (b"Kernel panic - not syncing: VFS", b"Unable to mount root", b"Run /init")


class Accelerator(StrEnum):
    """QEMU's accelerators, best first."""

    KVM = "kvm"
    TCG = "tcg"


class NoAcceleratorError(Exception):
    """No trial boot passed, not even in pure emulation: QEMU itself does not work here."""


@dataclass(frozen=True)
class Trial:
    """One trial boot and what came of it, in words."""

    accelerator: Accelerator
    works: bool
    reason: str


@dataclass(frozen=True)
class AcceleratorChoice:
    """The accelerator to use, and the trials that led to it. `cached`: taken from an earlier choice of this uptime."""

    accelerator: Accelerator
    trials: tuple[Trial, ...]
    cached: bool = False


def choose_accelerator(
    *,
    kernel: Path | None = None,
    timeout_s: float = 20.0,
    cache: Path | None = None,
    binary: str = "qemu-system-x86_64",
) -> AcceleratorChoice:
    """The first accelerator whose trial boot passes. `timeout_s` limits each boot, `kernel` adds a second, real one.

    `cache` is a JSON file; it holds for the host's present boot, this user and the same kernel argument.
    """
    key = {"host_boot_id": host_boot_id(), "user": str(os.geteuid()), "kernel": str(kernel) if kernel else None}
    remembered = _recall(cache, key=key)
    if remembered is not None:
        return remembered
    trials: list[Trial] = []
    for accelerator in Accelerator:
        trial = _try(accelerator, kernel=kernel, timeout_s=timeout_s, binary=binary)
        trials.append(trial)
        if trial.works:
            choice = AcceleratorChoice(accelerator=accelerator, trials=tuple(trials))
            _remember(cache, key=key, choice=choice)
            return choice
    reasons = "; ".join(f"{trial.accelerator}: {trial.reason}" for trial in trials)
    raise NoAcceleratorError(f"no trial boot passed ({reasons})")


def _try(accelerator: Accelerator, *, kernel: Path | None, timeout_s: float, binary: str) -> Trial:
    if accelerator is Accelerator.KVM and not os.access(KVM_DEVICE, os.R_OK | os.W_OK):
        return Trial(accelerator, works=False, reason=f"{KVM_DEVICE} is missing or not accessible to this user")
    trial = _boot_sector(accelerator, timeout_s=timeout_s, binary=binary)
    if trial.works and kernel is not None:
        return _boot_kernel(accelerator, kernel=kernel, timeout_s=timeout_s, binary=binary)
    return trial


def _boot_sector(accelerator: Accelerator, *, timeout_s: float, binary: str) -> Trial:
    with tempfile.TemporaryDirectory(prefix="kdyno-trial-") as directory:
        disk = Path(directory) / "sector.img"
        disk.write_bytes(trial_sector())
        arguments = [
            *("-m", "16", "-drive", f"file={disk},format=raw,if=ide"),
            *("-device", "isa-debug-exit,iobase=0xf4,iosize=1"),
        ]
        output, status = _run(accelerator, arguments, timeout_s=timeout_s, binary=binary)
    if MARKER in output and status == EXIT_STATUS:
        return Trial(accelerator, works=True, reason="the trial sector ran to its end")
    return Trial(accelerator, works=False, reason=f"the trial sector did not run: {_describe(output, status)}")


def _boot_kernel(accelerator: Accelerator, *, kernel: Path, timeout_s: float, binary: str) -> Trial:
    """A kernel without a root must come as far as missing it."""
    arguments = ["-m", "256", "-kernel", str(kernel), "-append", "console=ttyS0 panic=-1"]
    output, status = _run(accelerator, arguments, timeout_s=timeout_s, binary=binary)
    if any(marker in output for marker in _KERNEL_MARKERS):
        return Trial(accelerator, works=True, reason="the trial kernel booted")
    return Trial(accelerator, works=False, reason=f"the trial kernel did not boot: {_describe(output, status)}")


def _run(accelerator: Accelerator, arguments: list[str], *, timeout_s: float, binary: str) -> tuple[bytes, int | None]:
    """Run QEMU to its end; status None means that it was stopped at the time limit."""
    command = [
        binary,
        *("-nodefaults", "-no-user-config", "-no-reboot"),
        *("-machine", "pc,graphics=off", "-accel", accelerator),
        *("-display", "none", "-serial", "stdio", "-nic", "none"),
        *arguments,
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", None
    except OSError as error:
        return str(error).encode(), -1
    return done.stdout, done.returncode


def _describe(output: bytes, status: int | None) -> str:
    end = "stopped at the time limit" if status is None else f"QEMU ended with status {status}"
    lines = output.decode("utf-8", errors="replace").strip().splitlines()
    return f"{end}, last line {lines[-1]!r}" if lines else end


def _recall(cache: Path | None, *, key: dict[str, str | None]) -> AcceleratorChoice | None:
    if cache is None:
        return None
    try:
        content = json.loads(cache.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        trials = tuple(
            Trial(Accelerator(trial["accelerator"]), works=bool(trial["works"]), reason=str(trial["reason"]))
            for trial in content["trials"]
        )
        return AcceleratorChoice(accelerator=Accelerator(content["accelerator"]), trials=trials, cached=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(cache: Path | None, *, key: dict[str, str | None], choice: AcceleratorChoice) -> None:
    if cache is None:
        return
    content = {"key": key, "accelerator": choice.accelerator, "trials": [asdict(trial) for trial in choice.trials]}
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.replace(cache)
