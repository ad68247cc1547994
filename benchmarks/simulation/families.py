# SPDX-License-Identifier: GPL-2.0-or-later
"""Families of sample noise, and banks of boots measured once and drawn from many times.

The rule sees of a boot only its level and the error of that level. So the samples of a few thousand boots per family,
size and scatter are simulated and measured by the real boot_statistics, and a simulated boot is one of these, shifted
by its own level. That is the same as simulating every sample, up to the finite number of boots in a bank.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from kdyno.analysis.boot_statistics import boot_statistics
from kdyno.analysis.noise import FloatArray

SAMPLE_CVS = (0.005, 0.02, 0.10)
SIZES = (10, 100, 1000)
PHI = 0.5
Noise = Callable[[np.random.Generator, tuple[int, int]], FloatArray]


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return rng.standard_normal(shape)


def lognormal(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Skewed like the cost of an operation that is sometimes disturbed: standard deviation 1, skewness 3.3."""
    values: FloatArray = rng.lognormal(0, 0.75, shape) / 1.15
    return values


def bimodal(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Three samples in ten are in an upper mode five standard deviations away."""
    return np.where(rng.random(shape) < 0.3, 2.0, 0.0) + 0.4 * rng.standard_normal(shape)


def ar1(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Each sample remembers half of the one before."""
    values: FloatArray = lfilter([1], [1, -PHI], rng.standard_normal((shape[0], shape[1] + 50)), axis=1)[:, 50:]
    return values * float(np.sqrt(1 - PHI**2))


def drift(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Two standard deviations up over a boot."""
    return rng.standard_normal(shape) + np.linspace(0, 2, shape[1])


def outliers(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Normal; `samples` adds the spikes, whose size does not depend on the scatter."""
    return rng.standard_normal(shape)


FAMILIES: dict[str, Noise] = {f.__name__: f for f in (normal, lognormal, bimodal, outliers, ar1, drift)}


def samples(rng: np.random.Generator, family: str, *, boots: int, size: int, cv: float) -> FloatArray:
    """Samples of boots whose true level is the same, one boot per row; cv is their relative scatter."""
    values = 100 * np.maximum(1 + cv * FAMILIES[family](rng, (boots, size)), 0.05)
    if family == "outliers":
        values = values * np.where(rng.random(values.shape) < 0.03, 1 + rng.uniform(0.05, 0.5, values.shape), 1.0)
    return values


@dataclass(frozen=True, eq=False)
class Banks:
    """Measured boots: deviations of their levels from the mean, and errors; one row per bank."""

    names: Sequence[tuple[str, int, float]]
    deviations: FloatArray
    errors: FloatArray

    def rows(self, family: str) -> list[int]:
        """Banks of one family."""
        return [row for row, (name, _, _) in enumerate(self.names) if name == family]

    def draw(self, rng: np.random.Generator, banks: np.ndarray, boots: int) -> tuple[FloatArray, FloatArray]:
        """Deviations and errors of that many boots from each bank named; the boot is a new last axis."""
        chosen = rng.integers(self.deviations.shape[1], size=(*banks.shape, boots)), banks[..., None]
        return self.deviations[chosen[1], chosen[0]], self.errors[chosen[1], chosen[0]]


def make_banks(
    *,
    seed: int,
    boots: int,
    quantile: float = 0.5,
    sizes: Sequence[int] = SIZES,
    families: Sequence[str] = tuple(FAMILIES),
) -> Banks:
    """Simulate and measure the boots of every family, size and sample CV."""
    rng = np.random.default_rng(seed)
    names = list(itertools.product(families, sizes, SAMPLE_CVS))
    levels, errors = [], []
    for family, size, cv in names:
        drawn = samples(rng, family, boots=boots, size=size, cv=cv)
        measured = boot_statistics(list(drawn), quantiles=np.full(boots, quantile))
        levels.append(measured.level - measured.level.mean())
        errors.append(measured.error)
    return Banks(names, np.array(levels), np.array(errors))
