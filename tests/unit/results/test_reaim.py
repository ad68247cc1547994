# SPDX-License-Identifier: GPL-2.0-or-later
"""reaim's document brought to metrics: what is key, what is detail, and what a run without figures says."""

import json
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from kdyno.checkout import ROOT
from kdyno.results.reaim import ReaimDocument
from kdyno.results.roles import MetricRole
from kdyno.results.schemas import BenchmarkDocument
from tests.reaim_document import PASSES, TIMES_NS, broken_document, reaim_document, single_document

SCHEMA = json.loads((ROOT / "bench-c/reaim/schema/reaim-1.schema.json").read_text(encoding="utf-8"))
DOCUMENTS = [reaim_document(users=3), single_document(), broken_document("child 2: fork_test: fork: no memory")]


def benchmarks(document: dict[str, Any]) -> list[BenchmarkDocument]:
    return ReaimDocument.model_validate(document).benchmarks


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_of_these_tests_are_reaims(document: dict[str, Any]) -> None:
    jsonschema.validate(document, SCHEMA)


def test_jobs_per_minute_is_the_key_figure_and_sub_tests_are_details() -> None:
    (found,) = benchmarks(reaim_document(users=3))
    assert (found.name, found.placement, found.status) == ("short", "3 users", "done")
    assert [metric.name for metric in found.metrics if metric.role is MetricRole.KEY] == ["jpm"]
    jpm = found.metrics[0]
    assert (jpm.unit, jpm.direction, len(jpm.samples)) == ("jobs/min", "higher", PASSES)
    details = {metric.name: metric for metric in found.metrics if metric.role is MetricRole.DETAIL}
    assert details.keys() == {*TIMES_NS, "child_time", "child_system_time", "child_user_time"}
    assert (details["tcp_test"].unit, details["tcp_test"].direction) == ("ns", "lower")
    assert len(details["tcp_test"].samples) == 3 * PASSES
    assert found.parameters["seed"] == 1


def test_figures_that_are_no_metrics_stay_beside_the_key_figure() -> None:
    (found,) = benchmarks(reaim_document(users=2))
    passes = found.metrics[0].summary()["passes"]
    assert len(passes) == PASSES
    assert passes[0]["jti"] == 99
    assert passes[0]["kernel_share"] == 0.6
    tcp = next(metric for metric in found.metrics if metric.name == "tcp_test").summary()
    assert tcp["quantity"] == "job_time"
    assert sum(jobs for _, jobs in tcp["histogram_ns"]) == 2 * 10 * PASSES
    assert tcp["histogram_ns"] == sorted(tcp["histogram_ns"])


def test_each_number_of_users_is_measured_for_itself() -> None:
    document = reaim_document(users=2)
    more = reaim_document(users=4)
    document["passes"] += more["passes"]
    document["metrics"] += more["metrics"]
    found = benchmarks(document)
    assert [benchmark.placement for benchmark in found] == ["2 users", "4 users"]
    assert all(len(benchmark.metrics[0].samples) == PASSES for benchmark in found)


def test_a_mix_with_something_left_out_is_another_mix() -> None:
    skipped = [{"name": "io_uring_rr", "reason": "not in this kernel"}, {"name": "cpu_migrate", "reason": "one CPU"}]
    (found,) = benchmarks(reaim_document(users=2) | {"skipped": skipped})
    assert found.placement == "2 users without cpu_migrate, io_uring_rr"


def test_weights_are_part_of_what_was_measured() -> None:
    document = reaim_document()
    other = reaim_document()
    other["subtests"] = [test | {"weight": 10 + number} for number, test in enumerate(other["subtests"])]
    reordered = reaim_document() | {"subtests": document["subtests"][::-1]}
    mixes = [benchmarks(each)[0].parameters["mix"] for each in (document, other, reordered)]
    assert mixes[0] == mixes[2] != mixes[1]


def test_a_sub_test_that_could_not_run_alone_makes_another_mix() -> None:
    document = single_document()
    document["metrics"] = [metric for metric in document["metrics"] if metric["subtest"] != "tcp_test"]
    document["single"] = [
        {"repetition": one["repetition"], "name": "tcp_test", "status": "skip", "reason": "no loopback"}
        if one["name"] == "tcp_test"
        else one
        for one in document["single"]
    ]
    jsonschema.validate(document, SCHEMA)
    (found,) = benchmarks(document)
    assert found.placement == "1 user without tcp_test"


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_of_nothing_is_refused(rate: float) -> None:
    document = single_document()
    document["metrics"][0]["samples"][0] = rate
    with pytest.raises(ValidationError, match="operation_rate add_double is not greater than 0"):
        ReaimDocument.model_validate(document)


def test_with_one_user_the_mean_rate_moves_as_the_rates_do_on_average() -> None:
    (base,) = benchmarks(single_document(seed=1))
    (slow,) = benchmarks(single_document(seed=1, slower=dict.fromkeys(TIMES_NS, 2.0)))
    (one,) = benchmarks(single_document(seed=1, slower={"tcp_test": 2.0}))
    for found in (base, slow, one):
        assert found.placement == "1 user"
        assert [metric.name for metric in found.metrics if metric.role is MetricRole.KEY] == ["mean_rate"]
        assert len(found.metrics[0].samples) == PASSES
    assert slow.metrics[0].median / base.metrics[0].median == pytest.approx(1 / 2)
    assert one.metrics[0].median / base.metrics[0].median == pytest.approx(2 ** (-1 / len(TIMES_NS)))


@pytest.mark.parametrize("status", ["error", "skip"])
def test_a_run_without_figures_says_why(status: str) -> None:
    (found,) = benchmarks(broken_document("child 2: fork_test: fork: no memory", status=status))
    assert (found.status, found.reason, found.metrics) == (status, "child 2: fork_test: fork: no memory", [])


def test_done_without_a_figure_is_an_error() -> None:
    (found,) = benchmarks(broken_document("", status="done"))
    assert (found.status, found.reason) == ("error", "it printed no figures")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": "kdyno.reaim/2"}, "schema"),
        ({"metrics": None}, "metrics"),
        ({"metrics": [{"name": "jpm"}]}, "users"),
        ({"mode": "both"}, "mode"),
        ({"status": "fine"}, "status"),
        ({"workfile": "short"}, "workfile"),
    ],
)
def test_what_is_no_document_is_refused_where_it_is_wrong(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError, match=place):
        ReaimDocument.model_validate(reaim_document() | change)


@pytest.mark.parametrize("sample", [float("nan"), float("inf"), "fast"])
def test_a_sample_is_a_number(sample: object) -> None:
    document = reaim_document()
    document["metrics"][0]["samples"][0] = sample
    with pytest.raises(ValidationError):
        ReaimDocument.model_validate(document)
