# SPDX-License-Identifier: GPL-2.0-or-later
"""How often each family of noise gets which name."""

from collections import Counter

import numpy as np

from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, Metric, MetricPair, compare_submission
from kdyno.analysis.diagnostics import NOISE_CLASSES, WarningKind
from simulation.families import FAMILIES, samples

BOOTS, SIZE = 6, 200
SHOWN = (*NOISE_CLASSES, WarningKind.VARIANCE_CHANGED, WarningKind.MODE_SHARE_CHANGED)


def table(*, metrics: int) -> dict[str, dict[WarningKind, float]]:
    """Print and return the share of metrics with each name, 6 boots per arm of 200 samples; no arm differs."""
    print(f"Names given to noise, % of {metrics} metrics ({BOOTS} boots per arm, {SIZE} samples each, A/A)")
    shares: dict[str, dict[WarningKind, float]] = {}
    for number, family in enumerate(FAMILIES):
        rng = np.random.default_rng([6, number])

        def arm(name: str, cv: float, *, rng: np.random.Generator = rng, family: str = family) -> ArmSamples:
            drawn = samples(rng, family, boots=BOOTS, size=SIZE, cv=cv)
            scatter = np.exp(rng.uniform(np.log(0.002), np.log(0.03)) * rng.standard_normal(BOOTS))
            return ArmSamples(name, [BootSamples(i, scatter[i] * drawn[i], "ns") for i in range(BOOTS)])

        pairs = []
        for index in range(metrics):
            cv = float(np.exp(rng.uniform(np.log(0.005), np.log(0.1))))
            pairs.append(MetricPair(Metric(str(index), "ns", Direction.LOWER), arm("base", cv), arm("patched", cv)))
        counts: Counter[WarningKind] = Counter()
        for item in compare_submission(pairs).comparisons:
            counts.update({warning.kind for warning in item.warnings} & set(SHOWN))
        shares[family] = {kind: counts[kind] / metrics for kind in SHOWN}
        named = ", ".join(f"{kind} {share:.1%}" for kind, share in shares[family].items() if share)
        print(f"{family:12}{named or 'none'}", flush=True)
    print()
    return shares
