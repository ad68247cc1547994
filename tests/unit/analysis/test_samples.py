# SPDX-License-Identifier: GPL-2.0-or-later
"""Samples that cannot be compared are refused by name, not averaged away."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, InputFault, Metric, SamplesError, compare

LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)
GOOD = ArmSamples("base", [BootSamples(1, (10.0, 11.0), "ns/op"), BootSamples(2, (10.0, 12.0), "ns/op")])


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        ((), InputFault.EMPTY),
        ((1.0, math.nan), InputFault.NAN),
        ((1.0, math.inf), InputFault.INFINITE),
        ((1.0, -math.inf), InputFault.INFINITE),
        ((1.0, 0.0), InputFault.NOT_POSITIVE),
        ((1.0, -3.0), InputFault.NOT_POSITIVE),
        (("fast", "slow"), InputFault.NOT_NUMBERS),
        (((1.0, 2.0), (3.0, 4.0)), InputFault.NOT_NUMBERS),
        ((None,), InputFault.NAN),
    ],
)
def test_bad_samples_name_metric_arm_and_boot(samples: Sequence[float], fault: InputFault) -> None:
    patched = ArmSamples("patched", [BootSamples(7, (10.0,), "ns/op"), BootSamples(8, samples, "ns/op")])
    with pytest.raises(SamplesError, match="lat_pipe, arm patched, boot 8") as caught:
        compare(GOOD, patched, metric=LATENCY)
    assert caught.value.fault is fault
    assert (caught.value.metric, caught.value.arm, caught.value.boot) == ("lat_pipe", "patched", 8)


def test_mixed_units_are_refused() -> None:
    patched = ArmSamples("patched", [BootSamples(7, (10.0,), "us/op")])
    with pytest.raises(SamplesError, match="us/op, expected ns/op") as caught:
        compare(GOOD, patched, metric=LATENCY)
    assert caught.value.fault is InputFault.MIXED_UNITS


def test_an_arm_without_boots_is_refused() -> None:
    with pytest.raises(SamplesError) as caught:
        compare(GOOD, ArmSamples("patched", []), metric=LATENCY)
    assert caught.value.fault is InputFault.NO_BOOTS


def test_one_boot_given_twice_is_no_second_boot() -> None:
    twice = ArmSamples("patched", [BootSamples(7, (10.0,), "ns/op"), BootSamples(7, (10.0,), "ns/op")])
    with pytest.raises(SamplesError) as caught:
        compare(GOOD, twice, metric=LATENCY)
    assert caught.value.fault is InputFault.REPEATED_BOOT


def test_arrays_lists_and_tuples_give_the_same_answer() -> None:
    values = [10.0, 11.0, 12.5]
    answers = [
        compare(GOOD, ArmSamples("patched", [BootSamples(1, kind, "ns/op")]), metric=LATENCY)
        for kind in (values, tuple(values), np.array(values))
    ]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("parameters", [{"margin": -0.1}, {"margin": math.nan}, {"alpha": 0.0}, {"alpha": 1.0}])
def test_senseless_parameters_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="margin"):
        compare(GOOD, GOOD, metric=LATENCY, **parameters)  # type: ignore[arg-type]
