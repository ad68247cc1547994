# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines of the virtual lab, as data for the inventory."""

from dataclasses import dataclass
from pathlib import Path

MEMORY_MIB = 768
CPUS = 1
# Under emulation the guest's clock counts instructions, 8 ns each: figures repeat within 0.2 % however busy the host
# is (without: 40 %). A smaller shift makes waiting in the guest cost more of the host's time.
EMULATION_ICOUNT_SHIFT = 3
SSH_PORT_OFFSETS = {"vm1": 1, "vm2": 2}


@dataclass(frozen=True)
class VirtualMachine:
    """One virtual machine: `ssh_port` on the host's loopback leads to its port 22."""

    name: str
    mac: str
    ssh_port: int
    memory_mib: int
    cpus: int

    def power_options(self, *, directory: Path, server_port: int, accelerator: str) -> dict[str, object]:
        """Options for `build_driver("qemu", ...)`; JSON-ready. `directory` is absolute and the machine's own."""
        return {
            "name": self.name,
            "directory": str(directory),
            "mac": self.mac,
            "ssh_port": self.ssh_port,
            "server_port": server_port,
            "accelerator": accelerator,
            "memory_mib": self.memory_mib,
            "cpus": self.cpus,
            "icount_shift": EMULATION_ICOUNT_SHIFT if accelerator == "tcg" else None,
        }


def virtual_machines(*, ssh_port_base: int = 2220) -> tuple[VirtualMachine, ...]:
    """The lab's two machines; their ssh ports follow the base. QEMU's own MAC prefix, fixed addresses."""
    return tuple(
        VirtualMachine(
            name=name,
            mac=f"52:54:00:6b:64:{offset:02x}",
            ssh_port=ssh_port_base + offset,
            memory_mib=MEMORY_MIB,
            cpus=CPUS,
        )
        for name, offset in SSH_PORT_OFFSETS.items()
    )
