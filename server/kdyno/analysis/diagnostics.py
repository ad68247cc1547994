# SPDX-License-Identifier: GPL-2.0-or-later
"""Things about the samples that a reader should know before believing a verdict. They are named, never judged.

A shape is named for an arm when more than half of its boots show it. What changed between the arms is tested with the
boot as unit of independence, each test at a nominal 0.1 % per metric. The rates at which ordinary noise is named by
mistake are printed by benchmarks/analysis.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import fdtrc, stdtr

from kdyno.analysis.boot_statistics import best_split
from kdyno.analysis.evidence import Evidence
from kdyno.analysis.measured import MeasuredArm, MeasuredMetric
from kdyno.analysis.noise import FloatArray

FEW_BOOTS_DF = 4
# How wide the widest gap between boots may be, in standard deviations inside the two groups beside it, by number of
# boots. One arm in 2000 of normal boots has a wider one (simulated).
MODE_GAPS = {4: 74.0, 5: 32.0, 6: 18.0, 7: 12.6, 8: 9.8, 10: 6.7, 12: 5.2, 16: 3.9, 20: 3.1}
DRIFT_ERRORS = 5.0
FAR_SHARE = 0.005
FEWEST_FAR = 3
CORRELATED = 1.5
CORRELATION_ERRORS = 5.0
FINDING_LEVEL = 0.001
FEWEST_BEYOND = 5


class WarningKind(StrEnum):
    """What can be odd about the samples of a comparison."""

    TOO_FEW_BOOTS = "too few boots"
    UNEQUAL_BOOTS = "unequal boots"
    NOISIER_THAN_HISTORY = "noisier than history"
    VARIANCE_CHANGED = "variance changed"
    MODE_SHARE_CHANGED = "mode share changed"
    MULTIMODAL_BOOTS = "multimodal boots"
    CONSTANT = "constant series"
    QUANTISED = "quantised values"
    MULTIMODAL = "multimodal samples"
    FLOOR = "one-sided floor"
    OUTLIERS = "outliers"
    DRIFT = "drift within a boot"
    AUTOCORRELATED = "autocorrelated samples"
    NOT_CONVERGED = "not converged"


NOISE_CLASSES = (
    WarningKind.MULTIMODAL_BOOTS,
    WarningKind.CONSTANT,
    WarningKind.QUANTISED,
    WarningKind.MULTIMODAL,
    WarningKind.FLOOR,
    WarningKind.OUTLIERS,
    WarningKind.DRIFT,
    WarningKind.AUTOCORRELATED,
)
"""The kinds that describe what the noise is like; without any of them it is ordinary."""


@dataclass(frozen=True)
class SampleWarning:
    """A named oddity, with a sentence for people."""

    kind: WarningKind
    text: str


def diagnose(metric: MeasuredMetric, evidence: Evidence, *, index: int, margin: float) -> tuple[SampleWarning, ...]:
    """All warnings for one metric, which is entry `index` of the evidence; most general first.

    margin: relative size below which a drift, a gap or a vague median is of no interest.
    """
    arms = (metric.base, metric.patched)
    found = _boot_counts(arms, df=float(evidence.df[index]))
    if evidence.conflict[index]:
        text = (
            f"boots scatter by {float(evidence.observed_sd[index]):.2%}, more than this machine's expected noise "
            "allows: the expectation was set aside"
        )
        found.append(SampleWarning(WarningKind.NOISIER_THAN_HISTORY, text))
    found += _variance_change(*arms)
    found += _mode_share_change(*arms)
    for arm in arms:
        found += _arm_warnings(arm, quantile=metric.metric.quantile, floor=margin)
    return tuple(found)


def _boot_counts(arms: Sequence[MeasuredArm], *, df: float) -> list[SampleWarning]:
    counts = [len(arm.boots) for arm in arms]
    shown = " and ".join(f"{len(arm.boots)} {arm.name}" for arm in arms)
    found = []
    if min(counts) < 2 or df < FEW_BOOTS_DF:
        text = f"{shown} boots with little known about the machine's noise: only large effects can be told"
        found.append(SampleWarning(WarningKind.TOO_FEW_BOOTS, text))
    if len(set(counts)) > 1:
        text = f"{shown} boots: the interval assumes both arms scatter alike, which equal counts make harmless"
        found.append(SampleWarning(WarningKind.UNEQUAL_BOOTS, text))
    return found


def _variance_change(base: MeasuredArm, patched: MeasuredArm) -> list[SampleWarning]:
    """Between boots by the F test, within boots by a t-test on the logarithms of the boots' spreads."""
    found = []
    levels = [arm.statistics.level for arm in (base, patched)]
    least = [float(np.square(arm.statistics.error).mean()) + 1e-12 for arm in (base, patched)]
    if min(len(values) for values in levels) > 1:
        variances = [max(float(v.var(ddof=1)), w) for v, w in zip(levels, least, strict=True)]
        ratio, dfs = variances[1] / variances[0], (len(levels[1]) - 1, len(levels[0]) - 1)
        tail = min(float(fdtrc(*dfs, ratio)), float(fdtrc(dfs[1], dfs[0], 1 / ratio)))
        if 2 * tail < FINDING_LEVEL:
            text = f"boots scatter {_times(np.sqrt(ratio))} with the patch (F test, p = {2 * tail:.1g})"
            found.append(SampleWarning(WarningKind.VARIANCE_CHANGED, text))
    spreads = [arm.statistics.spread[arm.statistics.spread > 0] for arm in (base, patched)]
    if min(len(spread) for spread in spreads) > 1:
        # A normal sample's log interquartile range has a variance of about 1.36 over its size.
        sizes = min(float(arm.statistics.size.min()) for arm in (base, patched))
        p_value, change = _boots_differ(*(np.log(spread) for spread in spreads), least=1.36 / sizes)
        if p_value < FINDING_LEVEL:
            text = f"samples within boots scatter {_times(np.exp(change))} with the patch (p = {p_value:.1g})"
            found.append(SampleWarning(WarningKind.VARIANCE_CHANGED, text))
    return found


