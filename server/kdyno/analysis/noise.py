# SPDX-License-Identifier: GPL-2.0-or-later
"""How much boots of one and the same build differ, and how sure we are of it.

All levels are natural logarithms of boot medians, so a standard deviation of 0.01 is a between-boot noise of 1 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import betainc, digamma, fdtri, polygamma

from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.samples import Boot, FloatArray

SET_ASIDE_CONFIDENCE = 0.75
CONFLICT_CONFIDENCE = 0.95
MIN_HISTORY_DF = 6
MAX_HISTORY_DF = 30
MIN_GROUPS_FOR_SPREAD = 5


@dataclass(frozen=True)
class BootPrior:
    """What is known about between-boot noise before looking at this comparison.

    sd: typical relative standard deviation between boots (0.01 = 1 %).
    df: how many degrees of freedom that knowledge is worth. 0 means it is only a guess: it then plans boots, and
        never makes an interval narrower.
    floor: relative noise below which no boot-to-boot agreement is believed; keeps identical values from giving an
        interval of no width.
    learned: whether it comes from the machine's own history.
    """

    sd: float
    df: float
    floor: float
    learned: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sd) and self.sd > 0 and self.floor > 0 and self.df >= 0):
            raise ValueError(f"a prior needs sd > 0, floor > 0 and df >= 0, got {self}")


@dataclass(frozen=True)
class MachineDefaults:
    """What to assume of a machine that has no history yet; margin is relative (0.01 = 1 %)."""

    margin: float
    prior: BootPrior


DEFAULTS: dict[MachineKind, MachineDefaults] = {
    # Hardware differs so much from lab to lab that a guess must not narrow anything (df 0).
    MachineKind.HARDWARE: MachineDefaults(0.01, BootPrior(sd=0.01, df=0, floor=0.0005)),
    # An emulator on a shared host, wall-clock time: the guess is on the high side, so it may count.
    MachineKind.VIRTUAL_WALL: MachineDefaults(0.10, BootPrior(sd=0.20, df=4, floor=0.005)),
    # An emulator whose clock counts instructions: next to no noise, but not none. Forks were seen on two levels half a
    # per cent apart, so that two boots of each kernel can show a change of 2 %, not of 1 %.
    MachineKind.VIRTUAL_ICOUNT: MachineDefaults(0.02, BootPrior(sd=0.001, df=0, floor=0.0005)),
}


@dataclass(frozen=True)
class BootNoise:
    """Between-boot noise as used for one comparison: its standard deviation and the degrees of freedom behind it."""

    sd: float
    df: float
    prior_df: float
    observed_sd: float | None
    prior_in_conflict: bool = False

    @property
    def prior_used(self) -> bool:
        """Whether knowledge from before this comparison made the interval what it is."""
        return self.prior_df > 0


def boot_noise(base: Sequence[Boot], patched: Sequence[Boot], *, within: float, prior: BootPrior) -> BootNoise:
    """Pool the scatter of both arms' boots around their arm's mean and shrink it to the prior.

    With a normal scatter of levels and a scaled inverse chi-square prior on its variance, the posterior of the
    difference is Student's t with the degrees of freedom of data and prior added (Gelman et al., Bayesian Data
    Analysis, 3.3; as the moderated t-test: Smyth 2004, doi:10.2202/1544-6115.1027). Where the prior has no degrees of
    freedom this is the plain two-sample t-test, which needs no knowledge of the noise.

    A prior is set aside when the boots scatter more than three comparisons in four would under it (F test), because a
    machine twice as noisy as its history would otherwise break the promised error rate; it counts as contradicted at
    95 %.
    within: relative standard error of one boot's median, from its samples; boots cannot agree better than that.
    """
    df = len(base) + len(patched) - 2
    least = prior.floor**2 + within**2
    if df == 0:
        variance = max(prior.sd**2, least)
        return BootNoise(math.sqrt(variance), prior.df, prior.df, None)
    observed = sum(_sum_of_squares(arm) for arm in (base, patched)) / df
    excess = observed / prior.sd**2
    conflict = prior.df > 0 and excess > float(fdtri(df, prior.df, CONFLICT_CONFIDENCE))
    set_aside = prior.df > 0 and excess > float(fdtri(df, prior.df, SET_ASIDE_CONFIDENCE))
    prior_df = 0.0 if set_aside else prior.df
    variance = max((df * observed + prior_df * prior.sd**2) / (df + prior_df), least)
    return BootNoise(math.sqrt(variance), df + prior_df, prior_df, math.sqrt(observed), conflict)


def _sum_of_squares(boots: Sequence[Boot]) -> float:
    levels = np.array([boot.level for boot in boots])
    return float(np.square(levels - levels.mean()).sum())


def learn_prior(groups: Sequence[Sequence[float]], *, fallback: BootPrior) -> BootPrior:
    """Learn a machine's between-boot noise of one metric from its past.

    groups: the boot medians (any unit) of one arm of one past submission each: same build, machine and image. A group
    need not come from an A/A submission, since only the scatter inside a group is used.
    Until the history is worth 6 degrees of freedom, the fallback is returned. The prior's degrees of freedom say how
    steady the noise has been from group to group (method of moments on log variances, Smyth 2004, section 6.2);
    history counts half, because it is older than the question, and never more than 30.
    """
    usable = [np.log(np.asarray(group, dtype=np.float64)) for group in groups if len(group) >= 2]
    df = np.array([levels.size - 1 for levels in usable], dtype=np.float64)
    total = float(df.sum())
    if total < MIN_HISTORY_DF:
        return fallback
    variances = np.maximum([float(levels.var(ddof=1)) for levels in usable], fallback.floor**2)
    pooled = float(np.average(variances, weights=df))
    ceiling = min(total / 2, float(MAX_HISTORY_DF))
    if len(usable) < MIN_GROUPS_FOR_SPREAD:
        return replace(fallback, sd=math.sqrt(pooled), df=ceiling, learned=True)
    centred = np.log(variances) - digamma(df / 2) + np.log(df / 2)
    excess = float(centred.var(ddof=1) - polygamma(1, df / 2).mean())
    spread = 2 * _inverse_trigamma(excess) if excess > 1e-6 else math.inf
    return replace(fallback, sd=math.sqrt(pooled), df=min(spread, ceiling), learned=True)


def _inverse_trigamma(value: float) -> float:
    """x with trigamma(x) = value; trigamma falls from infinity to 0."""
    # Only learning needs it, and it would cost every idle process some 20 MB.
    from scipy.optimize import brentq

    return float(brentq(lambda x: float(polygamma(1, x)) - value, 1e-6, 1e9))


def median_errors(boots: Sequence[Boot]) -> FloatArray:
    """Relative standard error of each boot's median: the bootstrap over its samples, as infinitely many resamples give.

    No resample is drawn: the chance that a resample's median is the i-th smallest value is a difference of Beta
    distribution functions (Maritz and Jarrett, JASA 73, 1978). The same in every run; for an even number of samples the
    two middle values are taken as one, which errs on the wide side.
    """
    errors: FloatArray = np.sqrt([_resampled_median(boot)[1] for boot in boots])
    return errors


def arm_variance(boots: Sequence[Boot]) -> float:
    """Variance of an arm's level by the hierarchical bootstrap: boots drawn with replacement, then their samples.

    In the limit of infinitely many resamples it is the variance of one draw, between boots plus within, over their
    number.
    """
    means, variances = np.array([_resampled_median(boot) for boot in boots]).T
    return float((means.var() + variances.mean()) / len(boots))


def _resampled_median(boot: Boot) -> tuple[float, float]:
    """Mean and variance of the logarithm of the median of a resample of one boot."""
    weights = _median_weights(boot.ordered.size)
    centred = np.log(boot.ordered) - boot.level
    mean = float(weights @ centred)
    return boot.level + mean, max(float(weights @ np.square(centred - mean)), 0.0)


@lru_cache(maxsize=64)
def _median_weights(size: int) -> FloatArray:
    """Chance of each of `size` ordered samples to be the median of a resample."""
    half = (size + 1) / 2
    weights: FloatArray = np.diff(betainc(half, half, np.arange(size + 1) / size))
    return weights
