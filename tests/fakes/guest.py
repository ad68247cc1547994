# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under test played by a script: boot ROM, imager, kernel console and agent, over real HTTP.

The fake power driver starts it at power-on and kills it at power-off. Standard library only, one process, no state
of its own: like a machine it asks the server what to boot and does that, again after each reboot.

Environment (the first four come from the fake power driver or its `guest_environment`):
  KDYNO_GUEST_NAME      the machine's name, for messages only
  KDYNO_GUEST_MAC       the MAC address it boots with
  KDYNO_GUEST_CONSOLE   file its serial console is appended to
  KDYNO_GUEST_SERVER    the kdyno server, http://127.0.0.1:<port>
  KDYNO_GUEST_PAUSE_S   pause between steps, seconds (default 0.02)
  KDYNO_GUEST_PHASE_S   how long one benchmark phase takes, seconds (default 0.1)
  KDYNO_GUEST_RETRY_S   pause before a request is tried again, seconds (default 0.2)
  KDYNO_GUEST_FAULT     what goes wrong, see FAULTS; empty for nothing
  KDYNO_GUEST_FAULT_FILE  the same, read from a file at each step, so that a test can change it while this runs
  KDYNO_GUEST_MODEL     JSON: what the benchmarks measure, see `Model`
  KDYNO_GUEST_SEED      makes the samples repeatable
"""

import hashlib
import json
import os
import platform
import random
import re
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import takewhile
from pathlib import Path
from typing import Any

FAULTS = (
    "lie-root",  # the imager reports a root hash that is not the manifest's
    "imager-failed",  # the imager reports failure in stage write
    "wrong-release",  # the running kernel is not the build under test
    "panic@<stage>",  # the kernel panics on reaching the stage
    "hang@<stage>",  # nothing more happens on reaching the stage
    "exit@<stage>",  # the machine powers itself off
)
STAGES = ("boot", "imager", "verified", "kernel", "ready", "agent", "phase", "results", "finish")

JOB_NOT_READY = (425, 429)


class Refused(Exception):
    """The server refused for good (4xx)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"HTTP {status}: {detail}")
        self.status = status


def setting(name: str, default: str = "") -> str:
    return os.environ.get(f"KDYNO_GUEST_{name}", default)


def seconds(name: str, default: float) -> float:
    return float(setting(name) or default)


def pause(length_s: float | None = None) -> None:
    time.sleep(seconds("PAUSE_S", 0.02) if length_s is None else length_s)


@dataclass
class Model:
    """What each benchmark measures: `default`, overridden by the first match of "<release glob>/<benchmark glob>".

    {"default": {"mean": 100.0, "noise": 0.01, "boot_noise": 0.005, "samples": 40, "unit": "ns/op"},
     "*-patched*/lat_syscall_*": {"mean": 120.0}}
    `noise` and `boot_noise` are relative standard deviations within and between boots.
    """

    table: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, *, release: str, benchmark: str) -> dict[str, Any]:
        found = {"mean": 100.0, "noise": 0.01, "boot_noise": 0.005, "samples": 40, "unit": "ns/op"}
        found.update(self.table.get("default", {}))
        for pattern, values in self.table.items():
            if pattern != "default" and fnmatch(f"{release}/{benchmark}", pattern):
                found.update(values)
                break
        return found


class Console:
    """The serial line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot_s = time.monotonic()

    def reset(self) -> None:
        self._boot_s = time.monotonic()

    def raw(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text + "\r\n")

    def kernel(self, *messages: str) -> None:
        for message in messages:
            self.raw(f"[{time.monotonic() - self._boot_s:12.6f}] {message}")


def request(method: str, url: str, *, token: str | None = None, document: Any = None) -> tuple[int, bytes]:
    """One HTTP request, tried again for as long as the server is away or answers 5xx."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    while True:
        sent = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(sent, timeout=30) as response:  # noqa: S310
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            content = error.read()
            if error.code in JOB_NOT_READY:
                return error.code, content
            if error.code < 500:
                raise Refused(error.code, content.decode(errors="replace")[:500]) from error
        except OSError:
            pass
        pause(seconds("RETRY_S", 0.2))


