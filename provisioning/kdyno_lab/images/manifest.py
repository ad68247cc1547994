# SPDX-License-Identifier: GPL-2.0-or-later
"""The chunk manifest of an image (`manifest.txt`, format `kdyno-image 1`). Pure, but for reading the file to hash.

    kdyno-image 1
    image <id>
    size_bytes <n>
    chunk_bytes <n>
    hash blake2b-256
    root <hex>
    <index> <hex> <zero|data>     one line per chunk

The root is the blake2b-256 of the concatenated chunk digests. Plain text, because a C program without a JSON parser
reads it on the machine under test.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FORMAT_LINE = "kdyno-image 1"
HASH_NAME = "blake2b-256"
DIGEST_BYTES = 32
SECTOR_BYTES = 4096
MAX_CHUNKS = 32768
MAX_CHUNK_BYTES = 4 << 20

_CHUNK_LINE = re.compile(r"(\d+) ([0-9a-f]{64}) (zero|data)")
_IMAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class ManifestError(ValueError):
    """A manifest that is not what it should be; says which line."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the disk."""

    digest: bytes
    zero: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a disk must hold to carry the image."""

    image_id: str
    size_bytes: int
    chunk_bytes: int
    chunks: tuple[Chunk, ...]

    @property
    def root(self) -> str:
        """Hash over all chunk digests, as hex: the one number that a verified disk reports."""
        return root_hash(chunk.digest for chunk in self.chunks)

    @property
    def data_chunks(self) -> int:
        """How many chunks hold anything but zeroes."""
        return sum(not chunk.zero for chunk in self.chunks)


def chunk_digest(data: bytes) -> bytes:
    """blake2b-256 of one chunk."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def root_hash(digests: Iterable[bytes]) -> str:
    """blake2b-256 over the concatenated digests, as hex."""
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for digest in digests:
        state.update(digest)
    return state.hexdigest()


def hash_image(path: Path, *, image_id: str, chunk_bytes: int) -> Manifest:
    """Hash a disk image file chunk by chunk."""
    chunks = []
    with path.open("rb") as image:
        while data := image.read(chunk_bytes):
            chunks.append(Chunk(digest=chunk_digest(data), zero=not data.strip(b"\0")))
    manifest = Manifest(
        image_id=image_id, size_bytes=path.stat().st_size, chunk_bytes=chunk_bytes, chunks=tuple(chunks)
    )
    _check_sizes(manifest.size_bytes, chunk_bytes)
    return manifest


def format_manifest(manifest: Manifest) -> str:
    """The text of `manifest.txt`."""
    lines = [
        FORMAT_LINE,
        f"image {manifest.image_id}",
        f"size_bytes {manifest.size_bytes}",
        f"chunk_bytes {manifest.chunk_bytes}",
        f"hash {HASH_NAME}",
        f"root {manifest.root}",
    ]
    lines += [
        f"{index} {chunk.digest.hex()} {'zero' if chunk.zero else 'data'}"
        for index, chunk in enumerate(manifest.chunks)
    ]
    return "\n".join(lines) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Parse and prove `manifest.txt`: complete, in order, and its root is the hash of its chunks."""
    lines = iter(text.splitlines())
    if next(lines, None) != FORMAT_LINE:
        raise ManifestError(f"the first line is not {FORMAT_LINE!r}")
    image_id = _value(lines, "image")
    if not _IMAGE_ID.fullmatch(image_id):
        raise ManifestError(f"bad image id {image_id[:140]!r}")
    size_bytes = _number(lines, "size_bytes")
    chunk_bytes = _number(lines, "chunk_bytes")
    _check_sizes(size_bytes, chunk_bytes)
    if _value(lines, "hash") != HASH_NAME:
        raise ManifestError("unknown hash")
    root = _value(lines, "root")
    chunks = tuple(_parse_chunk(line, index) for index, line in enumerate(lines))
    expected = -(-size_bytes // chunk_bytes)
    if len(chunks) != expected:
        raise ManifestError(f"{len(chunks)} chunks, {expected} expected")
    manifest = Manifest(image_id=image_id, size_bytes=size_bytes, chunk_bytes=chunk_bytes, chunks=chunks)
    if manifest.root != root:
        raise ManifestError("the root is not the hash of the chunks")
    return manifest


def _value(lines: Iterator[str], key: str) -> str:
    name, separator, value = next(lines, "").partition(" ")
    if name != key or not separator:
        raise ManifestError(f"no line {key!r} where it is due")
    return value


def _number(lines: Iterator[str], key: str) -> int:
    value = _value(lines, key)
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise ManifestError(f"{key} is no number")
    return int(value)


def _check_sizes(size_bytes: int, chunk_bytes: int) -> None:
    if not SECTOR_BYTES <= chunk_bytes <= MAX_CHUNK_BYTES or chunk_bytes % SECTOR_BYTES:
        raise ManifestError(f"chunk_bytes {chunk_bytes} is out of range or uneven")
    if size_bytes <= 0 or size_bytes % SECTOR_BYTES or size_bytes > MAX_CHUNKS * chunk_bytes:
        raise ManifestError(f"size_bytes {size_bytes} is out of range or uneven")


def _parse_chunk(line: str, index: int) -> Chunk:
    match = _CHUNK_LINE.fullmatch(line)
    if match is None or match[1] != str(index):
        raise ManifestError(f"not the line of chunk {index}: {line[:80]!r}")
    return Chunk(digest=bytes.fromhex(match[2]), zero=match[3] == "zero")
