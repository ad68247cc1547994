# SPDX-License-Identifier: GPL-2.0-or-later
"""What the boots' levels say about the difference between two arms: estimate, standard error, degrees of freedom.

Works on arrays whose last axis is the metric, so that a submission of hundreds of metrics, or thousands of simulated
submissions, are one calculation. Counts and priors may have fewer dimensions than the levels; they broadcast.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from kdyno.analysis.noise import BootPrior, FloatArray

SET_ASIDE_CONFIDENCE = 0.75
CONFLICT_CONFIDENCE = 0.95
UNEQUAL_CONFIDENCE = 0.975
SCEPTIC_HALVES_EVERY_DF = 4


@dataclass(frozen=True, eq=False)
class ArmLevels:
    """What an arm's boots amount to. count: boots; mean: of their levels; squares: sum of squared deviations from the
    mean; within: mean squared standard error of a boot's level, from its samples."""

    count: FloatArray
    mean: FloatArray
    squares: FloatArray
    within: FloatArray


def arm_levels(levels: FloatArray, errors: FloatArray) -> ArmLevels:
    """Sum up an arm; the last axis of levels and errors is the boot."""
    mean = levels.mean(axis=-1)
    squares = np.square(levels - mean[..., None]).sum(axis=-1)
    return ArmLevels(np.array(float(levels.shape[-1])), mean, squares, np.square(errors).mean(axis=-1))


def stack(arms: Sequence[ArmLevels]) -> ArmLevels:
    """Arms of several metrics as one, the metric on the last axis."""
    return ArmLevels(
        *(np.array([getattr(arm, name) for arm in arms]) for name in ("count", "mean", "squares", "within"))
    )


@dataclass(frozen=True, eq=False)
class PriorTable:
    """Priors of several metrics as arrays; see noise.BootPrior."""

    sd: FloatArray
    df: FloatArray
    floor: FloatArray

    @classmethod
    def of(cls, priors: Sequence[BootPrior]) -> "PriorTable":
        return cls(*(np.array([getattr(prior, name) for prior in priors]) for name in ("sd", "df", "floor")))


@dataclass(frozen=True, eq=False)
class Evidence:
    """One entry per metric. difference: of the arms' levels, patched less base, on the log scale.

    error, df: its standard error and the degrees of freedom behind that; df 0 when nothing is known of the noise.
    sd: between-boot noise used. prior_df: how much of df is knowledge from before. observed_sd: NaN for one boot each.
    unequal: the arms scatter so differently that each had to speak for itself.
    conflict: the boots contradict the prior.
    """

    difference: FloatArray
    error: FloatArray
    df: FloatArray
    sd: FloatArray
    prior_df: FloatArray
    observed_sd: FloatArray
    unequal: np.ndarray
    conflict: np.ndarray


def evidence_of(base: ArmLevels, patched: ArmLevels, *, prior: PriorTable) -> Evidence:
    """Pool the scatter of both arms' boots around their arm's mean and shrink it to the prior.

    With a normal scatter of levels and a scaled inverse chi-square prior on its variance, the posterior of the
    difference is Student's t with the degrees of freedom of data and prior added (Gelman et al., Bayesian Data
    Analysis, 3.3; as the moderated t-test: Smyth 2004, doi:10.2202/1544-6115.1027). Where the prior has no degrees of
    freedom this is the plain two-sample t-test, which needs no knowledge of the noise.

    A prior is set aside when the boots scatter more than three comparisons in four would under it (F test), because a
    machine twice as noisy as its history would otherwise break the promised error rate; it counts as contradicted at
    95 %. When the arms scatter differently (F test, 5 %), pooling would promise too much: each arm then keeps its own
    variance, with Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946; Welch, Biometrika 34, 1947).

    Boots cannot agree better than their own levels are known, nor than the prior's floor. And few boots that agree
    better than usual are not believed at once: boots that fall on one of two levels agree by chance, two and two, one
    time in eight, and no t-test is honest about that. The chance halves with every boot, and so does, with every block,
    the share of the usual variance that is the least believed; a prior that is only a guess does that much.
    """
    least = np.square(prior.floor) + (base.within * base.count + patched.within * patched.count) / (
        base.count + patched.count
    )
    data_df = base.count + patched.count - 2
    squares = base.squares + patched.squares
    observed = squares / np.maximum(data_df, 1)
    alone = data_df == 0
    excess = observed / np.square(prior.sd)
    set_aside = ~alone & (excess > _f_quantile(data_df, prior.df, SET_ASIDE_CONFIDENCE))
    conflict = ~alone & (excess > _f_quantile(data_df, prior.df, CONFLICT_CONFIDENCE))
    variances = [
        np.maximum(
            arm.squares / np.maximum(arm.count - 1, 1), np.maximum(least, _sceptical(arm.count - 1, prior=prior))
        )
        for arm in (base, patched)
    ]
    least = np.maximum(least, _sceptical(data_df, prior=prior))
    unequal = _ratio_unlikely(variances, base.count - 1, patched.count - 1)
    prior_df = np.where(set_aside | unequal, 0.0, prior.df)
    df = data_df + prior_df
    known = np.where(df > 0, (squares + prior_df * np.square(prior.sd)) / np.maximum(df, 1e-9), np.square(prior.sd))
    variance = np.maximum(known, least)
    parts = [variances[0] / base.count, variances[1] / patched.count]
    apart = sum(
        np.square(part) / np.maximum(arm.count - 1, 1) for part, arm in zip(parts, (base, patched), strict=True)
    )
    error_squared = np.where(unequal, parts[0] + parts[1], variance * (1 / base.count + 1 / patched.count))
    return Evidence(
        difference=patched.mean - base.mean,
        error=np.sqrt(error_squared),
        df=np.where(unequal, np.square(parts[0] + parts[1]) / apart, df),
        sd=np.sqrt(variance),
        prior_df=prior_df,
        observed_sd=np.where(alone, np.nan, np.sqrt(observed)),
        unequal=unequal,
        conflict=conflict,
    )


def _sceptical(df: FloatArray, *, prior: PriorTable) -> FloatArray:
    """Variance below which few boots' agreement is put down to luck."""
    variance: FloatArray = np.square(prior.sd) * 0.5 ** (df / SCEPTIC_HALVES_EVERY_DF)
    return variance


def _f_quantile(df: FloatArray, other_df: FloatArray, confidence: float) -> FloatArray:
    """Quantile of the F distribution; infinite where one side has no degrees of freedom."""
    usable = (df > 0) & (other_df > 0)
    quantile = fdtri(np.where(usable, df, 1.0), np.where(usable, other_df, 1.0), confidence)
    return np.where(usable, quantile, np.inf)


def _ratio_unlikely(variances: Sequence[FloatArray], df: FloatArray, other_df: FloatArray) -> np.ndarray:
    """Whether two variances are further apart than chance allows (two-sided F test at 5 %)."""
    ratio = variances[0] / variances[1]
    unlikely: np.ndarray = (ratio > _f_quantile(df, other_df, UNEQUAL_CONFIDENCE)) | (
        1 / ratio > _f_quantile(other_df, df, UNEQUAL_CONFIDENCE)
    )
    return unlikely
