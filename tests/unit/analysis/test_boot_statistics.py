# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot's level and its error, against resampling and against known truth."""

import numpy as np
import pytest
from scipy.signal import lfilter

from kdyno.analysis.boot_statistics import BootStatistics, boot_statistics, quantile_weights


def statistics_of(*boots: np.ndarray, quantile: float = 0.5) -> BootStatistics:
    return boot_statistics(list(boots), quantiles=np.full(len(boots), quantile))


def ar1(rng: np.random.Generator, *, phi: float, size: int) -> np.ndarray:
    values: np.ndarray = lfilter([1], [1, -phi], rng.standard_normal(size + 200))[200:] * np.sqrt(1 - phi**2)
    return values


@pytest.mark.parametrize(("size", "quantile"), [(31, 0.5), (31, 0.9), (200, 0.5), (200, 0.9), (200, 0.98)])
def test_errors_match_resampling(size: int, quantile: float) -> None:
    rng = np.random.default_rng(5)
    values = np.exp(0.1 * rng.standard_normal(size))
    resampled = np.sort(rng.choice(values, (20_000, size)), axis=1)
    # The order statistic that a resample's quantile is, as the weights define it.
    drawn = np.log(resampled) @ np.eye(size)[min(int(np.ceil(quantile * (size + 1))) - 1, size - 1)]
    statistics = statistics_of(values, quantile=quantile)
    plain = statistics.error[0] / np.sqrt(statistics.correlation_time[0])
    assert plain == pytest.approx(drawn.std(), rel=0.25)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.97])
def test_errors_are_those_of_fresh_samples(quantile: float) -> None:
    """The mean squared error claimed is that seen among 2000 boots; in the tail it errs on the wide side."""
    rng = np.random.default_rng(6)
    boots = np.exp(0.05 * rng.standard_normal((2000, 200)))
    statistics = statistics_of(*boots, quantile=quantile)
    assert 0.95 < np.sqrt(np.square(statistics.error).mean()) / statistics.level.std() < 1.3


def test_correlated_samples_tell_less() -> None:
    rng = np.random.default_rng(7)
    boots = [np.exp(0.05 * ar1(rng, phi=0.5, size=500)) for _ in range(500)]
    statistics = statistics_of(*boots)
    assert np.sqrt(np.square(statistics.error).mean()) == pytest.approx(statistics.level.std(), rel=0.15)
    independent = statistics_of(*np.exp(0.05 * rng.standard_normal((500, 500))))
    assert statistics.correlation_time.mean() > 1.7
    assert independent.correlation_time.mean() < 1.3


def test_one_number_has_no_error_of_its_own() -> None:
    for quantile in (0.5, 0.99):
        statistics = statistics_of(np.array([1234.5]), quantile=quantile)
        assert np.exp(statistics.level[0]) == pytest.approx(1234.5)
        assert statistics.error[0] == 0


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_levels_are_numpys_quantiles_and_weights_add_up(quantile: float, size: int) -> None:
    values = np.random.default_rng(8).uniform(1, 2, size)
    assert np.exp(statistics_of(values, quantile=quantile).level[0]) == pytest.approx(np.quantile(values, quantile))
    assert quantile_weights(size, quantile).sum() == pytest.approx(1)


def test_boots_of_any_sizes_keep_their_places() -> None:
    rng = np.random.default_rng(9)
    boots = [rng.uniform(1, 2, size) for size in (1, 50, 3, 50, 1, 400)]
    together = statistics_of(*boots)
    for index, boot in enumerate(boots):
        alone = statistics_of(boot)
        assert together.level[index] == alone.level[0]
        assert together.error[index] == pytest.approx(alone.error[0], rel=1e-12)
