# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of object trees: which are trusted after a crash, and which are taken out of a stranger's build."""

import os
from pathlib import Path

import pytest

from kdyno.kernels.artifacts import ArtifactMissing, open_safely, read_text, write_text
from kdyno.kernels.toolchain import Toolchain, identify_toolchain
from kdyno.kernels.warm import drop_untrusted_objects, remove_folder


def test_only_what_is_old_enough_is_trusted(tmp_path: Path) -> None:
    for name, age_s in (("old.o", 500), ("edge.o", 121), ("young.o", 119), ("sub/last.o", 0)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        os.utime(path, (1_000_000 - age_s, 1_000_000 - age_s))
    (tmp_path / "dangling").symlink_to("/nowhere")
    os.utime(tmp_path / "dangling", (1_000_000, 1_000_000), follow_symlinks=False)
    assert drop_untrusted_objects(tmp_path, untrusted_s=120) == 3
    assert sorted(path.name for path in tmp_path.rglob("*.o")) == ["edge.o", "old.o"]
    assert drop_untrusted_objects(tmp_path / "missing") == 0


def test_removing_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "out").symlink_to(tmp_path / "precious")
    (tmp_path / "tree" / "deep").chmod(0)
    remove_folder(tmp_path / "tree")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    remove_folder(tmp_path / "link")
    remove_folder(tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert (tmp_path / "precious" / "file").exists()


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("hunter2")
    obj = tmp_path / "obj"
    (obj / "arch").mkdir(parents=True)
    (obj / "good").write_text("fine")
    (obj / "link").symlink_to("../secret")
    (obj / "up").symlink_to("..")
    (obj / "folder").mkdir()
    os.mkfifo(obj / "fifo")
    return obj


@pytest.mark.parametrize("name", ["link", "up/secret", "folder", "fifo", "missing", "good/x"])
def test_only_plain_files_are_taken(hostile: Path, name: str) -> None:
    with pytest.raises(ArtifactMissing):
        open_safely(hostile, name, limit_bytes=100)
    assert read_text(hostile, name) == ""


def test_size_is_limited(hostile: Path) -> None:
    assert read_text(hostile, "good") == "fine"
    with pytest.raises(ArtifactMissing, match="at most 3 bytes"):
        open_safely(hostile, "good", limit_bytes=3)


@pytest.mark.parametrize("name", ["link", "folder", "fifo", "new"])
def test_writing_replaces_whatever_is_there(hostile: Path, name: str) -> None:
    write_text(hostile, name, "mine")
    assert read_text(hostile, name) == "mine"
    assert (hostile.parent / "secret").read_text() == "hunter2"


def test_a_toolchain_is_named_and_hashed() -> None:
    toolchain = identify_toolchain()
    assert "gcc" in str(toolchain).lower()
    assert toolchain == identify_toolchain()
    assert toolchain.digest != Toolchain("gcc 1", toolchain.linker, toolchain.target).digest
