# SPDX-License-Identifier: GPL-2.0-or-later
"""Restarts: delays grow, a stable run forgives, too many deaths end the lab."""

from hypothesis import given
from hypothesis import strategies as st

from kdyno.supervisor.backoff import Death, RestartPolicy, restart_delay_s

POLICY = RestartPolicy(first_delay_s=1.0, longest_delay_s=10.0, stable_after_s=60.0, deaths_allowed=6, window_s=300.0)


def early_deaths(count: int) -> list[Death]:
    return [Death(at_s=10.0 * number, ran_s=1.0) for number in range(count)]


def test_the_delay_doubles_up_to_its_limit() -> None:
    delays = [restart_delay_s(POLICY, deaths=early_deaths(count)) for count in range(1, 6)]
    assert delays == [1.0, 2.0, 4.0, 8.0, 10.0]


def test_too_many_deaths_within_the_window_are_given_up() -> None:
    assert restart_delay_s(POLICY, deaths=early_deaths(6)) is None


def test_old_deaths_are_forgotten() -> None:
    spread = [Death(at_s=100.0 * number, ran_s=1.0) for number in range(20)]
    assert restart_delay_s(POLICY, deaths=spread) == 10.0


def test_a_stable_run_starts_the_delay_over() -> None:
    deaths = [*early_deaths(3), Death(at_s=1000.0, ran_s=900.0)]
    assert restart_delay_s(POLICY, deaths=deaths) == 1.0
    assert restart_delay_s(POLICY, deaths=[*deaths, Death(at_s=1001.0, ran_s=1.0)]) == 1.0
    assert restart_delay_s(POLICY, deaths=[*deaths, *[Death(at_s=1001.0, ran_s=1.0)] * 2]) == 2.0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e5)), min_size=1, max_size=200))
def test_a_delay_is_never_outside_its_limits(history: list[tuple[float, float]]) -> None:
    deaths = [Death(at_s=at_s, ran_s=ran_s) for at_s, ran_s in sorted(history)]
    delay = restart_delay_s(POLICY, deaths=deaths)
    assert delay is None or POLICY.first_delay_s <= delay <= POLICY.longest_delay_s
