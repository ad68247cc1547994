# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages show of macro workloads: the key figure, the parts that moved, profiles, the catalogue, the form."""

import pytest
from fastapi.testclient import TestClient

from kdyno.submissions.conclude import conclude
from kdyno.workloads.catalog import catalog, default_names
from tests.lab_rows import LabRows
from tests.reaim_document import TIMES_NS, reaim_document

pytestmark = pytest.mark.integration

WORKLOAD = "reaim-short"
HOSTILE = "<script>alert(1)</script>"
PROFILE = {
    "schema": "kdyno.profile/1",
    "command": ["/opt/kdyno/reaim/reaim"],
    "interval_s": 1.5,
    "counters": {"vmstat": {f"counter{number}": number for number in range(1, 31)}, "stat": {HOSTILE: 5}},
    "perf": f"  9.38%  reaim  {HOSTILE}\n",
    "notes": [HOSTILE],
}


def measured(lab: LabRows, *, slower: dict[str, float], profile: bool = False) -> int:
    submission_id = lab.submit(workloads=[WORKLOAD], profile=profile)
    for order_no in range(1, 5):
        document = reaim_document(seed=order_no, slower=slower if order_no in (2, 3) else {})
        phases: dict[str, object] = {WORKLOAD: document}
        if profile:
            phases[f"profile:{WORKLOAD}"] = PROFILE
        lab.run_phases(submission_id, order_no, phases=phases)
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab")
    return submission_id


def test_the_page_judges_the_key_figure_and_names_what_moved_inside(client: TestClient, lab: LabRows) -> None:
    text = client.get(f"/submissions/{measured(lab, slower={'tcp_test': 1.5})}").text
    judged, details = text.split("What moved inside")
    assert judged.count("jobs/min") == 2
    assert "tcp_test" not in judged
    assert "higher is better" in judged
    assert '<details class="parts" open>' in details
    table = details.split("Every sample")[0]
    assert all(name in table for name in TIMES_NS)
    first_row = table.split("<tbody>")[1].split("</tr>")[0]
    assert "tcp_test" in first_row and "worse" in first_row
    assert table.count("no change") >= len(TIMES_NS) - 1
    assert details.count('<figure class="plot"') == 1


def test_parts_that_did_not_move_are_folded_away(client: TestClient, lab: LabRows) -> None:
    text = client.get(f"/submissions/{measured(lab, slower={})}").text
    assert f"none of {len(TIMES_NS) + 3} parts moved" in text
    assert '<details class="parts">' in text


def test_the_samples_are_those_of_the_key_figure(client: TestClient, lab: LabRows) -> None:
    (entry,) = client.get(f"/submissions/{measured(lab, slower={})}/samples.json").json()["metrics"]
    assert entry["unit"] == "jobs/min"
    assert [len(boot["samples"]) for boot in entry["boots"]] == [5, 5, 5, 5]


def test_a_jobs_page_has_its_profiles_as_text(client: TestClient, lab: LabRows) -> None:
    measured(lab, slower={}, profile=True)
    text = client.get("/jobs/1").text
    section = text.split("Profiles of attempt 1")[1].split("<h2")[0]
    assert "1.5 s watched" in section
    assert "counter30" in section and "+30" in section
    assert "and 5 smaller" in section
    assert "&lt;script&gt;alert(1)" in section
    assert "<script>" not in section


def test_a_job_without_profiles_does_not_speak_of_them(client: TestClient, lab: LabRows) -> None:
    measured(lab, slower={})
    assert "Profiles of attempt" not in client.get("/jobs/1").text


def test_the_form_offers_every_workload_and_chooses_the_default_ones(client: TestClient) -> None:
    boxes = client.get("/submissions/new").text.split('name="workloads" value="')[1:]
    chosen = {box.split('"')[0]: " checked>" in box.split("\n")[0] for box in boxes}
    assert chosen.keys() == catalog().keys()
    assert [name for name, checked in chosen.items() if checked] == default_names()


def test_the_catalogue_shows_kinds(client: TestClient) -> None:
    text = client.get("/workloads").text
    row = next(part for part in text.split("<tr>") if WORKLOAD in part)
    assert '<td data-label="Kind">macro</td>' in row
    assert '<td data-label="By default">no</td>' in row


def test_the_command_to_measure_again_asks_for_the_profile_too(client: TestClient, lab: LabRows) -> None:
    text = client.get(f"/submissions/{measured(lab, slower={}, profile=True)}").text
    assert "--workload reaim-short" in text
    assert "--profile" in text
