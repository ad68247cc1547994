# SPDX-License-Identifier: GPL-2.0-or-later
"""Stopping as soon as the boots have said enough: a look after every ABBA block, a cap on blocks, alpha kept.

Each look may spend a share of alpha that grows with the 1.5th power of the blocks seen (the power family: Kim and
DeMets, Biometrika 74, 1987), so that little is risked while two boots per arm are all there is, and most is left for
the looks that know the noise. decision.py says why the error rate holds at whatever look one stops. The interval of a
look is the repeated interval (Jennison and Turnbull, J. R. Statist. Soc. B 51, 1989): all looks hold the truth together
at 95 %.

Giving up early when the blocks left would hardly settle anything (predictive power: Spiegelhalter, Freedman and
Blackburn, Controlled Clinical Trials 7, 1986) costs power only, never error rate.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import numpy as np
from scipy.special import stdtr, stdtrit

from kdyno.analysis.compare import (
    DEFAULT_ALPHA,
    HARDWARE,
    MetricPair,
    SubmissionComparison,
    Verdict,
    conclude,
)
from kdyno.analysis.decision import Call, Rule, Standing, after_look, nothing_yet
from kdyno.analysis.evidence import Evidence
from kdyno.analysis.measured import MeasuredMetric, evidence_from, measure
from kdyno.analysis.noise import BootPrior, FloatArray
from kdyno.analysis.samples import ArmSamples

LEAST_CHANCE = 0.1
MIN_DF_TO_GIVE_UP = 8


class StopReason(StrEnum):
    """Why no further block is needed, or that one is."""

    CONTINUE = "continue"
    REGRESSION = "a regression is proven"
    SETTLED = "every metric is settled"
    HOPELESS = "the blocks left would hardly settle anything"
    CAP = "no blocks are left"


@dataclass(frozen=True)
class SequentialDesign:
    """What is fixed before the first boot; changing it on the way voids the error rate.

    margin: relative change of no interest. alpha: chance of any false regression or improvement in the submission, over
    all metrics and looks. max_blocks: the cap; a block is A B B A, two boots of each arm. growth: power of the share of
    alpha spent against the share of blocks seen.
    """

    margin: float = HARDWARE.margin
    alpha: float = DEFAULT_ALPHA
    max_blocks: int = 10
    growth: float = 1.5

    def __post_init__(self) -> None:
        if not 1 <= self.max_blocks <= 100 or not 0 < self.growth <= 10:
            raise ValueError(f"a design has 1 to 100 blocks and a growth above 0 and up to 10, got {self}")
        Rule(alpha=self.alpha, margin=self.margin)

    @property
    def weights(self) -> tuple[float, ...]:
        """Share of alpha for each look; they add up to 1."""
        spent = [(look / self.max_blocks) ** self.growth for look in range(self.max_blocks + 1)]
        return tuple(after - before for before, after in itertools.pairwise(spent))

    @property
    def rule(self) -> Rule:
        """What the decisions need of it."""
        return Rule(alpha=self.alpha, margin=self.margin)


@dataclass(frozen=True, eq=False)
class Progress:
    """Where submissions stopped; `stops` and `blocks` have one entry per submission, standing one per metric too."""

    standing: Standing
    stops: np.ndarray
    blocks: np.ndarray


@dataclass(frozen=True)
class SequentialResult:
    """A submission after some blocks. comparison: as if planned for these, with verdicts and intervals that hold for
    all looks together. blocks_used: blocks up to the stop; later ones were not looked at."""

    comparison: SubmissionComparison
    design: SequentialDesign
    blocks_used: int
    stop: StopReason
    reason: str

    @property
    def stopped(self) -> bool:
        """Whether no further block should be run."""
        return self.stop is not StopReason.CONTINUE


def assess(
    blocks: Sequence[Sequence[MetricPair]],
    *,
    design: SequentialDesign,
    prior: BootPrior = HARDWARE.prior,
    minutes_per_boot: float | None = None,
) -> SequentialResult:
    """Judge the blocks run so far, oldest first, and say whether another one is needed.

    Each block holds the same metrics in the same order, each arm with the boots of that block. Nothing is remembered
    between calls: all looks are worked out again, so the same blocks give the same answer, and blocks after the stop
    change nothing. The prior must be the same at every call, or at least not depend on these blocks.
    Raises SamplesError for samples that cannot be compared, ValueError for blocks that do not fit together.
    """
    if not blocks or not blocks[0]:
        raise ValueError("nothing to judge: no blocks, or no metrics in them")
    metrics = measure(_joined(blocks), prior=prior)
    boots = np.cumsum([[(len(p.base.boots), len(p.patched.boots)) for p in block] for block in blocks], axis=0)

    def after_block(number: int) -> list[MeasuredMetric]:
        return [metric.first(*map(int, counts)) for metric, counts in zip(metrics, boots[number - 1], strict=True)]

    numbers = range(1, min(len(blocks), design.max_blocks) + 1)
    looks = {number: evidence_from(after_block(number)) for number in numbers}
    signs = np.array([metric.metric.direction.worse_sign for metric in metrics], dtype=np.float64)
    progress = follow(looks.values(), design=design, worse_signs=signs)
    used = int(progress.blocks)
    stop = list(StopReason)[int(progress.stops)]
    comparison = conclude(
        after_block(used),
        looks[used],
        progress.standing,
        rule=design.rule,
        minutes_per_boot=minutes_per_boot,
        weight=design.weights[used - 1],
    )
    if stop is StopReason.REGRESSION:
        comparison = _left_open(comparison)
    return SequentialResult(comparison, design, used, stop, _reason(stop, used=used, design=design))


def follow(looks: Iterable[Evidence], *, design: SequentialDesign, worse_signs: FloatArray) -> Progress:
    """Look after look until each submission stops. Evidence has metrics on its last axis and, for many submissions at
    once, submissions before it; every look has the same shape. A submission that stopped keeps its standing.
    """
    standing, stops, blocks = None, None, None
    for look, evidence in enumerate(looks, start=1):
        shape = evidence.difference.shape
        if standing is None or stops is None or blocks is None:
            standing, stops, blocks = nothing_yet(shape), np.zeros(shape[:-1], int), np.zeros(shape[:-1], int)
        running = stops == 0
        weight = design.weights[look - 1]
        fresh = after_look(standing, evidence, look=look, weight=weight, rule=design.rule)
        standing = _where(running, fresh, standing)
        blocks = np.where(running, look, blocks)
        stops = np.where(running, _stops(standing, evidence, look=look, design=design, worse_signs=worse_signs), stops)
        if look == design.max_blocks or stops.all():
            break
    if standing is None or stops is None or blocks is None:
        raise ValueError("nothing to follow: no looks")
    return Progress(standing, stops, blocks)


def _stops(
    standing: Standing, evidence: Evidence, *, look: int, design: SequentialDesign, worse_signs: FloatArray
) -> np.ndarray:
    """Index into StopReason per submission."""
    order = list(StopReason)
    stops = np.full(standing.call.shape[:-1], order.index(StopReason.CONTINUE))
    if look == design.max_blocks:
        stops[...] = order.index(StopReason.CAP)
    else:
        hopeful = _hopeful(standing, evidence, look=look, design=design)
        stops[~hopeful] = order.index(StopReason.HOPELESS)
    stops[(standing.call != Call.OPEN).all(axis=-1)] = order.index(StopReason.SETTLED)
    stops[(standing.call == worse_signs).any(axis=-1)] = order.index(StopReason.REGRESSION)
    return stops


def _hopeful(standing: Standing, evidence: Evidence, *, look: int, design: SequentialDesign) -> np.ndarray:
    """Whether any open metric has a fair chance to be settled at the cap, given the boots so far.

    The difference at the cap is predicted from the present one with a flat prior on the true effect; the error shrinks
    with the root of the blocks.
    """
    shape = standing.call.shape
    open_ = standing.call == Call.OPEN
    difference, error, df = (
        np.broadcast_to(values, shape)[open_] for values in (evidence.difference, evidence.error, evidence.df)
    )
    level = np.broadcast_to(standing.level, shape)[open_]
    seen, weight = look / design.max_blocks, design.weights[-1]
    final_error, final_df = error * math.sqrt(seen), np.maximum(df / seen, 1.0)
    jump, known_df = error * math.sqrt(1 - seen), np.maximum(df, 1.0)
    bar = design.rule.limit - stdtrit(final_df, level * weight / 2) * final_error
    room = np.maximum(design.rule.limit + stdtrit(final_df, design.alpha * weight) * final_error, 0.0)
    change = stdtr(known_df, (difference - bar) / jump) + stdtr(known_df, (-difference - bar) / jump)
    equal = stdtr(known_df, (room - difference) / jump) - stdtr(known_df, (-room - difference) / jump)
    chance = np.zeros(shape)
    chance[open_] = np.where(df < MIN_DF_TO_GIVE_UP, 1.0, change + equal)
    hopeful: np.ndarray = chance.max(axis=-1) >= LEAST_CHANCE
    return hopeful


def _where(running: np.ndarray, fresh: Standing, before: Standing) -> Standing:
    """The fresh standing of submissions that still run, the old one of the others."""
    names = [field.name for field in fields(Standing)]
    return Standing(
        **{name: np.where(running[..., None], getattr(fresh, name), getattr(before, name)) for name in names}
    )


def _joined(blocks: Sequence[Sequence[MetricPair]]) -> list[MetricPair]:
    """All blocks as one, boots in the order of the blocks."""
    identities = [[(pair.metric, pair.prior) for pair in block] for block in blocks]
    if any(identity != identities[0] for identity in identities):
        raise ValueError("every block must hold the same metrics, with the same priors, in the same order")
    return [
        replace(
            pairs[0],
            base=ArmSamples(pairs[0].base.name, [boot for pair in pairs for boot in pair.base.boots]),
            patched=ArmSamples(pairs[0].patched.name, [boot for pair in pairs for boot in pair.patched.boots]),
        )
        for pairs in zip(*blocks, strict=True)
    ]


def _left_open(comparison: SubmissionComparison) -> SubmissionComparison:
    """Say of open metrics that they were not pursued, once the answer to the submission was known."""
    reason = "left open: another metric's regression already answers the submission"
    items = tuple(
        replace(item, reason=reason, more_boots=None, more_minutes=None) if item.verdict is Verdict.NEED_MORE else item
        for item in comparison.comparisons
    )
    return replace(comparison, comparisons=items, more_boots=None, more_minutes=None)


def _reason(stop: StopReason, *, used: int, design: SequentialDesign) -> str:
    """One sentence for people."""
    of = f"after {used} of at most {design.max_blocks} blocks"
    if stop is StopReason.CONTINUE:
        return f"{of} some metric is still open: run another block"
    return f"stopped {of}: {stop}"
