# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel prints when it goes wrong, as one table, and how a line is cleaned before it is compared."""

import re
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened on the console."""

    READY = "ready"  # the system under test is up and listens
    PANIC = "panic"
    OOPS = "oops"
    BUG = "bug"  # kernel BUG at file:line
    KASAN = "kasan"
    HARD_LOCKUP = "hard-lockup"
    SOFT_LOCKUP = "soft-lockup"
    HUNG_TASK = "hung-task"
    RCU_STALL = "rcu-stall"
    WATCHDOG = "watchdog"
    WARNING = "warning"


class ConsolePhase(StrEnum):
    """Who speaks on the console: only what the kernel under test says can be the patch's fault."""

    FIRMWARE = "firmware"
    IMAGER = "imager"
    KERNEL = "kernel"


# After these the kernel's numbers mean nothing; the others may be a slow host's doing and are only noted.
FATAL_KINDS = frozenset({EventKind.PANIC, EventKind.OOPS, EventKind.BUG, EventKind.KASAN, EventKind.HARD_LOCKUP})


@dataclass(frozen=True)
class Head:
    """A line that opens a report. `pattern` is searched anywhere in the line: another CPU may print before it."""

    kind: EventKind
    pattern: re.Pattern[str]


def _head(kind: EventKind, pattern: str) -> Head:
    return Head(kind, re.compile(pattern))


# First match wins: the more telling forms come before those they contain.
HEADS: tuple[Head, ...] = (
    _head(EventKind.PANIC, r"Kernel panic - not syncing: .*"),
    _head(EventKind.KASAN, r"BUG: KASAN: .*"),
    _head(EventKind.HARD_LOCKUP, r"Watchdog detected hard LOCKUP.*"),
    _head(EventKind.SOFT_LOCKUP, r"BUG: soft lockup - .*"),
    _head(EventKind.HUNG_TASK, r"INFO: task \S+ blocked for more than \d+ seconds.*"),
    _head(EventKind.RCU_STALL, r"rcu: INFO: \w+ (?:self-)?detected (?:expedited )?stalls?.*"),
    _head(EventKind.BUG, r"kernel BUG at \S+:\d+!"),
    _head(EventKind.OOPS, r"BUG: (?:unable to handle|kernel NULL pointer dereference).*"),
    _head(EventKind.OOPS, r"(?:general protection fault|double fault|stack segment|int3|divide error)[,:].*"),
    _head(EventKind.OOPS, r"(?:invalid opcode|Oops|traps): [0-9a-f]{4} \[#\d+\].*"),
    _head(EventKind.BUG, r"BUG: (?:scheduling while atomic|sleeping function|spinlock|workqueue|Bad (?:page|rss)).*"),
    _head(EventKind.WATCHDOG, r"[Ww]atchdog: (?:BUG|CPU|did not stop|.*timeout).*"),
    _head(EventKind.WARNING, r"WARNING: CPU: \d+ PID: \d+ at .*"),
)

READY = re.compile(r"kdyno-ready: (\d+)\s*$")
BANNER = re.compile(r"^Linux version (\S+)")
# The first kernel line may follow the boot loader's last, unfinished one.
BANNER_AFTER_FIRMWARE = re.compile(r"Linux version (\S+) \(")
COMMAND_LINE = re.compile(r"^(?:Command line|Kernel command line): (.*)")
FIRMWARE = re.compile(r"^(?:SeaBIOS \(version|iPXE \(http|iPXE \d)")
REPORT_END = re.compile(r"---\[ end (?:trace|Kernel panic)")
# Segment 0010 is the kernel's; a second RIP in a report is where user space entered it.
INSTRUCTION_POINTER = re.compile(r"\bRIP: 0010:(\S+)")
FRAME = re.compile(r"(\? )?\b([A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+")
# On top of every panic's trace, whatever the fault.
REPORTING_FRAMES = frozenset({"dump_stack", "dump_stack_lvl", "show_stack", "panic", "_printk", "printk", "__warn"})

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[0-Z\\-~])")
_ERASED = re.compile(r"(?:\x08 ?)+")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECRET = re.compile(r"(kdyno\.token=)\S+")
_PRINTK_PREFIX = re.compile(r"^(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?)?")
_COMPILER_SUFFIX = re.compile(r"\.(?:isra|constprop|part|cold|llvm)\b.*")

_VOLATILE = (
    (re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{8,16}\b"), "ADDR"),
    (re.compile(r"\[[^\]\s]+:\d+\]|\b(\w+/)?[\w.-]+:\d+ (?=blocked)"), "TASK "),
    (re.compile(r"\d+"), "N"),
)


def clean(text: str) -> str:
    """A console line without escape sequences, control characters and secrets: what may be stored and shown."""
    plain = _CONTROLS.sub("", _ERASED.sub("", _ESCAPES.sub("", text)))
    return _SECRET.sub(r"\1[hidden]", plain).rstrip()


def without_printk_prefix(line: str) -> str:
    """The message alone: no log level, time stamp or caller."""
    return _PRINTK_PREFIX.sub("", line, count=1)


def stable(text: str) -> str:
    """A message with all that differs between two occurrences of the same fault taken out."""
    for pattern, replacement in _VOLATILE:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def plain_symbol(symbol: str) -> str:
    """A function's name without what the compiler appends when it splits or clones it; no function: "unknown code"."""
    if symbol.startswith("0x"):
        return "unknown code"
    return _COMPILER_SUFFIX.sub("", symbol.partition("+")[0])
