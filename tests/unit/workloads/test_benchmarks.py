# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests for single benchmarks: what they mean, and what is said of those that mean nothing."""

import pytest

from kdyno.jobs.document import Phase
from kdyno.workloads.benchmarks import MAX_RUNS, BenchmarkRequestError, benchmarks, check_words
from kdyno.workloads.catalog import MAX_NAME, UnknownWorkload, catalog, find_workload
from kdyno.workloads.labels import series_label


def test_a_benchmark_is_a_workload_of_its_own() -> None:
    workload = find_workload("kbench:lat_pipe:message_bytes=64")
    assert workload.argv[:3] == ["/opt/kdyno/kbench", "run", "lat_pipe:message_bytes=64"]
    assert not workload.by_default
    assert not workload.suite
    assert Phase(workload, profiled=True).name == "profile:kbench:lat_pipe:message_bytes=64"


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ("lat_pipe", 1),
        ("lat_pipe:message_bytes=64", 1),
        ("lat_pipe:message_bytes=1,64", 2),
        ("lat_pipe:message_bytes=1..8", 4),
        ("lat_pipe:message_bytes=1..8,3k:placement=same-cpu,free", 10),
        ("lat_syscall_getppid:copies=1..4:copy_kind=process,thread", 6),
    ],
)
def test_lists_and_ranges_make_several_runs(words: str, runs: int) -> None:
    assert check_words(words)[1] == runs
    workload = find_workload(f"kbench:{words}")
    assert workload.suite == (runs > 1)
    assert workload.timeout_s > 5 * runs


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lat_pip", "did you mean 'lat_pipe'"),
        ("", "letters, digits"),
        ("lat_pipe; reboot", "letters, digits"),
        ("lat_pipe:mesage_bytes=1", "did you mean 'message_bytes'"),
        ("lat_pipe:message_bytes=", "not a whole number"),
        ("lat_pipe:message_bytes=x", "not a whole number"),
        ("lat_pipe:message_bytes=0", "is not in"),
        ("lat_pipe:message_bytes=1G", "is not in"),
        ("lat_pipe:message_bytes=8..4", "goes upwards"),
        ("lat_pipe:placement=there", "it may be same-cpu"),
        ("lat_pipe:copies=2", "cannot run as several copies"),
        ("lat_syscall_getppid:copies=1..256:placement=same-cpu,free,same-cpu,free,same-cpu,free,free", ""),
    ],
)
def test_what_kbench_would_refuse_is_refused_here(words: str, message: str) -> None:
    if not message:
        words += "," + ",".join(["free"] * MAX_RUNS)
        message = "at most"
    with pytest.raises(BenchmarkRequestError) as error:
        check_words(words)
    assert message in str(error.value)


def test_names_of_phases_stay_within_what_agents_take() -> None:
    values = ",".join(str(number) for number in range(1, 70))
    with pytest.raises(UnknownWorkload, match=str(MAX_NAME)):
        find_workload(f"kbench:lat_pipe:message_bytes={values}")


def test_units_and_directions_are_known() -> None:
    known = benchmarks()
    assert len(known) >= 60
    assert known["lat_pipe"].unit == "ns/op"
    assert known["lat_pipe"].direction == "lower"
    assert known["bw_pipe"].direction == "higher"


def test_suites_are_workloads_that_nobody_gets_unasked() -> None:
    for name in ("suite-quick", "suite-micro", "suite-paper"):
        workload = catalog()[name]
        assert workload.suite
        assert not workload.by_default
        assert workload.argv[1:3] == ["suite", name.removeprefix("suite-")]
        assert "--tolerate-errors" in workload.argv


@pytest.mark.parametrize(
    ("workload", "placement", "parameters", "metric", "label"),
    [
        ("pipe-roundtrip", "same-cpu", {"message_bytes": 1}, "latency", "pipe-roundtrip"),
        ("context-switch", "same-cpu", {}, "overhead", "context-switch overhead"),
        ("kbench:lat_pipe", "free", {"message_bytes": 1}, "latency", "kbench:lat_pipe"),
        ("suite-quick", "same-cpu", {"message_bytes": 1}, "latency", "suite-quick lat_pipe"),
        ("suite-quick", "free", {"message_bytes": 64}, "latency", "suite-quick lat_pipe:message_bytes=64 free"),
        ("suite-quick", "same-cpu", {"copies": 2}, "overhead", "suite-quick lat_pipe:copies=2 overhead"),
        ("gone", "free", {}, "latency", "gone"),
    ],
)
def test_labels_tell_series_of_one_request_apart(
    workload: str, placement: str, parameters: dict[str, int], metric: str, label: str
) -> None:
    shown = series_label(
        workload=workload, benchmark="lat_pipe", placement=placement, parameters=parameters, metric=metric
    )
    assert shown == label
