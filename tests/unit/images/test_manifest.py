# SPDX-License-Identifier: GPL-2.0-or-later
"""The manifest of golden images: round trips, and hostile text refused by line."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdyno_lab.images.manifest import (
    CHUNK_BYTES,
    ManifestError,
    build_manifest,
    format_manifest,
    parse_manifest,
)

IMAGE_ID = "cafe0001"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"a" * CHUNK_BYTES + bytes(CHUNK_BYTES) + b"short")
    return path


def test_a_disk_is_hashed_by_chunk(disk: Path) -> None:
    manifest = build_manifest(disk, image_id=IMAGE_ID)
    assert [chunk.is_zero for chunk in manifest.chunks] == [False, True, False]
    last = hashlib.blake2b(b"short", digest_size=32).hexdigest()
    assert manifest.chunks[2].digest == last
    whole = b"".join(bytes.fromhex(chunk.digest) for chunk in manifest.chunks)
    assert manifest.root == hashlib.blake2b(whole, digest_size=32).hexdigest()


def test_text_and_back(disk: Path) -> None:
    manifest = build_manifest(disk, image_id=IMAGE_ID)
    assert parse_manifest(format_manifest(manifest)) == manifest


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("kdyno-image 1", "kdyno-image 2", "line 1"),
        ("size_bytes 2", "size_bytes x2", "line 3"),
        ("chunk_bytes 1048576", "chunk_bytes 7", "line 4"),
        ("blake2b-256", "md5", "line 5"),
        ("root ", "root f", "line 6"),
        ("\n1 ", "\n2 ", "line 8"),
        (" zero", " perhaps", "line 8"),
    ],
)
def test_a_damaged_line_is_named(disk: Path, old: str, new: str, line: str) -> None:
    text = format_manifest(build_manifest(disk, image_id=IMAGE_ID))
    assert old in text
    with pytest.raises(ManifestError, match=line):
        parse_manifest(text.replace(old, new, 1))


@given(text=st.text())
def test_any_text_is_a_manifest_or_an_error(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(text)


def test_an_empty_disk_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ManifestError, match="0 bytes"):
        build_manifest(tmp_path / "empty", image_id=IMAGE_ID)
