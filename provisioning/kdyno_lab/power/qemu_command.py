# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's command line for one virtual machine, as a pure function of its options."""

from pathlib import Path

from kdyno_lab.power.options import QemuOptions

SERVER_ADDRESS = "10.0.2.100"
BOOT_URL = f"http://{SERVER_ADDRESS}/boot/ipxe"

DISK_NAME = "disk.img"
PIDFILE_NAME = "qemu.pid"
QMP_NAME = "qmp.sock"
LOG_NAME = "qemu.log"

# The firmware asks for the first script once and then gives up; the server may be restarting at that moment.
FIRMWARE_RETRY_MS = 3000


def qemu_command(options: QemuOptions, *, console: Path, as_root: bool) -> list[str]:
    """The whole command; QEMU must be started in `options.directory`, its socket's name is relative to that.

    QEMU opens all its files before it gives up root for `run_as`.
    """
    return [
        *_NO_NEW_PRIVILEGES,
        options.binary,
        *_machine(options),
        *_disk(options),
        *_network(options),
        *_console(console),
        *_control(options),
        *_confinement(options, as_root=as_root),
    ]


def _escaped(path: Path) -> str:
    """In QEMU's option lists a comma in a value is written twice."""
    return str(path).replace(",", ",,")


def _machine(options: QemuOptions) -> list[str]:
    # A modest emulated processor boots as fast as a maximal one; its random numbers spare the guest a wait for entropy.
    processor = "qemu64,+rdrand,+rdseed" if options.accelerator == "tcg" else "host"
    clock = [] if options.icount_shift is None else ["-icount", f"shift={options.icount_shift},sleep=on"]
    return [
        *("-name", f"kdyno-{options.name}"),
        *("-nodefaults", "-no-user-config"),
        # Without graphics SeaBIOS and iPXE speak on the serial line, so the console is complete from the first byte.
        *("-machine", "pc,graphics=off,usb=off,vmport=off"),
        *("-accel", options.accelerator),
        *("-cpu", processor),
        *clock,
        *("-smp", str(options.cpus), "-m", str(options.memory_mib)),
        *("-boot", f"reboot-timeout={FIRMWARE_RETRY_MS}"),
        *("-display", "none"),
        *("-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"),
    ]


def _disk(options: QemuOptions) -> list[str]:
    """`cache=unsafe`: a host crash costs a reimage, which happens before each job anyway."""
    index = 0 if options.boot_first == "disk" else 1
    path = _escaped(options.directory / DISK_NAME)
    return [
        *("-drive", f"if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap,file={path}"),
        *("-device", f"virtio-blk-pci,drive=disk0,bootindex={index}"),
    ]


def _network(options: QemuOptions) -> list[str]:
    """The guest reaches the kdyno server and nothing else.

    A `guestfwd` to an address would be one connection for the guest's whole life; with `cmd:` each of the guest's
    connections gets a relay of its own. IPv6 stays on, though nobody uses it and `restrict` holds for it too: without
    a router's answer iPXE waits 15 s for one.
    """
    index = 1 if options.boot_first == "disk" else 0
    # the relay's messages would reach the guest as if the server had said them
    relay = f"socat -lf /dev/null -t 30 FD:0 TCP4:127.0.0.1:{options.server_port}"
    rules = [
        "user,id=net0,restrict=on",
        f"hostfwd=tcp:127.0.0.1:{options.ssh_port}-:22",
        f"guestfwd=tcp:{SERVER_ADDRESS}:80-cmd:{relay}",
        f"bootfile={BOOT_URL}",
    ]
    return [
        *("-netdev", ",".join(rules)),
        *("-device", f"virtio-net-pci,netdev=net0,mac={options.mac},bootindex={index}"),
    ]


def _console(console: Path) -> list[str]:
    """QEMU itself appends to the file: no reader has to be alive for a line to be kept."""
    return [
        *("-chardev", f"file,id=console0,append=on,path={_escaped(console)}"),
        *("-serial", "chardev:console0"),
    ]


def _control(options: QemuOptions) -> list[str]:
    """QEMU keeps its pidfile locked while it lives, so a machine cannot be started twice."""
    return [
        *("-pidfile", str(options.directory / PIDFILE_NAME)),
        *("-qmp", f"unix:{QMP_NAME},server=on,wait=off"),
    ]


def _confinement(options: QemuOptions, *, as_root: bool) -> list[str]:
    """New processes and sessions stay allowed, for relay and `run_as`: `_NO_NEW_PRIVILEGES` makes up for it."""
    identity = ["-runas", options.run_as] if as_root else []
    return ["-sandbox", "on,obsolete=deny,elevateprivileges=allow,spawn=allow,resourcecontrol=deny", *identity]


# Nothing that QEMU starts can become more than QEMU is, through a set-user-id program or otherwise.
_NO_NEW_PRIVILEGES = ["setpriv", "--no-new-privs"]
