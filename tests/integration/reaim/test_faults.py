# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations, limits and signals that end a run: the error says who, what and why, and nothing stays behind."""

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import check_document

CHILD = r"child \d of 3"


@pytest.fixture
def in_memory() -> Iterator[Path]:
    parent = Path("/dev/shm")  # noqa: S108 -- a file system in memory is the point
    if not os.access(parent, os.W_OK):
        pytest.skip(f"no {parent} here")
    with tempfile.TemporaryDirectory(prefix="reaim-test-", dir=parent) as folder:
        yield Path(folder)


def wait_until(condition: Callable[[], bool], *, limit_s: float = 20) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "name, problem",
    [
        ("fail", "faulty_fail: write a block: No space left on device [errno 28]"),
        ("silent", "faulty_silent: run gave no reason"),
        ("lazy", "faulty_lazy: did 2 of 1 in one job"),
        ("crash", "faulty_crash: killed by signal 6 (Aborted)"),
        ("killed", "faulty_killed: killed by signal 9 (Killed); did memory run out?"),
        ("leave", "faulty_leave: it ended the process, with status 0"),
        ("emfile", "faulty_emfile: open /dev/null: Too many open files [errno 24]"),
        ("setup", "faulty_setup: write a block: No space left on device [errno 28] (after 0 jobs)"),
        ("helper", "faulty_helper: a helper exited with status 7"),
        ("hang", "faulty_hang: not done after 1 s (see --timeout)"),
        ("slow_setup", "faulty_slow_setup: not done after 1 s (see --timeout) (after 0 jobs)"),
        ("skip", "faulty_skip cannot run here: the kernel has no such call: Function not implemented"),
    ],
)
def test_a_faulty_operation_ends_the_run(faulty: Any, name: str, problem: str) -> None:
    faulty.workfile(f"5 null\n5 faulty_{name}\n")
    done = faulty.fails("-s3", "-j10", "--timeout=1" if name in ("hang", "slow_setup") else "--timeout=30", "-lout")
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"reaim: {'' if name == 'skip' else 'child '}")
    assert problem in first
    assert "Max Jobs per Minute" not in done.stdout
    assert "PARTIAL: " in done.stdout
    assert (faulty.folder / "out.csv").read_text().splitlines()[-1].startswith("# partial: ")


