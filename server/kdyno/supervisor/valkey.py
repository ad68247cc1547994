# SPDX-License-Identifier: GPL-2.0-or-later
"""The embedded Valkey, a Redis-compatible broker. It keeps hints only, so it writes nothing to disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kdyno.config import Paths
from kdyno.supervisor.child import ChildSpec
from kdyno.supervisor.probes import valkey_pongs
from kdyno.supervisor.programs import valkey_program
from kdyno.supervisor.user import ServiceUser, private_directory

# More hints than this means that nobody takes them; refusing new ones is harmless, the tables say what is owed.
MEMORY_LIMIT = "64mb"


@dataclass(frozen=True)
class EmbeddedValkey:
    """One private Valkey, reached through a UNIX socket only."""

    data: Path
    sockets: Path
    cache: Path
    user: ServiceUser | None

    @property
    def socket(self) -> Path:
        return valkey_socket(self.sockets)

    @property
    def url(self) -> str:
        return redis_url(self.sockets)

    def prepare(self) -> None:
        """Make its directories and remove the socket of an earlier run."""
        private_directory(self.sockets, user=self.user)
        private_directory(self.data, user=self.user)
        self.socket.unlink(missing_ok=True)

    def spec(self, *, environment: Mapping[str, str]) -> ChildSpec:
        """The child that serves the socket."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory": MEMORY_LIMIT,
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return ChildSpec(
            name="valkey",
            argv=(str(valkey_program(user=self.user, cache=self.cache)), *words),
            about="message broker",
            environment=environment,
            working_directory=self.data,
            user=self.user,
            ready=self.pongs,
        )

    def pongs(self) -> bool:
        """Whether it answers now."""
        return valkey_pongs(self.socket)


def valkey_socket(sockets: Path) -> Path:
    return sockets / "valkey.sock"


def redis_url(sockets: Path) -> str:
    """Where clients find the broker behind a socket directory, as Celery spells it."""
    return f"redis+socket://{quote(str(valkey_socket(sockets)), safe='/')}"


def valkey_of(paths: Paths, *, user: ServiceUser | None) -> EmbeddedValkey:
    """The Valkey of a lab."""
    return EmbeddedValkey(data=paths.valkey, sockets=valkey_sockets(paths), cache=paths.cache, user=user)


def valkey_sockets(paths: Paths) -> Path:
    return paths.sockets / "vk"
