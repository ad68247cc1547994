# SPDX-License-Identifier: GPL-2.0-or-later
"""The imager's initramfs: an archive that cpio can read, with the modules in an order in which they load."""

import lzma
import subprocess
from pathlib import Path

import pytest

from kdyno_lab.images import cpio
from kdyno_lab.images.initramfs import build_initramfs, load_modules
from kdyno_lab.images.rootfs import ImageBuildError


def _module(root: Path, name: str, depends: str, *, compressed: bool = False) -> None:
    directory = root / "lib" / "modules" / "6.1.0" / "kernel" / "drivers"
    directory.mkdir(parents=True, exist_ok=True)
    data = b"\x7fELF\0license=GPL\0depends=" + depends.encode() + b"\0name=" + name.encode() + b"\0"
    path = directory / f"{name}.ko{'.xz' if compressed else ''}"
    path.write_bytes(lzma.compress(data) if compressed else data)


def test_modules_come_after_what_they_need(tmp_path: Path) -> None:
    _module(tmp_path, "virtio", "")
    _module(tmp_path, "virtio_ring", "virtio", compressed=True)
    _module(tmp_path, "net-failover", "")
    _module(tmp_path, "virtio_net", "net-failover,virtio_ring,virtio")
    names = [name for name, _ in load_modules(tmp_path, modules=("virtio_net",))]
    assert names == ["net_failover.ko", "virtio.ko", "virtio_ring.ko", "virtio_net.ko"]


def test_compressed_modules_are_unpacked(tmp_path: Path) -> None:
    _module(tmp_path, "virtio_blk", "", compressed=True)
    assert load_modules(tmp_path, modules=("virtio_blk",))[0][1].startswith(b"\x7fELF")


def test_a_missing_module_is_named_with_who_needs_it(tmp_path: Path) -> None:
    _module(tmp_path, "virtio_net", "virtio")
    with pytest.raises(ImageBuildError, match="no module virtio, needed by virtio_net"):
        load_modules(tmp_path, modules=("virtio_net",))


def test_cpio_reads_the_archive() -> None:
    data = build_initramfs(b"#!", modules=[("virtio.ko", b"12345")])
    listing = subprocess.run(["cpio", "-itv", "--quiet"], input=data, capture_output=True, check=True).stdout.decode()
    paths = [line.split()[-1] for line in listing.splitlines()]
    assert paths == ["dev", "proc", "sys", "modules", "dev/console", "modules/order", "modules/virtio.ko", "init"]
    assert [line for line in listing.splitlines() if line.startswith("-rwxr-xr-x")]


def test_the_same_content_gives_the_same_bytes() -> None:
    entries = [cpio.directory("a"), cpio.file("a/b", b"text")]
    assert cpio.archive(entries) == cpio.archive(entries)
    assert len(cpio.archive(entries)) % 4 == 0
