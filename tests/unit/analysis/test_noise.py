# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of between-boot noise, and how much it may weigh."""

import math

import numpy as np
import pytest

from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, BootPrior, learn_prior

GUESS = DEFAULTS[MachineKind.HARDWARE].prior


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