def _mode_share_change(base: MeasuredArm, patched: MeasuredArm) -> list[SampleWarning]:
    """Whether the samples of one arm fall into the upper mode more often, once either arm has modes."""
    if not any(_usual(arm.statistics.modes) for arm in (base, patched)) or min(len(base.boots), len(patched.boots)) < 2:
        return []
    everything = np.sort(np.log(np.concatenate([boot.samples for arm in (base, patched) for boot in arm.boots])))
    lower = int(best_split(everything[None, :])[0][0])
    border = (everything[lower - 1] + everything[lower]) / 2
    shares = [
        np.array([float((np.log(boot.samples) > border).mean()) for boot in arm.boots]) for arm in (base, patched)
    ]
    # The arcsine of a share's root has a variance of a quarter over the number of independent samples.
    least = max(float((arm.statistics.correlation_time / arm.statistics.size).mean()) for arm in (base, patched)) / 4
    p_value, _ = _boots_differ(*(np.arcsin(np.sqrt(share)) for share in shares), least=least)
    if p_value >= FINDING_LEVEL:
        return []
    before, after = (float(share.mean()) for share in shares)
    text = f"{before:.0%} of the samples in the upper mode without the patch, {after:.0%} with it (p = {p_value:.1g})"
    return [SampleWarning(WarningKind.MODE_SHARE_CHANGED, text)]


def _boots_differ(base: FloatArray, patched: FloatArray, *, least: float) -> tuple[float, float]:
    """Two-sided p-value of Student's t on one figure per boot, and the difference; `least` bounds its variance."""
    df = len(base) + len(patched) - 2
    change = float(patched.mean() - base.mean())
    squares = sum(float(np.square(part - part.mean()).sum()) for part in (base, patched))
    variance = max(squares / df, least) * (1 / len(base) + 1 / len(patched))
    return 2 * float(stdtr(df, -abs(change) / np.sqrt(variance))), change


