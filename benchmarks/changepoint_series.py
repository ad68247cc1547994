# SPDX-License-Identifier: GPL-2.0-or-later
"""Synthetic benchmark histories with known steps, for judging change-point detectors. Fixed seeds, no tuning data.

`FAMILIES` are those the detector's figures are promised for. `HELD_OUT` were not looked at while it was designed
against the former; they are what real machines also do.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Shape = Callable[[np.random.Generator, int], FloatArray]

LEVEL = 100.0
AR_MEMORY = 0.5


@dataclass(frozen=True)
class Step:
    """From point `index` on all values are larger by the share `effect`."""

    index: int
    effect: float


def normal(rng: np.random.Generator, size: int) -> FloatArray:
    return rng.standard_normal(size)


def lognormal(rng: np.random.Generator, size: int) -> FloatArray:
    """Skewed, with a long upper tail, mean 0 and standard deviation 1."""
    raw = rng.lognormal(0.0, 1.0, size)
    return (raw - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def bimodal(rng: np.random.Generator, size: int) -> FloatArray:
    """Two modes of equal weight, four of their own standard deviations apart."""
    return np.where(rng.random(size) < 0.5, 0.894, -0.894) + 0.447 * rng.standard_normal(size)


def ar1(rng: np.random.Generator, size: int) -> FloatArray:
    return _ar1(rng, size, memory=AR_MEMORY)


def ar1_long(rng: np.random.Generator, size: int) -> FloatArray:
    return _ar1(rng, size, memory=0.7)


def heavy(rng: np.random.Generator, size: int) -> FloatArray:
    """Student's t with 3 degrees of freedom."""
    return rng.standard_t(3, size) / np.sqrt(3)


def unequal_modes(rng: np.random.Generator, size: int) -> FloatArray:
    """A quarter of the points on a narrow second mode far above the first."""
    return 2.25 * ((rng.random(size) < 0.25) - 0.25) + 0.22 * rng.standard_normal(size)


def quantised(rng: np.random.Generator, size: int) -> FloatArray:
    """A clock that steps by one and a half standard deviations."""
    return np.round(rng.standard_normal(size) / 1.5) * 1.5


def neighbour(rng: np.random.Generator, size: int) -> FloatArray:
    """A neighbour makes one to three points in a row slower, now and then."""
    noise = rng.standard_normal(size)
    for start in np.flatnonzero(rng.random(size) < 0.03):
        noise[start : start + rng.integers(1, 4)] += rng.uniform(2, 8)
    return noise


def _ar1(rng: np.random.Generator, size: int, *, memory: float) -> FloatArray:
    innovations = rng.standard_normal(size) * np.sqrt(1 - memory * memory)
    noise = np.empty(size)
    noise[0] = rng.standard_normal()
    for index in range(1, size):
        noise[index] = memory * noise[index - 1] + innovations[index]
    return noise


def _spiked(rng: np.random.Generator, size: int) -> FloatArray:
    """Multipliers: 2 to 5 % of the points up to 50 % too slow."""
    share = rng.uniform(0.02, 0.05)
    return 1 + (rng.random(size) < share) * rng.uniform(0.0, 0.5, size)


def _drifting(rng: np.random.Generator, size: int) -> FloatArray:
    """Multipliers: 4 to 10 % up or down, evenly over the whole series."""
    return 1 + rng.choice([-1.0, 1.0]) * rng.uniform(0.04, 0.10) * np.linspace(0, 1, size)


def _plain(_: np.random.Generator, size: int) -> FloatArray:
    return np.ones(size)


FAMILIES: dict[str, tuple[Shape, Shape]] = {
    "normal": (normal, _plain),
    "lognormal": (lognormal, _plain),
    "bimodal": (bimodal, _plain),
    "outliers": (normal, _spiked),
    "AR(1)": (ar1, _plain),
    "drift": (normal, _drifting),
}
HELD_OUT: dict[str, tuple[Shape, Shape]] = {
    "heavy tails": (heavy, _plain),
    "unequal modes": (unequal_modes, _plain),
    "quantised": (quantised, _plain),
    "neighbour": (neighbour, _plain),
    "AR(1) 0.7": (ar1_long, _plain),
}


def history(family: str, *, size: int, cv: float, steps: Sequence[Step] = (), rng: np.random.Generator) -> FloatArray:
    """One series of `size` points around 100 with coefficient of variation `cv`."""
    noise, multiplier = {**FAMILIES, **HELD_OUT}[family]
    values = LEVEL * (1 + cv * noise(rng, size)) * multiplier(rng, size)
    for step in steps:
        values[step.index :] *= 1 + step.effect
    return values


def generator(*labels: str | int) -> np.random.Generator:
    """A random generator that depends on the labels alone, so that each cell of a table can be had by itself."""
    return np.random.default_rng([zlib.crc32(str(label).encode()) for label in labels])
