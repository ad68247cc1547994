# SPDX-License-Identifier: GPL-2.0-or-later
"""A child's log: what it writes, limited in size, with its last lines at hand for error messages."""

from collections import deque
from pathlib import Path

TAIL_LINES = 20
_LONGEST_TAIL_LINE_BYTES = 500


class LogFile:
    """Appends bytes to a file; when the file is full it becomes `<name>.1`, replacing the one before."""

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._unfinished = b""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, data: bytes) -> None:
        """Append what a child wrote. A full disk costs the log, not the lab."""
        self._remember(data)
        try:
            if self._size + len(data) > self._max_bytes and self._size > 0:
                self._rotate()
            self._size += self._file.write(data)
        except OSError:
            return

    def tail(self) -> list[str]:
        """The last lines, oldest first, those of an earlier run of the child included."""
        lines = [*self._tail, self._unfinished] if self._unfinished else list(self._tail)
        return [line.decode("utf-8", errors="replace") for line in lines[-TAIL_LINES:]]

    def close(self) -> None:
        self._file.close()

    def _remember(self, data: bytes) -> None:
        *lines, unfinished = (self._unfinished + data).split(b"\n")
        self._tail.extend(line[:_LONGEST_TAIL_LINE_BYTES] for line in lines)
        self._unfinished = unfinished[:_LONGEST_TAIL_LINE_BYTES]

    def _rotate(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file = self.path.open("ab", buffering=0)
        self._size = 0
