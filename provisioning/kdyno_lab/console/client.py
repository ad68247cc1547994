# SPDX-License-Identifier: GPL-2.0-or-later
"""What the console reader says to the server, and what the server may answer."""

from dataclasses import asdict, dataclass
from typing import Any

import httpx

from kdyno_lab.console.panic import ConsoleEvent

_TIMEOUT_S = 10.0


class ServerAwayError(Exception):
    """No usable answer: try again later, nothing was lost."""


class AttemptGoneError(Exception):
    """The server wants no more of this console."""


class AttemptUnknownError(ServerAwayError):
    """The server does not know the attempt (yet)."""


@dataclass(frozen=True)
class NumberedLine:
    """`at_ns`: host's CLOCK_REALTIME when the line was read, in nanoseconds."""

    no: int
    at_ns: int
    text: str


@dataclass(frozen=True)
class Answer:
    """`next_line_no`: what the server waits for; `closed`: the attempt is over and its console with it."""

    next_line_no: int
    closed: bool


class ConsoleClient:
    """The server's console API. Line numbers count from 1."""

    def __init__(self, *, server: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=server,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def cursor(self, attempt_id: int) -> Answer:
        """Where to go on after a start."""
        return self._exchange("GET", attempt_id, None)

    def post(
        self,
        attempt_id: int,
        *,
        lines: list[NumberedLine],
        events: list[ConsoleEvent],
        first_line_no: int,
        closed: bool,
    ) -> Answer:
        """Hand over lines and events together: the server keeps both or neither.

        `closed`: this is all that the file holds now; whether more can come, the server knows.
        """
        document = {
            "first_line_no": first_line_no,
            "lines": [asdict(line) for line in lines],
            "events": [asdict(event) for event in events],
            "closed": closed,
        }
        return self._exchange("POST", attempt_id, document)

    def _exchange(self, method: str, attempt_id: int, document: dict[str, Any] | None) -> Answer:
        try:
            response = self._http.request(method, f"/api/v1/lab/consoles/{attempt_id}", json=document)
        except httpx.HTTPError as error:
            raise ServerAwayError(f"{type(error).__name__}: {error}") from error
        if response.status_code == httpx.codes.GONE:
            raise AttemptGoneError(f"attempt {attempt_id}")
        if response.status_code == httpx.codes.NOT_FOUND:
            raise AttemptUnknownError(f"attempt {attempt_id} is unknown to the server")
        if response.status_code != httpx.codes.OK:
            raise ServerAwayError(f"HTTP {response.status_code}: {response.text[:200]}")
        try:
            content = response.json()
            return Answer(next_line_no=int(content["next_line_no"]), closed=bool(content.get("closed", False)))
        except (ValueError, KeyError, TypeError) as error:
            raise ServerAwayError(f"answer not understood: {response.text[:200]!r}") from error
