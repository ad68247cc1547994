# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden files: expected text kept as files under tests/golden/, rewritten when KDYNO_UPDATE_GOLDEN=1 is set."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(actual: str, *, name: str, folder: Path = GOLDEN) -> None:
    """Compare with <folder>/<name>, or rewrite that file when asked to."""
    path = folder / name
    if os.environ.get("KDYNO_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
        return
    assert path.exists(), f"{path} is missing; run the test with KDYNO_UPDATE_GOLDEN=1 and review what it writes"
    expected = path.read_text(encoding="utf-8")
    assert actual == expected, f"differs from {path}; if wanted, run with KDYNO_UPDATE_GOLDEN=1 and review the change"
