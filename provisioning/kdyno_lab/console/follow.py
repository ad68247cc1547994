# SPDX-License-Identifier: GPL-2.0-or-later
"""Follow the console files of all attempts in progress and hand them to the server, line by line, exactly once.

The server's answer is the only cursor: after a kill the file is read again from its beginning (numbers depend on
its bytes alone) and posting goes on at the line the server waits for. What could not be posted stays in the file,
not in memory.
"""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

from kdyno_lab.console.client import (
    Answer,
    AttemptGoneError,
    AttemptUnknownError,
    ConsoleClient,
    NumberedLine,
    ServerAwayError,
)
from kdyno_lab.console.lines import ConsoleLine, LineSplitter
from kdyno_lab.console.panic import ConsoleEvent, ConsoleParser

POLL_S = 0.2
SCAN_S = 0.5
SETTLED_NS = 1_000_000_000
FLUSH_AFTER_S = 1.0
FIRST_LINE_NO = 1
READ_BYTES = 4096  # also bounds the lines of one post
EVENTS_MAX = 50
BACK_OFF_FIRST_S = 0.5
BACK_OFF_MAX_S = 5.0
FORGET_UNKNOWN_AFTER_S = 3600.0
IDLE_AFTER_S = 3.0

log = logging.getLogger("kdyno_lab.console")


@dataclass
class _Batch:
    """What one read gave; kept until the server has taken it."""

    lines: list[NumberedLine] = field(default_factory=list)
    events: list[ConsoleEvent] = field(default_factory=list)
    closed: bool = False
    last: bool = False


