# SPDX-License-Identifier: GPL-2.0-or-later
"""Other ways to stop early, beside ours: what they would gain, and what they would cost.

joint normal: boundaries that use how the looks hang together (Lan and DeMets, Biometrika 70, 1983), applied to
Student's t by significance levels (Jennison and Turnbull, Group Sequential Methods, 2000, 4.4): exact for known noise.
t mixture: an e-process, valid at any time and without a cap (Lai, Ann. Statist. 4, 1976; Wang and Ramdas,
arXiv:2310.03722), one over which takes the place of a p-value.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from kdyno.analysis.compare import HARDWARE
from kdyno.analysis.decision import Call
from kdyno.analysis.evidence import Evidence, PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import FloatArray
from kdyno.analysis.sequential import SequentialDesign, follow
from simulation.power import Setting, boots, right
from simulation.submissions import BOOTS_PER_BLOCK

PATHS = 2_000_000
SETTINGS = (Setting(1, 0.005, 0.0), Setting(1, 0.01, 0.0))
EFFECTS = (0.0, 0.02, 0.05)
# Scale of the mixture in standard deviations of a boot: about the effects that matter here.
MIXTURE_VARIANCE = 4.0
Stopper = Callable[[list[Evidence], SequentialDesign], tuple[FloatArray, FloatArray]]


@lru_cache
def joint_normal_levels(shares: tuple[float, ...], level: float) -> tuple[float, ...]:
    """Level of each look, relative to `level`, that spends these shares of it when the noise is known; simulated."""
    rng = np.random.default_rng(7)
    total, crossed = np.zeros(PATHS), np.zeros(PATHS, dtype=bool)
    levels = []
    for look, share in enumerate(shares, start=1):
        total += rng.standard_normal(PATHS)
        z = np.where(crossed, 0.0, np.abs(total) / np.sqrt(look))
        spend = max(round(share * level * PATHS), 1)
        bar = np.partition(z, -spend)[-spend]
        crossed |= z >= bar
        levels.append(2 * float(ndtr(-bar)) / level)
    return tuple(levels)


@dataclass(frozen=True)
class JointNormal(SequentialDesign):
    """The production design with sharper levels."""

    @property
    def weights(self) -> tuple[float, ...]:
        return joint_normal_levels(super().weights, self.alpha)


def by_rule(looks: list[Evidence], design: SequentialDesign) -> tuple[FloatArray, FloatArray]:
    """Calls and blocks of the production rule with that design."""
    progress = follow(looks, design=design, worse_signs=np.ones(1))
    return progress.standing.call, progress.blocks.astype(np.float64)


def by_mixture(looks: list[Evidence], design: SequentialDesign) -> tuple[FloatArray, FloatArray]:
    """Calls and blocks when a metric settles as soon as an e-value reaches one over alpha."""
    call = np.zeros(looks[0].difference.shape)
    blocks = np.full(call.shape[:1], float(len(looks)))
    for look, evidence in enumerate(looks, start=1):
        t = (np.abs(evidence.difference) - design.rule.limit) / evidence.error
        shrunk = 1 + look * MIXTURE_VARIANCE
        ratio = (1 + t**2 / evidence.df) / (1 + t**2 / (evidence.df * shrunk))
        sure = shrunk**-0.5 * ratio ** ((evidence.df + 1) / 2) > 1 / design.alpha
        found = np.where(t > 0, np.sign(evidence.difference), float(Call.EQUAL))
        newly = sure & (call == Call.OPEN)
        call = np.where(newly, found, call)
        blocks = np.where(newly[:, 0], look, blocks)
    return call, blocks


WAYS: dict[str, tuple[Stopper, SequentialDesign]] = {
    "shares of alpha (ours)": (by_rule, SequentialDesign()),
    "joint normal": (by_rule, JointNormal()),
    "t mixture": (by_mixture, SequentialDesign()),
}


def table(*, submissions: int) -> None:
    """Print, per way, the rate of false changes at margin 0 and chance of the true verdict with mean blocks."""
    print("Ways to stop early, one metric, no history: false changes at margin 0; true verdict / mean blocks at 1 %")
    print(f"{'way':24}{'boot CV':>8}{'false':>8}" + "".join(f"{f'+{effect:.0%}':>15}" for effect in EFFECTS))
    for setting in SETTINGS:
        prior = PriorTable.of([HARDWARE.prior])

        def looks(effect: float, *, seed: int, setting: Setting = setting, prior: PriorTable = prior) -> list[Evidence]:
            blocks = SequentialDesign().max_blocks
            levels = boots(setting, effect=effect, blocks=blocks, submissions=submissions, seed=seed)
            return [
                evidence_of(*(arm_levels(arm[..., :seen], np.zeros(seen)) for arm in levels), prior=prior)
                for seen in range(BOOTS_PER_BLOCK, BOOTS_PER_BLOCK * blocks + 1, BOOTS_PER_BLOCK)
            ]

        same, changed = looks(0.0, seed=8), {effect: looks(effect, seed=9) for effect in EFFECTS}
        for name, (stopper, design) in WAYS.items():
            calls, _ = stopper(same, replace(design, margin=0.0))
            false = float(np.isin(calls, (Call.ABOVE, Call.BELOW)).mean())
            line = f"{name:24}{setting.boot_cv:8.1%}{false:8.2%}"
            for effect in EFFECTS:
                calls, blocks = stopper(changed[effect], design)
                line += f"{right(calls, effect=effect):8.1%} {blocks.mean():6.2f}"
            print(line, flush=True)
    print()
