# SPDX-License-Identifier: GPL-2.0-or-later
"""The manifest of a golden image: one hash per chunk, and the root hash that proves a whole disk.

Plain text, because a small C program reads it:

    kdyno-image 1
    image <id>
    size_bytes <n>
    chunk_bytes 1048576
    hash blake2b-256
    root <hex>
    <index> <hex> zero|data        one line per chunk, in order
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1024 * 1024
DIGEST_BYTES = 32
MAX_CHUNKS = 1024 * 1024
_HEADER = "kdyno-image 1"
_IMAGE_ID = re.compile(r"[0-9a-f]{8,128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ManifestError(ValueError):
    """The text is no manifest; the message names the line and what was expected there."""


@dataclass(frozen=True)
class Chunk:
    """One chunk of a disk: its BLAKE2b-256, and whether it holds nothing but zeros."""

    digest: str
    is_zero: bool


@dataclass(frozen=True)
class Manifest:
    """What a disk must hold; bytes beyond `size_bytes` are of no interest."""

    image_id: str
    size_bytes: int
    chunks: tuple[Chunk, ...]

    @property
    def root(self) -> str:
        """Hash over all chunk digests in order, as hex."""
        return root_hash(bytes.fromhex(chunk.digest) for chunk in self.chunks)


def chunk_digest(data: bytes) -> bytes:
    """BLAKE2b with 32 bytes of output (RFC 7693)."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def root_hash(digests: Iterable[bytes]) -> str:
    """The root of a list of raw chunk digests, as hex."""
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for digest in digests:
        hasher.update(digest)
    return hasher.hexdigest()


def build_manifest(disk: Path, *, image_id: str) -> Manifest:
    """Hash a disk image; the last chunk may be short.

    Raises:
        ManifestError: the id is no id, or the image is empty or too large.
    """
    chunks = []
    with disk.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            chunks.append(Chunk(digest=chunk_digest(data).hex(), is_zero=not any(data)))
    return _checked(Manifest(image_id=image_id, size_bytes=disk.stat().st_size, chunks=tuple(chunks)))


def format_manifest(manifest: Manifest) -> str:
    """The manifest as text."""
    lines = [
        _HEADER,
        f"image {manifest.image_id}",
        f"size_bytes {manifest.size_bytes}",
        f"chunk_bytes {CHUNK_BYTES}",
        "hash blake2b-256",
        f"root {manifest.root}",
    ]
    for index, chunk in enumerate(manifest.chunks):
        lines.append(f"{index} {chunk.digest} {'zero' if chunk.is_zero else 'data'}")
    return "\n".join(lines) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Read a manifest and check it whole, its root hash included.

    Raises:
        ManifestError: naming the line.
    """
    lines = text.splitlines()
    expected = ["image ", "size_bytes ", f"chunk_bytes {CHUNK_BYTES}", "hash blake2b-256", "root "]
    if not lines or lines[0] != _HEADER:
        raise ManifestError(f"line 1: {_HEADER!r} was expected")
    if len(lines) < 1 + len(expected):
        raise ManifestError(f"line {len(lines)}: the manifest ends in its head")
    values = []
    for number, (line, start) in enumerate(zip(lines[1:], expected, strict=False), start=2):
        if not line.startswith(start):
            raise ManifestError(f"line {number}: {start.strip()!r} was expected, found {line[:80]!r}")
        values.append(line.partition(" ")[2])
    if not values[1].isascii() or not values[1].isdigit():
        raise ManifestError(f"line 3: a number of bytes was expected, found {values[1][:80]!r}")
    chunks = [_parse_chunk(line, index=index) for index, line in enumerate(lines[1 + len(expected) :])]
    manifest = _checked(Manifest(image_id=values[0], size_bytes=int(values[1]), chunks=tuple(chunks)))
    if manifest.root != values[4]:
        raise ManifestError(f"line 6: the chunks have root {manifest.root}, the manifest says {values[4][:80]!r}")
    return manifest


def _parse_chunk(line: str, *, index: int) -> Chunk:
    number, _, rest = line.partition(" ")
    digest, _, kind = rest.partition(" ")
    if number != str(index) or not _DIGEST.fullmatch(digest) or kind not in ("zero", "data"):
        raise ManifestError(f"line {index + 7}: '{index} <64 hex digits> zero|data' was expected, found {line[:80]!r}")
    return Chunk(digest=digest, is_zero=kind == "zero")


def _checked(manifest: Manifest) -> Manifest:
    if not _IMAGE_ID.fullmatch(manifest.image_id):
        raise ManifestError(f"{manifest.image_id[:80]!r} is no image id: 8 to 128 hex digits")
    wanted = -(-manifest.size_bytes // CHUNK_BYTES)
    if not 1 <= wanted <= MAX_CHUNKS or wanted != len(manifest.chunks):
        raise ManifestError(f"{manifest.size_bytes} bytes do not make {len(manifest.chunks)} chunks")
    return manifest
