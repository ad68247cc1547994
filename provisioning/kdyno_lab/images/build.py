# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds a golden image once and keeps it under its content hash.

<out_dir>/<image_id>/disk.img            raw ext4, sparse
                     manifest.txt        chunk hashes, read by the imager
                     manifest.json       what is in it and how it was made
                     imager/vmlinuz      boots the imager
                     imager/initrd.img
"""

import fcntl
import hashlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kdyno_lab.images import rootfs
from kdyno_lab.images.initramfs import make_imager
from kdyno_lab.images.manifest import HASH_NAME, Manifest, format_manifest, hash_image
from kdyno_lab.images.recipe import Recipe, image_id, load_recipe

SCHEMA = "kdyno.image/1"

Log = Callable[[str], None]


def build_image(
    *, recipe_dir: Path, imager_dir: Path, public_key: str, out_dir: Path, log: Log, timeout_s: float = 900
) -> Path:
    """The directory of the image made from this recipe and key; built now if there is none yet.

    Builds differ only in the ssh host key, in inode change times, and where Debian has published newer packages.
    Complete or absent: everything is made beside it and renamed at the end. Builders of the same image wait for each
    other. Works as root and as an ordinary user with user namespaces. Raises RecipeError or ImageBuildError.
    """
    identity = image_id(recipe_dir, public_key, imager_dir=imager_dir)
    target = out_dir / identity
    out_dir.mkdir(parents=True, exist_ok=True)
    with _lock(out_dir / f".{identity}.lock"):
        if (target / "manifest.json").is_file():
            log(f"image {identity}: already built")
            return target
        for remains in out_dir.glob(f".{identity}.*/"):  # of a builder that was killed
            shutil.rmtree(remains, ignore_errors=True)
        recipe = load_recipe(recipe_dir)
        with tempfile.TemporaryDirectory(prefix=f".{identity}.", dir=out_dir) as scratch:
            build = _Build(
                recipe=recipe, identity=identity, public_key=public_key, imager_dir=imager_dir,
                scratch=Path(scratch), log=log, deadline=time.monotonic() + timeout_s,
            )  # fmt: skip
            build.run().rename(target)
    return target


@dataclass(slots=True)
class _Build:
    """One build in its own scratch directory."""

    recipe: Recipe
    identity: str
    public_key: str
    imager_dir: Path
    scratch: Path
    log: Log
    deadline: float
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> Path:
        """Make everything; returns the directory to be renamed."""
        self.scratch.chmod(0o755)  # a namespace's root is somebody else
        result = self.scratch / "image"
        result.mkdir()
        disk = result / "disk.img"
        with self._step("packages"):
            root = rootfs.make_root_tar(
                self.recipe, image_id=self.identity, public_key=self.public_key,
                directory=self.scratch, log=self.log, timeout_s=self._left_s(),
            )  # fmt: skip
        with self._step("file system"):
            rootfs.make_file_system(self.recipe, tar=root.tar, image=disk, log=self.log, timeout_s=self._left_s())
        with self._step("imager"):
            release = make_imager(
                kernel_package=root.kernel_package, modules=self.recipe.kernel_modules,
                imager_dir=self.imager_dir, out_dir=result / "imager", work_dir=self.scratch,
            )  # fmt: skip
        with self._step("hashes"):
            manifest = hash_image(disk, image_id=self.identity, chunk_bytes=self.recipe.disk.chunk_kib << 10)
            (result / "manifest.txt").write_text(format_manifest(manifest))
        self._write_description(result, root=root, manifest=manifest, imager_kernel=release)
        return result

    def _write_description(self, result: Path, *, root: rootfs.RootTar, manifest: Manifest, imager_kernel: str) -> None:
        description: dict[str, Any] = {
            "schema": SCHEMA,
            "image_id": self.identity,
            "suite": self.recipe.suite,
            "architecture": self.recipe.architecture,
            "hash": HASH_NAME,
            "root": manifest.root,
            "size_bytes": manifest.size_bytes,
            "chunk_bytes": manifest.chunk_bytes,
            "chunks": {"data": manifest.data_chunks, "total": len(manifest.chunks)},
            "ssh_host_key": rootfs.read_host_key(root.tar),
            "imager_kernel": imager_kernel,
            "files": {
                name: _describe_file(result / name) for name in ("manifest.txt", "imager/vmlinuz", "imager/initrd.img")
            },
            "packages": rootfs.read_packages(root.tar),
            "built": {
                "source_date_epoch": self.recipe.source_date_epoch,
                "host": f"{platform.system()} {platform.machine()}",
                "seconds": {name: round(seconds, 1) for name, seconds in self.seconds.items()},
            },
        }
        (result / "manifest.json").write_text(json.dumps(description, indent=1) + "\n")

    def _left_s(self) -> float:
        return max(1.0, self.deadline - time.monotonic())

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.log(f"image {self.identity}: {name}")
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def _describe_file(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"size_bytes": len(data), HASH_NAME: hashlib.blake2b(data, digest_size=32).hexdigest()}


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def default_directories(project: Path) -> tuple[Path, Path]:
    """Recipe and imager sources of a checkout of the project."""
    return project / "provisioning" / "images" / "debian-12", project / "provisioning" / "imager"


__all__ = ["build_image", "default_directories", "image_id"]
