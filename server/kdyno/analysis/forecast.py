# SPDX-License-Identifier: GPL-2.0-or-later
"""What to expect of a sequential design before the first boot: power, and how many blocks it will take.

Found by running the rule itself on simulated boots, because no formula knows all of it. Fixed seed: the same question
gets the same answer.
"""

from dataclasses import dataclass

import numpy as np

from kdyno.analysis.decision import Call
from kdyno.analysis.evidence import PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import BootPrior
from kdyno.analysis.sequential import SequentialDesign, follow

SEED = 20260101
MOST_LEVELS = 4_000_000
BOOTS_PER_BLOCK = 2


@dataclass(frozen=True)
class Forecast:
    """power: chance that the changed metric gets its true verdict (regression; no change for an effect of 0).

    mean_blocks: expected blocks until the submission stops. likely_blocks: enough in nine cases of ten.
    """

    power: float
    mean_blocks: float
    likely_blocks: int


def forecast(
    effect: float, *, design: SequentialDesign, prior: BootPrior, metrics: int = 1, submissions: int = 1000
) -> Forecast:
    """Expect what a submission does whose first metric is slowed by `effect` (0.05 = 5 %) and no other one.

    prior: the machine's history; its sd is taken as the true scatter of boots, alike in all metrics.
    Raises ValueError for an effect that is not positive or 0, or a question too large to simulate.

    >>> history = BootPrior(sd=0.005, df=20, floor=0.0005, learned=True)
    >>> expected = forecast(0.05, design=SequentialDesign(), prior=history)
    >>> round(expected.mean_blocks, 1), expected.likely_blocks
    (1.2, 2)
    """
    boots = BOOTS_PER_BLOCK * design.max_blocks
    if not effect >= 0 or submissions < 1 or metrics < 1 or 2 * metrics * boots > MOST_LEVELS:
        raise ValueError(f"cannot forecast an effect of {effect} among {metrics} metrics in {design.max_blocks} blocks")
    rng = np.random.default_rng(SEED)
    shift = np.zeros(metrics)
    shift[0] = np.log1p(effect)
    table = PriorTable.of([prior] * metrics)
    at_once = max(MOST_LEVELS // (2 * metrics * boots), 1)
    blocks, hits = [], 0
    for first in range(0, submissions, at_once):
        count = min(at_once, submissions - first)
        base, patched = prior.sd * rng.standard_normal((2, count, metrics, boots))
        patched += shift[:, None]
        looks = (
            evidence_of(
                *(arm_levels(arm[..., :seen], np.zeros(seen)) for arm in (base, patched)),
                prior=table,
            )
            for seen in range(BOOTS_PER_BLOCK, boots + 1, BOOTS_PER_BLOCK)
        )
        progress = follow(looks, design=design, worse_signs=np.ones(metrics))
        blocks.append(progress.blocks)
        hits += int((progress.standing.call[:, 0] == (Call.ABOVE if effect > 0 else Call.EQUAL)).sum())
    taken = np.concatenate(blocks)
    return Forecast(hits / submissions, float(taken.mean()), int(np.quantile(taken, 0.9, method="higher")))
