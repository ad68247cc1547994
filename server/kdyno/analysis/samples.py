# SPDX-License-Identifier: GPL-2.0-or-later
"""What a comparison is given: metric, arms, boots and samples, checked before any arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kdyno.analysis.verdicts import Direction

FloatArray = NDArray[np.float64]


class InputFault(StrEnum):
    """Why samples were refused."""

    NO_BOOTS = "no boots"
    REPEATED_BOOT = "the same boot twice"
    EMPTY = "no samples"
    NOT_NUMBERS = "not a flat list of numbers"
    NAN = "a sample is not a number (NaN)"
    INFINITE = "a sample is infinite"
    NOT_POSITIVE = "a sample is zero or negative"
    MIXED_UNITS = "mixed units"


class SamplesError(ValueError):
    """Samples that cannot be compared. Names metric, arm and boot, so that the faulty record can be found."""

    def __init__(self, fault: InputFault, *, metric: str, arm: str, boot: int | str | None = None, detail: str = ""):
        self.fault = fault
        self.metric = metric
        self.arm = arm
        self.boot = boot
        where = f"{metric}, arm {arm}" + ("" if boot is None else f", boot {boot}")
        super().__init__(f"{where}: {fault}" + (f" ({detail})" if detail else ""))


@dataclass(frozen=True)
class Metric:
    """A measured quantity. The unit is a label here: effects are ratios, so no unit is ever converted."""

    name: str
    unit: str
    direction: Direction


@dataclass(frozen=True, eq=False)
class BootSamples:
    """All samples of one metric from one boot (one attempt), in the order they were taken."""

    boot_id: int | str
    samples: Sequence[float] | FloatArray
    unit: str


@dataclass(frozen=True, eq=False)
class ArmSamples:
    """One side of a comparison, "base" or "patched"."""

    name: str
    boots: Sequence[BootSamples]


@dataclass(frozen=True)
class Boot:
    """A boot after checking. `level` is the natural logarithm of its median."""

    boot_id: int | str
    ordered: FloatArray
    as_taken: FloatArray
    level: float


def checked_arm(arm: ArmSamples, *, metric: Metric) -> list[Boot]:
    """Check an arm and return its boots sorted by level, so that no result depends on the order of boots.

    Raises SamplesError.
    """
    if not arm.boots:
        raise SamplesError(InputFault.NO_BOOTS, metric=metric.name, arm=arm.name)
    seen: set[int | str] = set()
    for boot in arm.boots:
        if boot.boot_id in seen:
            raise SamplesError(InputFault.REPEATED_BOOT, metric=metric.name, arm=arm.name, boot=boot.boot_id)
        seen.add(boot.boot_id)
    boots = [_checked_boot(boot, metric=metric, arm=arm.name) for boot in arm.boots]
    return sorted(boots, key=lambda boot: (boot.level, boot.ordered.size))


def _checked_boot(boot: BootSamples, *, metric: Metric, arm: str) -> Boot:
    def refuse(fault: InputFault, detail: str = "") -> SamplesError:
        return SamplesError(fault, metric=metric.name, arm=arm, boot=boot.boot_id, detail=detail)

    if boot.unit != metric.unit:
        raise refuse(InputFault.MIXED_UNITS, f"{boot.unit}, expected {metric.unit}")
    try:
        values = np.asarray(boot.samples, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise refuse(InputFault.NOT_NUMBERS) from error
    if values.ndim != 1:
        raise refuse(InputFault.NOT_NUMBERS)
    if values.size == 0:
        raise refuse(InputFault.EMPTY)
    for fault, bad in (
        (InputFault.NAN, np.isnan(values)),
        (InputFault.INFINITE, np.isinf(values)),
        (InputFault.NOT_POSITIVE, values <= 0),
    ):
        if bad.any():
            raise refuse(fault, f"sample {int(bad.argmax())}")
    ordered = np.sort(values)
    return Boot(boot.boot_id, ordered, values, float(np.log(np.median(ordered))))
