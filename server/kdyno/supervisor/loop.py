# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps children running: reads what they write, sees their ends, starts them again, stops them in order.

One thread and one selector; nothing wakes up while nothing happens. A child's end is seen through its pidfd,
its output through a pipe, our own signals through a socket.
"""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kdyno.supervisor.backoff import Death, RestartPolicy, restart_delay_s
from kdyno.supervisor.child import ChildSpec, describe_end, signal_group, spawn
from kdyno.supervisor.errors import LabError
from kdyno.supervisor.logfile import LogFile
from kdyno.supervisor.state import ChildReport, ChildState
from kdyno_lab.power.process import identify

_PROBE_INTERVAL_S = 0.1
_READ_BYTES = 65536

Say = Callable[[str], None]


class ChildFailedError(LabError):
    """A child died too often, or did not become ready; the message shows its last words."""


class StopRequested(Exception):
    """Somebody asked the lab to end while it was still starting."""


@dataclass
class _Child:
    spec: ChildSpec
    log: LogFile
    report: ChildReport
    process: subprocess.Popen[bytes] | None = None
    pidfd: int = -1
    output: int = -1
    started_s: float = 0.0
    restart_at_s: float | None = None
    leaving: bool = False
    deaths: list[Death] = field(default_factory=list)


class Loop:
    """The children of one supervisor. `changed` is called after every change of a child's report."""

    def __init__(
        self, *, logs: Path, max_log_bytes: int, policy: RestartPolicy, say: Say, changed: Callable[[], None]
    ) -> None:
        self._logs = logs
        self._max_log_bytes = max_log_bytes
        self._policy = policy
        self._say = say
        self._changed = changed
        self._children: dict[str, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._failed: ChildFailedError | None = None
        self.stop_signals = 0

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take INT, TERM and HUP as requests to stop, for the time of the block."""
        receiver, sender = socket.socketpair()
        receiver.setblocking(False)
        sender.setblocking(False)
        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

        def count(*_: object) -> None:
            self.stop_signals += 1

        before = {number: signal.signal(number, count) for number in caught}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        descriptor = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        self._selector.register(receiver, selectors.EVENT_READ, lambda: _drain(receiver))
        try:
            yield
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.unregister(receiver)
            receiver.close()
            sender.close()

    def reports(self) -> dict[str, ChildReport]:
        return {name: child.report for name, child in self._children.items()}

    def start(self, specs: Iterable[ChildSpec]) -> None:
        """Start children together and wait until each is ready.

        Raises:
            ChildFailedError: one did not become ready.
            StopRequested: a stop signal came first.
        """
        waiting = []
        for spec in specs:
            log = LogFile(self._logs / f"{spec.name}.log", max_bytes=self._max_log_bytes)
            child = _Child(spec=spec, log=log, report=ChildReport(about=spec.about, log=str(log.path)))
            self._children[spec.name] = child
            self._spawn(child)
            waiting.append(child)
        begin_s = time.monotonic()
        while waiting := [child for child in waiting if not self._is_ready(child)]:
            self._check_going_on()
            for child in waiting:
                if time.monotonic() - begin_s > child.spec.ready_timeout_s:
                    raise ChildFailedError(
                        _last_words(child, what=f"was not ready within {child.spec.ready_timeout_s:.0f} s")
                    )
            self._turn(longest_s=_PROBE_INTERVAL_S)

    def run_until_stop(self) -> None:
        """Keep all children running until a stop signal comes.

        Raises:
            ChildFailedError: a child died too often.
        """
        with suppress(StopRequested):
            while True:
                self._check_going_on()
                self._turn(longest_s=None)

    def stop(self, names: Iterable[str]) -> None:
        """End the named children side by side, politely first. A further stop signal cuts the waiting short."""
        leaving = [self._children[name] for name in names if name in self._children]
        for child in leaving:
            child.leaving = True
            child.restart_at_s = None
        longest = max((len(child.spec.stop) for child in leaving), default=0)
        for number in range(longest):
            self._stop_step(leaving, number=number)
        for child in leaving:
            if child.process is not None:
                signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._buried(child)
            child.report.state = ChildState.STOPPED
        self._changed()

    def _stop_step(self, leaving: list[_Child], *, number: int) -> None:
        signals_before = self.stop_signals
        deadline_s = time.monotonic()
        for child in leaving:
            if child.process is not None and number < len(child.spec.stop):
                step = child.spec.stop[number]
                child.process.send_signal(step.signal_number)
                deadline_s = max(deadline_s, time.monotonic() + step.wait_s)
        while any(child.process is not None for child in leaving) and self.stop_signals == signals_before:
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0:
                return
            self._turn(longest_s=remaining_s)

    def _check_going_on(self) -> None:
        if self._failed is not None:
            raise self._failed
        if self.stop_signals:
            raise StopRequested

    def _turn(self, *, longest_s: float | None) -> None:
        """Wait for the next thing to happen, at most `longest_s`, and deal with it."""
        due = [child.restart_at_s for child in self._children.values() if child.restart_at_s is not None]
        if due:
            until_s = max(0.0, min(due) - time.monotonic())
            longest_s = until_s if longest_s is None else min(longest_s, until_s)
        for key, _ in self._selector.select(longest_s):
            key.data()
        self._reap_strangers()
        for child in self._children.values():
            if child.restart_at_s is not None and child.restart_at_s <= time.monotonic():
                child.restart_at_s = None
                child.report.restarts += 1
                self._spawn(child)

    def _is_ready(self, child: _Child) -> bool:
        if child.report.state is ChildState.RUNNING:
            return True
        if child.process is None or (child.spec.ready is not None and not child.spec.ready()):
            return False
        if not any(child.spec.ready_words in line for line in [*child.log.tail(), ""]):
            return False
        child.report.state = ChildState.RUNNING
        if child.report.ready_after_s is None:
            child.report.ready_after_s = round(time.monotonic() - child.started_s, 2)
        self._changed()
        return True

    def _spawn(self, child: _Child) -> None:
        output, write_end = os.pipe()
        try:
            child.process = spawn(child.spec, output=write_end)
        except OSError as error:
            os.close(output)
            raise LabError(f"cannot start {child.spec.name} ({child.spec.argv[0]}): {error}") from error
        finally:
            os.close(write_end)
        os.set_blocking(output, False)
        child.output = output
        child.pidfd = os.pidfd_open(child.process.pid)
        child.started_s = time.monotonic()
        child.report.identity = identify(child.process.pid)
        # probed until it was ready once; after that, being alive counts
        child.report.state = ChildState.STARTING if child.report.ready_after_s is None else ChildState.RUNNING
        self._selector.register(output, selectors.EVENT_READ, lambda: self._read(child))
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._died(child))
        self._changed()

    def _read(self, child: _Child) -> None:
        if child.output < 0:
            return
        try:
            data = os.read(child.output, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        if data:
            child.log.write(data)
        else:  # everybody who could write is gone; the pidfd tells of the end
            self._selector.unregister(child.output)
            os.close(child.output)
            child.output = -1

    def _died(self, child: _Child) -> None:
        """A child has ended by itself or by somebody's signal: bury it, and plan its next start."""
        if child.process is None or child.process.poll() is None:
            return
        signal_group(child.process.pid, signal.SIGKILL)  # what it started must not work on beside its successor
        child.report.last_end = describe_end(child.process.returncode)
        now_s = time.monotonic()
        child.deaths.append(Death(at_s=now_s, ran_s=now_s - child.started_s))
        self._buried(child)
        if child.leaving:
            child.report.state = ChildState.STOPPED
        else:
            self._plan_restart(child)
        self._changed()

    def _plan_restart(self, child: _Child) -> None:
        name = child.spec.name
        delay_s = restart_delay_s(self._policy, deaths=child.deaths)
        if delay_s is None:
            child.report.state = ChildState.FAILED
            what = f"died {self._policy.deaths_allowed} times within {self._policy.window_s:.0f} s"
            self._failed = ChildFailedError(_last_words(child, what=f"{what}, last with {child.report.last_end}"))
            return
        child.report.state = ChildState.WAITING
        child.restart_at_s = time.monotonic() + delay_s
        self._say(f"{name} ended ({child.report.last_end}): starting it again in {delay_s:.1f} s, log {child.log.path}")

    def _buried(self, child: _Child) -> None:
        """Take the last output and forget the process."""
        if child.output >= 0:
            self._read(child)
        for descriptor in (child.output, child.pidfd):
            if descriptor >= 0:
                self._selector.unregister(descriptor)
                os.close(descriptor)
        child.output = child.pidfd = -1
        child.process = None
        child.report.identity = None

    def _reap_strangers(self) -> None:
        """Collect orphans that became our children, without taking the end of a child of our own from its Popen."""
        own = {child.process.pid: child for child in self._children.values() if child.process is not None}
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if ended.si_pid in own:
                self._died(own[ended.si_pid])
            else:
                with suppress(ChildProcessError):
                    os.waitpid(ended.si_pid, os.WNOHANG)


def _drain(receiver: socket.socket) -> None:
    with suppress(BlockingIOError):
        while receiver.recv(4096):
            pass


def _last_words(child: _Child, *, what: str) -> str:
    lines = "\n".join(f"    {line}" for line in child.log.tail()) or "    (it wrote nothing)"
    return f"{child.spec.name} {what}.\n  last lines of {child.log.path}:\n{lines}"
