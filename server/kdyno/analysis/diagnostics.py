# SPDX-License-Identifier: GPL-2.0-or-later
"""Things about the samples that a reader should know before believing a verdict. They are named, never judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kdyno.analysis.noise import BootNoise
from kdyno.analysis.samples import Boot, FloatArray

FEW_BOOTS_DF = 4
MIN_BOOTS_FOR_MODES = 4
MODE_GAP = 10.0
MIN_SAMPLES_FOR_DRIFT = 30
DRIFT_ERRORS = 5.0


class WarningKind(StrEnum):
    """What can be odd about the samples of a comparison."""

    TOO_FEW_BOOTS = "too few boots"
    UNEQUAL_BOOTS = "unequal boots"
    MULTIMODAL_BOOTS = "multimodal boots"
    DRIFT = "drift within a boot"
    NOT_CONVERGED = "not converged"
    CONSTANT = "constant series"
    NOISIER_THAN_HISTORY = "noisier than history"


@dataclass(frozen=True)
class SampleWarning:
    """A named oddity, with a sentence for people."""

    kind: WarningKind
    text: str


@dataclass(frozen=True)
class CheckedArm:
    """An arm as the diagnostics see it; errors are the relative standard errors of the boots' medians."""

    name: str
    boots: Sequence[Boot]
    errors: FloatArray


def diagnose(arms: Sequence[CheckedArm], *, noise: BootNoise, margin: float) -> tuple[SampleWarning, ...]:
    """All warnings for one metric, most general first."""
    found = [*_boot_counts(arms, noise=noise)]
    if noise.prior_in_conflict:
        found.append(
            SampleWarning(
                WarningKind.NOISIER_THAN_HISTORY,
                f"boots scatter by {noise.observed_sd:.2%}, more than this machine's expected noise allows: "
                "the expectation was set aside",
            )
        )
    for arm in arms:
        found += _arm_warnings(arm, floor=margin)
    return tuple(found)


def _boot_counts(arms: Sequence[CheckedArm], *, noise: BootNoise) -> list[SampleWarning]:
    counts = [len(arm.boots) for arm in arms]
    shown = " and ".join(f"{len(arm.boots)} {arm.name}" for arm in arms)
    found = []
    if min(counts) < 2 or noise.df < FEW_BOOTS_DF:
        text = f"{shown} boots with little known about the machine's noise: only large effects can be told"
        found.append(SampleWarning(WarningKind.TOO_FEW_BOOTS, text))
    if len(set(counts)) > 1:
        text = f"{shown} boots: the interval assumes both arms scatter alike, which equal counts make harmless"
        found.append(SampleWarning(WarningKind.UNEQUAL_BOOTS, text))
    return found


def _arm_warnings(arm: CheckedArm, *, floor: float) -> list[SampleWarning]:
    found = []
    constant = [boot for boot in arm.boots if boot.ordered.size > 1 and boot.ordered[0] == boot.ordered[-1]]
    drifting = [boot for boot in arm.boots if drifts(boot, least=floor)]
    vague = arm.errors * 1.96 > floor
    if constant:
        text = f"{arm.name}: all samples equal in {_boots(constant)}; the value may be quantised or not measured at all"
        found.append(SampleWarning(WarningKind.CONSTANT, text))
    if has_modes(arm, least=floor):
        text = f"{arm.name}: boots fall into separate groups; compare more boots before trusting a small effect"
        found.append(SampleWarning(WarningKind.MULTIMODAL_BOOTS, text))
    if drifting:
        text = f"{arm.name}: the level moves from the first to the last third of {_boots(drifting)}"
        found.append(SampleWarning(WarningKind.DRIFT, text))
    if vague.any():
        unsure = [boot for boot, bad in zip(arm.boots, vague, strict=True) if bad]
        text = f"{arm.name}: the median is known no better than ±{1.96 * arm.errors.max():.1%} in {_boots(unsure)}"
        found.append(SampleWarning(WarningKind.NOT_CONVERGED, text))
    return found


def _boots(boots: Sequence[Boot]) -> str:
    return ("boot " if len(boots) == 1 else "boots ") + ", ".join(sorted(str(boot.boot_id) for boot in boots))


def drifts(boot: Boot, *, least: float) -> bool:
    """Whether the last third's median differs from the first third's by more than chance and more than `least`."""
    third = boot.as_taken.size // 3
    if boot.as_taken.size < MIN_SAMPLES_FOR_DRIFT:
        return False
    first, last = np.log(boot.as_taken[:third]), np.log(boot.as_taken[-third:])
    change = abs(float(np.median(last) - np.median(first)))
    if change <= np.log1p(least):
        return False
    errors = [np.subtract(*np.percentile(part, (75, 25))) / 1.349 * 1.2533 / np.sqrt(third) for part in (first, last)]
    return change > DRIFT_ERRORS * float(np.hypot(*errors))


def has_modes(arm: CheckedArm, *, least: float) -> bool:
    """Whether the boots split in two groups of at least two, far apart compared with the spread inside the groups."""
    levels = np.array([boot.level for boot in arm.boots])
    if levels.size < MIN_BOOTS_FOR_MODES:
        return False
    gaps = np.diff(levels)[1:-1]
    split = int(gaps.argmax()) + 2
    inside = np.concatenate([levels[:split] - levels[:split].mean(), levels[split:] - levels[split:].mean()])
    spread = max(float(np.sqrt(np.square(inside).sum() / (levels.size - 2))), float(arm.errors.mean()))
    return bool(gaps.max() > np.log1p(least) and gaps.max() > MODE_GAP * spread)
