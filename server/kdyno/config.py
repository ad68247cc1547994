# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings and paths of one lab: read once from the environment, checked, passed down.

Every setting is an environment variable: `KDYNO_` and the field's name in capitals, groups with two underscores
(`KDYNO_LIMITS__MAX_PATCH_BYTES`). Only `DATABASE_URL`, `REDIS_URL` and `SMTP_URL` keep their customary names;
they replace the servers that `kdyno up` would start itself.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kdyno.jobs.budgets import StatusBudgets

MIB = 1024**2
GIB = 1024**3
ENV_PREFIX = "KDYNO_"

# A UNIX socket's address holds 108 bytes, its terminating zero included; PostgreSQL adds "/.s.PGSQL.5432.lock".
_LONGEST_SOCKET_DIR = 80


class ConfigError(ValueError):
    """A setting is wrong; the message names its environment variable and what is allowed."""


class AcceleratorWish(StrEnum):
    """How virtual machines may run: `auto` uses KVM only where a trial boot shows that it works."""

    AUTO = "auto"
    KVM = "kvm"
    TCG = "tcg"


class PowerWish(StrEnum):
    """What switches the default machines: QEMU, or files that stand for machines in tests."""

    QEMU = "qemu"
    FAKE = "fake"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _one_of(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return AfterValidator(check)


AnyPath = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=7 * 86400)]
Bytes = Annotated[int, Field(ge=1024)]
DatabaseUrl = Annotated[str, _one_of("postgresql", "postgres", "postgresql+psycopg")]
# redis+socket:///path is how Celery spells a UNIX socket
RedisUrl = Annotated[str, _one_of("redis", "rediss", "redis+socket")]
SmtpUrl = Annotated[str, _one_of("smtp", "smtps")]


class Limits(BaseModel):
    """What a request, a build or a job may use at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_patch_bytes: Bytes = MIB
    max_boots_per_arm: Annotated[int, Field(ge=2, le=1000)] = 20
    max_open_submissions: Annotated[int, Field(ge=1)] = 200
    child_deaths: Annotated[int, Field(ge=1)] = 5
    build_wall_s: Seconds = 30 * 60
    build_memory_bytes: Bytes = 4 * GIB
    build_output_bytes: Bytes = 4 * GIB
    build_log_bytes: Bytes = 16 * MIB
    console_log_bytes: Bytes = 16 * MIB
    request_body_bytes: Bytes = 16 * MIB
    child_log_bytes: Bytes = 4 * MIB
    mail_bytes: Bytes = 16 * MIB
    mails_kept: Annotated[int, Field(ge=1)] = 2000


class Deadlines(BaseModel):
    """How long a job may stay in each status. Running lasts as long as its phases may, plus a margin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    assigned_s: Seconds = 60
    imaging_s: Seconds = 180
    booting_s: Seconds = 180
    preparing_s: Seconds = 180
    running_margin_s: Seconds = 60
    collecting_s: Seconds = 60