class Guest:
    """One machine from power-on until it is switched off."""

    def __init__(self) -> None:
        self.server = setting("SERVER").rstrip("/")
        self.mac = setting("MAC")
        self.console = Console(Path(setting("CONSOLE")))
        seed = setting("SEED")
        self.dice = random.Random(f"{seed}/{self.mac}" if seed else None)
        self.model = Model(json.loads(setting("MODEL") or "{}"))

    def run(self) -> None:
        """Boot whatever the server says, until it says nothing."""
        while True:
            self.console.reset()
            self.console.raw("iPXE 1.0.0 (played by a script)")
            self.reach("boot")
            arguments = self.fetch_boot_script()
            if arguments is None:
                self.console.raw("Booting from Hard Disk... no system")
                wait_for_power_off()
            elif "kdyno.image" in arguments:
                self.play_imager(arguments)
            else:
                self.play_kernel(arguments)

    def reach(self, stage: str) -> None:
        """A point where a fault may strike."""
        pause()
        action, _, where = self.fault().partition("@")
        if where != stage:
            return
        if action == "panic":
            self.panic()
        if action == "exit":
            sys.exit(0)
        if action in {"panic", "hang"}:
            wait_for_power_off()

    def fault(self) -> str:
        file = setting("FAULT_FILE")
        if file and Path(file).exists():
            return Path(file).read_text(encoding="utf-8").strip()
        return setting("FAULT")

    def panic(self) -> None:
        self.console.kernel(
            "BUG: kernel NULL pointer dereference, address: 0000000000000010",
            "Oops: 0000 [#1] PREEMPT SMP NOPTI",
            "RIP: 0010:kdyno_played_fault+0x1c/0x90",
            "Call Trace:",
            " vfs_read+0x1f5/0x310",
            "---[ end trace 0000000000000000 ]---",
            "Kernel panic - not syncing: Fatal exception",
            "---[ end Kernel panic - not syncing: Fatal exception ]---",
        )

    def fetch_boot_script(self) -> dict[str, str] | None:
        """The command line of the kernel to boot; None when the machine is to boot from its disk."""
        chain = request("GET", f"{self.server}/boot/ipxe")[1].decode()
        if "/boot/machine?mac=" not in chain:
            raise SystemExit(f"the static script does not chain to the machine's: {chain!r}")
        query = urllib.parse.urlencode({"mac": self.mac})
        script = request("GET", f"{self.server}/boot/machine?{query}")[1].decode()
        kernel = re.search(r"^kernel (\S+) (.*?)(?: \|\|| && .*)?$", script, re.MULTILINE)
        if kernel is None:
            return None
        words = kernel.group(2).split()
        self.console.raw(f"{kernel.group(1)}... ok")
        return {key: value for key, _, value in (word.partition("=") for word in words)}

    def play_imager(self, arguments: dict[str, str]) -> None:
        self.console.kernel(
            "Linux version 6.1.0-played-imager (played by a script)", f"Command line: {command_line(arguments)}"
        )
        url = f"{self.server}/imager/{arguments['kdyno.attempt']}/events"
        token = arguments["kdyno.token"]
        self.reach("imager")
        manifest = request("GET", f"{self.server}/boot/image/{arguments['kdyno.image']}/manifest.txt")[1].decode()
        values = dict(line.split(" ", 1) for line in manifest.splitlines()[1:] if " " in line)
        total = int(values["size_bytes"])
        request("POST", url, token=token, document={"event": "started", "total_bytes": total})
        if self.fault() == "imager-failed":
            failed = {"event": "failed", "stage": "write", "message": "played failure: I/O error on /dev/vda"}
            request("POST", url, token=token, document=failed)
            wait_for_power_off()
        for stage in ("hash", "write", "verify"):
            progress = {"event": "progress", "stage": stage, "done_bytes": total, "total_bytes": total}
            request("POST", url, token=token, document=progress)
            pause()
        root = values["root"]
        if self.fault() == "lie-root":
            root = hashlib.blake2b(root.encode(), digest_size=32).hexdigest()
        verified = {
            "event": "verified",
            "root": root,
            "rewritten_chunks": 1,
            "total_bytes": total,
            "done_bytes": total,
            "duration_ms": 10,
        }
        self.reach("verified")
        try:
            answer = json.loads(request("POST", url, token=token, document=verified)[1])
        except Refused as error:
            self.console.kernel(f"imager: server refused the image: {error}")
            wait_for_power_off()
        if answer.get("next") != "reboot":
            raise SystemExit(f"the server's answer to verified is not understood: {answer!r}")
        self.console.kernel("reboot: Restarting system")

    def play_kernel(self, arguments: dict[str, str]) -> None:
        release = arguments["kdyno.build"]
        if self.fault() == "wrong-release":
            release += "-other"
        self.console.kernel(f"Linux version {release} (played by a script)", f"Command line: {command_line(arguments)}")
        self.reach("kernel")
        self.console.kernel("Run /sbin/init as init process")
        self.reach("ready")
        self.console.raw(f"kdyno-ready: {arguments['kdyno.attempt']}")
        try:
            Agent(self, arguments=arguments, release=release).run()
        except Refused as error:
            self.console.raw(f"kdyno-agent: {error}")
        wait_for_power_off()