def _arm_warnings(arm: MeasuredArm, *, quantile: float, floor: float) -> list[SampleWarning]:
    boots, found = arm.statistics, []

    def name(kind: WarningKind, text: str) -> None:
        found.append(SampleWarning(kind, f"{arm.name}: {text}"))

    if has_boot_modes(boots.level, boots.error, least=floor):
        name(
            WarningKind.MULTIMODAL_BOOTS,
            "boots fall into separate groups; compare more boots before trusting a small effect",
        )
    if boots.constant.any():
        name(
            WarningKind.CONSTANT,
            f"all samples equal in {_which(arm, boots.constant > 0)}; coarse values, or not measured at all",
        )
    if _usual(boots.quantised):
        name(
            WarningKind.QUANTISED, "values are steps coarser than their own scatter; small effects hide in the rounding"
        )
    if _usual(boots.modes):
        name(WarningKind.MULTIMODAL, "samples within boots fall into two groups; a quantile may jump between them")
    if _usual(boots.floor):
        name(
            WarningKind.FLOOR,
            "samples pile up on a least value with a tail above; a low quantile is steadier than the mean",
        )
    far, size = float(boots.far.sum()), float(boots.size.sum())
    if far >= FEWEST_FAR and far > FAR_SHARE * size and not _usual(np.maximum(boots.floor, boots.modes)):
        name(WarningKind.OUTLIERS, f"{far / size:.1%} of the samples lie far from the rest")
    drifting = drifts(boots.drift, boots.drift_error, least=floor)
    if drifting.any():
        moved = float(np.abs(np.expm1(boots.drift[drifting])).max())
        name(
            WarningKind.DRIFT,
            f"the level moves by {moved:.1%} from the first to the last third of {_which(arm, drifting)}",
        )
    times = float(boots.correlation_time.mean())
    if times > CORRELATED and float(boots.lag_one.mean()) > CORRELATION_ERRORS / np.sqrt(size):
        name(
            WarningKind.AUTOCORRELATED,
            f"neighbouring samples resemble each other: {times:.1f} tell as much as one independent",
        )
    vague = boots.error * 1.96 > floor
    beyond = boots.size * min(quantile, 1 - quantile)
    thin = (boots.size > 1) & (beyond < FEWEST_BEYOND) & (quantile != 0.5)
    if vague.any():
        text = f"the level is known no better than ±{1.96 * boots.error.max():.1%} in {_which(arm, vague)}"
        name(WarningKind.NOT_CONVERGED, text)
    elif thin.any():
        text = f"only {int(beyond.min())} samples of a boot lie beyond the quantile: its error is unsure"
        name(WarningKind.NOT_CONVERGED, text)
    return found


def drifts(drift: FloatArray, errors: FloatArray, *, least: float) -> np.ndarray:
    """Whether each boot's change from its first to its last third exceeds both chance and `least`."""
    moved: np.ndarray = (np.abs(drift) > np.log1p(least)) & (np.abs(drift) > DRIFT_ERRORS * errors)
    return moved


def has_boot_modes(levels: FloatArray, errors: FloatArray, *, least: float) -> bool:
    """Whether the boots split in two groups of at least two, far apart compared with the spread inside the groups."""
    if levels.size < min(MODE_GAPS):
        return False
    levels = np.sort(levels)
    gaps = np.diff(levels)[1:-1]
    split = int(gaps.argmax()) + 2
    inside = np.concatenate([levels[:split] - levels[:split].mean(), levels[split:] - levels[split:].mean()])
    spread = max(float(np.sqrt(np.square(inside).sum() / (levels.size - 2))), float(errors.mean()))
    widest = float(np.interp(levels.size, list(MODE_GAPS), list(MODE_GAPS.values())))
    return bool(gaps.max() > np.log1p(least) and gaps.max() > widest * spread)


def _usual(shows: FloatArray) -> bool:
    """Whether more than half of the boots show it."""
    return bool(shows.mean() > 0.5)


def _which(arm: MeasuredArm, rows: np.ndarray) -> str:
    names = sorted(str(boot.boot_id) for boot, named in zip(arm.boots, rows, strict=True) if named)
    return ("boot " if len(names) == 1 else "boots ") + ", ".join(names)


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times as much" if ratio > 1 else f"{1 / ratio:.1f} times less"
