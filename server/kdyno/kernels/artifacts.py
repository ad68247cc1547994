# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes files out of an object tree that a stranger's build has written, and puts them where builds are kept.

Nothing in such a tree is what it seems: a `bzImage` may be a link to a key file or to an endless device.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import IO

from kdyno.kernels.warm import remove_folder

RELEASE = "include/config/kernel.release"
TEXT_LIMIT_BYTES = 4 * 1024**2
FILE_LIMIT_BYTES = 512 * 1024**2
_KEPT = {"bzImage": "arch/x86/boot/bzImage", "System.map": "System.map", "config": ".config"}


class ArtifactMissing(Exception):
    """make was content, and yet a file is missing or is not what it should be."""


def open_safely(root: Path, relative: str, *, limit_bytes: int) -> IO[bytes]:
    """Open a plain file below `root`, following no link on the way."""
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
    *parents, name = relative.split("/")
    try:
        for parent in parents:
            below = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        raise ArtifactMissing(f"the build made no usable {relative}: {error.strerror}") from error
    finally:
        os.close(folder)
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit_bytes:
        os.close(descriptor)
        raise ArtifactMissing(f"the build's {relative} is no plain file of at most {limit_bytes} bytes")
    return os.fdopen(descriptor, "rb")


def read_text(root: Path, relative: str) -> str:
    """Content of a small text file; empty when it is missing or unusable."""
    try:
        with open_safely(root, relative, limit_bytes=TEXT_LIMIT_BYTES) as file:
            return file.read().decode(errors="replace")
    except ArtifactMissing:
        return ""


def write_text(root: Path, relative: str, text: str) -> None:
    """Replace a file directly below `root`, whatever stands at its place."""
    discard(root, relative)
    with (root / relative).open("x", encoding="utf-8") as file:
        file.write(text)
    (root / relative).chmod(0o644)


def discard(root: Path, relative: str) -> None:
    """Remove what stands directly below `root` under this name: file, link or folder."""
    remove_folder(root / relative)


def collect(obj: Path, partial: Path, *, log: Path) -> Path:
    """Copy what is kept of a build into a fresh folder."""
    remove_folder(partial)
    partial.mkdir(parents=True)
    try:
        for name, relative in _KEPT.items():
            with (
                open_safely(obj, relative, limit_bytes=FILE_LIMIT_BYTES) as source,
                (partial / name).open("wb") as copy,
            ):
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
        shutil.copyfile(log, partial / "build.log")
    except BaseException:
        remove_folder(partial)
        raise
    return partial


def finish(partial: Path, folder: Path, *, build_json: str) -> None:
    """Let the folder appear under its name. Whoever was first wins: equal keys hold equal kernels."""
    with (partial / "build.json").open("w", encoding="utf-8") as file:
        file.write(build_json)
        file.flush()
        os.fsync(file.fileno())
    if folder.exists():
        remove_folder(partial)
        return
    partial.rename(folder)
    parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each kept file."""
    return {name: (folder / name).stat().st_size for name in _KEPT}


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
