# SPDX-License-Identifier: GPL-2.0-or-later
"""Checked samples with the statistics of each boot: what a comparison reads, whether it looks once or several times."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from kdyno.analysis.boot_statistics import BootStatistics, boot_statistics
from kdyno.analysis.evidence import ArmLevels, Evidence, PriorTable, arm_levels, evidence_of, stack
from kdyno.analysis.noise import BootPrior
from kdyno.analysis.samples import Boot, Metric, MetricPair, checked_arm


@dataclass(frozen=True, eq=False)
class MeasuredArm:
    """An arm's boots and their statistics, in the order given."""

    name: str
    boots: Sequence[Boot]
    statistics: BootStatistics

    def first(self, boots: int) -> "MeasuredArm":
        """The arm as it was after its first boots."""
        return MeasuredArm(self.name, self.boots[:boots], _rows(self.statistics, 0, boots))

    def levels(self) -> ArmLevels:
        """What the boots amount to; sorted, so that not even the last bit depends on their order."""
        return arm_levels(np.sort(self.statistics.level), np.sort(self.statistics.error))


@dataclass(frozen=True, eq=False)
class MeasuredMetric:
    """A metric with both arms measured and the prior that applies to it."""

    metric: Metric
    base: MeasuredArm
    patched: MeasuredArm
    prior: BootPrior

    def first(self, base_boots: int, patched_boots: int) -> "MeasuredMetric":
        """The metric as it was after the first boots of each arm."""
        return MeasuredMetric(self.metric, self.base.first(base_boots), self.patched.first(patched_boots), self.prior)


def measure(pairs: Sequence[MetricPair], *, prior: BootPrior) -> list[MeasuredMetric]:
    """Check all samples and work out every boot's statistics. Raises SamplesError."""
    arms = [
        (arm.name, pair.metric, checked_arm(arm, metric=pair.metric))
        for pair in pairs
        for arm in (pair.base, pair.patched)
    ]
    statistics = boot_statistics(
        [boot.samples for _, _, boots in arms for boot in boots],
        quantiles=np.array([metric.quantile for _, metric, boots in arms for _ in boots]),
    )
    measured: list[MeasuredArm] = []
    row = 0
    for name, _, boots in arms:
        measured.append(MeasuredArm(name, boots, _rows(statistics, row, row + len(boots))))
        row += len(boots)
    return [
        MeasuredMetric(pair.metric, base, patched, pair.prior or prior)
        for pair, base, patched in zip(pairs, measured[0::2], measured[1::2], strict=True)
    ]


def evidence_from(metrics: Sequence[MeasuredMetric]) -> Evidence:
    """The evidence of all metrics of a submission, one entry each."""
    base, patched = (
        stack([arm.levels() for arm in arms]) for arms in zip(*((m.base, m.patched) for m in metrics), strict=True)
    )
    return evidence_of(base, patched, prior=PriorTable.of([metric.prior for metric in metrics]))


def _rows(statistics: BootStatistics, first: int, end: int) -> BootStatistics:
    return BootStatistics(
        **{field.name: getattr(statistics, field.name)[first:end] for field in fields(BootStatistics)}
    )