@dataclass(frozen=True)
class Paths:
    """Where everything of a lab is, below its data directory."""

    data_dir: Path

    @property
    def postgres(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def mail(self) -> Path:
        return self.data_dir / "mail"

    @property
    def trees(self) -> Path:
        return self.data_dir / "trees"

    @property
    def builds(self) -> Path:
        return self.data_dir / "builds"

    @property
    def warm(self) -> Path:
        return self.data_dir / "warm"

    @property
    def images(self) -> Path:
        return self.data_dir / "images"

    @property
    def keys(self) -> Path:
        return self.data_dir / "keys"

    @property
    def ssh_key(self) -> Path:
        """Private key with which the lab enters machines under test."""
        return self.keys / "id_ed25519"

    @property
    def consoles(self) -> Path:
        return self.data_dir / "consoles"

    @property
    def machines(self) -> Path:
        return self.data_dir / "machines"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def cache(self) -> Path:
        """What can be made again at any time: the choice of accelerator, copies of programs."""
        return self.data_dir / "cache"

    @property
    def cli_token(self) -> Path:
        """API token of the command line on this host."""
        return self.data_dir / "token"

    @property
    def lab_token(self) -> Path:
        """Token by which the lab's own processes speak to the server."""
        return self.data_dir / "lab-token"

    @property
    def up_json(self) -> Path:
        """What `kdyno up` is doing: state, addresses, children."""
        return self.data_dir / "up.json"

    @property
    def lock(self) -> Path:
        """Held by the one `kdyno up` of this data directory."""
        return self.data_dir / "up.lock"

    @property
    def beat_schedule(self) -> Path:
        return self.data_dir / "beat-schedule"

    @property
    def sockets(self) -> Path:
        """Directory of UNIX sockets: below the data directory, or a short path when that one is too long."""
        own = self.data_dir / "run"
        if len(os.fsencode(own)) <= _LONGEST_SOCKET_DIR:
            return own
        digest = hashlib.sha256(os.fsencode(own)).hexdigest()[:12]
        return Path("/tmp") / f"kdyno-{os.geteuid()}-{digest}"  # noqa: S108  (made 0700, owner checked)

    def tree(self, name: str) -> Path:
        return self.trees / f"{name}.git"

    def build(self, build_key: str) -> Path:
        return self.builds / build_key

    def build_log(self, build_id: int) -> Path:
        """Log of a build under way, or of one that gave no kernel; a finished one keeps its own copy."""
        return self.data_dir / "build-logs" / f"{build_id}.log"

    def image(self, image_id: str) -> Path:
        return self.images / image_id

    def warm_tree(self, tree_name: str, kconfig_hash: str) -> Path:
        return self.warm / f"{tree_name}-{kconfig_hash}"

    def machine(self, name: str) -> Path:
        return self.machines / name

    def console(self, attempt_id: int) -> Path:
        return self.consoles / f"{attempt_id}.log"

    def log(self, child_name: str) -> Path:
        return self.logs / f"{child_name}.log"


def default_data_dir() -> Path:
    """Root has a system-wide lab, everybody else one below the home directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/kdyno")
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return _absolute(Path(state) / "kdyno")


def _own_url(validated: dict[str, Any]) -> str:
    return f"http://{validated['host']}:{validated['port']}"


class Settings(BaseSettings):
    """Settings of one lab. Immutable: made at a program's start by `load_settings`, then passed down."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
    )

    data_dir: AnyPath = Field(default_factory=default_data_dir)
    lab_name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = "local"

    host: str = "127.0.0.1"
    port: Port = 8080
    smtp_port: Port = 8025
    ssh_port_base: Annotated[int, Field(ge=1024, le=65000)] = 2220
    public_url: Annotated[str, _one_of("http", "https")] = Field(default_factory=_own_url)

    database_url: DatabaseUrl | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL"))
    redis_url: RedisUrl | None = Field(default=None, validation_alias=AliasChoices("REDIS_URL"))
    smtp_url: SmtpUrl | None = Field(default=None, validation_alias=AliasChoices("SMTP_URL"))
    mail_from: str = "kdyno <kdyno@localhost>"

    build_jobs: Annotated[int, Field(ge=1, le=1024)] = Field(default_factory=lambda: os.cpu_count() or 1)
    accelerator: AcceleratorWish = AcceleratorWish.AUTO
    power_driver: PowerWish = PowerWish.QEMU
    machines_file: AnyPath | None = None
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"

    limits: Limits = Limits()
    deadlines: Deadlines = Deadlines()

    @model_validator(mode="after")
    def _distinct_ports(self) -> "Settings":
        if self.port == self.smtp_port:
            raise ValueError(f"KDYNO_PORT and KDYNO_SMTP_PORT are both {self.port}")
        return self

    @property
    def paths(self) -> Paths:
        return Paths(self.data_dir)

    @property
    def server_url(self) -> str:
        """Where the server listens on this host; `public_url` is what other hosts use."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Environment variables from which another process reads these very settings."""
        values = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None:
                variable = name.upper() if field.validation_alias else ENV_PREFIX + name.upper()
                values[variable] = value.model_dump_json() if isinstance(value, BaseModel) else str(value)
        return values

    @property
    def budgets(self) -> StatusBudgets:
        return StatusBudgets(
            assigned=timedelta(seconds=self.deadlines.assigned_s),
            imaging=timedelta(seconds=self.deadlines.imaging_s),
            booting=timedelta(seconds=self.deadlines.booting_s),
            preparing=timedelta(seconds=self.deadlines.preparing_s),
            running_margin=timedelta(seconds=self.deadlines.running_margin_s),
            collecting=timedelta(seconds=self.deadlines.collecting_s),
        )


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` win.

    Raises:
        ConfigError: naming every wrong setting by its environment variable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from error


@cache
def get_settings() -> Settings:
    """Settings of this process, read from the environment at the first call."""
    return load_settings()


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        if problem["type"] == "default_factory_not_called":
            continue  # a consequence of another setting's error
        name = "__".join(str(part) for part in problem["loc"]).upper()
        variable = name if name in {"DATABASE_URL", "REDIS_URL", "SMTP_URL", ""} else ENV_PREFIX + name
        reason = problem["msg"].removeprefix("Value error, ")
        given = f" (it is {problem['input']!r})" if isinstance(problem["input"], str | int) else ""
        # addresses may hold a password, which must not reach a log
        shown = "" if variable.endswith("_URL") else given
        lines.append(f"{variable or 'settings'}: {reason}{shown}")
    return lines
