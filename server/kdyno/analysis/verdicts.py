# SPDX-License-Identifier: GPL-2.0-or-later
"""The closed sets of the analysis: what a comparison can say, and what that means to a shell."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a comparison found. A failed job has no verdict: it has a failure class."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    NO_CHANGE = "no-change"
    NEED_MORE = "need-more"

    @property
    def meaning(self) -> str:
        """One line for pages, mails and `--help`."""
        return MEANINGS[self]


MEANINGS: dict[Verdict, str] = {
    Verdict.REGRESSION: "worse by more than the margin, at the stated false-alarm rate",
    Verdict.IMPROVEMENT: "better by more than the margin, at the stated false-alarm rate",
    Verdict.NO_CHANGE: "the whole interval lies within the margin: shown equal, not merely unproven",
    Verdict.NEED_MORE: "these boots cannot tell; more boots are needed",
}

# A difference that was proven, either way.
MOVED = frozenset({Verdict.REGRESSION, Verdict.IMPROVEMENT})

EXIT_CODES: dict[Verdict, int] = {
    Verdict.NO_CHANGE: 0,
    Verdict.IMPROVEMENT: 0,
    Verdict.REGRESSION: 1,
    Verdict.NEED_MORE: 4,
}


class Direction(StrEnum):
    """Which way of a metric is the good one."""

    LOWER = "lower"
    HIGHER = "higher"

    @property
    def worse_sign(self) -> int:
        """+1 when a rising value is bad news, -1 when it is good news."""
        return 1 if self is Direction.LOWER else -1


def severity(verdict: Verdict) -> int:
    """How much a verdict weighs in the overall one.

    A proven regression outranks everything; an unsettled metric outranks an improvement, because it may hide a
    regression.
    """
    order = (Verdict.NO_CHANGE, Verdict.IMPROVEMENT, Verdict.NEED_MORE, Verdict.REGRESSION)
    return order.index(verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The overall verdict of several; with none at all, nothing has been shown."""
    return max(verdicts, key=severity, default=Verdict.NEED_MORE)
