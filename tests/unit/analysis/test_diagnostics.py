# SPDX-License-Identifier: GPL-2.0-or-later
"""Oddities of the samples are named, and ordinary samples are left in peace."""

from collections.abc import Callable, Sequence

import numpy as np

from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, Metric, compare
from kdyno.analysis.diagnostics import WarningKind
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, BootPrior

ArmBuilder = Callable[..., ArmSamples]
GUESS = DEFAULTS[MachineKind.HARDWARE].prior
LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)


def kinds(base: ArmSamples, patched: ArmSamples, *, prior: BootPrior = GUESS) -> set[WarningKind]:
    result = compare(base, patched, metric=LATENCY, prior=prior)
    return {warning.kind for warning in result.warnings}


def arm_of(name: str, boots: Sequence[np.ndarray]) -> ArmSamples:
    return ArmSamples(name, [BootSamples(number, values, "ns/op") for number, values in enumerate(boots)])


def noise(seed: int, *, size: int = 200, cv: float = 0.02) -> np.ndarray:
    return np.exp(cv * np.random.default_rng(seed).standard_normal(size))


def test_ordinary_samples_raise_no_warning(arm: ArmBuilder) -> None:
    assert all(not kinds(arm("base", seed=seed), arm("patched", seed=seed)) for seed in range(10))


def test_too_few_boots_unless_history_speaks(arm: ArmBuilder) -> None:
    two = arm("base", boots=2), arm("patched", boots=2)
    assert kinds(*two) == {WarningKind.TOO_FEW_BOOTS}
    assert kinds(*two, prior=BootPrior(sd=0.02, df=10, floor=0.001, learned=True)) == set()


def test_unequal_counts_of_boots(arm: ArmBuilder) -> None:
    assert kinds(arm("base", boots=4), arm("patched", boots=6)) == {WarningKind.UNEQUAL_BOOTS}


def test_boots_in_two_groups(arm: ArmBuilder) -> None:
    split = arm_of("patched", [level * noise(n) for n, level in enumerate((100, 100.2, 120, 120.1, 99.9, 119.8))])
    assert WarningKind.MULTIMODAL_BOOTS in kinds(arm("base", boots=6), split)


def test_drift_within_a_boot(arm: ArmBuilder) -> None:
    steady = [100 * noise(n) for n in range(3)]
    drifting = 100 * noise(9) * np.linspace(1, 1.1, 200)
    assert WarningKind.DRIFT in kinds(arm("base"), arm_of("patched", [*steady, drifting]))


def test_samples_too_few_for_their_noise(arm: ArmBuilder) -> None:
    vague = arm_of("patched", [100 * noise(n, size=10, cv=0.2) for n in range(4)])
    assert WarningKind.NOT_CONVERGED in kinds(arm("base"), vague)


def test_constant_series_are_named_with_their_boots() -> None:
    flat = arm_of("base", [np.full(30, 5.0)] * 3)
    result = compare(flat, arm_of("patched", [5 * noise(n) for n in range(3)]), metric=LATENCY)
    found = [warning for warning in result.warnings if warning.kind is WarningKind.CONSTANT]
    assert len(found) == 1
    assert "boots 0, 1, 2" in found[0].text


def test_a_machine_noisier_than_its_history(arm: ArmBuilder) -> None:
    noisy = arm("base", boot_cv=0.1), arm("patched", boot_cv=0.1)
    history = BootPrior(sd=0.01, df=20, floor=0.001, learned=True)
    assert WarningKind.NOISIER_THAN_HISTORY in kinds(*noisy, prior=history)
