# SPDX-License-Identifier: GPL-2.0-or-later
"""A golden image's recipe: a directory of readable files, and the content hash that names what comes out of it."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Part of every image id: raise it when the same recipe would be built differently.
BUILD_VERSION = 1

_NOT_SOURCE = frozenset({"build", "__pycache__"})


class RecipeError(ValueError):
    """A recipe that cannot be built; says which file and why."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that becomes the disk."""

    size_mib: int
    chunk_kib: int
    uuid: str
    hash_seed: str
    features: tuple[str, ...]
    inodes: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what an image holds, but for the lab's key and the package versions of the day."""

    directory: Path
    suite: str
    architecture: str
    source_date_epoch: int
    packages: tuple[str, ...]
    excluded_paths: tuple[str, ...]
    customize: tuple[Path, ...]
    overlay: Path
    disk: Disk
    kernel_package: str
    kernel_modules: tuple[str, ...]


def load_recipe(directory: Path) -> Recipe:
    """Read a recipe directory; raises RecipeError."""
    try:
        document = tomllib.loads((directory / "recipe.toml").read_text())
        disk = dict(document["disk"])
        return Recipe(
            directory=directory,
            suite=str(document["suite"]),
            architecture=str(document["architecture"]),
            source_date_epoch=int(document["source_date_epoch"]),
            packages=_read_list(directory / "packages.txt"),
            excluded_paths=_read_list(directory / "excluded-paths.txt"),
            customize=tuple(sorted((directory / "customize.d").glob("*.sh"))),
            overlay=directory / "overlay",
            disk=Disk(
                size_mib=int(disk["size_mib"]),
                chunk_kib=int(disk["chunk_kib"]),
                uuid=str(disk["uuid"]),
                hash_seed=str(disk["hash_seed"]),
                features=tuple(disk["features"]),
                inodes=int(disk["inodes"]),
            ),
            kernel_package=str(document["imager"]["kernel_package"]),
            kernel_modules=tuple(document["imager"]["modules"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RecipeError(f"recipe {directory.name}: {error!r}") from error


def image_id(recipe_dir: Path, public_key: str, *, imager_dir: Path) -> str:
    """Content hash of all that goes in: the recipe, the imager's sources and the lab's public key.

    The packages' versions of the day are not in it (they are recorded in the image's manifest.json): an image is
    rebuilt when we change it, and stays the same machine state until then.
    """
    state = hashlib.sha256(f"{BUILD_VERSION}\0{public_key.strip()}\0".encode())
    for root in (recipe_dir, imager_dir):
        for path in sorted(_sources(root)):
            data = path.read_bytes()
            executable = int(bool(path.stat().st_mode & 0o100))
            state.update(f"{path.relative_to(root).as_posix()}\0{executable}\0{len(data)}\0".encode())
            state.update(data)
    return f"{recipe_dir.name}-{state.hexdigest()[:16]}"


def _sources(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not _NOT_SOURCE.intersection(relative.parts) and relative.parts[0] != "tests":
            yield path


def _read_list(path: Path) -> tuple[str, ...]:
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return tuple(line for line in lines if line)
