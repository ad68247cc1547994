# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a cpio archive (`newc`) as the kernel unpacks it for an initramfs. Reproducible: owner, times and inode
numbers are fixed, and the order is the caller's."""

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of the archive. `device` (major, minor) makes it a character device."""

    path: str
    data: bytes = b""
    mode: int = stat.S_IFREG | 0o644
    device: tuple[int, int] = (0, 0)


def directory(path: str) -> Entry:
    """A directory."""
    return Entry(path=path, mode=stat.S_IFDIR | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Entry:
    """A regular file."""
    return Entry(path=path, data=data, mode=stat.S_IFREG | (0o755 if executable else 0o644))


def character_device(path: str, *, major: int, minor: int) -> Entry:
    """A character device that only root uses."""
    return Entry(path=path, mode=stat.S_IFCHR | 0o600, device=(major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """The bytes of the archive."""
    parts = [_member(entry, inode=inode) for inode, entry in enumerate(entries, start=1)]
    parts.append(_member(Entry(path=_TRAILER, mode=0), inode=0))
    return b"".join(parts)


def _member(entry: Entry, *, inode: int) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (inode, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