def test_a_time_limit_is_not_part_of_the_period(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    assert reaim("-o", "-p2", "--timeout=1").returncode == 0


def test_the_document_of_a_failed_run_has_no_metrics(faulty: Any) -> None:
    faulty.workfile("5 faulty_fail\n")
    document = json.loads(faulty.fails("-s2", "--json").stdout)
    check_document(document)
    assert (document["status"], document["partial"], document["metrics"]) == ("error", True, [])
    assert "faulty_fail: write a block: No space left on device" in document["reason"]


def test_a_later_failure_keeps_the_passes_before_it(reaim: Any) -> None:
    """The second pass shares the pool among so many users that their files would be empty."""
    reaim.workfile("POOLSIZE: 2k\n5 disk_rd\n")
    done = reaim.fails("-s1", "-e3", "-i2", "--json=out.json", "-lout", "-y")
    document = json.loads((reaim.folder / "out.json").read_text())
    check_document(document)
    assert [row["users"] for row in document["passes"]] == [1]
    assert (document["status"], document["metrics"]) == ("error", [])
    assert len((reaim.folder / "out.csv").read_text().splitlines()) == 3
    assert "the disk files of 3 users would be empty" in done.stderr


def test_what_cannot_run_here_may_be_left_out(faulty: Any) -> None:
    faulty.workfile("5 null\n15 faulty_skip\n")
    document = faulty.document("--skip-unavailable", "-j10")
    assert [entry["name"] for entry in document["skipped"]] == ["faulty_skip"]
    assert document["workfile"]["total_weight"] == 5
    assert document["passes"][0]["jobs_per_child"] == 10


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("order", [("good", "poor"), ("poor", "good"), ("good", "fine", "poor")])
def test_what_one_disk_directory_lacks_is_left_out(faulty: Any, order: tuple[str, ...], seed: int) -> None:
    faulty.workfile("5 null\n5 faulty_picky\n")
    for name in order:
        (faulty.folder / name).mkdir()
    document = faulty.document("--skip-unavailable", f"--seed={seed}", *(f"--diskdir={name}" for name in order))
    (skipped,) = document["skipped"]
    assert skipped["name"] == "faulty_picky"
    assert "/poor/" in skipped["reason"]


def test_direct_transfers_are_left_out_where_one_directory_is_in_memory(reaim: Any, in_memory: Path) -> None:
    reaim.workfile("FILESIZE: 64k\n5 null\n5 disk_dio_rd\n")
    if reaim.document("--skip-unavailable", "--block-size=4k")["skipped"]:
        pytest.skip("no O_DIRECT in the tests' directory")
    for seed in range(3):
        document = reaim.document(
            "--skip-unavailable", "--block-size=4k", "--diskdir=.", f"--diskdir={in_memory}", f"--seed={seed}"
        )
        assert [entry["name"] for entry in document["skipped"]] == ["disk_dio_rd"]
    assert list(in_memory.iterdir()) == []


def test_a_mix_of_nothing_that_can_run_exits_with_4(faulty: Any) -> None:
    faulty.workfile("5 faulty_skip\n")
    assert faulty("--skip-unavailable").returncode == 4
    assert faulty("-o", "-p1").returncode == 4


def test_the_single_user_mode_goes_on_after_a_failure(faulty: Any) -> None:
    faulty.workfile("5 faulty_crash\n5 faulty_skip\n5 null\n")
    document = json.loads(faulty.fails("-o", "-p1", "--json").stdout)
    check_document(document)
    assert [(row["name"], row["status"]) for row in document["single"]] == [
        ("faulty_crash", "error"),
        ("faulty_skip", "skip"),
        ("null", "done"),
    ]
    assert document["metrics"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_all_of_it(faulty: Any, number: signal.Signals) -> None:
    faulty.workfile("5 faulty_litter\n")
    with faulty.start("-s3", "-j5000", "-lout") as run:
        wait_until(lambda: len(faulty.processes()) >= 7)  # the parent, three users, three helpers
        run.send_signal(number)
        _, errors = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "reaim: interrupted by " in errors
    assert faulty.leftovers() == []
    assert faulty.processes() == []
    assert "# partial: interrupted" in (faulty.folder / "out.csv").read_text()


def test_a_killed_runs_leavings_go_at_the_next_start(faulty: Any) -> None:
    faulty.workfile("5 faulty_litter\n")
    with faulty.start("-s3", "-j5000") as run:
        wait_until(lambda: len(faulty.processes()) >= 7)
        run.kill()
        run.communicate(timeout=30)
    wait_until(lambda: faulty.processes() == [])  # users and helpers end with it
    (left,) = faulty.leftovers()
    assert list(left.glob("litter.*"))
    faulty.workfile("5 null\n", name="fine")
    done = faulty("-ffine")
    assert done.returncode == 0
    assert "left by a run that was killed" in done.stderr
    assert faulty.leftovers() == []


def test_a_living_runs_files_are_left_alone(faulty: Any) -> None:
    faulty.workfile("5 faulty_litter\n")
    faulty.workfile("5 null\n", name="fine")
    with faulty.start("-s1", "-j5000") as run:
        wait_until(lambda: len(faulty.processes()) >= 3)
        (own,) = faulty.leftovers()
        assert faulty("-ffine", "-lother").returncode == 0
        assert faulty.leftovers() == [own]
        run.terminate()
        run.communicate(timeout=30)
    assert faulty.leftovers() == []


def test_other_peoples_directories_are_left_alone(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    foreign = [reaim.folder / name for name in ("reaim-run.", "reaim-run.1", "reaim-run.1.2.old", "reaim-running")]
    for path in foreign:
        path.mkdir()
    (reaim.folder / "reaim-run.999999.1").write_text("a file, not a directory")
    target = reaim.folder / "target"
    target.mkdir()
    (target / "keep").touch()
    (reaim.folder / "reaim-run.999998.1").symlink_to(target)
    assert reaim().returncode == 0
    assert all(path.is_dir() for path in foreign)
    assert (reaim.folder / "reaim-run.999999.1").exists()
    assert (target / "keep").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another account's identity")
def test_too_many_users_for_the_account_are_told_before_the_start(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    reaim.folder.chmod(0o777)
    done = reaim(
        "-s50",
        "-lout",
        user=65534,
        group=65534,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (40, 40)),
    )
    assert done.returncode == 1
    assert "50 users are too many for the account's limit of processes (ulimit -u)" in done.stderr
    assert reaim.leftovers() == []


def test_more_users_than_memory_holds_are_told_before_the_start(reaim: Any) -> None:
    reaim.workfile("5 mem_rtns_2\n5 null\n5 sieve\n5 sort_rtns_1\n")
    done = reaim("-s100000")
    assert done.returncode == 1
    assert "100000 users are too many for " in done.stderr
    assert reaim.leftovers() == []


@pytest.mark.parametrize("limit", [4, 9, 20, 64])
def test_too_few_descriptors_for_the_driver_are_told_before_the_start(reaim: Any, limit: int) -> None:
    reaim.workfile("5 null\n")
    limits = (limit, limit)
    done = reaim.fails("--diskdir=.", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
    assert f"a run needs 65 file descriptors, the limit (ulimit -n) is {limit}" in done.stderr


def test_the_fewest_descriptors_suffice_for_the_deepest_tree(faulty: Any) -> None:
    """A user that fails leaves its tree, the 24 levels of path_walk, to the driver."""
    faulty.workfile("50 path_walk\n5 faulty_killed\n")
    done = faulty.fails("--diskdir=.", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (65, 65)))
    assert "faulty_killed: killed by signal 9" in done.stderr


def test_the_cause_is_told_however_long_the_path_is(faulty: Any) -> None:
    folder = faulty.folder / "/".join(letter * 200 for letter in "abc")
    folder.mkdir(parents=True)
    faulty.workfile("5 faulty_place\n")
    done = faulty.fails(f"--diskdir={folder}", "--json")
    document = json.loads(done.stdout)
    check_document(document)
    for text in (done.stderr, document["reason"]):
        assert f"faulty_place: write {faulty.folder}/aaaaaaaa" in text
        assert ".block: No space left on device [errno 28]" in text


def test_a_disk_directory_that_cannot_be_used_is_told_with_its_whole_path(faulty: Any) -> None:
    faulty.workfile("5 null\n")
    path = "/".join(letter * 200 for letter in "abcdef")
    assert f"disk directory {path}: No such file or directory" in faulty.fails(f"--diskdir={path}").stderr


def test_a_child_without_memory_is_named(reaim: Any) -> None:
    """16 MB of address space hold the program, but not the lists of a million jobs."""
    reaim.workfile("5 null\n")
    limit = 16 << 20
    done = reaim.fails("-j1000000", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    assert "child 0 of 1" in done.stderr
    assert "no memory for the child's lists" in done.stderr


def test_a_full_disk_is_named(reaim: Any) -> None:
    reaim.workfile("FILESIZE: 4m\n5 disk_wrt\n")
    (reaim.folder / "small").mkdir()
    mount = "mount -t tmpfs -o size=1m none small || exit 77"
    command = ["unshare", "--mount", "sh", "-c", f'{mount}; exec "{reaim.program}" --diskdir=small']
    done = subprocess.run(command, check=False, cwd=reaim.folder, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr}")
    assert done.returncode == 1
    assert "child 0 of 1: disk_wrt: " in done.stderr
    assert "No space left on device [errno 28]" in done.stderr
    assert reaim.leftovers() == []


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_full_standard_output_is_an_error(reaim: Any, arguments: list[str]) -> None:
    reaim.workfile("5 null\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [reaim.program, *arguments], check=False, cwd=reaim.folder, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert reaim.leftovers() == []


def test_a_full_document_file_is_an_error(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    assert "the JSON document could not be written" in reaim.fails("--json=/dev/full").stderr


def test_a_missing_disk_directory_leaves_the_others_clean(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    done = reaim.fails("--diskdir=.", "--diskdir=missing")
    assert "disk directory missing: No such file or directory" in done.stderr


def test_the_cache_is_dropped_before_users_prepare_and_nobody_cleans_up_before_the_last(faulty: Any) -> None:
    """The tests' program writes to ./drop_caches in place of the kernel's file; one pipe shows the order of all."""
    faulty.workfile("5 faulty_order\n")
    os.mkfifo(faulty.folder / "drop_caches")
    pipe = os.open(faulty.folder / "drop_caches", os.O_RDWR | os.O_NONBLOCK)
    try:
        faulty.document("-s3", "-e6", "-i3", "-j5", "--drop-cache", "--skip-unavailable")
        order = os.read(pipe, 1 << 16).decode()
    finally:
        os.close(pipe)
    probe, *passes = order.split("1")
    assert probe == "st"
    assert passes == [users * "s" + 5 * users * "r" + users * "t" for users in (3, 6)]


def test_a_cache_that_cannot_be_dropped_is_told(faulty: Any) -> None:
    faulty.workfile("5 null\n")
    done = faulty.fails("--drop-cache")
    assert "--drop-cache needs root or --common-file: drop_caches: No such file or directory" in done.stderr
    assert faulty("--drop-cache", "--common-file=64k").returncode == 0


def test_a_common_file_that_does_not_fit_is_told(reaim: Any) -> None:
    reaim.workfile("5 null\n")
    done = reaim.fails("--common-file=900t")
    assert "the common file needs 943718400 MiB" in done.stderr
