# SPDX-License-Identifier: GPL-2.0-or-later
"""Many benchmarks in one phase: each with its parameters and placement is a series of its own, from the database to the
mail."""

import random
from typing import Any

import pytest
from sqlalchemy import func, select

from kdyno.alerts.models import OutboxMail
from kdyno.analysis import stored
from kdyno.analysis.models import MetricVerdict
from kdyno.results.models import Run
from kdyno.results.skips import skip_reasons
from kdyno.submissions.conclude import MOST_ROWS, conclude
from kdyno.submissions.models import Submission
from tests.lab_rows import LabRows, kbench_benchmark, kbench_documents

pytestmark = pytest.mark.integration

SUITE = "suite-quick"
CROSS = "kbench:lat_pipe:placement=cross-cpu"
NO_CPU = "needs two CPUs"


def around(level: float, *, seed: int) -> list[float]:
    noise = random.Random(seed)
    return [level * (1 + noise.gauss(0, 0.002)) for _ in range(20)]


def skipped(name: str, *, placement: str) -> dict[str, object]:
    return {"name": name, "placement": placement, "parameters": {}, "status": "skip", "reason": NO_CPU, "metrics": []}


def measured(lab: LabRows, benchmarks: dict[int, list[dict[str, object]]], **request: Any) -> Submission:
    """A submission whose boots, by number, gave these benchmarks as the suite."""
    submission_id = lab.submit(workloads=request.pop("workloads", [SUITE]), **request)
    for order_no, found in benchmarks.items():
        phases: dict[str, object] = {SUITE: kbench_documents(found)}
        if CROSS in lab_workloads(lab, submission_id):
            phases[CROSS] = kbench_documents([skipped("lat_pipe", placement="cross-cpu")])
        lab.run_phases(submission_id, order_no, phases=phases)
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab")
        return session.get_one(Submission, submission_id)


def lab_workloads(lab: LabRows, submission_id: int) -> list[str]:
    with lab.unit_of_work() as session:
        return list(session.get_one(Submission, submission_id).workloads)


def rows(lab: LabRows, submission_id: int) -> list[MetricVerdict]:
    with lab.unit_of_work() as session:
        return stored.verdict_rows(session, submission_id=submission_id)


def pipes(order_no: int) -> list[dict[str, object]]:
    """One benchmark three times; only with 64 bytes it is slower on the patched kernel."""
    slower = 1.3 if order_no in (2, 3) else 1.0
    return [
        kbench_benchmark("lat_pipe", around(1000, seed=order_no), parameters={"message_bytes": 1}),
        kbench_benchmark("lat_pipe", around(2000 * slower, seed=10 + order_no), parameters={"message_bytes": 64}),
        kbench_benchmark(
            "lat_pipe", around(9000, seed=20 + order_no), parameters={"message_bytes": 64}, placement="free"
        ),
    ]


def test_parameters_and_placements_are_stored_compared_and_labelled_apart(lab: LabRows) -> None:
    submission = measured(lab, {order_no: pipes(order_no) for order_no in range(1, 5)})
    assert submission.verdict == "regression"
    found = {row.label: row for row in rows(lab, submission.id)}
    assert {label: row.verdict for label, row in found.items()} == {
        "suite-quick lat_pipe": "no-change",
        "suite-quick lat_pipe:message_bytes=64": "regression",
        "suite-quick lat_pipe:message_bytes=64 free": "no-change",
    }
    assert found["suite-quick lat_pipe:message_bytes=64"].effect == pytest.approx(0.3, abs=0.02)
    with lab.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 12


def test_figures_of_zero_cost_only_their_own_comparison(lab: LabRows) -> None:
    boots = {order_no: pipes(order_no) for order_no in range(1, 5)}
    for order_no, found in boots.items():
        found.append(kbench_benchmark("lat_tlb", [0.0, -0.1, *around(2, seed=order_no)]))
    submission = measured(lab, boots)
    assert submission.verdict == "regression"
    assert "lat_tlb" not in {row.benchmark for row in rows(lab, submission.id)}
    assert "; cannot be compared: suite-quick lat_tlb, arm base" in (submission.verdict_reason or "")
    assert "a sample is zero or negative" in (submission.verdict_reason or "")


