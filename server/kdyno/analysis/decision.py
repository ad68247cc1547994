# SPDX-License-Identifier: GPL-2.0-or-later
"""The rule that turns evidence into calls, for one look at the data or for several.

Two hypotheses per metric: "the true difference lies within the margin" is rejected by an effect beyond it, "it lies
beyond" is rejected when the effect is shown to be inside (two one-sided tests: Schuirmann, J. Pharmacokin. Biopharm.
15, 1987).

Several looks: look k may spend the share w_k of alpha, and the shares add up to 1 (Lan and DeMets, Biometrika 70,
1983). p/w_k, the least of all looks so far, is then a p-value that stays valid however often one looks and whenever one
stops: the chance that it ever falls below u is at most the sum of u·w_k. That holds for any dependence between looks,
for Student's t with two boots as for a million, where boundaries from the joint normal distribution would only be
approximate. One look is the case w = (1,).

Several metrics: Holm's method (Scand. J. Statist. 6, 1979) over these always-valid p-values keeps the chance of any
false change in a submission below alpha. It holds however the metrics depend on each other, which Benjamini-Hochberg
does not, and it is never weaker than Bonferroni's. As the p-values never rise, a rejection is never taken back. "No
change" of a submission is claimed only when every metric shows it, so it needs no correction (intersection-union test:
Berger, Technometrics 24, 1982).
"""

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.special import stdtr, stdtrit

from kdyno.analysis.evidence import Evidence
from kdyno.analysis.noise import FloatArray


class Call(IntEnum):
    """What is settled about a metric; the sign is that of the difference, whether good or bad."""

    BELOW = -1
    OPEN = 0
    ABOVE = 1
    EQUAL = 2


@dataclass(frozen=True)
class Rule:
    """alpha: error rate of a submission. margin: relative change that is of no interest.

    Raises ValueError for values that make no sense.
    """

    alpha: float
    margin: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin >= 0 and 0 < self.alpha < 1):
            raise ValueError(
                f"margin must not be negative and alpha must lie between 0 and 1, got {self.margin} and {self.alpha}"
            )

    @property
    def limit(self) -> float:
        """The margin on the log scale."""
        return math.log1p(self.margin)


@dataclass(frozen=True, eq=False)
class Standing:
    """How matters stand after some looks; arrays whose last axis is the metric.

    p_change, sign: always-valid p-value of "within the margin", and the side on which it was reached.
    p_equal: the same of "beyond the margin". call: Call as settled. settled_at: look of that, 0 while open.
    level: what p_change is held against among all metrics.
    """

    p_change: FloatArray
    sign: FloatArray
    p_equal: FloatArray
    call: FloatArray
    settled_at: FloatArray
    level: FloatArray


def nothing_yet(shape: tuple[int, ...]) -> Standing:
    """Before the first look."""
    return Standing(np.ones(shape), np.zeros(shape), np.ones(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))


def after_look(before: Standing, evidence: Evidence, *, look: int, weight: float, rule: Rule) -> Standing:
    """Add one look (numbered from 1) that may spend `weight` of alpha; what is settled stays settled."""
    change, equal = (p / weight for p in p_values(evidence, limit=rule.limit))
    nearer = change < before.p_change
    p_change = np.where(nearer, change, before.p_change)
    sign = np.where(nearer, np.sign(evidence.difference), before.sign)
    p_equal = np.minimum(before.p_equal, equal)
    level = holm_levels(p_change, alpha=rule.alpha)
    now = np.where(p_change < level, sign, np.where(p_equal < rule.alpha, float(Call.EQUAL), float(Call.OPEN)))
    is_open = before.call == Call.OPEN
    call = np.where(is_open, now, before.call)
    settled_at = np.where(is_open & (call != Call.OPEN), float(look), before.settled_at)
    return Standing(p_change, sign, p_equal, call, settled_at, level)


def p_values(evidence: Evidence, *, limit: float) -> tuple[FloatArray, FloatArray]:
    """Of "the difference lies within ±limit" (two-sided) and of "it lies beyond" (the larger of two one-sided)."""
    room = np.abs(evidence.difference) - limit
    tail = stdtr(np.maximum(evidence.df, 1e-9), -np.abs(room) / evidence.error)
    known = evidence.df > 0
    change = np.where(known & (room > 0), 2 * tail, 1.0)
    equal = np.where(known & (room < 0), tail, 1.0)
    return np.minimum(change, 1.0), equal


def half_width(evidence: Evidence, *, level: float | FloatArray) -> FloatArray:
    """Half of the two-sided interval at error rate `level`, on the log scale; infinite where nothing is known."""
    known = evidence.df > 0
    quantile = -stdtrit(np.where(known, evidence.df, 1.0), np.asarray(level) / 2)
    return np.where(known, quantile * evidence.error, np.inf)


def holm_levels(p_values: FloatArray, *, alpha: float) -> FloatArray:
    """The level each p-value is held against: alpha/m for the smallest, alpha/(m-1) for the next while all succeed.

    From the first failure on the level stays where it is, so that "p < level" is the verdict for every metric. Metrics
    are on the last axis.
    """
    metrics = p_values.shape[-1]
    if metrics == 0:
        return np.zeros_like(p_values)
    order = np.argsort(p_values, axis=-1, kind="stable")
    levels = alpha / (metrics - np.arange(metrics))
    succeeded = np.logical_and.accumulate(np.take_along_axis(p_values, order, axis=-1) < levels, axis=-1)
    last = np.minimum(succeeded.sum(axis=-1, keepdims=True), metrics - 1)
    ranked = levels[np.minimum(np.arange(metrics), last)]
    result = np.empty_like(p_values)
    np.put_along_axis(result, order, ranked, axis=-1)
    return result
