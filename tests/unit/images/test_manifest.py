# SPDX-License-Identifier: GPL-2.0-or-later
"""The chunk manifest: there and back, and damaged text."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdyno_lab.images.manifest import ManifestError, format_manifest, hash_image, parse_manifest

CHUNK_BYTES = 8192


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"a" * CHUNK_BYTES + bytes(CHUNK_BYTES) + b"b" * 4096)
    return path


def _text(disk: Path) -> str:
    return format_manifest(hash_image(disk, image_id="test-1", chunk_bytes=CHUNK_BYTES))


def test_a_disk_is_hashed_by_chunk(disk: Path) -> None:
    manifest = hash_image(disk, image_id="test-1", chunk_bytes=CHUNK_BYTES)
    assert [chunk.zero for chunk in manifest.chunks] == [False, True, False]
    assert manifest.data_chunks == 2
    assert manifest.chunks[2].digest == hashlib.blake2b(b"b" * 4096, digest_size=32).digest()
    whole = b"".join(chunk.digest for chunk in manifest.chunks)
    assert manifest.root == hashlib.blake2b(whole, digest_size=32).hexdigest()


def test_text_and_back(disk: Path) -> None:
    manifest = hash_image(disk, image_id="test-1", chunk_bytes=CHUNK_BYTES)
    assert parse_manifest(format_manifest(manifest)) == manifest


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kdyno-image 1", "kdyno-image 2", "first line"),
        ("image test-1", "image ../x", "image id"),
        ("size_bytes ", "size_bytes x", "size_bytes"),
        ("size_bytes 20480", "size_bytes 20481", "uneven"),
        ("size_bytes 20480", "size_bytes 4096", "3 chunks, 1 expected"),
        ("chunk_bytes 8192", "chunk_bytes 0", "chunk_bytes"),
        ("blake2b-256", "md5", "unknown hash"),
        ("root ", "root f", "root"),
        ("\n1 ", "\n2 ", "chunk 1"),
        (" zero", " perhaps", "chunk 1"),
    ],
)
def test_damage_is_named(disk: Path, old: str, new: str, reason: str) -> None:
    text = _text(disk)
    assert old in text
    with pytest.raises(ManifestError, match=reason):
        parse_manifest(text.replace(old, new, 1))


def test_a_missing_line_is_noticed(disk: Path) -> None:
    lines = _text(disk).splitlines(keepends=True)
    for index in range(len(lines)):
        with pytest.raises(ManifestError):
            parse_manifest("".join(lines[:index] + lines[index + 1 :]))


@given(text=st.text())
def test_any_text_is_a_manifest_or_an_error(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(text)


def test_an_empty_disk_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ManifestError, match="size_bytes 0"):
        hash_image(tmp_path / "empty", image_id="test-1", chunk_bytes=CHUNK_BYTES)
