# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command that a stranger may have written: in bubblewrap, without network or secrets, with one place to write.

It never runs as root: an ordinary user gets a user namespace; root, who needs none, hands over to a uid that owns
nothing else, because the kernel does not hold root to its limits. Limits are of two kinds. The kernel enforces those
per process (address space, file size) and the number of processes. A watch over the whole process tree enforces the
sums (wall time, memory, processes, log, disk), and works without control groups. Ending it is one SIGKILL: the sandbox
has its own PID namespace, and with its first process all others go, also when the builder itself dies.
"""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

import psutil

from kdyno.kernels.errors import BuildHostError

MIB = 1024**2
GIB = 1024**3
SANDBOX_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WATCH_INTERVAL_S = 0.25
DISK_INTERVAL_S = 3.0
_READ_BYTES = 64 * 1024
BUILD_UID = 60400  # between the ranges that distributions and systemd hand out
_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_FILES = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d")
_LINE_LIMIT = 64 * 1024


class Ending(StrEnum):
    """How a sandboxed command ended."""

    DONE = "done"  # exit status 0
    FAILED = "failed"  # any other exit status
    TIMEOUT = "timeout"  # wall time used up
    OUTPUT_LIMIT = "output limit"  # wrote too much to its log
    MEMORY_LIMIT = "memory limit"  # all its processes together
    PROCESS_LIMIT = "process limit"
    DISK_LIMIT = "disk limit"  # its writable folder grew too large
    CANCELLED = "cancelled"  # the caller asked


@dataclass(frozen=True)
class SandboxLimits:
    """What one command and all its children may use."""

    wall_s: float = 30 * 60
    memory_bytes: int = 4 * GIB
    log_bytes: int = 16 * MIB
    disk_bytes: int = 8 * GIB
    file_bytes: int = 2 * GIB
    processes: int = 400
    tmp_bytes: int = 512 * MIB


@dataclass(frozen=True)
class Sandbox:
    """One command and what it can see. Mounts map a path inside to a folder or file of the host."""

    argv: Sequence[str]
    cwd: str
    read_only: Mapping[str, Path] = field(default_factory=dict)
    writable: Mapping[str, Path] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    limits: SandboxLimits = SandboxLimits()


@dataclass(frozen=True)
class Outcome:
    """How it ended. Durations in seconds, memory as the highest sum of resident sizes seen."""

    ending: Ending
    exit_code: int | None
    seconds: float
    log_bytes: int
    memory_bytes: int


def command_line(sandbox: Sandbox, *, as_root: bool) -> list[str]:
    """The bubblewrap command: everything is named that exists inside, nothing else does."""
    limits = sandbox.limits
    argv = ["bwrap", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    argv += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    argv += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if as_root else ["--unshare-user"]
    argv += ["--hostname", "kdyno-build", "--ro-bind", "/usr", "/usr"]
    for name in _ROOT_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            argv += ["--ro-bind", str(path), str(path)]
    argv += ["--dir", "/etc", "--dir", "/build"]  # else they are made for root's eyes only
    for name in _ETC_FILES:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(limits.tmp_bytes)]
    argv += ["--tmpfs", "/tmp"]  # noqa: S108
    for inside, path in sandbox.read_only.items():
        argv += ["--ro-bind", str(path), inside]
    for inside, path in sandbox.writable.items():
        argv += ["--bind", str(path), inside]
    environment = {"PATH": SANDBOX_PATH, "HOME": "/tmp", "LC_ALL": "C", "TZ": "UTC"} | dict(sandbox.env)  # noqa: S108
    for name, value in environment.items():
        argv += ["--setenv", name, value]
    argv += ["--remount-ro", "/", "--chdir", sandbox.cwd, "--"]
    if as_root:
        argv += ["setpriv", f"--reuid={BUILD_UID}", f"--regid={BUILD_UID}", "--clear-groups", "--no-new-privs", "--"]
    # The watch ends a flood of processes at the limit proper; the kernel holds it meanwhile.
    argv += ["prlimit", f"--as={limits.memory_bytes}", f"--fsize={limits.file_bytes}", "--core=0"]
    argv += [f"--nproc={2 * limits.processes}", "--"]
    return [*argv, *sandbox.argv]


def run(
    sandbox: Sandbox,
    *,
    log: IO[bytes],
    on_line: Callable[[str], None] = lambda line: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run to the end or to a limit. `on_line` sees each line of output, `log` every byte up to the limit."""
    if shutil.which("bwrap") is None:
        raise BuildHostError("bubblewrap (bwrap) is not installed on the build host")
    as_root = os.geteuid() == 0
    if as_root:
        for folder in sandbox.writable.values():
            _give_to_build_user(folder)
    process = subprocess.Popen(
        command_line(sandbox, as_root=as_root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": SANDBOX_PATH},
        start_new_session=True,
    )
    watch = _Watch(sandbox, process.pid)
    output = _Output(log, on_line, limit=sandbox.limits.log_bytes)
    try:
        ending = _follow(process, output, watch, cancelled)
    finally:
        _kill(process)
    output.finish()
    if ending is None:
        ending = Ending.DONE if process.returncode == 0 else Ending.FAILED
    if ending is Ending.FAILED and output.only_line.startswith("bwrap: "):
        raise BuildHostError(explain_refusal(output.only_line))
    exit_code = process.returncode if ending in (Ending.DONE, Ending.FAILED) else None
    return Outcome(ending, exit_code, watch.elapsed_s(), output.bytes_seen, watch.peak_bytes)


def check_sandbox() -> None:
    """Try the sandbox once, with nothing in it.

    Raises:
        BuildHostError: with what to do about it.
    """
    with Path(os.devnull).open("wb") as log:
        outcome = run(Sandbox(argv=["true"], cwd="/", limits=SandboxLimits(wall_s=20)), log=log)
    if outcome.ending is not Ending.DONE:
        raise BuildHostError(f"the build sandbox does not work: {outcome.ending}")


def explain_refusal(message: str) -> str:
    """Put bubblewrap's complaint into a sentence that says what to do."""
    text = f"the build sandbox cannot start: {message.strip()}"
    if any(word in message for word in ("namespace", "uid map", "RTM_NEWADDR", "Operation not permitted")):
        text += (
            ". This host does not let bubblewrap make user namespaces: as root, set kernel.unprivileged_userns_clone=1 "
            "(Debian) or kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 24.04) with sysctl, or give bwrap an "
            "AppArmor profile with `userns,`"
        )
    return text


def _follow(
    process: subprocess.Popen[bytes], output: "_Output", watch: "_Watch", cancelled: Callable[[], bool]
) -> Ending | None:
    """Pass output on and look at the limits until the command ends by itself (None) or has to be ended."""
    if process.stdout is None:
        raise BuildHostError("the sandbox has no output pipe")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=WATCH_INTERVAL_S):
                chunk = os.read(process.stdout.fileno(), _READ_BYTES)
                if not chunk:
                    break
                if not output.take(chunk):
                    return Ending.OUTPUT_LIMIT
            if cancelled():
                return Ending.CANCELLED
            if (ending := watch.look()) is not None:
                return ending
    # Output is closed, and with it every process of the namespace is about to be gone.
    while process.poll() is None:
        if (ending := watch.look()) is not None:
            return ending
        time.sleep(0.01)
    return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class _Output:
    """Copies output to the log up to a limit and cuts it into lines."""

    def __init__(self, log: IO[bytes], on_line: Callable[[str], None], *, limit: int) -> None:
        self.log = log
        self.on_line = on_line
        self.limit = limit
        self.bytes_seen = 0
        self.lines_seen = 0
        self.last_line = ""
        self.rest = b""

    @property
    def only_line(self) -> str:
        return self.last_line if self.lines_seen == 1 else ""

    def take(self, chunk: bytes) -> bool:
        """False once the limit is reached."""
        kept = chunk[: max(0, self.limit - self.bytes_seen)]
        self.bytes_seen += len(kept)
        self.log.write(kept)
        self.log.flush()
        *lines, self.rest = (self.rest + kept).split(b"\n")
        for line in lines:
            self.pass_on(line)
        if len(self.rest) > _LINE_LIMIT:
            self.pass_on(self.rest)
            self.rest = b""
        return len(kept) == len(chunk)

    def finish(self) -> None:
        if self.rest:
            self.pass_on(self.rest)

    def pass_on(self, line: bytes) -> None:
        self.lines_seen += 1
        self.last_line = line[:_LINE_LIMIT].decode(errors="replace")
        self.on_line(self.last_line)


