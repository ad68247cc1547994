# SPDX-License-Identifier: GPL-2.0-or-later
"""Documents as `reaim --json` prints them, for mixes of a few sub-tests."""

import random
from typing import Any

# Nanoseconds of a job on a machine of today.
TIMES_NS = {
    "add_double": 5.2e6,
    "creat_clo": 9.1e6,
    "dgram_pipe": 4.0e5,
    "fork_test": 1.9e7,
    "link_test": 8.4e5,
    "page_test": 2.2e6,
    "pipe_cpy": 1.5e5,
    "shared_memory": 4.5e5,
    "tcp_test": 8.9e6,
}
WEIGHT = 10
PASSES = 5


def reaim_document(*, users: int = 2, seed: int = 1, slower: dict[str, float] | None = None) -> dict[str, Any]:
    """A finished run of all of TIMES_NS with a little noise; `slower` multiplies the times of single sub-tests."""
    noise = random.Random(seed)
    slower = slower or {}
    passes = [_pass(repetition, users=users, noise=noise, slower=slower) for repetition in range(1, PASSES + 1)]
    return {
        "schema": "kdyno.reaim/1",
        "description": "re-aim style workload, independent implementation; not AIM results",
        "harness": {"version": "0.1.0", "compiler": "gcc", "flags": "-O2"},
        "host": {
            "uname_release": "6.1.0-kdyno-base",
            "machine": "x86_64",
            "cpus_online": 1,
            "cpu_model": "a processor",
            "page_size_bytes": 4096,
            "clocksource": "tsc",
            "mitigations": {"meltdown": "Not affected", "spectre_v2": "Mitigation: Retpolines"},
        },
        "mode": "multiuser",
        "status": "done",
        "reason": "",
        "partial": False,
        "seed": 1,
        "parameters": _parameters(users=users),
        "workfile": {"path": "/opt/kdyno/reaim/workfiles/workfile.short", "total_weight": WEIGHT * len(TIMES_NS)},
        "subtests": [
            {"name": name, "weight": WEIGHT, "operation_unit": "Operations", "operations_per_job": 100.0}
            for name in TIMES_NS
        ],
        "skipped": [],
        "passes": passes,
        "ended": "end users reached",
        "max_jpm": max(one["jpm"] for one in passes),
        "max_jpm_users": users,
        "metrics": _metrics(passes, users=users),
    }


def broken_document(reason: str, *, status: str = "error") -> dict[str, Any]:
    """A run that ended early: it has a reason and no metrics."""
    return reaim_document() | {"status": status, "reason": reason, "partial": True, "passes": [], "metrics": []}


def single_document(*, seed: int = 1, slower: dict[str, float] | None = None) -> dict[str, Any]:
    """A finished run in single-user mode: a rate for each sub-test and repetition."""
    document = reaim_document(seed=seed)
    noise = random.Random(seed)
    rates = {
        name: [1e11 / time_ns / (slower or {}).get(name, 1.0) * noise.gauss(1, 0.001) for _ in range(PASSES)]
        for name, time_ns in TIMES_NS.items()
    }
    single = [
        {"repetition": repetition + 1, "name": name, "status": "done", "reason": "", "elapsed_s": 1.0,
         "iterations": 100, "iterations_per_s": 100.0, "operations_per_s": rate[repetition], "user_s": 0.5,
         "system_s": 0.5, "jobs": 100, "total_ns": 10**9, "min_ns": 1, "p50_ns": 1, "p90_ns": 1, "p99_ns": 1,
         "max_ns": 1, "histogram": [[1, 100]]}
        for name, rate in rates.items()
        for repetition in range(PASSES)
    ]  # fmt: skip
    for key in ("passes", "ended", "max_jpm", "max_jpm_users"):
        del document[key]
    metrics = [
        {"name": "operation_rate", "users": 1, "subtest": name, "unit": "op/s", "direction": "higher", "samples": rate}
        for name, rate in rates.items()
    ]
    return document | {"mode": "oneuser", "single": single, "metrics": metrics}


