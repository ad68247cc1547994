# SPDX-License-Identifier: GPL-2.0-or-later
"""How much boots of one and the same build differ, and how sure we are of it.

All levels are natural logarithms of boot medians, so a standard deviation of 0.01 is a between-boot noise of 1 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, fdtri, polygamma

from kdyno.analysis.samples import Boot, FloatArray

RESAMPLES = 1000
SEED = 0x6B64796E6F
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


class MachineKind(StrEnum):
    """Kinds of machine that differ in how their boots scatter."""

    HARDWARE = "hardware"
    VIRTUAL_WALL = "virtual-wall"
    VIRTUAL_ICOUNT = "virtual-icount"


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
    # An emulator whose clock counts instructions: next to no noise, but not none.
    MachineKind.VIRTUAL_ICOUNT: MachineDefaults(0.01, BootPrior(sd=0.001, df=0, floor=0.0005)),
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

    A prior that the data contradict upwards (F test) is dropped: the machine is noisier today than it was.
    within: relative standard error of one boot's median, from its samples; boots cannot agree better than that.
    """
    df = len(base) + len(patched) - 2
    least = prior.floor**2 + within**2
    if df == 0:
        variance = max(prior.sd**2, least)
        return BootNoise(math.sqrt(variance), prior.df, prior.df, None)
    observed = sum(_sum_of_squares(arm) for arm in (base, patched)) / df
    conflict = prior.df > 0 and observed > prior.sd**2 * fdtri(df, prior.df, CONFLICT_CONFIDENCE)
    prior_df = 0.0 if conflict else prior.df
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
    return float(brentq(lambda x: float(polygamma(1, x)) - value, 1e-6, 1e9))


def resampled_levels(boots: Sequence[Boot], *, rng: np.random.Generator, size: int = RESAMPLES) -> FloatArray:
    """Hierarchical bootstrap of an arm's level: draw boots with replacement, then samples within each drawn boot.

    Drawing n samples and taking their median is done without drawing them: the median's rank in the sample is that of
    the middle order statistic of n uniforms, whose distribution is a Beta. The result is the same, the cost does not
    grow with the number of samples.
    """
    counts = np.array([boot.ordered.size for boot in boots])
    chosen = rng.integers(len(boots), size=(size, len(boots)))
    levels: FloatArray = _resampled_medians(boots, chosen=chosen, counts=counts, rng=rng).mean(axis=1)
    return levels


def within_boot_error(boots: Sequence[Boot], *, rng: np.random.Generator, size: int = RESAMPLES) -> FloatArray:
    """Relative standard error of each boot's median, by resampling its samples alone."""
    counts = np.array([boot.ordered.size for boot in boots])
    chosen = np.tile(np.arange(len(boots)), (size, 1))
    errors: FloatArray = _resampled_medians(boots, chosen=chosen, counts=counts, rng=rng).std(axis=0)
    return errors


def _resampled_medians(
    boots: Sequence[Boot], *, chosen: np.ndarray, counts: np.ndarray, rng: np.random.Generator
) -> FloatArray:
    """Logarithm of the resampled median of each chosen boot."""
    values = np.concatenate([boot.ordered for boot in boots])
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])[chosen]
    n = counts[chosen]
    lower_rank = (n + 1) // 2
    low = rng.beta(lower_rank, n - lower_rank + 1)
    # Of an even number the median is the mean of the two middle values; the second one is drawn given the first.
    step = rng.beta(1, np.maximum(n - lower_rank, 1))
    high = np.where(n % 2 == 0, low + (1 - low) * step, low)
    last = n - 1
    low_values = values[start + np.minimum((low * n).astype(np.int64), last)]
    high_values = values[start + np.minimum((high * n).astype(np.int64), last)]
    medians: FloatArray = np.log((low_values + high_values) / 2)
    return medians


def generator_for(boots: Sequence[Boot]) -> np.random.Generator:
    """A generator that depends on the shape of the data only: same input, same answer; scaling changes nothing."""
    return np.random.default_rng([SEED, *(boot.ordered.size for boot in boots)])