class ConsoleFile:
    """One attempt's console file. `step` does a bounded piece of work and never blocks on the file."""

    def __init__(self, path: Path, *, attempt_id: int, client: ConsoleClient) -> None:
        self._path = path
        self.attempt_id = attempt_id
        self._client = client
        self._cursor: int | None = None
        self._batch: _Batch | None = None
        self._closing = False
        self.done = False
        self._next_try_s = 0.0
        self._back_off_s = BACK_OFF_FIRST_S
        self._last_answer_s = 0.0
        self._rewind()

    def step(self, *, now_s: float) -> bool:
        """Ask, read or post, whichever comes next; returns whether there may be more to do at once.

        `now_s` is on the monotonic clock.
        """
        if self.done or now_s < self._next_try_s:
            return False
        offset = self._splitter.offset
        try:
            self._advance(now_s=now_s)
        except AttemptGoneError:
            self.done = True
        except AttemptUnknownError as error:
            self._retry_later(error, now_s=now_s)
            self.done = self._abandoned()
        except ServerAwayError as error:
            self._retry_later(error, now_s=now_s)
        return not self.done and self._splitter.offset != offset

    def _advance(self, *, now_s: float) -> None:
        if self._cursor is None:
            self._accept(self._client.cursor(self.attempt_id), now_s=now_s)
        if self._batch is None:
            self._batch = self._read(now_s=now_s) or self._say_idle(now_s=now_s)
        if self._batch is not None:
            self._post(self._batch, now_s=now_s)

    def _post(self, batch: _Batch, *, now_s: float) -> None:
        cursor = self._cursor or FIRST_LINE_NO
        lines = [line for line in batch.lines if line.no >= cursor]
        first = lines[0].no if lines else cursor
        expected = first + len(lines)
        answer = self._client.post(
            self.attempt_id, first_line_no=first, lines=lines, events=batch.events, closed=batch.closed
        )
        self._batch = None
        self._accept(answer, now_s=now_s)
        if answer.next_line_no < expected:
            log.warning("attempt %d: the server waits for line %d again", self.attempt_id, answer.next_line_no)
            self._rewind()
        elif batch.last and answer.closed:
            self.done = True

    def _accept(self, answer: Answer, *, now_s: float) -> None:
        self._cursor = answer.next_line_no
        self._closing = answer.closed
        self._back_off_s = BACK_OFF_FIRST_S
        self._last_answer_s = now_s

    def _read(self, *, now_s: float) -> _Batch | None:
        """The next piece of the file; None when it holds nothing new for the server."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._splitter.offset:
                    log.warning("attempt %d: console file became shorter, reading it again", self.attempt_id)
                    self._rewind()
                file.seek(self._splitter.offset)
                piece = file.read(READ_BYTES)
        except FileNotFoundError:
            self.done = True
            return None
        if not piece:
            return self._flush(now_s=now_s)
        self._last_data_s = now_s
        batch = _Batch()
        at_ns = time.time_ns()
        for line in self._splitter.feed(piece):
            self._take(line, at_ns=at_ns, batch=batch)
        return batch if batch.lines or batch.events else None

    def _flush(self, *, now_s: float) -> _Batch | None:
        """The console is silent: a report under way is as complete as it gets."""
        if not self._parser.pending or now_s - self._last_data_s < FLUSH_AFTER_S:
            return None
        batch = _Batch()
        event = self._parser.flush()
        if event is not None:
            self._note(event, batch=batch)
        return batch if batch.events else None

    def _say_idle(self, *, now_s: float) -> _Batch | None:
        """Tell the server that all is read; when the attempt is over, hand in the last half line, too."""
        if now_s - max(self._last_data_s, self._last_answer_s) < IDLE_AFTER_S:
            return None
        batch = _Batch(closed=True, last=self._closing)
        if batch.last:
            at_ns = time.time_ns()
            for line in self._splitter.finish():
                self._take(line, at_ns=at_ns, batch=batch)
        return batch

    def _take(self, line: ConsoleLine, *, at_ns: int, batch: _Batch) -> None:
        event = self._parser.feed(line.text, line_no=line.no)
        if self._cursor is not None and line.no < self._cursor:
            return  # the server has this line, and what it completed
        if line.stored:
            batch.lines.append(NumberedLine(no=line.no, at_ns=at_ns, text=line.text))
        if event is not None:
            self._note(event, batch=batch)

    def _note(self, event: ConsoleEvent, *, batch: _Batch) -> None:
        """A machine that oopses for ever must not flood the server."""
        if self._events_left > 0 or event.fatal:
            self._events_left -= 1
            batch.events.append(event)

    def _rewind(self) -> None:
        self._splitter = LineSplitter()
        self._parser = ConsoleParser(attempt_id=self.attempt_id)
        self._events_left = EVENTS_MAX
        self._last_data_s = time.monotonic()

    def _retry_later(self, error: Exception, *, now_s: float) -> None:
        log.warning("attempt %d: %s; again in %.1f s", self.attempt_id, error, self._back_off_s)
        self._next_try_s = now_s + self._back_off_s
        self._back_off_s = min(BACK_OFF_MAX_S, self._back_off_s * 2)

    def _abandoned(self) -> bool:
        """A file left by a server that no longer exists."""
        try:
            return time.time() - self._path.stat().st_mtime > FORGET_UNKNOWN_AFTER_S
        except FileNotFoundError:
            return True


class Follower:
    """All console files of one directory. Finished attempts are kept in a list beside them, so they are read once."""

    def __init__(self, directory: Path, *, client: ConsoleClient) -> None:
        self._directory = directory
        self._client = client
        self._finished_list = directory / "finished.list"
        self._finished = self._read_finished()
        self._files: dict[int, ConsoleFile] = {}
        self._next_scan_s = 0.0
        self._seen_mtime_ns = -1

    def step(self) -> bool:
        """One round over all open files; returns whether any has more to do at once."""
        busy = False
        now_s = time.monotonic()
        if now_s >= self._next_scan_s:
            self._next_scan_s = now_s + SCAN_S
            self._scan()
        for attempt_id, file in list(self._files.items()):
            busy = file.step(now_s=time.monotonic()) or busy
            if file.done:
                self._remember_finished(attempt_id)
                del self._files[attempt_id]
        return busy

    @property
    def open_attempts(self) -> frozenset[int]:
        return frozenset(self._files)

    def _scan(self) -> None:
        """Look for new files, only when the directory changed."""
        mtime_ns = self._directory.stat().st_mtime_ns
        if mtime_ns == self._seen_mtime_ns:
            return
        # A directory that changed just now may change again within the same tick of its clock.
        settled = time.time_ns() - mtime_ns > SETTLED_NS
        self._seen_mtime_ns = mtime_ns if settled else -1
        for path in self._directory.glob("*.log"):
            if not path.stem.isascii() or not path.stem.isdigit():
                continue
            attempt_id = int(path.stem)
            if attempt_id not in self._finished and attempt_id not in self._files:
                self._files[attempt_id] = ConsoleFile(path, attempt_id=attempt_id, client=self._client)

    def _read_finished(self) -> set[int]:
        try:
            words = self._finished_list.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return set()
        return {int(word) for word in words if word.isdigit()}

    def _remember_finished(self, attempt_id: int) -> None:
        self._finished.add(attempt_id)
        with self._finished_list.open("a", encoding="ascii") as listed:
            listed.write(f"{attempt_id}\n")
