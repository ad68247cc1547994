# SPDX-License-Identifier: GPL-2.0-or-later
"""What kbench prints as JSON, against its published schemas and against itself."""

import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[3]
KINDS = ("preempted", "delayed", "stolen", "interrupted", "slow_clock", "gap", "migrated")  # of bits 0, 1, ...
QUICKLY = ("--time-budget", "0.1", "--min-samples", "6", "--max-samples", "12")


@pytest.fixture(scope="module")
def kbench() -> Path:
    subprocess.run(["make", "--silent", "-C", ROOT / "bench-c", "build/kbench"], check=True, timeout=250)
    return ROOT / "bench-c/build/kbench"


@pytest.fixture(scope="module")
def document(kbench: Path) -> dict[str, Any]:
    names = ["null", "lat_pipe", "lat_ctx", "lat_syscall_getppid", "lat_syscall_getppid:copies=2", "bw_mem_copy"]
    return run(kbench, *names, "--sample-counts")


def run(kbench: Path, *arguments: str, status: int = 0) -> dict[str, Any]:
    command: list[str | Path] = [kbench, "run", *arguments, *QUICKLY, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    check(document, "kbench-1")
    return document


def check(document: Any, name: str) -> None:
    schema = json.loads((ROOT / f"bench-c/schema/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def metrics(document: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(run, metric) for run in document["benchmarks"] for metric in run["metrics"]]


def test_a_run_is_as_the_schema_says(document: dict[str, Any]) -> None:
    assert [run["status"] for run in document["benchmarks"]] == ["done"] * 6
    assert len(metrics(document)) == 7  # one has an overhead


def test_a_skipped_benchmark_is_as_the_schema_says(kbench: Path) -> None:
    (skipped,) = run(kbench, "null", "--placement", "cross-cpu", status=4)["benchmarks"]
    assert skipped["status"] == "skip"


def test_the_list_is_as_the_schema_says(kbench: Path) -> None:
    done = subprocess.run([kbench, "list", "--json"], check=True, capture_output=True, text=True, timeout=60)
    listed = json.loads(done.stdout)
    check(listed, "kbench-list-1")
    names = [bench["name"] for bench in listed]
    assert names == sorted(set(names))


def undisturbed(metric: dict[str, Any]) -> tuple[str, Any]:
    """What is quoted of one CPU: the best decile of samples without a flag, of too few of them a percentile of all."""
    samples = [x for x, flag in zip(metric["samples"], metric["noise"]["flags"], strict=True) if flag == 0]
    estimator, parts = "decile", 10
    if len(samples) < 30:
        samples, estimator, parts = metric["samples"], "percentile", 100
    lowest, *_, highest = statistics.quantiles(samples, n=parts, method="inclusive")
    return estimator, pytest.approx(lowest if metric["direction"] == "lower" else highest)


def test_figures_follow_from_the_samples(document: dict[str, Any]) -> None:
    for run_, metric in metrics(document):
        samples = metric["samples"]
        assert metric["min"] == min(samples)
        assert metric["max"] == max(samples)
        assert metric["median"] == pytest.approx(statistics.median(samples))
        assert metric["median_low"] <= metric["median"] <= metric["median_high"]
        estimator, value = metric["headline"]["estimator"], metric["headline"]["value"]
        if "copies" in run_["parameters"]:
            assert (estimator, value) == ("median", metric["median"])
        else:
            assert (estimator, value) == undisturbed(metric)
        assert sum(mode["share"] for mode in metric["modes"]) == pytest.approx(1)


def test_noise_is_counted_as_it_is_flagged(document: dict[str, Any]) -> None:
    for _, metric in metrics(document):
        flags = metric["noise"]["flags"]
        assert len(flags) == len(metric["samples"])
        assert metric["noise"]["tainted"] == sum(flag != 0 for flag in flags)
        for bit, kind in enumerate(KINDS):
            assert metric["noise"]["by_kind"].get(kind, 0) == sum(flag >> bit & 1 for flag in flags)


def test_each_sample_has_its_counts_beside_it(document: dict[str, Any]) -> None:
    for run_, metric in metrics(document):
        counts = metric["sample_counts"]
        if metric["name"] == "overhead":
            assert counts == {}
        elif "copies" in run_["parameters"]:
            assert counts == {"hardware_scope": "none"}
        else:
            for kind in ("page_faults", "context_switches"):
                of_samples = counts[kind]["samples"]
                assert len(of_samples) == len(metric["samples"])
                typical = statistics.median(of_samples) / metric["operations_per_sample"]
                assert counts[kind]["median"] == pytest.approx(typical)
            if "explained_by" in counts:
                explaining = counts[counts["explained_by"]]
                assert explaining["slowest_quarter"] > explaining["fastest_quarter"]
    (pipe,) = (metric for run_, metric in metrics(document) if run_["name"] == "lat_pipe")
    assert pipe["sample_counts"]["context_switches"]["median"] == pytest.approx(1, abs=0.5)  # the other's is not in it


def test_a_run_goes_round_four_times(document: dict[str, Any]) -> None:
    for run_ in document["benchmarks"]:
        assert len(run_["rounds"]) == 4
        assert run_["spent_s"] > 0


def test_counts_are_exact_where_the_operation_is(document: dict[str, Any]) -> None:
    system_calls = {"null": 0, "lat_pipe": 4, "lat_ctx": 2, "lat_syscall_getppid": 1}
    for run_ in document["benchmarks"]:
        expected = system_calls.get(run_["name"])
        if expected is not None and "syscalls" in run_["counts_per_op"]:  # needs root and tracefs
            assert run_["counts_per_op"]["syscalls"] == expected


def test_tasks_are_seen_where_they_were_put(document: dict[str, Any]) -> None:
    seen = {run["name"]: run["placement_seen"] for run in document["benchmarks"]}
    assert seen["lat_pipe"] == seen["lat_ctx"] == {"together": 1, "apart": 0}
    assert seen["null"] == {}
