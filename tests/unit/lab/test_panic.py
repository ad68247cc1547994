# SPDX-License-Identifier: GPL-2.0-or-later
"""The parser of kernel consoles: golden logs, and properties that hold for any text."""

import json
import random
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden_files import GOLDEN, assert_golden
from kdyno_lab.console.panic import REPORT_LINES_MAX, ConsoleEvent, ConsoleParser
from kdyno_lab.console.patterns import ConsolePhase, EventKind, clean

ATTEMPT = 7
BANNER = "[    0.000000] Linux version 6.1.170-kdyno-1 (build@lab) #1 SMP"


def parse(lines: list[str], *, expect_crash: bool = False) -> list[ConsoleEvent]:
    parser = ConsoleParser(attempt_id=ATTEMPT, expect_crash=expect_crash)
    events = [parser.feed(line, line_no=number) for number, line in enumerate(lines)]
    return [event for event in [*events, parser.flush()] if event is not None]


def golden_lines(name: str) -> list[str]:
    return (GOLDEN / "console" / f"{name}.log").read_text(encoding="utf-8", errors="replace").split("\n")


@pytest.mark.parametrize("name", ["no-root", "oops", "stalls", "interleaved", "imager-panic"])
def test_a_golden_console_gives_its_events(name: str) -> None:
    events = [asdict(event) for event in parse(golden_lines(name))]
    assert_golden(json.dumps(events, indent=1) + "\n", name=f"console/{name}.events.json")


def test_the_fingerprint_survives_another_boot_and_build() -> None:
    lines = golden_lines("oops")
    moved = [
        line.replace("[   14.", "[  911.")
        .replace("+0x1c/0x90", "+0x2d/0xa0")
        .replace("isra.0", "constprop.3")
        .replace("ffffc900003afe58", "ffffc90000111158")
        .replace("412", "1031")
        .replace("address: 0000", "address: dead")
        for line in lines
    ]
    first, second = parse(lines), parse(moved)
    assert [event.fingerprint for event in first] == [event.fingerprint for event in second]
    assert first[1].fingerprint != first[2].fingerprint


def test_a_crash_test_reports_but_does_not_end() -> None:
    events = parse(golden_lines("oops"), expect_crash=True)
    assert [event.kind for event in events] == [EventKind.READY, EventKind.OOPS, EventKind.PANIC]
    assert not any(event.fatal for event in events)


def test_an_oops_does_not_hide_in_a_soft_lockup() -> None:
    events = parse(
        [
            BANNER,
            "[   40.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [kbench:512]",
            "[   40.1] Oops: 0002 [#1] SMP",
        ]
    )
    assert [(event.kind, event.fatal) for event in events] == [
        (EventKind.SOFT_LOCKUP, False),
        (EventKind.OOPS, True),
    ]


def test_a_report_without_end_is_bounded() -> None:
    lines = [BANNER, "[    1.0] Kernel panic - not syncing: x", *["[    1.1]  noise"] * 10_000]
    [event] = parse(lines)
    assert len(event.lines) == REPORT_LINES_MAX


@given(st.lists(st.text(max_size=200), max_size=60))
def test_no_text_breaks_the_parser(lines: list[str]) -> None:
    for event in parse([BANNER, *lines]):
        assert 0 <= event.line_no <= len(lines)
        assert event.title


@given(seed=st.integers(), name=st.sampled_from(["oops", "stalls", "no-root"]))
def test_half_lines_never_turn_a_dying_kernel_into_a_healthy_one(seed: int, name: str) -> None:
    """Cut some lines in two, as a second writer on the console does: a fatal event is still seen."""
    dice = random.Random(seed)
    lines: list[str] = []
    for line in golden_lines(name):
        cut = dice.randrange(1, len(line)) if len(line) > 1 and dice.random() < 0.15 else None
        untouchable = "Linux version" in line or "ommand line" in line or "LOCKUP" in line or "panic -" in line
        lines.extend([line] if cut is None or untouchable else [line[:cut], line[cut:]])
    assert any(event.fatal for event in parse(lines))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_userspace_before_any_kernel_is_no_event(text: str) -> None:
    if "Linux version" not in text:
        assert ConsoleParser().feed(text, line_no=0) is None


def test_the_attempt_token_is_hidden() -> None:
    [line] = [line for line in map(clean, golden_lines("no-root")) if line.startswith("[    0.000000] Command line")]
    assert "kdyno.token=[hidden] root=/dev/vda" in line


def test_phases_follow_the_reboots() -> None:
    parser = ConsoleParser(attempt_id=ATTEMPT)
    seen = []
    for number, line in enumerate(golden_lines("imager-panic")):
        parser.feed(line, line_no=number)
        seen.append(parser.phase)
    assert seen[0] is ConsolePhase.FIRMWARE
    assert seen[4] is ConsolePhase.IMAGER
    assert seen[-1] is ConsolePhase.KERNEL
