# SPDX-License-Identifier: GPL-2.0-or-later
"""The closed sets are complete, and the overall verdict is the one that matters most."""

import itertools

from kdyno.analysis.verdicts import EXIT_CODES, MEANINGS, Direction, Verdict, severity, worst


def test_every_verdict_has_a_meaning_an_exit_code_and_a_place() -> None:
    assert set(MEANINGS) == set(EXIT_CODES) == set(Verdict)
    assert sorted(severity(verdict) for verdict in Verdict) == list(range(len(Verdict)))


def test_exit_codes_are_those_of_the_command_line() -> None:
    assert EXIT_CODES[Verdict.REGRESSION] == 1
    assert EXIT_CODES[Verdict.NEED_MORE] == 4
    assert EXIT_CODES[Verdict.NO_CHANGE] == EXIT_CODES[Verdict.IMPROVEMENT] == 0


def test_worst_does_not_depend_on_order() -> None:
    for ordered in itertools.permutations(Verdict):
        assert worst(ordered) is Verdict.REGRESSION
    assert worst([Verdict.IMPROVEMENT, Verdict.NEED_MORE]) is Verdict.NEED_MORE
    assert worst([Verdict.IMPROVEMENT, Verdict.NO_CHANGE]) is Verdict.IMPROVEMENT
    assert worst([]) is Verdict.NEED_MORE


def test_worse_is_up_for_a_latency_and_down_for_a_throughput() -> None:
    assert Direction.LOWER.worse_sign == 1
    assert Direction.HIGHER.worse_sign == -1
