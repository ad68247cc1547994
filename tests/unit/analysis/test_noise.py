# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of between-boot noise, and how much it may weigh."""

import math

import numpy as np
import pytest

from kdyno.analysis.noise import DEFAULTS, BootPrior, MachineKind, arm_variance, boot_noise, learn_prior, median_errors
from kdyno.analysis.samples import Boot

GUESS = DEFAULTS[MachineKind.HARDWARE].prior
KNOWN = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)


def boots_at(*levels: float) -> list[Boot]:
    return [Boot(number, np.exp([level]), np.exp([level]), level) for number, level in enumerate(levels)]


def test_a_guess_only_sets_a_floor() -> None:
    noise = boot_noise(boots_at(0.0, 0.02), boots_at(0.1, 0.12), within=0.0, prior=GUESS)
    assert noise.sd == pytest.approx(0.02 / math.sqrt(2))
    assert noise.df == 2
    assert not noise.prior_used


def test_history_adds_its_degrees_of_freedom_and_pulls_towards_it() -> None:
    lucky = boot_noise(boots_at(0.0, 0.0001), boots_at(0.1, 0.1001), within=0.0, prior=KNOWN)
    assert lucky.df == 22
    assert lucky.prior_used
    assert 0.009 < lucky.sd < 0.01


def test_a_machine_noisier_than_its_history_is_taken_as_it_is_today() -> None:
    noise = boot_noise(boots_at(0.0, 0.1), boots_at(0.0, 0.1), within=0.0, prior=KNOWN)
    assert noise.prior_in_conflict
    assert not noise.prior_used
    assert noise.df == 2
    assert noise.sd == pytest.approx(0.1 / math.sqrt(2))


def test_boots_cannot_agree_better_than_their_own_medians_are_known() -> None:
    same = boots_at(0.0, 0.0)
    assert boot_noise(same, same, within=0.03, prior=GUESS).sd == pytest.approx(math.hypot(0.03, GUESS.floor))


@pytest.mark.parametrize("values", [{"sd": 0.0}, {"sd": math.nan}, {"df": -1.0}, {"floor": 0.0}])
def test_a_prior_must_make_sense(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="prior"):
        BootPrior(**({"sd": 0.01, "df": 0.0, "floor": 0.001} | values))  # type: ignore[arg-type]


def test_little_history_is_no_history() -> None:
    assert learn_prior([], fallback=GUESS) is GUESS
    assert learn_prior([[10.0, 10.1]] * 5 + [[10.0]] * 40, fallback=GUESS) is GUESS


def test_history_is_learned_and_capped() -> None:
    rng = np.random.default_rng(4)
    learned = learn_prior(np.exp(0.03 * rng.standard_normal((200, 3))).tolist(), fallback=GUESS)
    assert learned.learned
    assert learned.sd == pytest.approx(0.03, rel=0.1)
    assert 10 < learned.df <= 30
    few = learn_prior(np.exp(0.03 * rng.standard_normal((3, 5))).tolist(), fallback=GUESS)
    assert few.df == 6


def test_unsteady_noise_is_worth_less() -> None:
    rng = np.random.default_rng(4)
    spread = np.exp(rng.standard_normal((200, 1)))
    assert learn_prior(np.exp(0.01 * spread * rng.standard_normal((200, 3))).tolist(), fallback=GUESS).df < 5


def test_history_of_identical_values_stops_at_the_floor() -> None:
    assert learn_prior([[5.0, 5.0]] * 20, fallback=GUESS).sd == pytest.approx(GUESS.floor)


def test_median_errors_match_resampling() -> None:
    rng = np.random.default_rng(5)
    for size in (1, 31, 200):
        values = np.sort(np.exp(0.1 * rng.standard_normal(size)))
        boot = Boot(0, values, values, float(np.log(np.median(values))))
        drawn = np.log(np.median(rng.choice(values, (20_000, size)), axis=1)).std()
        assert median_errors([boot])[0] == pytest.approx(drawn, rel=0.15, abs=1e-12)


def test_arm_variance_matches_drawing_boots_then_samples() -> None:
    rng = np.random.default_rng(6)
    values = np.sort(np.exp(0.02 * rng.standard_normal((4, 1)) + 0.1 * rng.standard_normal((4, 51))), axis=1)
    boots = [Boot(number, row, row, float(np.log(np.median(row)))) for number, row in enumerate(values)]
    chosen = rng.integers(4, size=(10_000, 4, 1))
    drawn = np.log(np.median(values[chosen, rng.integers(51, size=(10_000, 4, 51))], axis=2)).mean(axis=1).var()
    assert arm_variance(boots) == pytest.approx(drawn, rel=0.1)