class Agent:
    """The agent's side of the contract, one event per request."""

    def __init__(self, guest: Guest, *, arguments: dict[str, str], release: str) -> None:
        self.guest = guest
        self.token = arguments["kdyno.token"]
        self.attempt_id = int(arguments["kdyno.attempt"])
        self.cmdline = command_line(arguments)
        self.release = release
        self.boot_id = str(uuid.UUID(int=guest.dice.getrandbits(128)))
        self.sequence: dict[str, int] = {}
        self.boot_effects: dict[str, float] = {}

    def run(self) -> None:
        job = self.fetch_job()
        self.guest.reach("agent")
        facts = {
            "uname_release": self.release,
            "version": "#1 SMP played",
            "cmdline": self.cmdline,
            "boot_id": self.boot_id,
            "cpus": 1,
            "mem_kb": 786432,
        }
        self.send("", kind="job_started", facts=facts)
        for phase in job["phases"]:
            self.run_phase(phase)
        self.guest.reach("finish")
        self.send("", kind="job_finished", outcome="done")

    def fetch_job(self) -> dict[str, Any]:
        while True:
            status, content = request("GET", f"{self.guest.server}/api/v1/agent/job", token=self.token)
            if status == 200:
                return dict(json.loads(content))
            pause(seconds("RETRY_S", 0.2))

    def run_phase(self, phase: dict[str, Any]) -> None:
        name = phase["name"]
        self.send(name, kind="phase_started")
        self.guest.reach("phase")
        length_s = seconds("PHASE_S", 0.1)
        pause(length_s)
        if phase["result_format"] == "kbench":
            self.guest.reach("results")
            self.send(name, kind="result", document=self.measure(phase["argv"]))
        self.send(
            name,
            kind="phase_finished",
            outcome="done",
            exit_code=0,
            signal=None,
            duration_ms=int(length_s * 1000),
            stderr_tail="",
        )

    def send(self, phase: str, *, kind: str, **fields: Any) -> None:
        """One event, sent until the server has acknowledged it."""
        seq = self.sequence[phase] = self.sequence.get(phase, 0) + 1
        event = {
            "phase": phase,
            "seq": seq,
            "kind": kind,
            "at_ns": time.time_ns(),
            "boot_id": self.boot_id,
            "uname_release": self.release,
            **fields,
        }
        url = f"{self.guest.server}/api/v1/agent/events"
        document = {"attempt_id": self.attempt_id, "events": [event]}
        answer = json.loads(request("POST", url, token=self.token, document=document)[1])
        if {"phase": phase, "seq": seq} not in answer["acked"]:
            raise SystemExit(f"event ({phase!r}, {seq}) was not acknowledged: {answer!r}")
        pause()

    def measure(self, argv: list[str]) -> dict[str, Any]:
        """The document `kbench run NAME... --json` would print."""
        names = list(takewhile(lambda word: not word.startswith("-"), argv[2:]))
        return {
            "schema": "kdyno.kbench/1",
            "harness": {"version": "0-played", "compiler": "none", "flags": ""},
            "host": {
                "uname_release": self.release,
                "machine": platform.machine(),
                "cpus_online": 1,
                "cpu_model": "played by a script",
                "page_size_bytes": 4096,
                "clocksource": "played",
            },
            "clock": {"source": "CLOCK_MONOTONIC", "resolution_ns": 1, "cost_ns": 25.0},
            "benchmarks": [self.benchmark(name) for name in names],
        }

    def benchmark(self, name: str) -> dict[str, Any]:
        model = self.guest.model.of(release=self.release, benchmark=name)
        dice = self.guest.dice
        boot_effect = self.boot_effects.setdefault(name, dice.gauss(1.0, model["boot_noise"]))
        center = model["mean"] * boot_effect
        samples = [max(0.0, dice.gauss(center, center * model["noise"])) for _ in range(model["samples"])]
        ordered = sorted(samples)
        median = statistics.median(ordered)
        metric = {
            "name": "latency",
            "unit": model["unit"],
            "direction": "lower",
            "operations_per_sample": 1000,
            "samples": samples,
            "min": ordered[0],
            "median": median,
            "p90": ordered[int(0.90 * (len(ordered) - 1))],
            "p99": ordered[int(0.99 * (len(ordered) - 1))],
            "mad": statistics.median(abs(sample - median) for sample in samples),
            "median_low": ordered[max(0, len(ordered) // 2 - 6)],
            "median_high": ordered[min(len(ordered) - 1, len(ordered) // 2 + 6)],
            "confidence": 0.95,
            "converged": True,
        }
        return {
            "name": name,
            "summary": "played by a script",
            "placement": "free",
            "parameters": {},
            "status": "done",
            "reason": "",
            "metrics": [metric],
            "counts_per_op": {"voluntary_switches": 0.0, "minor_faults": 0.0},
        }


def command_line(arguments: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" if value else key for key, value in arguments.items())


def wait_for_power_off() -> None:
    """A machine with nothing to do stays on."""
    while True:
        time.sleep(60)


if __name__ == "__main__":
    Guest().run()
