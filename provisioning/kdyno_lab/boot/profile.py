# SPDX-License-Identifier: GPL-2.0-or-later
"""What to boot: a machine and a profile, every value checked so that none can add a command to a boot script.

iPXE splits on spaces and newlines, expands ${...} and knows && and ||: a value may hold none of these characters.
"""

import re
from dataclasses import dataclass, field

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}")
_URL = re.compile(r"http://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9/_-]{1,64}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_ARGUMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:;/=+@%\[\]~*-]{0,255}")

# Arguments that decide what is proven about the machine may come from the server only.
_RESERVED_ARGUMENTS = ("kdyno.", "root=", "console=", "ip=", "init=", "rdinit=", "initrd=")


class BootError(ValueError):
    """A value cannot stand in a boot script; names the field and the value."""


def _check(pattern: re.Pattern[str], value: str, *, name: str) -> None:
    if not pattern.fullmatch(value):
        raise BootError(f"{name}: {value!r} may not stand in a boot script")


@dataclass(frozen=True)
class BootMachine:
    """The machine that asks: `mac` in lower case with colons."""

    name: str
    mac: str

    def __post_init__(self) -> None:
        _check(_WORD, self.name, name="machine name")
        _check(_MAC, self.mac, name="mac")


@dataclass(frozen=True)
class _AttemptProfile:
    """Common to everything an attempt boots: `server_url` as the machine under test sees the server, no final slash."""

    server_url: str
    attempt_id: int
    token: str

    def __post_init__(self) -> None:
        _check(_URL, self.server_url, name="server_url")
        _check(_TOKEN, self.token, name="token")
        if self.attempt_id < 1:
            raise BootError(f"attempt_id: {self.attempt_id} is no attempt")

    def common_arguments(self) -> list[str]:
        return [
            "console=ttyS0,115200",
            f"kdyno.server={self.server_url}",
            f"kdyno.attempt={self.attempt_id}",
            f"kdyno.token={self.token}",
        ]


@dataclass(frozen=True)
class ImagerProfile(_AttemptProfile):
    """Write and verify the golden image on `disk`."""

    image_id: str
    disk: str = "/dev/vda"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(_WORD, self.image_id, name="image_id")
        _check(_DEVICE, self.disk, name="disk")


@dataclass(frozen=True)
class KernelProfile(_AttemptProfile):
    """Boot the kernel under test with the imaged disk as its root. `release` is what `uname -r` must say."""

    build_key: str
    release: str
    root_device: str = "/dev/vda"
    extra_arguments: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(_WORD, self.build_key, name="build_key")
        _check(_WORD, self.release, name="release")
        _check(_DEVICE, self.root_device, name="root_device")
        for argument in self.extra_arguments:
            _check(_ARGUMENT, argument, name="extra argument")
            if argument.startswith(_RESERVED_ARGUMENTS):
                raise BootError(f"extra argument: {argument!r} is set by the server")


@dataclass(frozen=True)
class LocalDiskProfile:
    """Nothing to boot from the network: the answer for an unknown machine, too, never an installer."""


@dataclass(frozen=True)
class NotAllowedProfile:
    """The machine is known but may not boot from the network now; `reason` is shown on its console."""

    reason: str

    def __post_init__(self) -> None:
        _check(re.compile(r"[A-Za-z0-9 .,:_-]{1,200}"), self.reason, name="reason")


Profile = ImagerProfile | KernelProfile | LocalDiskProfile | NotAllowedProfile
