# SPDX-License-Identifier: GPL-2.0-or-later
"""How long one large submission takes."""

import time

import numpy as np

from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, Metric, MetricPair, compare_submission
from simulation.families import FAMILIES, samples

METRICS, BOOTS_PER_ARM, SIZE = 200, 8, 1000
LIMIT_S = 2.0


def table(*, repeats: int) -> float:
    """Print and return the median CPU time of comparing 200 metrics of 8 boots per arm of 1000 samples, in seconds."""
    rng = np.random.default_rng(10)
    families = list(FAMILIES)

    def arm(name: str, number: int) -> ArmSamples:
        drawn = samples(rng, families[number % len(families)], boots=BOOTS_PER_ARM, size=SIZE, cv=0.02)
        return ArmSamples(name, [BootSamples(index, row, "ns") for index, row in enumerate(drawn)])

    pairs = [
        MetricPair(Metric(f"m{number}", "ns", Direction.LOWER), arm("base", number), arm("patched", number))
        for number in range(METRICS)
    ]
    times = []
    for _ in range(repeats):
        began = time.process_time()
        compare_submission(pairs)
        times.append(time.process_time() - began)
    median = float(np.median(times))
    print(
        f"5. {METRICS} metrics × 2 × {BOOTS_PER_ARM} boots × {SIZE} samples: {median:.2f} s CPU "
        f"(median of {repeats}; limit {LIMIT_S:g} s)\n"
    )
    return median