def test_nothing_but_zeros_is_no_verdict_and_says_why(lab: LabRows) -> None:
    boots = {order_no: [kbench_benchmark("lat_tlb", [0.0] * 5)] for order_no in range(1, 5)}
    submission = measured(lab, boots)
    assert submission.verdict is None
    assert "none can be compared: suite-quick lat_tlb" in (submission.failure_message or "")


def test_a_skipped_benchmark_is_named_with_its_reason(lab: LabRows) -> None:
    boots = {order_no: pipes(order_no) for order_no in range(1, 5)}
    submission = measured(lab, boots, workloads=[SUITE, CROSS])
    assert submission.verdict == "regression"
    assert (submission.verdict_reason or "").endswith(f"not done alike on both kernels: {CROSS} ({NO_CPU})")
    with lab.unit_of_work() as session:
        assert skip_reasons(session, submission_id=submission.id) == {CROSS: NO_CPU}


def test_a_document_with_a_series_twice_is_refused_with_a_reason(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=[SUITE])
    lab.run_phases(submission_id, 1, phases={SUITE: kbench_documents([*pipes(1), *pipes(1)[:1]])})
    assert "lat_pipe is there twice" in (lab.job(submission_id).failure_message or "")


def test_of_a_suite_it_is_counted_what_was_skipped(lab: LabRows) -> None:
    boots = {order_no: [*pipes(order_no), skipped("lat_futex", placement="cross-cpu")] for order_no in range(1, 5)}
    submission = measured(lab, boots)
    assert (submission.verdict_reason or "").endswith(
        "; 1 of suite-quick skipped or failed, the page of each boot says why"
    )


def test_one_failure_within_a_suite_costs_only_its_own_figure(lab: LabRows) -> None:
    failing = skipped("lat_futex", placement="same-cpu") | {"status": "error", "reason": "work proof failed"}
    submission = measured(lab, {order_no: [*pipes(order_no), failing] for order_no in range(1, 5)})
    assert submission.verdict == "regression"
    assert (submission.verdict_reason or "").endswith(
        "; 1 of suite-quick skipped or failed, the page of each boot says why"
    )


def test_a_boot_on_which_all_of_a_suite_fails_is_a_failure(lab: LabRows) -> None:
    failing = skipped("lat_futex", placement="same-cpu") | {"status": "error", "reason": "work proof failed"}
    submission_id = lab.submit(workloads=[SUITE])
    lab.run_phases(submission_id, 1, phases={SUITE: kbench_documents([failing])})
    assert "work proof failed" in (lab.job(submission_id).failure_message or "")


def test_a_mail_about_many_metrics_holds_those_that_moved(lab: LabRows) -> None:
    def many(order_no: int) -> list[dict[str, object]]:
        still = [
            kbench_benchmark("lat_pipe", around(1000, seed=100 * n + order_no), parameters={"message_bytes": n})
            for n in range(101, 170)
        ]
        return still + pipes(order_no)[1:2]

    submission = measured(lab, {order_no: many(order_no) for order_no in range(1, 5)}, mail="dev@example.org")
    assert submission.verdict == "regression"
    assert len(rows(lab, submission.id)) == 70
    with lab.unit_of_work() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert "suite-quick lat_pipe:message_bytes=64 +30" in mail.subject
    assert mail.body_text.count(" ns/op") == 2 * MOST_ROWS
    assert "lat_pipe:message_bytes=64 " in mail.body_text
    assert f"{70 - MOST_ROWS} more metrics" in mail.body_text
    assert mail.picture_png is not None and len(mail.picture_png) < 2_000_000
