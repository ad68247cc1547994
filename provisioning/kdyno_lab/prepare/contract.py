# SPDX-License-Identifier: GPL-2.0-or-later
"""What every way to prepare a machine is given, gives back and raises."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}")
_URL = re.compile(r"http://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class PrepareError(Exception):
    """The machine could not be brought into the state that a job needs: the lab's fault, never the patch's."""


class Unreachable(PrepareError):
    """No ssh session with the machine."""


class PrepareTimeout(PrepareError):
    """Not done within its time limit."""


class Mismatch(PrepareError):
    """The machine is not what was asked for; its agent was not started."""

    def __init__(self, *, fact: str, expected: str, seen: str) -> None:
        super().__init__(f"{fact}: expected {expected or 'nothing'}, seen {seen or 'nothing'}")
        self.fact = fact
        self.expected = expected
        self.seen = seen


def _check(pattern: re.Pattern[str], value: str, *, name: str) -> None:
    if not pattern.fullmatch(value):
        raise PrepareError(f"{name}: {value!r} is not allowed")


@dataclass(frozen=True)
class Expected:
    """What the machine must have booted. `release` is what `uname -r` must print."""

    release: str
    attempt_id: int
    image_id: str

    def __post_init__(self) -> None:
        _check(_WORD, self.release, name="release")
        _check(_WORD, self.image_id, name="image_id")
        if self.attempt_id < 1:
            raise PrepareError(f"attempt_id: {self.attempt_id} is no attempt")


@dataclass(frozen=True)
class Payload:
    """What the machine gets: programs by their names in /opt/kdyno, where NAME.tar is also unpacked, as NAME.

    The server at `server_url`, no final slash, must serve each of them under /boot/payload/NAME.
    """

    programs: Mapping[str, Path]
    server_url: str
    token: str

    def __post_init__(self) -> None:
        for name in self.programs:
            _check(_WORD, name, name="program")
        _check(_URL, self.server_url, name="server_url")
        if not _TOKEN.fullmatch(self.token):
            raise PrepareError("token: not one word of letters, digits, - and _")

    def __repr__(self) -> str:
        return f"Payload(programs={list(self.programs)}, server_url={self.server_url!r}, token=***)"


def ignore(_: str) -> None:
    """For callers that do not care how far it is."""


class Preparer(Protocol):
    """One way to prepare a machine."""

    def __call__(
        self,
        *,
        address: str,
        port: int,
        private_key: Path,
        expected: Expected,
        payload: Payload,
        timeout_s: float,
        event: Callable[[str], None] = ...,
    ) -> dict[str, Any]:
        """Return the state manifest, with the agent started; raises PrepareError. `event` hears each step's name."""
