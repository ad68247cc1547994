# SPDX-License-Identifier: GPL-2.0-or-later
"""How machines of each power driver are prepared."""

from kdyno_lab.power.registry import PowerKind
from kdyno_lab.prepare.contract import PrepareError, Preparer
from kdyno_lab.prepare.fake import prepare_fake
from kdyno_lab.prepare.machine import prepare_machine

_PREPARERS: dict[PowerKind, Preparer] = {
    PowerKind.QEMU: prepare_machine,
    PowerKind.FAKE: prepare_fake,
}


def preparer(driver: str) -> Preparer:
    """The way to prepare a machine that is switched by `driver`; raises PrepareError for an unknown one."""
    try:
        return _PREPARERS[PowerKind(driver)]
    except ValueError:
        known = ", ".join(sorted(_PREPARERS))
        raise PrepareError(f"no way to prepare machines of driver {driver!r}; known: {known}") from None
