# SPDX-License-Identifier: GPL-2.0-or-later
"""Live updates by server-sent events: the server polls for a cheap token and sends fragments when it changes.

A browser reconnects by itself and says what it saw last, so a stream may end at any time: after its life time,
when the server restarts, or when too many are open.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from kdyno.web.render import SECURITY_HEADERS

POLL_S = 1.0
LIFE_S = 15 * 60.0
HEARTBEAT_S = 15.0
MAX_STREAMS = 100
RECONNECT_MS = 1500
RECONNECT_WHEN_FULL_MS = 15000


@dataclass(frozen=True)
class Update:
    """What changed since `seen`: named fragments. `ended` when nothing will change any more."""

    seen: str
    fragments: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False


Look = Callable[[str], Update]


class Seats:
    """How many streams may be open at a time; each costs a query a second."""

    def __init__(self, limit: int) -> None:
        self.free = limit

    def take(self) -> bool:
        """Take a seat, if there is one."""
        if self.free <= 0:
            return False
        self.free -= 1
        return True

    def leave(self) -> None:
        """Give a seat back."""
        self.free += 1


_SEATS = Seats(MAX_STREAMS)


def stream(request: Request, *, look: Look, seen: str) -> Response:
    """Answer with a stream of what `look` finds; it runs in a thread and opens its own short transactions."""
    last = request.headers.get("last-event-id", seen)
    headers = SECURITY_HEADERS | {"X-Accel-Buffering": "no"}
    events = follow(look, seen=last[:200], seats=_SEATS)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def follow(
    look: Look, *, seen: str, seats: Seats, poll_s: float = POLL_S, life_s: float = LIFE_S
) -> AsyncIterator[str]:
    """The text of a stream, until `look` says it ended or its life is over."""
    if not seats.take():
        yield f"retry: {RECONNECT_WHEN_FULL_MS}\n\n"
        return
    try:
        yield f"retry: {RECONNECT_MS}\n\n"
        started = spoke = time.monotonic()
        while (now := time.monotonic()) - started < life_s:
            update = await run_in_threadpool(look, seen)
            seen = update.seen
            if update.fragments:
                # the id last: cut off in between, the browser asks for all of them again
                yield "".join(_event(name, text) for name, text in update.fragments)
                yield f"id: {seen}\n" + _event("seen", seen)
                spoke = now
            if update.ended:
                yield _event("done", "")
                return
            if now - spoke > HEARTBEAT_S:
                yield ": still here\n\n"
                spoke = now
            await asyncio.sleep(poll_s)
    finally:
        seats.leave()


def _event(name: str, text: str) -> str:
    """One event; every line of its text needs its own field, and a bare carriage return would end one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
