# SPDX-License-Identifier: GPL-2.0-or-later
"""iPXE scripts. Each step retries, and each failure prints `kdyno-boot-error: stage=...` on the console.

A script that ends with `exit 0` lets the firmware go on to the local disk; `exit 1` reports failure to the script
that chained to it, which then asks the server again.
"""

from urllib.parse import quote

from kdyno_lab.boot.profile import (
    BootError,
    BootMachine,
    ImagerProfile,
    KernelProfile,
    LocalDiskProfile,
    NotAllowedProfile,
    Profile,
)

RETRIES = 60
RETRY_PAUSE_S = 2

# x86's COMMAND_LINE_SIZE with its final zero; a longer line would be cut in silence.
_COMMAND_LINE_MAX = 2047
# What iPXE's ${net0/...} may grow to when expanded.
_EXPANDED_ADDRESSES_MAX = 60


def render_chain(*, server_url: str) -> str:
    """The first script, the same for every machine: asks the server what this machine is to boot."""
    url = f"{server_url}/boot/machine?mac=${{net0/mac}}"
    return _script(
        "# kdyno: ask the server what this machine boots",
        _step("network", "isset ${net0/ip} || dhcp net0"),
        _step("machine-script", f"chain --autofree {url}"),
        ["exit 0"],
    )


def render_boot(machine: BootMachine | None, profile: Profile) -> str:
    """The second script: what this machine boots now. `machine` is None when the server does not know it."""
    if machine is None and not isinstance(profile, LocalDiskProfile):
        raise BootError("an unknown machine boots from its local disk")
    match profile:
        case ImagerProfile():
            return _render_imager(_named(machine), profile)
        case KernelProfile():
            return _render_kernel(_named(machine), profile)
        case LocalDiskProfile():
            return _render_local_disk(machine)
        case NotAllowedProfile():
            name = _named(machine).name
            return _script(
                f"# kdyno: {name} may not boot from the network",
                [f"echo kdyno-boot-error: stage=permission machine={name} not allowed: {profile.reason}", "exit 0"],
            )


def imager_command_line(profile: ImagerProfile) -> str:
    """The imager has no DHCP client: iPXE fills in the addresses it was given."""
    return _command_line(
        [
            *profile.common_arguments(),
            # a packaged kernel tests its ciphers and waits for entropy: seconds of an emulated machine
            "cryptomgr.notests",
            "random.trust_cpu=on",
            "kdyno.ip=${net0/ip}",
            "kdyno.netmask=${net0/netmask}",
            "kdyno.gateway=${net0/gateway}",
            f"kdyno.image={profile.image_id}",
            f"kdyno.disk={profile.disk}",
        ]
    )


def kernel_command_line(profile: KernelProfile) -> str:
    """The kernel under test finds its own address (CONFIG_IP_PNP) and its root without an initramfs."""
    return _command_line(
        [
            *profile.common_arguments(),
            f"root={profile.root_device}",
            "rw",
            "rootfstype=ext4",
            "ip=dhcp",
            "net.ifnames=0",
            f"kdyno.build={profile.release}",
            *profile.extra_arguments,
        ]
    )


def _render_imager(machine: BootMachine, profile: ImagerProfile) -> str:
    files = f"{profile.server_url}/boot/file/imager/{quote(profile.image_id)}"
    return _script(
        f"# kdyno: {machine.name} boots the imager for attempt {profile.attempt_id}",
        ["imgfree"],
        _step("imager-kernel", f"kernel {files}/vmlinuz {imager_command_line(profile)}"),
        _step("imager-initrd", f"initrd {files}/initrd.img"),
        _boot("imager-boot"),
    )


def _render_kernel(machine: BootMachine, profile: KernelProfile) -> str:
    file = f"{profile.server_url}/boot/file/kernel/{quote(profile.build_key)}"
    return _script(
        f"# kdyno: {machine.name} boots {profile.release} for attempt {profile.attempt_id}",
        ["imgfree"],
        _step("kernel", f"kernel {file} {kernel_command_line(profile)}"),
        _boot("kernel-boot"),
    )


def _render_local_disk(machine: BootMachine | None) -> str:
    name = machine.name if machine else "this machine is unknown here and"
    return _script("# kdyno: nothing to boot from the network", [f"echo kdyno: {name} boots from its disk", "exit 0"])


def _named(machine: BootMachine | None) -> BootMachine:
    if machine is None:
        raise BootError("a machine is needed")
    return machine


def _script(comment: str, *parts: list[str]) -> str:
    lines = ["#!ipxe", comment, *(line for part in parts for line in part)]
    return "\n".join(lines) + "\n"


def _step(stage: str, command: str) -> list[str]:
    """Run a command until it succeeds, at most RETRIES times."""
    return [
        "",
        "set tries:int32 0",
        f":{stage}",
        "inc tries",
        f"{command} && goto {stage}-done ||",
        f"echo kdyno-boot-error: stage={stage} try ${{tries}} of {RETRIES}: ${{errno}}",
        f"iseq ${{tries}} {RETRIES} && exit 1 ||",
        f"sleep {RETRY_PAUSE_S}",
        f"goto {stage}",
        f":{stage}-done",
    ]


def _boot(stage: str) -> list[str]:
    """Leave iPXE for the loaded kernel; coming back is the failure."""
    return ["", "boot ||", f"echo kdyno-boot-error: stage={stage}: ${{errno}}", "exit 1"]


def _command_line(arguments: list[str]) -> str:
    line = " ".join(arguments)
    if len(line) + _EXPANDED_ADDRESSES_MAX > _COMMAND_LINE_MAX:
        raise BootError(f"the kernel command line has {len(line)} characters, too many for the kernel")
    return line
