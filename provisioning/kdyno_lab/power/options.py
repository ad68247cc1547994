# SPDX-License-Identifier: GPL-2.0-or-later
"""Typed power options as they stand in the inventory, checked before any hardware is touched."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kdyno_lab.power.driver import PowerConfigError

GIB = 1024**3

Port = Annotated[int, Field(ge=1, le=65535)]


def normalise_mac(text: str) -> str:
    """A MAC address as six lower-case pairs joined by colons; raises ValueError for anything else."""
    digits = re.sub(r"[:.\-]", "", text.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ValueError(f"{text!r} is no MAC address")
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Mac = Annotated[str, AfterValidator(normalise_mac)]
MachineName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: MachineName
    directory: AbsolutePath


class QemuOptions(_Options):
    """A virtual machine. `directory` holds its disk, sockets and log; `server_port` is the kdyno server on loopback.

    With `icount_shift` (TCG only) the guest's clock counts instructions, 2**shift ns each: the host's load no longer
    shows in what the guest measures, and what it measures is instructions, not this processor's time.
    """

    mac: Mac
    ssh_port: Port
    server_port: Port
    accelerator: Literal["kvm", "tcg"]
    memory_mib: Annotated[int, Field(ge=64, le=1024 * 1024)] = 768
    cpus: Annotated[int, Field(ge=1, le=256)] = 1
    disk_bytes: Annotated[int, Field(ge=512)] = 4 * GIB
    icount_shift: Annotated[int, Field(ge=0, le=10)] | None = None
    boot_first: Literal["network", "disk"] = "network"
    run_as: str = "nobody"
    binary: str = "qemu-system-x86_64"

    @model_validator(mode="after")
    def _icount_needs_emulation(self) -> Self:
        if self.icount_shift is not None and self.accelerator != "tcg":
            raise ValueError("icount_shift needs accelerator tcg")
        return self


class FakeOptions(_Options):
    """A machine that is only files. `guest_command` is started at power-on and killed at power-off."""

    mac: Mac = "52:54:00:00:00:00"
    guest_command: tuple[str, ...] = ()
    guest_environment: dict[str, str] = Field(default_factory=dict)


AnyOptions = TypeVar("AnyOptions", bound=_Options)


def read_options(model: type[AnyOptions], options: Mapping[str, object], *, kind: str) -> AnyOptions:
    """Check options against their model; the error names every wrong field at once."""
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'options'}: {item['msg']}" for item in error.errors()
        )
        raise PowerConfigError(f"power options of kind {kind!r}: {reasons}") from error
