# SPDX-License-Identifier: GPL-2.0-or-later
"""From a console file's bytes to numbered lines.

The numbers are a function of the file's bytes alone, never of when they were read: a reader that starts again from
the file's beginning counts exactly as the one before it.
"""

from dataclasses import dataclass

from kdyno_lab.console.patterns import clean

LINE_BYTES_MAX = 4096
ATTEMPT_BYTES_MAX = 8 * 1024 * 1024
LINE_CUT = " [line cut]"


@dataclass(frozen=True)
class ConsoleLine:
    """`no` counts from 1. `stored`: False past the attempt's limit, with the number of the line never stored."""

    no: int
    text: str
    stored: bool = True


class LineSplitter:
    """Feed it the file's bytes in order, in pieces of any size; holds at most one line."""

    def __init__(self, *, line_bytes_max: int = LINE_BYTES_MAX, attempt_bytes_max: int = ATTEMPT_BYTES_MAX) -> None:
        self._line_bytes_max = line_bytes_max
        self._attempt_bytes_max = attempt_bytes_max
        self._held = bytearray()
        self._line_cut = False
        self._offset = 0
        self._next_no = 1
        self._cut = False

    @property
    def offset(self) -> int:
        """Bytes taken in so far."""
        return self._offset

    def feed(self, piece: bytes) -> list[ConsoleLine]:
        """The lines that this piece completes."""
        lines: list[ConsoleLine] = []
        *complete, rest = piece.split(b"\n")
        for part in complete:
            self._hold(part)
            self._offset += len(part) + 1
            lines.extend(self._take())
        self._hold(rest)
        self._offset += len(rest)
        return lines

    def finish(self) -> list[ConsoleLine]:
        """The last line, when the console ended in the middle of it."""
        return self._take() if self._held else []

    def _hold(self, part: bytes) -> None:
        room = self._line_bytes_max - len(self._held)
        self._line_cut = self._line_cut or len(part) > room
        self._held += part[:room]

    def _take(self) -> list[ConsoleLine]:
        text = clean(self._held.decode("utf-8", errors="replace")) + (LINE_CUT if self._line_cut else "")
        self._held.clear()
        self._line_cut = False
        if self._cut:
            return [ConsoleLine(no=self._next_no, text=text, stored=False)]
        if self._offset > self._attempt_bytes_max:
            self._cut = True
            text = f"[console cut: more than {self._attempt_bytes_max} bytes, the rest is in the lab's file only]"
        line = ConsoleLine(no=self._next_no, text=text)
        self._next_no += 1
        return [line]
