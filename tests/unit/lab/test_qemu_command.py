# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's command line is one value computed from another; and the trial sector is what its source says."""

import shutil
import subprocess
from pathlib import Path

import pytest

from golden_files import assert_golden
from kdyno_lab.power.options import QemuOptions
from kdyno_lab.power.qemu_command import qemu_command
from kdyno_lab.vlab import trial_boot
from kdyno_lab.vlab.machines import virtual_machines


def options(directory: str = "/srv/kdyno/machines/vm1") -> QemuOptions:
    machine = virtual_machines()[0]
    return QemuOptions.model_validate(
        machine.power_options(directory=Path(directory), server_port=8080, accelerator="tcg")
    )


@pytest.mark.parametrize("as_root", [False, True])
def test_the_command_is_as_agreed(as_root: bool) -> None:
    command = qemu_command(options(), console=Path("/srv/kdyno/consoles/7.log"), as_root=as_root)
    assert_golden("\n".join(command) + "\n", name=f"qemu/{'root' if as_root else 'user'}.txt")


def test_the_guest_is_shut_in() -> None:
    command = " ".join(qemu_command(options(), console=Path("/c.log"), as_root=False))
    assert "restrict=on" in command
    assert "hostfwd=tcp:127.0.0.1:" in command
    assert "0.0.0.0" not in command  # noqa: S104
    assert "-sandbox on" in command


def test_a_comma_in_a_path_adds_no_option() -> None:
    command = qemu_command(options("/srv/a,readonly=on"), console=Path("/c,x=y.log"), as_root=False)
    assert any("file=/srv/a,,readonly=on/disk.img" in word for word in command)
    assert any("path=/c,,x=y.log" in word for word in command)


def test_the_machines_differ_in_all_that_must_be_unique() -> None:
    first, second = virtual_machines(ssh_port_base=3000)
    assert (first.name, second.name) == ("vm1", "vm2")
    assert first.mac != second.mac
    assert {first.ssh_port, second.ssh_port} == {3001, 3002}


@pytest.mark.skipif(not (shutil.which("as") and shutil.which("ld")), reason="needs binutils")
def test_the_trial_sector_is_its_source_assembled(tmp_path: Path) -> None:
    source = Path(trial_boot.__file__).with_name("trial_boot.S")
    linker = ["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary"]
    subprocess.run(["as", "--32", source, "-o", tmp_path / "o"], check=True)
    subprocess.run([*linker, tmp_path / "o", "-o", tmp_path / "bin"], check=True)
    assert (tmp_path / "bin").read_bytes() == trial_boot.trial_sector()
