# SPDX-License-Identifier: GPL-2.0-or-later
"""How many boots a question needs, and how small a question some boots can answer, from the noise known beforehand.

Two arms of equal size throughout. Plans made before the first boot run the rule itself on simulated boots; what boots
at hand still lack comes from the noncentral t distribution, which is quicker and, with their noise seen, good enough.
"""

import math

import numpy as np
from scipy.special import nctdtr, stdtrit

from kdyno.analysis.decision import half_width
from kdyno.analysis.evidence import Evidence, PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import BootPrior, FloatArray

PLANNED_POWER = 0.8
MOST_BOOTS = 100
SIMULATED = 4000
SEED = 20260102


def change_power(boots: FloatArray, *, beyond: float, sd: float, prior_df: float, level: float) -> FloatArray:
    """Chance that an effect lying `beyond` the margin (log scale) is called, per number of boots per arm."""
    df = prior_df + 2 * boots - 2
    power: FloatArray = 1 - nctdtr(df, beyond / (sd * np.sqrt(2 / boots)), -stdtrit(df, level / 2))
    return power


def no_change_power(boots: FloatArray, *, room: float, sd: float, prior_df: float, alpha: float) -> FloatArray:
    """Chance that "no change" is shown when the true effect keeps `room` (log scale) to both sides of the margin."""
    df = prior_df + 2 * boots - 2
    missed = nctdtr(df, room / (sd * np.sqrt(2 / boots)), -stdtrit(df, alpha))
    power: FloatArray = np.maximum(1 - 2 * missed, 0.0)
    return power


def boots_to_settle(
    difference: float, *, sd: float, prior_df: float, level: float, alpha: float, limit: float, more_than: int
) -> int | None:
    """Boots per arm that would settle it with power 80 %, if the noise is as seen so far. None beyond 100 boots.

    difference and limit on the log scale. An effect clearly beyond the margin (by more than the standard error of the
    boots at hand) is planned to be proven at its size; anything less is planned to be shown equal, as if there were
    none.
    """
    boots = np.arange(max(more_than + 1, 2), MOST_BOOTS + 1, dtype=np.float64)
    beyond = abs(difference) - limit
    if beyond > sd * math.sqrt(2 / max(more_than, 1)):
        power = change_power(boots, beyond=beyond, sd=sd, prior_df=prior_df, level=level)
    else:
        power = no_change_power(boots, room=limit, sd=sd, prior_df=prior_df, alpha=alpha)
    enough = boots[power >= PLANNED_POWER]
    return int(enough[0]) if enough.size else None


def fixed_design(
    effect: float,
    *,
    prior: BootPrior,
    margin: float,
    alpha: float,
    metrics: int = 1,
    power: float = PLANNED_POWER,
) -> int | None:
    """Boots per arm that a comparison without early stopping needs, planned before the first boot.

    effect: true relative change to be called a regression or improvement; one inside the margin is to be shown as no
    change. prior: the machine's history; its sd is taken as the true scatter. metrics: how many the submission has (the
    first step of Holm's method). None beyond 100 boots.

    >>> history = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)
    >>> [fixed_design(effect, prior=history, margin=0.01, alpha=0.01) for effect in (0.0, 0.03)]
    [28, 8]
    """
    size, limit = abs(math.log1p(effect)), math.log1p(margin)
    for boots in range(1 if prior.df else 2, MOST_BOOTS + 1):
        evidence = _equal_arms(boots, prior=prior)
        if size > limit:
            reached = float((_effects_called(evidence, limit=limit, level=alpha / metrics) < size).mean())
        else:
            room = limit - half_width(evidence, level=2 * alpha)
            reached = float((np.abs(evidence.difference + size) < room).mean())
        if reached >= power:
            return boots
    return None


def minimum_detectable_effect(
    boots: int,
    *,
    prior: BootPrior,
    margin: float,
    alpha: float,
    metrics: int = 1,
    power: float = PLANNED_POWER,
) -> float:
    """Smallest relative slowdown that `boots` per arm call with the given power, from the machine's history.

    Infinite when nothing can be called: one boot per arm and a prior that is only a guess.

    >>> history = BootPrior(sd=0.005, df=20, floor=0.0005, learned=True)
    >>> round(minimum_detectable_effect(4, prior=history, margin=0.01, alpha=0.01, metrics=5), 3)
    0.03
    """
    needed = _effects_called(_equal_arms(boots, prior=prior), limit=math.log1p(margin), level=alpha / metrics)
    return math.expm1(float(np.quantile(needed, power, method="higher")))


def _equal_arms(boots: int, *, prior: BootPrior) -> Evidence:
    """The evidence of many simulated comparisons of equal arms that scatter as the prior says; a fixed seed."""
    base, patched = prior.sd * np.random.default_rng(SEED).standard_normal((2, SIMULATED, boots))
    table = PriorTable(np.array(prior.sd), np.array(prior.df), np.array(prior.floor))
    return evidence_of(*(arm_levels(arm, np.zeros(boots)) for arm in (base, patched)), prior=table)


def _effects_called(evidence: Evidence, *, limit: float, level: float) -> FloatArray:
    """How large a true effect (log scale) each comparison would have called, had it been there."""
    needed: FloatArray = limit + half_width(evidence, level=level) - evidence.difference
    return needed
