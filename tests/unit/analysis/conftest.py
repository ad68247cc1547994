# SPDX-License-Identifier: GPL-2.0-or-later
"""Builders that read as sentences."""

from collections.abc import Callable

import numpy as np
import pytest

from kdyno.analysis.compare import ArmSamples, BootSamples

ArmBuilder = Callable[..., ArmSamples]


@pytest.fixture
def arm() -> ArmBuilder:
    """arm("base", level=100, boots=4, boot_cv=0.01, seed=1): lognormal boots and samples in ns/op."""

    def build(
        name: str,
        *,
        level: float = 100.0,
        boots: int = 4,
        boot_cv: float = 0.01,
        sample_cv: float = 0.02,
        samples: int = 200,
        seed: int = 1,
    ) -> ArmSamples:
        rng = np.random.default_rng([seed, len(name)])
        levels = level * np.exp(boot_cv * rng.standard_normal(boots))
        return ArmSamples(
            name,
            [
                BootSamples(number, tuple(value * np.exp(sample_cv * rng.standard_normal(samples))), "ns/op")
                for number, value in enumerate(levels)
            ],
        )

    return build
