# SPDX-License-Identifier: GPL-2.0-or-later
import asyncio
import contextlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from kdyno.web.stream import RECONNECT_WHEN_FULL_MS, Seats, Update, follow

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """The outcome of a coroutine, in a thread of its own: a browser test may have left a loop in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(work)).result()


def collect(updates: list[Update], *, seats: Seats, life_s: float = 5.0) -> list[str]:
    """What a browser receives while the server finds these updates, one a look."""
    left = iter(updates)

    async def read() -> list[str]:
        stream = follow(lambda _: next(left), seen="old", seats=seats, poll_s=0.0, life_s=life_s)
        return [text async for text in stream]

    return finish(read())


def test_fragments_come_with_their_names_and_the_place_to_go_on_from() -> None:
    seats = Seats(1)
    received = "".join(
        collect([Update("a", [("steps", "<b>1</b>\n<i>2</i>")]), Update("a"), Update("b", ended=True)], seats=seats)
    )
    assert "event: steps\ndata: <b>1</b>\ndata: <i>2</i>\n\n" in received
    assert "id: a\nevent: seen\ndata: a\n\n" in received
    assert received.endswith("event: done\ndata: \n\n")
    assert seats.free == 1


def test_a_carriage_return_cannot_forge_an_event() -> None:
    hostile = "x\revent: done\r\n\r\ndata: y"
    received = "".join(collect([Update("a", [("console", hostile)]), Update("a", ended=True)], seats=Seats(1)))
    console = received.split("event: console\n")[1].split("\n\n")[0]
    assert all(line.startswith("data: ") for line in console.split("\n"))


def test_a_full_house_is_told_to_come_back_later() -> None:
    assert collect([], seats=Seats(0)) == [f"retry: {RECONNECT_WHEN_FULL_MS}\n\n"]


def test_a_stream_ends_after_its_life() -> None:
    assert len(collect([], seats=Seats(1), life_s=0.0)) == 1


def test_a_seat_is_given_back_when_looking_fails() -> None:
    seats = Seats(1)

    def broken(_: str) -> Update:
        raise OSError("database gone")

    async def read() -> None:
        async for _ in follow(broken, seen="", seats=seats):
            pass

    with contextlib.suppress(OSError):
        finish(read())
    assert seats.free == 1
