# SPDX-License-Identifier: GPL-2.0-or-later
"""The monitor that -Z names: called around each pass, and never able to hang or falsify it."""

from pathlib import Path
from typing import Any

import pytest


def tool(reaim: Any, body: str) -> Path:
    path: Path = reaim.folder / "tool"
    path.write_text(f"#!/bin/sh\n{body}\nexit 0\n")
    path.chmod(0o755)
    return path


LOG = 'echo "$@" >> calls'


def calls(reaim: Any) -> list[str]:
    text: str = (reaim.folder / "calls").read_text()
    return text.splitlines()


def test_each_pass_is_set_up_begun_halted_and_reported(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    tool(reaim, LOG)
    done = reaim("-s1", "-e2", "-Z", "./tool", "-z", "cpu  -c 99")
    assert done.returncode == 0, done.stderr
    steps = ["setup", "begin", "halt", "report"]
    assert calls(reaim) == [f"{step} {users} cpu -c 99" for users in (1, 2) for step in steps]


def test_halt_comes_when_an_eighth_is_done_and_not_before_begin_has_ended(faulty: Any) -> None:
    faulty.workfile("5 null\n")
    tool(faulty, f"[ $1 = begin ] && sleep 0.5\n{LOG}")
    assert faulty("-s8", "-Z./tool").returncode == 0
    assert calls(faulty) == ["setup 8", "begin 8", "halt 8", "report 8"]


def test_halt_comes_while_the_others_are_at_work(faulty: Any) -> None:
    faulty.workfile("5 faulty_until_halt\n")
    tool(faulty, f"[ $1 = halt ] && touch halted\n{LOG}")
    done = faulty("-s8", "-j1", "-Z./tool", "--timeout=20")
    assert done.returncode == 0, done.stderr
    assert calls(faulty) == ["setup 8", "begin 8", "halt 8", "report 8"]


def test_a_slow_begin_does_not_lengthen_the_pass(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    tool(reaim, "[ $1 = begin ] && sleep 1")
    document = reaim.document("-s2", "-Z./tool")
    assert document["passes"][0]["parent_s"] < 0.5


def test_its_output_does_not_mix_with_the_document(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    tool(reaim, "echo noise $1")
    reaim.document("-Z./tool")
    assert "noise begin" in reaim("-Z./tool").stderr


@pytest.mark.parametrize("step", ["setup", "begin", "halt", "report"])
@pytest.mark.parametrize(
    "body, problem",
    [
        ("exit 3", "exited with status 3"),
        ("kill -9 $$", "was killed by signal 9 (Killed)"),
        ("sleep 60", "did not end within 1 s (see --monitor-timeout)"),
    ],
)
def test_a_bad_monitor_is_an_error(faulty: Any, step: str, body: str, problem: str) -> None:
    faulty.workfile("5 null\n")
    tool(faulty, f"if [ $1 = {step} ]; then {body}; fi")
    done = faulty.fails("-s2", "-Z./tool", "--monitor-timeout=1")
    assert f"monitor ./tool {step} 2 {problem}" in done.stderr


def test_a_hanging_monitors_children_end_with_it(faulty: Any) -> None:
    faulty.workfile("5 null\n")
    tool(faulty, "if [ $1 = begin ]; then sleep 60 & sleep 60; fi")
    faulty.fails("-s2", "-Z./tool", "--monitor-timeout=1")


def test_a_missing_monitor_is_an_error(faulty: Any) -> None:
    faulty.workfile("5 null\n")
    done = faulty.fails("-Z./missing")
    assert "monitor ./missing: No such file or directory" in done.stderr
    assert "it cannot be run" in done.stderr
