# SPDX-License-Identifier: GPL-2.0-or-later
"""Many simulated submissions at once, judged by the production rule."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from kdyno.analysis.compare import HARDWARE
from kdyno.analysis.decision import Call
from kdyno.analysis.evidence import Evidence, PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import BootPrior, FloatArray, learn_prior
from kdyno.analysis.sequential import SequentialDesign, follow
from simulation.families import FAMILIES, Banks

BOOTS_PER_BLOCK = 2
BOOT_CVS = (0.002, 0.03)
LEVELS_AT_ONCE = 2_000_000
Scatter = Callable[[np.random.Generator, tuple[int, ...]], FloatArray]


def gauss(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return rng.standard_normal(shape)


def heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Student's t with 3 degrees of freedom, scaled to a standard deviation of 1."""
    return rng.standard_t(3, shape) / math.sqrt(3)


def two_levels(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return np.where(rng.random(shape) < 0.5, -1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Histories:
    """Priors that learn_prior made of simulated pasts of a machine whose boots scatter by 1; they scale with it."""

    sd: FloatArray
    df: FloatArray


def make_histories(*, seed: int, number: int = 400, groups: int = 10, boots: int = 2) -> Histories:
    """Learn from `groups` past arms of `boots` boots each."""
    rng = np.random.default_rng(seed)
    scale = 0.01
    learned = [
        learn_prior(np.exp(scale * rng.standard_normal((groups, boots))).tolist(), fallback=HARDWARE.prior)
        for _ in range(number)
    ]
    return Histories(np.array([prior.sd / scale for prior in learned]), np.array([prior.df for prior in learned]))


@dataclass(frozen=True)
class World:
    """What is true of the simulated machine and patch.

    boot_cv: scatter of boots, or None for one drawn per metric between 0.2 % and 3 %. effect: of the patch.
    everywhere: on all metrics rather than the first. today: how much noisier the machine is than its history.
    patched_factor: how much noisier the patched arm is.
    """

    boot_cv: float | None = None
    effect: float = 0.0
    everywhere: bool = False
    today: float = 1.0
    patched_factor: float = 1.0
    scatter: Scatter = gauss


@dataclass
class Outcome:
    """Counts over submissions (changed, wrong side, all equal) and over metrics (equal); blocks of each submission."""

    submissions: int = 0
    metrics: int = 0
    any_change: int = 0
    first_changed: int = 0
    all_equal: int = 0
    equal: int = 0
    blocks: int = 0


def priors(
    rng: np.random.Generator, *, cv: FloatArray, histories: Histories | None, guess: BootPrior = HARDWARE.prior
) -> PriorTable:
    """A prior per metric: learned from the past of that very machine, or the guess."""
    if histories is None:
        return PriorTable(np.array(guess.sd), np.array(guess.df), np.array(guess.floor))
    chosen = rng.integers(len(histories.sd), size=cv.shape)
    return PriorTable(np.maximum(cv * histories.sd[chosen], guess.floor), histories.df[chosen], np.array(guess.floor))


def looks(
    rng: np.random.Generator,
    *,
    shape: tuple[int, int],
    blocks: int,
    world: World,
    banks: Banks,
    histories: Histories | None,
) -> Iterator[Evidence]:
    """Evidence after each block, for submissions × metrics of the given shape. Metrics take the families in turn."""
    submissions, metrics = shape
    boots = BOOTS_PER_BLOCK * blocks
    low, high = (math.log(cv) for cv in BOOT_CVS)
    cv = np.exp(rng.uniform(low, high, shape)) if world.boot_cv is None else np.full(shape, world.boot_cv)
    by_family = np.array([banks.rows(family) for family in FAMILIES])
    first = int(rng.integers(len(FAMILIES)))
    turn = (np.arange(metrics) + first + np.arange(submissions)[:, None]) % len(FAMILIES)
    rows = by_family[turn, rng.integers(by_family.shape[1], size=shape)]
    prior = priors(rng, cv=cv / world.today, histories=histories)
    arms = []
    for factor in (1.0, world.patched_factor):
        deviations, errors = banks.draw(rng, rows, boots)
        levels = deviations + factor * cv[..., None] * world.scatter(rng, (*shape, boots))
        arms.append((levels, errors))
    arms[1][0][:, slice(None) if world.everywhere else slice(1)] += np.log1p(world.effect)
    for seen in range(BOOTS_PER_BLOCK, boots + 1, BOOTS_PER_BLOCK):
        base, patched = (arm_levels(levels[..., :seen], errors[..., :seen]) for levels, errors in arms)
        yield evidence_of(base, patched, prior=prior)


def run(
    *,
    seed: list[int],
    submissions: int,
    metrics: int,
    design: SequentialDesign,
    world: World,
    banks: Banks,
    histories: Histories | None = None,
) -> Outcome:
    """Judge that many submissions block by block."""
    rng = np.random.default_rng(seed)
    outcome = Outcome()
    at_once = max(LEVELS_AT_ONCE // (2 * metrics * BOOTS_PER_BLOCK * design.max_blocks), 1)
    for done in range(0, submissions, at_once):
        shape = (min(at_once, submissions - done), metrics)
        evidence = looks(rng, shape=shape, blocks=design.max_blocks, world=world, banks=banks, histories=histories)
        progress = follow(evidence, design=design, worse_signs=np.ones(metrics))
        call = progress.standing.call
        changed = (call == Call.ABOVE) | (call == Call.BELOW)
        outcome.submissions += shape[0]
        outcome.metrics += call.size
        outcome.any_change += int(changed.any(axis=1).sum())
        outcome.first_changed += int((call[:, 0] == Call.ABOVE).sum())
        outcome.equal += int((call == Call.EQUAL).sum())
        outcome.all_equal += int((call == Call.EQUAL).all(axis=1).sum())
        outcome.blocks += int(progress.blocks.sum())
    return outcome