class _Watch:
    """Adds up what the whole process tree uses, a few times a second."""

    def __init__(self, sandbox: Sandbox, pid: int) -> None:
        self.limits = sandbox.limits
        self.folders = list(sandbox.writable.values())
        self.pid = pid
        self.started = time.monotonic()
        self.next_look = 0.0
        self.next_disk_look = DISK_INTERVAL_S
        self.peak_bytes = 0

    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    def look(self) -> Ending | None:
        elapsed = self.elapsed_s()
        if elapsed > self.limits.wall_s:
            return Ending.TIMEOUT
        if elapsed < self.next_look:
            return None
        self.next_look = elapsed + WATCH_INTERVAL_S
        processes, memory = self.usage()
        self.peak_bytes = max(self.peak_bytes, memory)
        if processes > self.limits.processes:
            return Ending.PROCESS_LIMIT
        if memory > self.limits.memory_bytes:
            return Ending.MEMORY_LIMIT
        if elapsed >= self.next_disk_look:
            used = sum(folder_bytes(folder) for folder in self.folders)
            self.next_disk_look = self.elapsed_s() + DISK_INTERVAL_S
            if used > self.limits.disk_bytes:
                return Ending.DISK_LIMIT
        return None

    def usage(self) -> tuple[int, int]:
        """Number of processes in the sandbox and their resident bytes."""
        try:
            processes = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return 0, 0
        memory = 0
        for process in processes[: self.limits.processes + 1]:
            try:
                memory += process.memory_info().rss
            except psutil.Error:
                continue
        return len(processes), memory


def _give_to_build_user(folder: Path) -> None:
    os.chown(folder, BUILD_UID, BUILD_UID, follow_symlinks=False)
    for parent, folders, files, descriptor in os.fwalk(folder):
        del parent
        for name in (*folders, *files):
            os.chown(name, BUILD_UID, BUILD_UID, dir_fd=descriptor, follow_symlinks=False)


def folder_bytes(folder: Path) -> int:
    """Bytes allocated below a folder, links not followed; what vanishes meanwhile counts nothing."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total
