# SPDX-License-Identifier: GPL-2.0-or-later
"""What the procedure sees, and how many blocks it takes beside a fixed design of equal power."""

import math
from dataclasses import dataclass

import numpy as np

from kdyno.analysis.compare import HARDWARE
from kdyno.analysis.decision import Call, after_look, nothing_yet
from kdyno.analysis.evidence import PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import BootPrior, FloatArray
from kdyno.analysis.sequential import SequentialDesign, follow
from simulation.submissions import BOOTS_PER_BLOCK

EFFECTS = (0.0, 0.01, 0.02, 0.05, 0.10)
MIXTURE = {0.0: 0.4, 0.02: 0.2, 0.05: 0.2, 0.10: 0.2}
SIZED_FOR = 0.02
BOOT_CVS = (0.003, 0.005, 0.01, 0.02)
MOST_POWER = 0.999
MOST_BLOCKS = 30


@dataclass(frozen=True)
class Cell:
    """One effect in one setting: chance of the true overall verdict, mean blocks, blocks of the fixed design that is
    as likely to give it (None where there is no true verdict or none is large enough)."""

    effect: float
    power: float
    blocks: float
    fixed_blocks: int | None


@dataclass(frozen=True)
class Setting:
    """metrics of a submission; only the first has the effect. history: a prior worth that many degrees of freedom."""

    metrics: int
    boot_cv: float
    history: float

    @property
    def prior(self) -> BootPrior:
        """The machine's own history, or the guess for hardware."""
        if not self.history:
            return HARDWARE.prior
        return BootPrior(sd=self.boot_cv, df=self.history, floor=HARDWARE.prior.floor, learned=True)


def boots(setting: Setting, *, effect: float, blocks: int, submissions: int, seed: int) -> FloatArray:
    """Levels of both arms: arm × submission × metric × boot."""
    rng = np.random.default_rng([seed, setting.metrics, int(1e4 * setting.boot_cv), int(1e4 * effect)])
    levels = setting.boot_cv * rng.standard_normal((2, submissions, setting.metrics, BOOTS_PER_BLOCK * blocks))
    levels[1, :, 0] += math.log1p(effect)
    return levels


def right(call: FloatArray, *, effect: float) -> float:
    """Share of submissions whose overall verdict is the true one: a regression, or no change in any metric."""
    found = call[:, 0] == Call.ABOVE if effect > 0 else (call == Call.EQUAL).all(axis=1)
    return float(found.mean())


def sequential(setting: Setting, *, effect: float, design: SequentialDesign, submissions: int) -> tuple[float, float]:
    """Power and mean blocks."""
    levels = boots(setting, effect=effect, blocks=design.max_blocks, submissions=submissions, seed=2)
    prior = PriorTable.of([setting.prior] * setting.metrics)
    evidence = (
        evidence_of(*(arm_levels(arm[..., :seen], np.zeros(seen)) for arm in levels), prior=prior)
        for seen in range(BOOTS_PER_BLOCK, BOOTS_PER_BLOCK * design.max_blocks + 1, BOOTS_PER_BLOCK)
    )
    progress = follow(evidence, design=design, worse_signs=np.ones(setting.metrics))
    return right(progress.standing.call, effect=effect), float(progress.blocks.mean())


def fixed_blocks(setting: Setting, *, effect: float, power: float, submissions: int) -> int | None:
    """Blocks that a design with one look at its end needs for that power, by the same rule."""
    design = SequentialDesign(max_blocks=1)
    levels = boots(setting, effect=effect, blocks=MOST_BLOCKS, submissions=submissions, seed=3)
    prior = PriorTable.of([setting.prior] * setting.metrics)
    for blocks in range(1, MOST_BLOCKS + 1):
        seen = BOOTS_PER_BLOCK * blocks
        evidence = evidence_of(*(arm_levels(arm[..., :seen], np.zeros(seen)) for arm in levels), prior=prior)
        standing = after_look(nothing_yet(levels.shape[1:3]), evidence, look=1, weight=1.0, rule=design.rule)
        if right(standing.call, effect=effect) >= power:
            return blocks
    return None


def cells(setting: Setting, *, submissions: int) -> list[Cell]:
    """All effects of one setting."""
    design, found = SequentialDesign(), []
    for effect in EFFECTS:
        power, blocks = sequential(setting, effect=effect, design=design, submissions=submissions)
        fixed = None
        if effect != design.margin and power > 0:
            wanted = min(power, MOST_POWER, 1 - 1 / submissions)
            fixed = fixed_blocks(setting, effect=effect, power=wanted, submissions=submissions)
        found.append(Cell(effect, power, blocks, fixed))
    return found


def mixed(row: list[Cell], *, fixed: int | None = None) -> float | None:
    """Mean blocks of the mixture over those of fixed designs: one of the size given, or each as large as its effect
    needs. None where one of them cannot be sized."""
    by_effect = {cell.effect: cell for cell in row}
    used = sum(share * by_effect[effect].blocks for effect, share in MIXTURE.items())
    sizes = {effect: fixed or by_effect[effect].fixed_blocks for effect in MIXTURE}
    known = {effect: size for effect, size in sizes.items() if size is not None}
    if len(known) < len(sizes):
        return None
    return used / sum(share * known[effect] for effect, share in MIXTURE.items())


def table(*, submissions: int, metrics: tuple[int, ...]) -> dict[Setting, list[Cell]]:
    """Print and return power and blocks. Regressions among `metrics` metrics, of which the first is slowed."""
    design = SequentialDesign()
    print(
        "2. and 3. Chance of the true overall verdict / mean blocks / blocks of a fixed design of equal power "
        f"(at most {MOST_POWER:.1%}).\n"
        f"Margin {design.margin:.0%}, alpha {design.alpha:.0%}, at most {design.max_blocks} blocks. "
        "Mixture: 40 % no change, 20 % each of +2, +5, +10 %;\n"
        f"sized: its blocks over those of one fixed design sized for +{SIZED_FOR:.0%}; "
        "oracle: over fixed designs that knew each effect"
    )
    effects = "".join(f"{f'+{effect:.0%}':>17}" for effect in EFFECTS)
    print(f"{'metrics':>7} {'boot CV':>8} {'history':>8}{effects}   sized oracle")
    found: dict[Setting, list[Cell]] = {}
    for setting in (Setting(m, cv, df) for m in metrics for df in (0.0, 20.0) for cv in BOOT_CVS):
        row = found[setting] = cells(setting, submissions=submissions)
        fixed = next(cell.fixed_blocks for cell in row if cell.effect == SIZED_FOR)
        ratios = [mixed(row, fixed=fixed) if fixed else None, mixed(row)]
        history = f"{setting.history:.0f} df" if setting.history else "none"
        shown = "".join(f"{c.power:6.1%} {c.blocks:4.1f} {c.fixed_blocks or '-':>4} " for c in row)
        shares = "".join(f"{'-' if ratio is None else f'{ratio:.0%}':>7}" for ratio in ratios)
        print(f"{setting.metrics:7d} {setting.boot_cv:8.1%} {history:>8} {shown}{shares}", flush=True)
    print()
    return found
