# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepares machines of the fake power driver: there is nothing to reach, so it says what was asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kdyno_lab.prepare.contract import Expected, Payload, PrepareTimeout, ignore


def prepare_fake(
    *,
    address: str,
    port: int,
    private_key: Path,
    expected: Expected,
    payload: Payload,
    timeout_s: float,
    event: Callable[[str], None] = ignore,
) -> dict[str, Any]:
    """Return a manifest that says it is played. Files need not exist: a script needs neither key nor programs."""
    if timeout_s <= 0:
        raise PrepareTimeout(f"{address}:{port}: no time left")
    event("Play a prepared machine")
    return {
        "schema": "kdyno.state/1",
        "played": True,
        "release": expected.release,
        "build": expected.release,
        "attempt": str(expected.attempt_id),
        "image_id": expected.image_id,
    }
