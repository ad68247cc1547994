# SPDX-License-Identifier: GPL-2.0-or-later
"""Brings a source tree onto the build host: a mirror of a git repository, or a source archive turned into one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kdyno.kernels import trees

ARCHIVE_SUFFIXES = (".tar", ".tar.xz", ".tar.gz", ".tar.bz2", ".tar.zst")
# Where Debian's and Ubuntu's linux-source packages put their archive.
PACKAGED_SOURCES = Path("/usr/src")


@dataclass(frozen=True)
class AcquiredTree:
    """A tree on the build host: what was asked for, and the revision that stands for it by default."""

    name: str
    source: str
    default_revision: str


def acquire_tree(
    *, name: str, source: str, repository: Path, progress: Callable[[float], None] = lambda done: None
) -> AcquiredTree:
    """Mirror or import `source` into the bare `repository`; repeated, a mirror is brought up to date and an
    archive that was imported is left alone.

    Args:
        source: URL or path of a git repository, or path of a source archive.
        progress: told the share done, 0 to 1, while an archive is imported.

    Raises:
        TreeError: the name or the source cannot be used, with the reason.
    """
    trees.validate_tree_name(name)
    repository.parent.mkdir(parents=True, exist_ok=True)
    path = Path(source).expanduser()
    if path.name.endswith(ARCHIVE_SUFFIXES) and path.is_file():
        if not repository.exists():
            trees.import_archive(archive=path.resolve(), bare_repo=repository, progress=progress)
        return AcquiredTree(name=name, source=path.name, default_revision=trees.DEFAULT_REF)
    trees.mirror_git(source, bare_repo=repository)
    return AcquiredTree(name=name, source=source, default_revision="HEAD")


def packaged_source() -> Path | None:
    """The newest kernel source that the distribution's package has put on this host, if any."""

    def version(path: Path) -> tuple[int, ...]:
        return tuple(int(part) for part in path.name.split("-")[2].split(".") if part.isdigit())

    found = [
        path
        for path in [*PACKAGED_SOURCES.glob("linux-source-*.tar.*"), *PACKAGED_SOURCES.glob("linux-source-*/*.tar.*")]
        if path.name.endswith(ARCHIVE_SUFFIXES)
    ]
    return max(found, key=version, default=None)
