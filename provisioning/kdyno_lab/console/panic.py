# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a kernel's last words from its console, line by line, as they come.

A report (oops, panic, lockup, ...) is many lines; the parser holds them until the report's end, the next report,
a reboot, or `flush` (the caller saw no new line for a while). It keeps a bounded number of lines and no history.
"""

import hashlib
from dataclasses import dataclass, field

from kdyno_lab.console import patterns
from kdyno_lab.console.patterns import FATAL_KINDS, ConsolePhase, EventKind

REPORT_LINES_MAX = 120
TITLE_MAX = 200
FINGERPRINT_FRAMES = 5


@dataclass(frozen=True)
class ConsoleEvent:
    """Something the console told. `line_no` is the first line of it; (attempt, line_no, kind) names it for ever."""

    kind: EventKind
    phase: ConsolePhase
    fatal: bool
    line_no: int
    title: str
    fingerprint: str
    release: str | None = None
    rip: str | None = None
    trace: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass
class _Report:
    """A report that is still being printed."""

    kind: EventKind
    phase: ConsolePhase
    line_no: int
    message: str
    rip: str | None = None
    frames: list[str] = field(default_factory=list)
    doubtful_frames: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, line: str, *, message: str) -> None:
        self.lines.append(line)
        pointer = patterns.INSTRUCTION_POINTER.search(message)
        if pointer is not None:
            self.rip = self.rip or pointer.group(1)
            return
        for doubtful, symbol in patterns.FRAME.findall(message):
            (self.doubtful_frames if doubtful else self.frames).append(symbol)


class ConsoleParser:
    """One console from power-on to power-off, through any number of reboots.

    With `expect_crash` (a crash test) nothing is fatal; all is still reported.
    """

    def __init__(self, *, attempt_id: int | None = None, expect_crash: bool = False) -> None:
        self._attempt_id = attempt_id
        self._expect_crash = expect_crash
        self._report: _Report | None = None
        self._release: str | None = None
        self.phase = ConsolePhase.FIRMWARE

    def feed(self, line: str, *, line_no: int) -> ConsoleEvent | None:
        """Take one line; returns the event that this line completes, if any."""
        line = patterns.clean(line)
        message = patterns.without_printk_prefix(line)
        if self._follow_phase(message):
            return self.flush()
        if self.phase is ConsolePhase.FIRMWARE:
            return None
        ready = patterns.READY.search(message)
        if ready is not None:
            return self._ready(int(ready.group(1)), line=line, line_no=line_no)
        return self._follow_report(line, message=message, line_no=line_no)

    def flush(self) -> ConsoleEvent | None:
        """The report under way, as far as it came; call when the console has been silent for a while."""
        report, self._report = self._report, None
        return None if report is None else self._event(report)

    @property
    def pending(self) -> bool:
        """Whether a report is under way."""
        return self._report is not None

    def _follow_phase(self, message: str) -> bool:
        """Notice who speaks now; returns whether someone else began, which ends any report."""
        from_firmware = self.phase is ConsolePhase.FIRMWARE
        banner = (patterns.BANNER_AFTER_FIRMWARE if from_firmware else patterns.BANNER).search(message)
        if banner is not None:
            # Until its command line says whose it is, a kernel is taken for the one under test.
            self.phase, self._release = ConsolePhase.KERNEL, banner.group(1)
            return True
        if patterns.FIRMWARE.match(message):
            self.phase, self._release = ConsolePhase.FIRMWARE, None
            return True
        arguments = patterns.COMMAND_LINE.search(message)
        if arguments is not None and not from_firmware:
            imager = any(argument.startswith("kdyno.image=") for argument in arguments.group(1).split())
            self.phase = ConsolePhase.IMAGER if imager else ConsolePhase.KERNEL
        return False

    def _ready(self, attempt_id: int, *, line: str, line_no: int) -> ConsoleEvent | None:
        if self.phase is not ConsolePhase.KERNEL or self._attempt_id not in {None, attempt_id}:
            return None
        return ConsoleEvent(
            kind=EventKind.READY,
            phase=self.phase,
            fatal=False,
            line_no=line_no,
            title=f"ready: attempt {attempt_id}",
            fingerprint="",
            release=self._release,
            lines=(line,),
        )

    def _follow_report(self, line: str, *, message: str, line_no: int) -> ConsoleEvent | None:
        opened = self._open(message, line_no=line_no)
        completed = None
        if opened is not None:
            completed = self.flush()
            self._report = opened
        if self._report is None:
            return completed
        self._report.add(line, message=message)
        ended = opened is None and patterns.REPORT_END.search(message) is not None
        if ended or len(self._report.lines) >= REPORT_LINES_MAX:
            return self.flush()
        return completed

    def _open(self, message: str, *, line_no: int) -> _Report | None:
        """A new report, when this line is the head of one and not part of the one under way."""
        if patterns.REPORT_END.search(message):
            return None
        for head in patterns.HEADS:
            match = head.pattern.search(message)
            if match is None:
                continue
            if self._report is not None and _belongs(head.kind, to=self._report):
                return None
            return _Report(kind=head.kind, phase=self.phase, line_no=line_no, message=match.group(0))
        return None

    def _event(self, report: _Report) -> ConsoleEvent:
        symbols = (patterns.plain_symbol(frame) for frame in (report.frames or report.doubtful_frames))
        frames = [symbol for symbol in symbols if symbol not in patterns.REPORTING_FRAMES]
        where = patterns.plain_symbol(report.rip) if report.rip else None
        title = report.message if where is None else f"{report.message} in {where}"
        identity = "\n".join([report.kind, patterns.stable(report.message), where or "", *frames[:FINGERPRINT_FRAMES]])
        return ConsoleEvent(
            kind=report.kind,
            phase=report.phase,
            fatal=report.kind in FATAL_KINDS and not self._expect_crash,
            line_no=report.line_no,
            title=title[:TITLE_MAX],
            fingerprint=hashlib.sha256(identity.encode()).hexdigest()[:16],
            release=self._release,
            rip=report.rip,
            trace=tuple(frames),
            lines=tuple(report.lines),
        )


# Heads that one and the same fault may print: "BUG: kernel NULL pointer dereference", then "Oops: 0002 [#1]".
_SAME_FAULT = (
    frozenset({EventKind.OOPS, EventKind.BUG}),
    frozenset({EventKind.SOFT_LOCKUP, EventKind.WATCHDOG}),
    frozenset({EventKind.HARD_LOCKUP, EventKind.WATCHDOG}),
)


def _belongs(kind: EventKind, *, to: _Report) -> bool:
    """Whether a head is one more line of the report under way; a worse fault never hides in a milder one."""
    return kind is to.kind or any({kind, to.kind} <= group for group in _SAME_FAULT)
