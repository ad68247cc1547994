# SPDX-License-Identifier: GPL-2.0-or-later
"""Small histories for the tests, from fixed seeds."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def quiet(size: int = 200, *, cv: float = 0.02, seed: int = 1) -> FloatArray:
    """Normal noise around 100."""
    return 100 * (1 + cv * np.random.default_rng(seed).standard_normal(size))


def remembering(size: int = 200, *, cv: float = 0.02, memory: float = 0.5, seed: int = 1) -> FloatArray:
    """AR(1) noise around 100."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(size)
    for index in range(1, size):
        noise[index] = memory * noise[index - 1] + np.sqrt(1 - memory**2) * rng.standard_normal()
    return 100 * (1 + cv * noise)


def stepped(values: FloatArray, *steps: tuple[int, float]) -> FloatArray:
    """The history with its level multiplied by 1 + effect from each index on."""
    moved = values.copy()
    for index, effect in steps:
        moved[index:] *= 1 + effect
    return moved
