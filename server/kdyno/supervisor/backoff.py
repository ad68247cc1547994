# SPDX-License-Identifier: GPL-2.0-or-later
"""When a dead child is started again, and when that is no longer worth it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """The delay doubles with each early death and starts over after a child has run for `stable_after_s`."""

    first_delay_s: float = 0.5
    longest_delay_s: float = 30.0
    stable_after_s: float = 60.0
    deaths_allowed: int = 5
    window_s: float = 300.0


@dataclass(frozen=True)
class Death:
    """One end of a child: when, on the monotonic clock, and how long it had run."""

    at_s: float
    ran_s: float


def restart_delay_s(policy: RestartPolicy, *, deaths: Sequence[Death]) -> float | None:
    """Seconds to wait before the next start; None when the child has died too often within the window.

    `deaths` are all ends so far, oldest first; the last one is what has just happened.
    """
    last = deaths[-1]
    recent = [death for death in deaths if last.at_s - death.at_s <= policy.window_s]
    if len(recent) >= policy.deaths_allowed:
        return None
    early = 0
    for death in reversed(deaths):
        if death.ran_s >= policy.stable_after_s:
            break
        early += 1
    # 60 doublings are beyond any limit, and keep the power of two a sane number
    return min(policy.longest_delay_s, policy.first_delay_s * 2.0 ** min(max(early - 1, 0), 60))
