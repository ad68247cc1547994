# SPDX-License-Identifier: GPL-2.0-or-later
"""The unprivileged user of the embedded servers, when the lab itself runs as root."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kdyno.supervisor.errors import LabError

# A user of its own: `nobody` already runs the virtual machines, whose guests must not reach the database.
USER_NAME = "kdyno-db"


@dataclass(frozen=True)
class ServiceUser:
    """A system user without a login."""

    name: str
    uid: int
    gid: int


def ensure_service_user() -> ServiceUser | None:
    """The user for PostgreSQL and Valkey, made when it is missing; None when we are not root and need none."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(USER_NAME)
    except KeyError:
        entry = _create()
    return ServiceUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _create() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", USER_NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
        return pwd.getpwnam(USER_NAME)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        detail = getattr(error, "stderr", None) or error
        raise LabError(
            f"PostgreSQL refuses to run as root, and the user {USER_NAME} cannot be made: {detail}\n"
            f"Run the lab as an ordinary user, make the user {USER_NAME} yourself, or set DATABASE_URL."
        ) from error


def first_closed_directory(path: Path, *, user: ServiceUser) -> Path | None:
    """The first directory on the way to `path` that the user cannot enter; None when the way is open."""
    for directory in reversed(path.absolute().parents):
        if not _may(directory, user=user, other=stat.S_IXOTH, group=stat.S_IXGRP, owner=stat.S_IXUSR):
            return directory
    return None


def can_execute(path: Path, *, user: ServiceUser) -> bool:
    """Whether the user can reach and run the program."""
    if first_closed_directory(path, user=user) is not None:
        return False
    return _may(path, user=user, other=stat.S_IXOTH, group=stat.S_IXGRP, owner=stat.S_IXUSR) and _may(
        path, user=user, other=stat.S_IROTH, group=stat.S_IRGRP, owner=stat.S_IRUSR
    )


def _may(path: Path, *, user: ServiceUser, other: int, group: int, owner: int) -> bool:
    status = path.stat()
    if status.st_uid == user.uid:
        return bool(status.st_mode & owner)
    if status.st_gid == user.gid:
        return bool(status.st_mode & group)
    return bool(status.st_mode & other)


def private_directory(path: Path, *, user: ServiceUser | None) -> Path:
    """Make `path` a directory that only its user (and root) can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise LabError(f"{path} is not a directory")
    wanted = user.uid if user is not None else os.geteuid()
    if status.st_uid != wanted:
        if os.geteuid() != 0:
            raise LabError(f"{path} belongs to user id {status.st_uid}, not to {wanted}: remove it or choose another")
        os.chown(path, wanted, user.gid if user is not None else -1)
    path.chmod(0o700)
    return path
