# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab from its start to its end, in one process tree."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kdyno.config import Paths, Settings
from kdyno.supervisor.addresses import with_embedded_servers
from kdyno.supervisor.backoff import RestartPolicy
from kdyno.supervisor.child import become_subreaper
from kdyno.supervisor.errors import LabError
from kdyno.supervisor.lock import exclusive
from kdyno.supervisor.loop import Loop, StopRequested
from kdyno.supervisor.plan import child_environment, kdyno_command, python_children
from kdyno.supervisor.ports import require_free_port
from kdyno.supervisor.postgres import postgres_of
from kdyno.supervisor.remains import end_descendants, end_old_children, power_off_machines, running_machines
from kdyno.supervisor.state import LabReport, LabState, read_report, write_report
from kdyno.supervisor.tokens import ensure_token
from kdyno.supervisor.user import ServiceUser, ensure_service_user, first_closed_directory
from kdyno.supervisor.valkey import valkey_of
from kdyno_lab.power.process import identify

FIRST_STEPS_TIMEOUT_S = 180
_SERVERS = ("postgres", "valkey")

Say = Callable[[str], None]


class Lab:
    """One run of `kdyno up`. `say` gets one line per event worth a human's attention."""

    def __init__(
        self, settings: Settings, *, say: Say, policy: RestartPolicy | None = None, ready_file: Path | None = None
    ) -> None:
        self._given = settings
        self._settings = with_embedded_servers(settings)
        self._paths = settings.paths
        self._say = _unbreakable(say)
        self._ready_file = ready_file
        self._begin_s = time.monotonic()
        self._report = LabReport(data_dir=str(settings.data_dir))
        self._loop = Loop(
            logs=self._paths.logs,
            max_log_bytes=settings.limits.child_log_bytes,
            policy=policy or RestartPolicy(deaths_allowed=settings.limits.child_deaths),
            say=self._say,
            changed=self._publish,
        )

    def run(self) -> None:
        """Start everything, keep it running until a stop signal, end everything.

        Raises:
            LabError: the lab could not start or could not go on; all that was started has been ended.
        """
        make_layout(self._paths)
        with exclusive(self._paths.lock):
            previous = read_report(self._paths.up_json)
            become_subreaper()
            with self._loop.signals():
                try:
                    self._start(previous)
                    self._loop.run_until_stop()
                except StopRequested:
                    pass
                except LabError as error:
                    self._report.message = str(error)
                    raise
                finally:
                    self._stop()

    def _start(self, previous: LabReport | None) -> None:
        settings = self._settings
        self._report.supervisor = identify(os.getpid())
        self._report.started_at = time.time()
        self._report.url = settings.public_url
        end_old_children(previous, say=self._say)
        machines_on = running_machines(self._paths.machines)
        for name in machines_on:
            self._say(f"machine {name} is still on from the previous run: its job goes on")
        self._require_ports()
        for token in (self._paths.cli_token, self._paths.lab_token):
            ensure_token(token)
        self._publish()
        self._start_servers()
        self._first_steps()
        self._loop.start(python_children(settings, embedded_mail=self._given.smtp_url is None))
        self._report.state = LabState.READY
        self._report.ready_after_s = round(time.monotonic() - self._begin_s, 2)
        self._publish()
        if self._ready_file is not None:
            self._ready_file.write_text(settings.public_url + "\n", encoding="utf-8")
        self._say(f"lab {settings.lab_name!r} is ready after {self._report.ready_after_s:.1f} s: {settings.public_url}")

    def _require_ports(self) -> None:
        settings = self._settings
        require_free_port(settings.host, settings.port, purpose="web pages and API", setting="KDYNO_PORT")
        if self._given.smtp_url is None:
            require_free_port("127.0.0.1", settings.smtp_port, purpose="mail", setting="KDYNO_SMTP_PORT")
            self._report.smtp_port = settings.smtp_port

    def _start_servers(self) -> None:
        """The embedded servers, where the environment names no others."""
        need_postgres, need_valkey = self._given.database_url is None, self._given.redis_url is None
        if not (need_postgres or need_valkey):
            return
        user = ensure_service_user()
        self._require_open_way(user)
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
        specs = []
        if need_postgres:
            postgres = postgres_of(self._paths, user=user)
            postgres.prepare()
            specs.append(postgres.spec(environment=environment))
        if need_valkey:
            valkey = valkey_of(self._paths, user=user)
            valkey.prepare()
            specs.append(valkey.spec(environment=environment))
        self._loop.start(specs)

    def _require_open_way(self, user: ServiceUser | None) -> None:
        closed = first_closed_directory(self._paths.postgres, user=user) if user is not None else None
        if user is not None and closed is not None:
            raise LabError(
                f"the database runs as user {user.name}, who cannot enter {closed}. "
                f"Set KDYNO_DATA_DIR to a directory that others may pass through, such as /var/lib/kdyno."
            )

    def _first_steps(self) -> None:
        """Migrations and inventory, in a process of their own: the supervisor stays small."""
        log = self._paths.log("init")
        with log.open("wb") as output:
            try:
                code = subprocess.run(
                    kdyno_command("init"),
                    env=child_environment(self._settings),
                    cwd=self._paths.data_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    timeout=FIRST_STEPS_TIMEOUT_S,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired as error:
                raise LabError(f"`kdyno init` took more than {FIRST_STEPS_TIMEOUT_S} s; its log is {log}") from error
        if code != 0:
            words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-20:]
            raise LabError("\n    ".join([f"`kdyno init` failed with exit code {code}; log {log}:", *words]))

    def _stop(self) -> None:
        """Everything in the reverse order: who uses a server ends before the server."""
        if self._report.state is not LabState.FAILED:
            self._report.state = LabState.STOPPING
        self._publish()
        self._say("stopping")
        names = list(self._loop.reports())
        self._loop.stop([name for name in names if name not in _SERVERS])
        power_off_machines(self._paths.machines, say=self._say)
        self._loop.stop([name for name in names if name in _SERVERS])
        end_descendants()
        self._report.state = LabState.FAILED if self._report.message else LabState.STOPPED
        self._publish()
        self._say("stopped, nothing is left running")

    def _publish(self) -> None:
        self._report.children = self._loop.reports()
        with suppress(OSError):  # a full disk must not end the lab
            write_report(self._report, path=self._paths.up_json)


def make_layout(paths: Paths) -> None:
    """Make the data directory and what is below it.

    Raises:
        LabError: the directory cannot be made or written.
    """
    private = [paths.keys, paths.consoles, paths.logs, paths.mail]
    shared = [paths.trees, paths.builds, paths.warm, paths.images, paths.machines, paths.cache, paths.sockets]
    try:
        paths.data_dir.mkdir(parents=True, exist_ok=True)
        # others may pass through as the users of database and machines, but not look around
        paths.data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for directory in private:
            directory.mkdir(mode=0o700, exist_ok=True)
        for directory in shared:
            directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
        _require_own(paths.sockets)
    except OSError as error:
        raise LabError(f"cannot make the data directory {paths.data_dir}: {error}; set KDYNO_DATA_DIR") from error


def _require_own(directory: Path) -> None:
    """The socket directory may lie in /tmp, where somebody else could have made it first."""
    if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
        raise LabError(f"{directory} is not ours: remove it, or set KDYNO_DATA_DIR to a shorter path")


def _unbreakable(say: Say) -> Say:
    """Messages are for a terminal that may be gone; that must not end the lab."""

    def wrapped(text: str) -> None:
        with suppress(OSError):
            say(text)

    return wrapped
