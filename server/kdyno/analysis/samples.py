# SPDX-License-Identifier: GPL-2.0-or-later
"""What a comparison is given: metric, arms, boots and samples, checked before any arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from kdyno.analysis.noise import BootPrior, FloatArray
from kdyno.analysis.verdicts import Direction


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
    """A measured quantity. The unit is a label here: effects are ratios, so no unit is ever converted.

    quantile: which quantile of a boot's samples is compared: 0.5 the median, 0.99 the tail. Of a metric with one number
    per boot every quantile is that number.
    """

    name: str
    unit: str
    direction: Direction
    quantile: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ValueError(f"a quantile lies between 0 and 1, got {self.quantile} for {self.name}")


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


@dataclass(frozen=True, eq=False)
class MetricPair:
    """One metric of a submission with both arms. A prior given here replaces the submission's."""

    metric: Metric
    base: ArmSamples
    patched: ArmSamples
    prior: BootPrior | None = None


def at_quantiles(pair: MetricPair, quantiles: Sequence[float]) -> list[MetricPair]:
    """The same samples as one metric per quantile, to be compared together: `lat_pipe p50`, `lat_pipe p99`."""
    return [
        replace(pair, metric=replace(pair.metric, name=f"{pair.metric.name} p{100 * quantile:g}", quantile=quantile))
        for quantile in quantiles
    ]


@dataclass(frozen=True, eq=False)
class Boot:
    """A boot after checking, its samples in the order they were taken."""

    boot_id: int | str
    samples: FloatArray


def checked_arm(arm: ArmSamples, *, metric: Metric) -> list[Boot]:
    """Check an arm's samples before any arithmetic. Raises SamplesError."""
    if not arm.boots:
        raise SamplesError(InputFault.NO_BOOTS, metric=metric.name, arm=arm.name)
    seen: set[int | str] = set()
    for boot in arm.boots:
        if boot.boot_id in seen:
            raise SamplesError(InputFault.REPEATED_BOOT, metric=metric.name, arm=arm.name, boot=boot.boot_id)
        seen.add(boot.boot_id)
    return [_checked_boot(boot, metric=metric, arm=arm.name) for boot in arm.boots]


def fault_of(pair: MetricPair) -> SamplesError | None:
    """What keeps a metric from being compared. A time can be too short for its clock and come out as zero, which has
    no ratio to anything."""
    try:
        for arm in (pair.base, pair.patched):
            checked_arm(arm, metric=pair.metric)
    except SamplesError as error:
        return error
    return None


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
    return Boot(boot.boot_id, values)
