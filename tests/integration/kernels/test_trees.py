# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees in real git: imports that come out the same, mirrors that cannot be talked into anything, clear errors."""

import io
import tarfile
from pathlib import Path

import pytest

from kdyno.kernels.errors import RevisionError, TreeError
from kdyno.kernels.git import git
from kdyno.kernels.trees import (
    describe,
    import_archive,
    kernel_version,
    mirror_git,
    resolve_commit,
    validate_source,
    validate_tree_name,
)
from tests.fakes.tiny_kernel import make_tiny_repo


def member(name: str, content: bytes = b"", *, mode: int = 0o644, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), mode, 1_700_000_000
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    return info, content


def write_archive(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


SOURCE = (
    member("linux-6.1/Makefile", b"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n"),
    member("linux-6.1/scripts/run me.sh", b"#!/bin/sh\n", mode=0o755),
    member('linux-6.1/odd "name"\\', b"x"),
    member("linux-6.1/link", link="scripts/run me.sh"),
    member("linux-6.1/empty"),
)


def test_an_import_keeps_modes_and_links_and_comes_out_the_same_twice(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "linux.tar.xz", *SOURCE)
    seen: list[float] = []
    commits = [
        import_archive(archive=archive, bare_repo=tmp_path / name, progress=seen.append) for name in ("a.git", "b.git")
    ]
    assert commits[0] == commits[1] == resolve_commit(tmp_path / "a.git", "main")
    assert seen[-1] == 1.0
    listing = git(["ls-tree", "-r", "-z", "HEAD"], repo=tmp_path / "a.git").decode().split("\0")[:-1]
    assert {line.split("\t")[1]: line.split(" ")[0] for line in listing} == {
        "Makefile": "100644",
        "scripts/run me.sh": "100755",
        'odd "name"\\': "100644",
        "link": "120000",
        "empty": "100644",
    }
    assert git(["cat-file", "blob", "HEAD:link"], repo=tmp_path / "a.git") == b"scripts/run me.sh"
    assert git(["show", "-s", "--format=%an %ct", "HEAD"], repo=tmp_path / "a.git") == b"kdyno 1700000000\n"
    assert kernel_version(tmp_path / "a.git", commits[0]) == "6.1.9"
    assert describe(tmp_path / "a.git", commits[0]) == commits[0][:12]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_packing_does_not_matter(tmp_path: Path, mode: str) -> None:
    import_archive(archive=write_archive(tmp_path / "src", *SOURCE, mode=mode), bare_repo=tmp_path / "a.git")
    assert git(["cat-file", "blob", "HEAD:Makefile"], repo=tmp_path / "a.git").startswith(b"VERSION")


@pytest.mark.parametrize("name", ["/etc/passwd", "linux/../../x", "linux/.git/config"])
def test_archives_that_reach_out_are_refused(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "evil.tar", member(name, b"x"), mode="w")
    with pytest.raises(TreeError, match="refused"):
        import_archive(archive=archive, bare_repo=tmp_path / "a.git")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.tar"]


def test_damaged_archives_leave_nothing(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "linux.tar.xz", *SOURCE, member("linux-6.1/big", b"\xa5\x17" * 500_000))
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(TreeError):
        import_archive(archive=archive, bare_repo=tmp_path / "a.git")
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(TreeError, match="no tar archive"):
        import_archive(archive=tmp_path / "text", bare_repo=tmp_path / "a.git")
    assert not list(tmp_path.glob("*.git*"))


def test_a_mirror_follows_its_source(tmp_path: Path) -> None:
    commit = make_tiny_repo(tmp_path / "source.git")
    mirror_git(str(tmp_path / "source.git"), bare_repo=tmp_path / "mirror.git")
    assert resolve_commit(tmp_path / "mirror.git", "main") == commit
    git(["tag", "v6.1", commit], repo=tmp_path / "source.git")
    mirror_git(str(tmp_path / "source.git"), bare_repo=tmp_path / "mirror.git")
    assert describe(tmp_path / "mirror.git", commit) == "v6.1"
    make_tiny_repo(tmp_path / "other.git")
    with pytest.raises(TreeError, match="mirrors"):
        mirror_git(str(tmp_path / "other.git"), bare_repo=tmp_path / "mirror.git")


def test_a_failed_mirror_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TreeError, match="cannot mirror"):
        mirror_git(str(tmp_path / "empty"), bare_repo=tmp_path / "mirror.git")
    assert not (tmp_path / "mirror.git").exists()


@pytest.mark.parametrize(
    "source",
    ["", "--upload-pack=touch /tmp/x", "ext::sh -c id", "ftp://example.org/x", "https://example.org/a b", "/no/such"],
)
def test_addresses_that_are_refused(source: str) -> None:
    with pytest.raises(TreeError):
        validate_source(source)


@pytest.mark.parametrize("source", ["https://example.org/linux.git", "git@example.org:linux.git", "file:///srv/x"])
def test_addresses_that_are_taken(source: str) -> None:
    assert validate_source(source) == source


def test_unknown_revisions_name_their_neighbours(tmp_path: Path) -> None:
    make_tiny_repo(tmp_path / "a.git")
    git(["tag", "v6.1.99", "main"], repo=tmp_path / "a.git")
    with pytest.raises(RevisionError, match=r"this tree has: v6\.1\.99"):
        resolve_commit(tmp_path / "a.git", "v6.1.98")
    for bad in ("--all", "main; id", "a..b", "main:Makefile", ""):
        with pytest.raises(RevisionError, match="bad revision"):
            resolve_commit(tmp_path / "a.git", bad)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Debian", "-x", "a..b", "x.lock", "a" * 60])
def test_bad_tree_names(name: str) -> None:
    with pytest.raises(TreeError):
        validate_tree_name(name)
