# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON document: complete, of one mind with itself, and the same work for the same seed."""

import statistics
from pathlib import Path
from typing import Any

import pytest

WORKFILE = "30 jmp_test\n20 brk_test\n10 mul_int\n5 null\n"


def test_figures_follow_from_the_childrens_times(reaim: Any) -> None:
    reaim.workfile(WORKFILE)
    document = reaim.document("-s3", "-j20")
    (row,) = document["passes"]
    elapsed = [child["elapsed_s"] for child in row["children"]]
    jobs = row["jobs_per_child"]
    assert row["parent_s"] == max(elapsed) == row["child_max_s"]
    assert row["child_min_s"] == min(elapsed)
    assert row["jpm"] == pytest.approx(60 * jobs * 3 / row["parent_s"])
    assert row["jpm_per_child"] == pytest.approx(row["jpm"] / 3)
    assert row["std_dev_s"] == pytest.approx(statistics.pstdev(elapsed))
    assert row["jti"] == max(0, int((1 - row["std_dev_s"] / statistics.fmean(elapsed)) * 100))
    assert row["kernel_share"] == pytest.approx(row["system_s"] / (row["system_s"] + row["user_s"]))
    delays = [child["start_delay_s"] for child in row["children"]]
    assert row["start_skew_s"] == pytest.approx(max(delays) - min(delays), abs=1e-8)


def test_every_job_is_counted_once(reaim: Any) -> None:
    reaim.workfile(WORKFILE)
    (row,) = reaim.document("-s3", "-j20")["passes"]
    for child in row["children"]:
        assert child["jobs"] == row["jobs_per_child"] == sum(entry["jobs"] for entry in child["subtests"])
        assert sum(entry["total_ns"] for entry in child["subtests"]) <= child["elapsed_s"] * 1e9
    for entry in row["subtests"]:
        of_children = [e for child in row["children"] for e in child["subtests"] if e["name"] == entry["name"]]
        assert entry["jobs"] == sum(e["jobs"] for e in of_children) == sum(count for _, count in entry["histogram"])
        assert entry["total_ns"] == sum(e["total_ns"] for e in of_children)
        assert entry["min_ns"] <= entry["p50_ns"] <= entry["p90_ns"] <= entry["p99_ns"]
        assert entry["p99_ns"] <= entry["max_ns"] * 17 / 16 + 1


def test_metrics_have_a_sample_for_each_repetition_and_child(reaim: Any) -> None:
    reaim.workfile(WORKFILE)
    document = reaim.document("-s1", "-e2", "-r3", "-j8")
    metrics = {(m["name"], m["users"], m["subtest"]): m for m in document["metrics"]}
    assert len(metrics) == len(document["metrics"])
    assert len(metrics["jpm", 1, ""]["samples"]) == len(metrics["jpm", 2, ""]["samples"]) == 3
    assert len(metrics["child_time", 2, ""]["samples"]) == 6
    assert len(metrics["job_time", 2, "jmp_test"]["samples"]) == 6
    assert document["metrics"][0]["name"] == "jpm"
    assert {m["direction"] for m in document["metrics"]} == {"higher", "lower"}


def test_a_jobs_time_is_the_mean_of_the_childs_jobs_but_those_held_up(reaim: Any) -> None:
    """Of one job it is that job's, of two their mean, of three without the longest if that took twice the middle."""
    reaim.workfile("1 mul_int\n2 jmp_test\n3 brk_test\n")
    document = reaim.document("-s1", "-j6")
    (row,) = document["passes"]
    found = {m["subtest"]: m["samples"] for m in document["metrics"] if m["name"] == "job_time"}
    one, two, three = row["subtests"]
    assert [entry["jobs"] for entry in row["subtests"]] == [1, 2, 3]
    assert found["mul_int"] == [one["total_ns"]]
    assert found["jmp_test"] == [two["total_ns"] / 2]
    middle_ns = three["total_ns"] - three["min_ns"] - three["max_ns"]
    kept = [ns for ns in (three["min_ns"], middle_ns, three["max_ns"]) if ns <= 2 * middle_ns]
    assert found["brk_test"] == [pytest.approx(sum(kept) / len(kept), rel=1e-12)]


def test_the_single_user_document(reaim: Any) -> None:
    reaim.workfile("10 null\n10 jmp_test\n")
    document = reaim.document("-o", "-p1", "-r2")
    assert [(row["name"], row["repetition"]) for row in document["single"]] == [
        ("null", 1), ("jmp_test", 1), ("null", 2), ("jmp_test", 2),
    ]  # fmt: skip
    for row in document["single"]:
        assert row["operations_per_s"] == pytest.approx(
            row["iterations_per_s"] * (1000 if row["name"] == "jmp_test" else 1)
        )
    assert [len(m["samples"]) for m in document["metrics"]] == [2, 2]


def jobs_of(document: dict[str, Any]) -> list[list[tuple[str, int]]]:
    (row,) = document["passes"]
    return [[(entry["name"], entry["jobs"]) for entry in child["subtests"]] for child in row["children"]]


def test_the_same_seed_is_the_same_work(reaim: Any) -> None:
    reaim.workfile(WORKFILE)
    first, second = (reaim.document("-s2", "--seed=5", "-j20") for _ in range(2))
    assert first["seed"] == second["seed"] == 5
    assert jobs_of(first) == jobs_of(second)


def test_a_document_in_a_file_leaves_the_table_on_the_screen(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    done = reaim("--json=out.json")
    assert "Max Jobs per Minute" in done.stdout
    assert (reaim.folder / "out.json").read_text().startswith('{"schema":"kdyno.reaim/1"')


def test_files_lie_in_all_disk_directories(reaim: Any) -> None:
    """Watched from the monitor: each run directory holds files of some user while the pass is on."""
    reaim.workfile("FILESIZE: 64k\n10 disk_rd\n10 disk_wrt\n")
    for name in ("a", "b", "c"):
        (reaim.folder / name).mkdir()
    tool: Path = reaim.folder / "tool"
    tool.write_text("#!/bin/sh\n[ $1 = begin ] && sleep 0.05 && ls -d ?/reaim-run.* >> seen\nexit 0\n")
    tool.chmod(0o755)
    arguments = [f"--diskdir={name}" for name in ("a", "b", "c")]
    done = reaim("-s4", "-j400", "-Z./tool", *arguments)
    assert done.returncode == 0, done.stderr
    seen = (reaim.folder / "seen").read_text().splitlines()
    assert {line[0] for line in seen} == {"a", "b", "c"}
    assert reaim.leftovers() == []


def test_the_common_file_and_the_cache_options_reach_a_run(reaim: Any) -> None:
    reaim.workfile("FILESIZE: 8k\n10 disk_rd\n10 disk_src\n")
    document = reaim.document("--common-file=1m", "--block-size=4k", "-y", f"--source-tree={reaim.folder}")
    assert document["parameters"]["block_bytes"] == 4096
    assert document["parameters"]["common_file"] is True
    assert document["parameters"]["sync"] is False
