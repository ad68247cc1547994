# SPDX-License-Identifier: GPL-2.0-or-later
"""The embedded PostgreSQL: makes its data directory once, and says how to run it as a child.

It listens on a UNIX socket only, in a directory that nobody but its user and root can enter.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kdyno.config import Paths
from kdyno.supervisor.child import ChildSpec, StopStep
from kdyno.supervisor.errors import LabError
from kdyno.supervisor.probes import postgres_accepts
from kdyno.supervisor.programs import postgres_program
from kdyno.supervisor.user import ServiceUser, private_directory

ROLE = "kdyno"
DATABASE = "kdyno"
INITDB_TIMEOUT_S = 120

# Small and safe: a lab's tables are small, but what was acknowledged must survive a power cut.
_OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "fsync": "on",
    "wal_buffers": "1MB",
    "max_wal_size": "256MB",
    "maintenance_work_mem": "32MB",
    "io_method": "sync",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "1",
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One private PostgreSQL."""

    data: Path
    sockets: Path
    cache: Path
    user: ServiceUser | None

    @property
    def url(self) -> str:
        return database_url(self.sockets)

    def spec(self, *, environment: Mapping[str, str]) -> ChildSpec:
        """The child that serves the data directory, which `prepare` has made."""
        options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
        argv = [str(self._program("postgres")), "-D", str(self.data), "-k", str(self.sockets), *options]
        return ChildSpec(
            name="postgres",
            argv=tuple(argv),
            about="database",
            environment=environment,
            working_directory=self.data,
            user=self.user,
            ready=self.accepts,
            # TERM waits for clients, INT ends their sessions, QUIT gives up and recovers at the next start
            stop=(
                StopStep(signal.SIGTERM, 2.0),
                StopStep(signal.SIGINT, 15.0),
                StopStep(signal.SIGQUIT, 5.0),
            ),
            death_signal=signal.SIGINT,
        )

    def accepts(self) -> bool:
        """Whether it takes connections now."""
        return postgres_accepts(self._program("pg_isready"), sockets=self.sockets, role=ROLE)

    def prepare(self) -> None:
        """Make the data directory when there is none, and clear what a crash has left.

        Raises:
            LabError: the directory cannot be made or holds another version's data.
        """
        private_directory(self.sockets, user=self.user)
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._remove_stale_pidfile()

    def _program(self, name: str) -> Path:
        return postgres_program(name, user=self.user, cache=self.cache)

    def _initialise(self) -> None:
        """initdb beside the final place, then rename: a half-made directory is never taken for a whole one."""
        partial = self.data.with_name(self.data.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        private_directory(partial, user=self.user)
        access = ["--username", ROLE, "--auth-local=trust", "--auth-host=reject"]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(
            [str(self._program("initdb")), "-D", str(partial), *access, *locale, "--no-instructions"], what="initdb"
        )
        self._run(
            [str(self._program("postgres")), "--single", "-D", str(partial), "-c", "io_method=sync", "postgres"],
            what="making the database",
            input_text=f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n",
        )
        partial.rename(self.data)

    def _run(self, argv: list[str], *, what: str, input_text: str = "") -> None:
        try:
            ended = subprocess.run(
                argv,
                input=input_text,
                capture_output=True,
                text=True,
                timeout=INITDB_TIMEOUT_S,
                check=False,
                cwd="/",
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise LabError(f"PostgreSQL: {what} failed: {error}") from error
        if ended.returncode != 0:
            raise LabError(f"PostgreSQL: {what} failed with status {ended.returncode}:\n{ended.stderr.strip()}")

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        answer = subprocess.run(
            [str(self._program("postgres")), "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout
        installed = answer.split()[2].split(".")[0]
        if found != installed:
            raise LabError(
                f"{self.data} was made by PostgreSQL {found}, but version {installed} is installed: "
                f"dump it with the old version, or move it away for a new, empty lab"
            )

    def _remove_stale_pidfile(self) -> None:
        """After a crash the recorded pid may belong to somebody else by now, and PostgreSQL would refuse to start."""
        pidfile = self.data / "postmaster.pid"
        try:
            pid = int(pidfile.read_text(encoding="utf-8").split("\n", maxsplit=1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:
            return  # no pidfile, or no such process: PostgreSQL deals with the latter itself
        except (OSError, ValueError):
            arguments = []
        if os.fsencode(self.data) not in arguments:
            pidfile.unlink(missing_ok=True)


def database_url(sockets: Path) -> str:
    """Where clients find the database behind a socket directory."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='/')}"


def postgres_of(paths: Paths, *, user: ServiceUser | None) -> EmbeddedPostgres:
    """The PostgreSQL of a lab."""
    return EmbeddedPostgres(data=paths.postgres, sockets=postgres_sockets(paths), cache=paths.cache, user=user)


def postgres_sockets(paths: Paths) -> Path:
    return paths.sockets / "pg"
