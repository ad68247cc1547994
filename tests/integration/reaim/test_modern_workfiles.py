# SPDX-License-Identifier: GPL-2.0-or-later
"""The workfiles of today's kernels and disks, run whole; and disk tests that cannot do what they are asked."""

import functools
import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Reaim

WORKFILES = Path(__file__).parents[3] / "bench-c/reaim/workfiles"
MODERN = ("mixed_modern", "disk_modern")
USERS = 2
LIMIT_BYTES = 50 * 1024

# What a machine may lack, and then says: two CPUs, huge pages, io_uring, aio, O_DIRECT, a disk.
LACKS = ("only one CPU", "huge pages", "io_uring", "io_setup", "O_DIRECT", "no read of a disk")

DISK_OPTIONS = ("--filesize=20k", "--common-file=32m", "--cache-fraction=0.001", "--skip-unavailable")


def names(workfile: Path) -> Iterator[str]:
    for line in workfile.read_text(encoding="ascii").splitlines():
        fields = line.partition("#")[0].split()
        if fields and not fields[0].endswith(":"):
            yield fields[1]


def test_every_operation_that_was_never_released_is_weighed(reaim: Reaim) -> None:
    listed = {op["name"] for op in json.loads(reaim("--list", "--json").stdout)["subtests"]}
    released = {name for path in WORKFILES.iterdir() if path.suffix[1:] not in MODERN for name in names(path)}
    only_in_the_released_list = {"disk_aio_rr", "disk_aio_rw"}
    modern = {name for suffix in MODERN for name in names(WORKFILES / f"workfile.{suffix}")}
    assert listed - released - only_in_the_released_list - {"null"} <= modern


@pytest.mark.parametrize("suffix", MODERN)
def test_a_modern_workfile_runs_whole_and_leaves_nothing(reaim: Reaim, suffix: str) -> None:
    workfile = WORKFILES / f"workfile.{suffix}"
    document = reaim.document("-t", f"-s{USERS}", f"-e{USERS}", "-j30", f"-f{workfile}", *DISK_OPTIONS, timeout_s=120)
    skipped = {test["name"]: test["reason"] for test in document["skipped"]}
    for name, reason in skipped.items():
        assert any(words in reason for words in LACKS), f"{name}: {reason}"
    ran = {test["name"] for test in document["passes"][0]["subtests"] if test["jobs"] > 0}
    assert ran | set(skipped) == set(names(workfile))
    assert ran
    assert reaim.leftovers() == []


def test_a_mix_weighs_a_thousand() -> None:
    for suffix in MODERN:
        lines = (WORKFILES / f"workfile.{suffix}").read_text(encoding="ascii").splitlines()
        weights = [int(line.split()[0]) for line in lines if line[:1].isdigit()]
        assert sum(weights) == {"mixed_modern": 1000, "disk_modern": 220}[suffix]


def test_a_transfer_larger_than_the_file_says_what_to_change(reaim: Reaim) -> None:
    reaim.workfile("10 disk_rr\n")
    done = reaim.fails("-t", "--filesize=10k", "--block-size=1m")
    assert "child 0 of 1: disk_rr: a transfer of 1048576 bytes is larger than the file of 10 KiB" in done.stderr
    assert "raise FILESIZE or lower --block-size" in done.stderr


def test_a_file_over_a_limit_names_child_test_place_and_errno(reaim: Reaim) -> None:
    reaim.workfile("10 disk_wrt\n")
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))
    done = reaim.fails("-t", "--filesize=100k", "-s2", "-e2", preexec_fn=limit, restore_signals=False)
    assert f"of 2: disk_wrt: write {reaim.folder}/reaim-run." in done.stderr
    assert f"at offset {LIMIT_BYTES}: File too large [errno 27]" in done.stderr


def test_descriptors_that_run_out_are_an_error(reaim: Reaim) -> None:
    reaim.workfile("10 epoll\n")
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_NOFILE, (64, 64))
    done = reaim.fails("-t", preexec_fn=limit)
    assert "epoll: eventfd " in done.stderr
    assert "of 64: Too many open files [errno 24]" in done.stderr


def test_a_source_tree_without_names_is_an_error(reaim: Reaim) -> None:
    reaim.workfile("10 disk_src\n")
    tree = reaim.folder / "tree"
    tree.mkdir()
    done = reaim.fails("-t", "--filesize=10k", f"--source-tree={tree}")
    assert f"disk_src: nothing to search in the source tree {tree}" in done.stderr


def test_any_tree_can_be_searched(reaim: Reaim) -> None:
    reaim.workfile("10 disk_src\n")
    tree = reaim.folder / "a tree"
    shutil.copytree(WORKFILES, tree)
    document = reaim.document("-t", "--filesize=10k", f"--source-tree={tree}", "-j3")
    assert document["passes"][0]["subtests"][0]["jobs"] == 3
