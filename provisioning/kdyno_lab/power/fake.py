# SPDX-License-Identifier: GPL-2.0-or-later
"""A power switch made of files, for tests: records each call, and fails, hangs or lies when told to.

In the machine's directory:
  control.json  read at each call: {"on": "fail", "off": "hang", "cycle": "ok", "state": "lie"}; what is missing is ok.
                {"on": ["fail", "ok"]} takes one behaviour per call and keeps the last. Any process may write it.
  calls.jsonl   one line per call: {"call", "behaviour", "console", "at_s"}.
  state.json    what the machine really is: {"power": "on", "guest": {...}}.
A guest command, when there is one, is started at power-on as a session of its own, with KDYNO_GUEST_NAME,
KDYNO_GUEST_MAC and KDYNO_GUEST_CONSOLE in its environment, and killed at power-off with all it started.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

from kdyno_lab.power import process
from kdyno_lab.power.deadline import Deadline
from kdyno_lab.power.driver import PowerError, PowerState
from kdyno_lab.power.options import FakeOptions

_POLL_S = 0.01


class FakeBehaviour(StrEnum):
    """What a call does."""

    OK = "ok"
    FAIL = "fail"  # raises PowerError, changes nothing
    HANG = "hang"  # does nothing until its time limit, then raises PowerTimeoutError
    LIE = "lie"  # reports success without doing it; `state` reports the opposite


class FakePower:
    """Power switch of a machine that is only files."""

    def __init__(self, options: FakeOptions) -> None:
        self._options = options
        self._directory = options.directory
        self._children: list[subprocess.Popen[bytes]] = []

    def on(self, *, timeout_s: float, console: Path | None = None) -> None:
        if self._really("on", console=console, deadline=Deadline(timeout_s)):
            with self._locked():
                self._start(console)

    def off(self, *, timeout_s: float) -> None:
        deadline = Deadline(timeout_s)
        if self._really("off", console=None, deadline=deadline):
            with self._locked():
                self._stop(deadline=deadline)

    def cycle(self, *, timeout_s: float, console: Path | None = None) -> None:
        deadline = Deadline(timeout_s)
        if self._really("cycle", console=console, deadline=deadline):
            with self._locked():
                self._stop(deadline=deadline)
                self._start(console)

    def state(self, *, timeout_s: float) -> PowerState:
        truthful = self._really("state", console=None, deadline=Deadline(timeout_s))
        return PowerState.ON if (self._is_on() == truthful) else PowerState.OFF

    def calls(self) -> list[dict[str, Any]]:
        """Every call made so far, by any process."""
        path = self._directory / "calls.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def control(self, **behaviours: str | list[str]) -> None:
        """Tell coming calls how to behave: `control(on="fail", state=["lie", "ok"])`."""
        self._write("control.json", behaviours)

    def _really(self, call: str, *, console: Path | None, deadline: Deadline) -> bool:
        """Record the call and act out its behaviour; returns whether it is to be done truthfully."""
        with self._locked():
            behaviour = self._behaviour(call)
            entry = {
                "call": call,
                "behaviour": behaviour,
                "console": str(console) if console else None,
                "at_s": time.time(),
            }
            with (self._directory / "calls.jsonl").open("a", encoding="utf-8") as calls:
                calls.write(json.dumps(entry) + "\n")
        if behaviour is FakeBehaviour.FAIL:
            raise PowerError(f"{self._options.name}: {call} failed, as it was told to")
        while behaviour is FakeBehaviour.HANG:
            deadline.pause(_POLL_S, what=f"{self._options.name}: {call}")
        return behaviour is not FakeBehaviour.LIE

    def _behaviour(self, call: str) -> FakeBehaviour:
        control = self._read("control.json")
        wanted = control.get(call, FakeBehaviour.OK)
        if not isinstance(wanted, list):
            return FakeBehaviour(wanted)
        if len(wanted) > 1:
            self._write("control.json", {**control, call: wanted[1:]})
        return FakeBehaviour(wanted[0])

    def _is_on(self) -> bool:
        self._reap()
        state = self._read("state.json")
        if state.get("power") != PowerState.ON:
            return False
        guest = state.get("guest")
        return guest is None or process.is_alive(process.ProcessIdentity(**guest))

    def _start(self, console: Path | None) -> None:
        if self._is_on():
            return
        guest = self._start_guest(console) if self._options.guest_command else None
        self._write("state.json", {"power": PowerState.ON, "guest": asdict(guest) if guest else None})

    def _start_guest(self, console: Path | None) -> process.ProcessIdentity:
        path = (console or self._directory / "console.log").absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        environment = {
            **os.environ,
            **self._options.guest_environment,
            "KDYNO_GUEST_NAME": self._options.name,
            "KDYNO_GUEST_MAC": self._options.mac,
            "KDYNO_GUEST_CONSOLE": str(path),
        }
        with (self._directory / "guest.log").open("ab") as log:
            child = subprocess.Popen(
                self._options.guest_command,
                cwd=self._directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children.append(child)
        identity = process.identify(child.pid)
        if identity is None:
            raise PowerError(f"{self._options.name}: the guest command ended at once")
        return identity

    def _stop(self, *, deadline: Deadline) -> None:
        guest = self._read("state.json").get("guest")
        if guest is not None:
            identity = process.ProcessIdentity(**guest)
            if process.is_alive(identity):
                # The leader of the session is alive, so its process group is still this guest's.
                with suppress(ProcessLookupError):
                    os.killpg(identity.pid, signal.SIGKILL)
                if not process.wait_gone(identity, timeout_s=deadline.remaining_s()):
                    raise PowerError(f"{self._options.name}: the guest (pid {identity.pid}) does not end")
        self._reap()
        self._write("state.json", {"power": PowerState.OFF, "guest": None})

    def _reap(self) -> None:
        self._children = [child for child in self._children if child.poll() is None]

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self._directory / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return dict(content)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        temporary = self._directory / f"{name}.tmp{os.getpid()}"
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")
        temporary.replace(self._directory / name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "power.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
