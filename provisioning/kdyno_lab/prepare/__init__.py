# SPDX-License-Identifier: GPL-2.0-or-later
"""From a booted machine to a running agent: prove its state, tune it, install, start, and leave it alone."""

from kdyno_lab.prepare.contract import (
    Expected,
    Mismatch,
    Payload,
    PrepareError,
    Preparer,
    PrepareTimeout,
    Unreachable,
)
from kdyno_lab.prepare.fake import prepare_fake
from kdyno_lab.prepare.machine import prepare_machine
from kdyno_lab.prepare.registry import preparer

__all__ = [
    "Expected",
    "Mismatch",
    "Payload",
    "PrepareError",
    "PrepareTimeout",
    "Preparer",
    "Unreachable",
    "prepare_fake",
    "prepare_machine",
    "preparer",
]
