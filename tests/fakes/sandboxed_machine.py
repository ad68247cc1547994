# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under test without a machine: the real sshd in a bubblewrap sandbox, with /proc, /sys and /etc played.

Inside there are an empty /opt, /run and /var, the host's programs (read-only), a kernel command line and sysfs files
made for the test, and a `systemctl` that writes down its calls. Account `root` is the ordinary user 1000 of a user
namespace, so the sandbox is the same for root and for anybody else, and nothing in it can touch the host.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
USER_ID = "1000"

_SYSTEMCTL = """#!/bin/sh
echo "$*" >>/machine/systemctl.log
[ "$1" != list-units ] || cat /machine/units
"""
_UNITS = """cron.service loaded active running Regular background program processing daemon
man-db.timer loaded active waiting Daily man-db regeneration
odd.timer loaded active waiting Another timer
ssh.service loaded active running OpenBSD Secure Shell server
"""
_SSHD_CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey /machine/host_key
AuthorizedKeysFile /machine/authorized_keys
PidFile none
UsePAM no
PasswordAuthentication no
StrictModes no
SetEnv PATH=/machine/bin:/usr/bin:/bin
"""


@dataclass(frozen=True)
class SandboxedMachine:
    """The machine as the test sees it; `directory` is /machine inside."""

    directory: Path
    port: int
    private_key: Path
    sshd: subprocess.Popen[bytes]

    def systemctl_calls(self) -> list[str]:
        log = self.directory / "systemctl.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def run(self, script: str) -> str:
        """Run a script inside, over ssh, as the control side would."""
        options = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-q"]
        command = ["ssh", *options, "-i", str(self.private_key), "-p", str(self.port), "root@127.0.0.1", "sh -s"]
        return subprocess.run(command, input=script, text=True, capture_output=True, check=True, timeout=30).stdout


def why_not() -> str:
    """What is missing here for a sandboxed machine; empty when nothing is."""
    if SSHD is None:
        return "needs openssh-server"
    if shutil.which("bwrap") is None:
        return "needs bubblewrap"
    trial = ["bwrap", "--unshare-user", "--uid", USER_ID, "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    result = subprocess.run(trial, check=False, capture_output=True, text=True)
    return f"bubblewrap cannot work here: {result.stderr.strip()}" if result.returncode else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandboxed_machine(directory: Path, *, command_line: str, image_id: str) -> Iterator[SandboxedMachine]:
    """A machine that has booted `command_line` from image `image_id`, until the end of the block."""
    machine, port, private_key = directory / "machine", free_port(), directory / "id_ed25519"
    _furnish(machine, port=port, command_line=command_line, image_id=image_id)
    for key in (private_key, machine / "host_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    shutil.copy(private_key.with_suffix(".pub"), machine / "authorized_keys")
    for path in machine.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o600)
    if os.geteuid() == 0:
        for path in (machine, *machine.rglob("*")):
            os.chown(path, 0, 0)
    with (directory / "sshd.log").open("wb") as log:
        sshd = subprocess.Popen(_sandbox(machine), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_it_listens(port, sshd=sshd, log=directory / "sshd.log")
        yield SandboxedMachine(machine, port, private_key, sshd)
    finally:
        sshd.kill()  # and with it, as --die-with-parent and a pid namespace say, everything inside
        sshd.wait()


def _furnish(machine: Path, *, port: int, command_line: str, image_id: str) -> None:
    files = {
        "bin/systemctl": _SYSTEMCTL,
        "units": _UNITS,
        "sshd_config": _SSHD_CONFIG.format(port=port),
        "etc/passwd": f"root:x:{USER_ID}:{USER_ID}:root:/run:/bin/sh\n",
        "etc/group": f"root:x:{USER_ID}:\n",
        "etc/kdyno-image-id": f"{image_id}\n",
        "cmdline": f"{command_line}\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n",
        "sys/kernel/mm/transparent_hugepage/defrag": "always defer [madvise] never\n",
        "sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "schedutil\n",
        "sys/devices/system/cpu/vulnerabilities/meltdown": "Mitigation: PTI\n",
        "sys/devices/system/cpu/vulnerabilities/srbds": "Not affected\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
        "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc acpi_pm \n",
    }
    for name, text in files.items():
        path = machine / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _sandbox(machine: Path) -> list[str]:
    etc = [f"/etc/{name}" for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl", "alternatives", "localtime")]
    return [
        *("bwrap", "--unshare-user", "--uid", USER_ID, "--gid", USER_ID, "--unshare-pid", "--unshare-ipc"),
        *("--die-with-parent", "--new-session", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin"),
        *("--ro-bind", "/usr", "/usr"),
        *(part for name in ("bin", "sbin", "lib", "lib32", "lib64") for part in _like_host(Path("/") / name)),
        *("--tmpfs", "/etc", *(part for path in etc for part in ("--ro-bind-try", path, path))),
        *(part for path in (machine / "etc").iterdir() for part in ("--ro-bind", str(path), f"/etc/{path.name}")),
        *("--tmpfs", "/opt", "--tmpfs", "/run", "--tmpfs", "/var", "--tmpfs", "/tmp"),  # noqa: S108 # inside
        *("--dev", "/dev", "--proc", "/proc", "--ro-bind", str(machine / "cmdline"), "/proc/cmdline"),
        *("--bind", str(machine / "sys"), "/sys", "--bind", str(machine), "/machine", "--chdir", "/"),
        *(SSHD or "sshd", "-D", "-e", "-f", "/machine/sshd_config"),
    ]


def _like_host(path: Path) -> list[str]:
    """/bin and its like are links into /usr, or directories on older systems."""
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind-try", str(path), str(path)]


def _wait_until_it_listens(port: int, *, sshd: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        if sshd.poll() is not None or time.monotonic() > deadline_s:
            raise RuntimeError(f"sshd did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
