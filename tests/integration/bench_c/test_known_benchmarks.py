# SPDX-License-Identifier: GPL-2.0-or-later
"""What the server believes of kbench is what kbench says of itself."""

import json
import subprocess
from pathlib import Path

import pytest

from golden_files import assert_golden
from kdyno.results.schemas import KbenchDocument
from kdyno.workloads.benchmarks import BENCHMARK_LIST, BenchmarkRequestError, check_words
from kdyno.workloads.catalog import find_workload


def test_the_list_is_what_kbench_lists(kbench: Path) -> None:
    listed = subprocess.run([kbench, "list", "--json"], check=True, capture_output=True, text=True, timeout=30).stdout
    assert_golden(
        json.dumps(json.loads(listed), indent=1) + "\n", name=BENCHMARK_LIST.name, folder=BENCHMARK_LIST.parent
    )


@pytest.mark.parametrize(
    "words",
    [
        "null",
        "lat_pipe:message_bytes=1..8",
        "lat_pipe:message_bytes=0",
        "lat_pipe:message_bytes=x",
        "lat_pipe:message_bytes",
        "lat_pipe:placement=there",
        "lat_pipe:copies=2",
        "lat_syscall_getppid:copies=2:copy_kind=thread",
        "lat_ctx:processes=2,3:footprint_bytes=1k,2k",
        "lat_ctx:processes=8..2",
        "lat_nothing",
    ],
)
def test_both_understand_or_refuse_the_same_words(kbench: Path, words: str) -> None:
    # on one sample each: what is asked here is only whether the words are understood
    command = [kbench, "run", words, "--json", "--time-budget", "0.01", "--min-samples", "1", "--max-samples", "1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    try:
        _, runs = check_words(words)
    except BenchmarkRequestError:
        assert done.returncode == 2, done.stderr
    else:
        assert done.returncode in {0, 1, 4}, done.stderr
        assert len(json.loads(done.stdout)["benchmarks"]) == runs


def test_a_request_for_one_benchmark_gives_a_document_that_is_stored(kbench: Path) -> None:
    argv = find_workload("kbench:lat_syscall_getppid:entry=libc,instruction").argv
    command = [kbench, *argv[1:], "--time-budget", "0.1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    document = KbenchDocument.model_validate_json(done.stdout)
    assert [found.parameters["entry"] for found in document.benchmarks] == ["libc", "instruction"]
    assert all(found.metrics[0].unit == "ns/op" for found in document.benchmarks)


@pytest.mark.parametrize("suite", ["quick", "micro", "paper"])
def test_suites_of_the_catalogue_exist(kbench: Path, suite: str) -> None:
    listed = subprocess.run(
        [kbench, "suite", suite, "--list"], check=True, capture_output=True, text=True, timeout=30
    ).stdout
    assert len(listed.splitlines()) >= 20
