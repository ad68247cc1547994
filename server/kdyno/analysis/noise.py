# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known beforehand about how much boots of one and the same build differ.

All levels are natural logarithms of boot medians, so a standard deviation of 0.01 is a between-boot noise of 1 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from kdyno.analysis.machine_kind import MachineKind

FloatArray = NDArray[np.float64]

MIN_HISTORY_DF = 6
MAX_HISTORY_DF = 30
MIN_GROUPS_FOR_SPREAD = 5


@dataclass(frozen=True)
class BootPrior:
    """What is known about between-boot noise before looking at this comparison.

    sd: typical relative standard deviation between boots (0.01 = 1 %).
    df: how many degrees of freedom that knowledge is worth. 0 means it is only a guess: it then plans boots and keeps
        a few boots that agree by luck from being believed, and never makes an interval narrower.
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
    # per cent apart; the guess is what such boots scatter by, so it may count too.
    MachineKind.VIRTUAL_ICOUNT: MachineDefaults(0.02, BootPrior(sd=0.003, df=4, floor=0.0005)),
}


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
