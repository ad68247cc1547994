# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a job says of the boot's own figures."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kdyno.web import figures
from tests.lab_rows import LabRows, kbench_benchmark, kbench_documents
from tests.reaim_document import reaim_document

pytestmark = pytest.mark.integration

SUITE = "suite-quick"
HOSTILE = "<script>alert(1)</script>"
SAMPLES = [100.0, 101.0, 102.0, 140.0]
BESIDE = {
    "headline": {"estimator": "decile", "value": 100.25},
    "median_low": 100.5,
    "median_high": 121.5,
    "modes": [{"share": 0.75, "median": 101.0}, {"share": 0.25, "median": 140.0}],
    "noise": {"tainted": 1, "flags": [0, 0, 0, 4]},
    "sample_counts": {
        "page_faults": {"fastest_quarter": 0, "slowest_quarter": 0.03125},
        "explained_by": "page_faults",
    },
}


def page_of(client: TestClient, lab: LabRows, phases: dict[str, object]) -> str:
    submission_id = lab.submit(workloads=list(phases))
    lab.run_phases(submission_id, 1, phases=phases)
    with lab.unit_of_work():
        job = lab.job(submission_id, 1)
    answer = client.get(f"/jobs/{job.id}")
    assert answer.status_code == 200
    return answer.text


def suite(**beside: Any) -> dict[str, object]:
    found = kbench_benchmark("lat_pipe", SAMPLES, parameters={"message_bytes": 64})
    metrics: Any = found["metrics"]
    metrics[0] |= beside
    return {SUITE: kbench_documents([found])}


def cells(text: str) -> list[str]:
    """Of the first figure, what stands in each cell."""
    body = text.split('id="figures-title"')[1].split("<tbody>")[1].split("</tr>")[0]
    return [re.sub("<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", body)]


def test_a_figure_has_its_estimator_interval_and_cause_beside_it(client: TestClient, lab: LabRows) -> None:
    label, quoted, median, interval, samples, remarks = cells(page_of(client, lab, suite(**BESIDE, converged=False)))
    assert label == "suite-quick lat_pipe:message_bytes=64"
    assert quoted == "100.2 ns/op decile"
    assert median == "102"
    assert interval == "100.5 … 121.5"
    assert samples == "4"
    assert remarks.split("; ") == [
        "not converged",
        "1 of 4 samples disturbed",
        "2 modes: 101 (75%), 140 (25%)",
        "slow samples have more page faults (0.0312 an operation, fast ones 0)",
    ]


def test_without_more_than_samples_the_median_is_quoted(client: TestClient, lab: LabRows) -> None:
    assert cells(page_of(client, lab, suite()))[1:] == ["102 ns/op", "102", "unknown", "4", ""]


@pytest.mark.parametrize(
    "beside",
    [
        {"headline": HOSTILE},
        {"headline": {"estimator": "decile", "value": HOSTILE}},
        {"modes": {"share": 1}},
        {"noise": [1, 2]},
        {"sample_counts": {"explained_by": HOSTILE, HOSTILE: HOSTILE}},
        {"sample_counts": {"explained_by": {"page_faults": 1}}},
        {"sample_counts": {"explained_by": HOSTILE * 9, HOSTILE * 9: {"fastest_quarter": 0, "slowest_quarter": 1}}},
    ],
)
def test_a_machine_that_sends_nonsense_gets_its_median_shown(
    client: TestClient, lab: LabRows, beside: dict[str, object]
) -> None:
    text = page_of(client, lab, suite(**beside))
    assert cells(text)[1] == "102 ns/op"
    assert HOSTILE not in text


def test_of_a_mix_only_the_key_figure_is_there(client: TestClient, lab: LabRows) -> None:
    text = page_of(client, lab, {"reaim-short": reaim_document(seed=1, slower={})})
    figures_of_mix = text.split('id="figures-title"')[1].split("</section>")[0]
    assert figures_of_mix.count("jobs/min") == 1
    assert "tcp_test" not in figures_of_mix


def test_what_does_not_fit_on_the_page_is_counted(
    client: TestClient, lab: LabRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MOST_FIGURES", 2)
    pipes = [kbench_benchmark("lat_pipe", SAMPLES, parameters={"message_bytes": size}) for size in (1, 2, 4, 8, 16)]
    text = page_of(client, lab, {SUITE: kbench_documents(pipes)})
    assert text.count("suite-quick lat_pipe") == 2
    assert "and 3 more figures" in text


def test_a_suite_is_folded_behind_the_workloads_of_a_few_figures(client: TestClient, lab: LabRows) -> None:
    pipes = [kbench_benchmark("lat_pipe", SAMPLES, parameters={"message_bytes": size}) for size in range(1, 8)]
    getppid = kbench_documents([kbench_benchmark("lat_syscall_getppid", SAMPLES)])
    text = page_of(client, lab, {SUITE: kbench_documents(pipes), "syscall-getppid": getppid})
    assert cells(text)[0] == "syscall-getppid"
    assert "<strong>suite-quick</strong>: 7 figures</summary>" in text
