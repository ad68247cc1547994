# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's own secrets: made once, kept in files that only their owner can read."""

import os
import secrets
from pathlib import Path


def ensure_token(path: Path) -> str:
    """The token in the file, which is made when it is missing."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    token = secrets.token_urlsafe(32)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    return token