def _parameters(*, users: int) -> dict[str, Any]:
    return {
        "start_users": users,
        "end_users": users,
        "increment": 1,
        "jobs": 100,
        "repeat": PASSES,
        "period_s": 10,
        "filesize_bytes": 81920,
        "poolsize_bytes": 1048576,
        "block_bytes": 1024,
        "disk_directories": 1,
        "cache_fraction": 0.0,
        "common_file": False,
        "drop_cache": False,
        "sync": True,
        "adaptive_timer": True,
        "compat": False,
    }


def _pass(repetition: int, *, users: int, noise: random.Random, slower: dict[str, float]) -> dict[str, Any]:
    times_ns = {name: time_ns * slower.get(name, 1.0) for name, time_ns in TIMES_NS.items()}
    children = [_child(number, times_ns=times_ns, users=users, noise=noise) for number in range(users)]
    parent_s = max(child["elapsed_s"] for child in children)
    jobs = WEIGHT * len(TIMES_NS)
    jpm = 60 * jobs * users / parent_s
    return {
        "repetition": repetition,
        "users": users,
        "jobs_per_child": jobs,
        "file_kib": 592,
        "parent_s": parent_s,
        "user_s": 0.4 * parent_s,
        "system_s": 0.6 * parent_s,
        "kernel_share": 0.6,
        "jpm": jpm,
        "jpm_per_child": jpm / users,
        "jps_per_child": jobs / parent_s,
        "std_dev_s": 0.001,
        "std_dev_percent": 0.2,
        "jti": 99,
        "child_min_s": min(child["elapsed_s"] for child in children),
        "child_max_s": parent_s,
        "start_skew_s": 2e-5,
        "release_s": 1e-5,
        "children": children,
        "subtests": [_subtest(name, [child["subtests"][place] for child in children])
                     for place, name in enumerate(TIMES_NS)],
    }  # fmt: skip


def _child(number: int, *, times_ns: dict[str, float], users: int, noise: random.Random) -> dict[str, Any]:
    subtests = [
        {"name": name, "jobs": WEIGHT, "total_ns": int(WEIGHT * users * time_ns * noise.gauss(1, 0.002))}
        for name, time_ns in times_ns.items()
    ]
    elapsed_s = sum(one["total_ns"] for one in subtests) / 1e9
    return {
        "child": number,
        "elapsed_s": elapsed_s,
        "start_delay_s": 1e-5,
        "user_s": 0.4 * elapsed_s / users,
        "system_s": 0.6 * elapsed_s / users,
        "jobs": WEIGHT * len(times_ns),
        "subtests": subtests,
    }


def _subtest(name: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    jobs, total_ns = sum(part["jobs"] for part in parts), sum(part["total_ns"] for part in parts)
    mean_ns = total_ns // jobs
    quantiles = dict.fromkeys(("min_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns"), mean_ns)
    return {"name": name, "jobs": jobs, "total_ns": total_ns, **quantiles, "histogram": [[mean_ns, jobs]]}


def _metrics(passes: list[dict[str, Any]], *, users: int) -> list[dict[str, Any]]:
    def metric(name: str, samples: list[float], *, unit: str, direction: str = "lower", subtest: str = "") -> Any:
        identity = {"name": name, "users": users, "subtest": subtest}
        return identity | {"unit": unit, "direction": direction, "samples": samples}

    every_child = [child for one in passes for child in one["children"]]
    whole = [
        metric("jpm", [one["jpm"] for one in passes], unit="jobs/min", direction="higher"),
        metric("jpm_per_child", [one["jpm_per_child"] for one in passes], unit="jobs/min", direction="higher"),
        metric("child_time", [child["elapsed_s"] for child in every_child], unit="s"),
        metric("child_system_time", [one["system_s"] for one in passes], unit="s"),
        metric("child_user_time", [one["user_s"] for one in passes], unit="s"),
    ]
    parts = [
        metric("job_time", [child["subtests"][place]["total_ns"] / WEIGHT for child in every_child], unit="ns",
               subtest=name)
        for place, name in enumerate(TIMES_NS)
    ]  # fmt: skip
    return whole + parts
