# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract of a power driver, shown on the fake, and what the fake can be told to do."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kdyno_lab.power import PowerConfigError, PowerError, PowerState, PowerTimeoutError, build_driver
from kdyno_lab.power.fake import FakePower
from kdyno_lab.power.options import FakeOptions

GUEST = (
    "import os, time; open(os.environ['KDYNO_GUEST_CONSOLE'], 'a').write(os.environ['KDYNO_GUEST_MAC'] + '\\n'); "
    "time.sleep(60)"
)


def fake(directory: Path, **options: Any) -> FakePower:
    return FakePower(FakeOptions(name="vm1", directory=directory, **options))


def test_on_and_off_are_idempotent_and_recorded(tmp_path: Path) -> None:
    power = fake(tmp_path)
    assert power.state(timeout_s=1) is PowerState.OFF
    for _ in range(2):
        power.on(timeout_s=1)
        assert power.state(timeout_s=1) is PowerState.ON
    for _ in range(2):
        power.off(timeout_s=1)
        assert power.state(timeout_s=1) is PowerState.OFF
    assert [call["call"] for call in power.calls() if call["call"] != "state"] == ["on", "on", "off", "off"]


def test_it_fails_hangs_and_lies_when_told(tmp_path: Path) -> None:
    power = fake(tmp_path)
    power.control(on="fail", off="hang", cycle="lie", state=["lie", "ok"])
    with pytest.raises(PowerError, match="told to"):
        power.on(timeout_s=1)
    started_s = time.monotonic()
    with pytest.raises(PowerTimeoutError):
        power.off(timeout_s=0.1)
    assert time.monotonic() - started_s < 1
    power.cycle(timeout_s=1)
    assert power.state(timeout_s=1) is PowerState.ON
    assert power.state(timeout_s=1) is PowerState.OFF


def test_a_guest_command_lives_while_the_machine_is_on(tmp_path: Path) -> None:
    console = tmp_path / "consoles" / "7.log"
    power = fake(tmp_path, mac="52:54:00:6B:64:01", guest_command=(sys.executable, "-c", GUEST))
    power.cycle(timeout_s=5, console=console)
    deadline_s = time.monotonic() + 10
    while not console.read_text() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert console.read_text() == "52:54:00:6b:64:01\n"
    # Another process sees and ends the same guest.
    other = fake(tmp_path)
    assert other.state(timeout_s=1) is PowerState.ON
    other.off(timeout_s=5)
    assert power.state(timeout_s=1) is PowerState.OFF


def test_a_guest_that_ended_by_itself_is_a_machine_that_is_off(tmp_path: Path) -> None:
    power = fake(tmp_path, guest_command=(sys.executable, "-c", "input()"))
    power.on(timeout_s=5)
    deadline_s = time.monotonic() + 10
    while power.state(timeout_s=1) is PowerState.ON and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert power.state(timeout_s=1) is PowerState.OFF


def test_a_recycled_pid_is_not_the_guest(tmp_path: Path) -> None:
    power = fake(tmp_path, guest_command=(sys.executable, "-c", "import time; time.sleep(60)"))
    power.on(timeout_s=5)
    state = json.loads((tmp_path / "state.json").read_text())
    recycled = {**state, "guest": {**state["guest"], "start_ticks": state["guest"]["start_ticks"] + 1}}
    (tmp_path / "state.json").write_text(json.dumps(recycled))
    assert power.state(timeout_s=1) is PowerState.OFF
    power.off(timeout_s=1)
    (tmp_path / "state.json").write_text(json.dumps(state))
    assert power.state(timeout_s=1) is PowerState.ON  # it was not killed
    power.off(timeout_s=5)


def test_wrong_options_are_all_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(PowerConfigError) as caught:
        build_driver("qemu", {"name": "vm 1", "directory": "relative", "mac": "nonsense", "colour": "red"})
    for word in ("name", "absolute", "MAC", "colour", "ssh_port"):
        assert word in str(caught.value)
    with pytest.raises(PowerConfigError, match=r"unknown kind of power switch 'steam'; known: fake, qemu"):
        build_driver("steam", {})
