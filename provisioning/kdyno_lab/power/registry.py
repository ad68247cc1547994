# SPDX-License-Identifier: GPL-2.0-or-later
"""Which driver stands for which kind in the inventory: a new driver is a new file and one line here."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from kdyno_lab.power.driver import PowerConfigError, PowerDriver
from kdyno_lab.power.fake import FakePower
from kdyno_lab.power.options import FakeOptions, QemuOptions, read_options
from kdyno_lab.power.qemu import QemuPower


class PowerKind(StrEnum):
    """The kinds of power switch this lab can work."""

    QEMU = "qemu"
    FAKE = "fake"


def _build_qemu(options: Mapping[str, object]) -> PowerDriver:
    return QemuPower(read_options(QemuOptions, options, kind=PowerKind.QEMU))


def _build_fake(options: Mapping[str, object]) -> PowerDriver:
    return FakePower(read_options(FakeOptions, options, kind=PowerKind.FAKE))


_BUILDERS: dict[PowerKind, Callable[[Mapping[str, object]], PowerDriver]] = {
    PowerKind.QEMU: _build_qemu,
    PowerKind.FAKE: _build_fake,
}


def build_driver(kind: str, options: Mapping[str, object]) -> PowerDriver:
    """The driver for a machine; raises PowerConfigError naming what is wrong. Touches no hardware."""
    try:
        builder = _BUILDERS[PowerKind(kind)]
    except ValueError:
        known = ", ".join(sorted(_BUILDERS))
        raise PowerConfigError(f"unknown kind of power switch {kind!r}; known: {known}") from None
    return builder(options)
