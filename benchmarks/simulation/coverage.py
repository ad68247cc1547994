# SPDX-License-Identifier: GPL-2.0-or-later
"""How often the 95 % interval of one comparison holds the truth."""

import itertools

import numpy as np

from kdyno.analysis.compare import CONFIDENCE
from kdyno.analysis.decision import half_width
from kdyno.analysis.evidence import arm_levels, evidence_of
from kdyno.analysis.noise import FloatArray
from simulation.families import FAMILIES, Banks, make_banks
from simulation.submissions import Histories, priors

BOOTS = (2, 3, 4, 6, 10, 20)
BOOT_CVS = (0.002, 0.01, 0.03)


def covered(
    *, seed: list[int], bank: int, boots: int, boot_cv: float, banks: Banks, histories: Histories | None, repeats: int
) -> float:
    """Share of intervals that hold the true effect (0), for boots of one bank."""
    rng = np.random.default_rng(seed)
    arms = []
    for _ in range(2):
        deviations, errors = banks.draw(rng, np.full(repeats, bank), boots)
        arms.append(arm_levels(deviations + boot_cv * rng.standard_normal((repeats, boots)), errors))
    prior = priors(rng, cv=np.full(repeats, boot_cv), histories=histories)
    evidence = evidence_of(arms[0], arms[1], prior=prior)
    return float((np.abs(evidence.difference) <= half_width(evidence, level=1 - CONFIDENCE)).mean())


def grid(family: str, *, boots: int, banks: Banks, histories: Histories | None, repeats: int) -> FloatArray:
    """Coverage of every sample CV, size and boot CV of one family."""
    return np.array(
        [
            covered(
                seed=[4, bank, boots, number],
                bank=bank,
                boots=boots,
                boot_cv=cv,
                banks=banks,
                histories=histories,
                repeats=repeats,
            )
            for bank, (number, cv) in itertools.product(banks.rows(family), enumerate(BOOT_CVS))
        ]
    )


def table(*, repeats: int, banks: Banks, histories: Histories, tail_boots: int) -> dict[str, dict[int, FloatArray]]:
    """Print and return the coverage without and with history, and of tail quantiles without."""
    found: dict[str, dict[int, FloatArray]] = {}
    print(
        f"4. Coverage of the {CONFIDENCE:.0%} interval: mean (least) over boot CV 0.2, 1, 3 %, sample CV 0.5, 2, 10 %, "
        "10, 100 and 1000 samples"
    )
    print(f"{'family':26}" + "".join(f"{f'{boots} boots':>15}" for boots in BOOTS))

    def line(title: str, family: str, *, chosen: Banks, history: Histories | None) -> None:
        row = {boots: grid(family, boots=boots, banks=chosen, histories=history, repeats=repeats) for boots in BOOTS}
        found[title] = row
        print(
            f"{title:26}" + "".join(f"{values.mean():8.1%} ({values.min():.0%})" for values in row.values()), flush=True
        )

    for family in FAMILIES:
        line(family, family, chosen=banks, history=None)
    for family in ("normal", "bimodal"):
        line(f"{family}, learned prior", family, chosen=banks, history=histories)
    for quantile in (0.9, 0.99):
        tails = make_banks(
            seed=5, boots=tail_boots, quantile=quantile, sizes=(100, 1000), families=("normal", "lognormal", "outliers")
        )
        for family in ("normal", "lognormal", "outliers"):
            line(f"{family}, p{100 * quantile:g}", family, chosen=tails, history=None)
    print()
    return found
