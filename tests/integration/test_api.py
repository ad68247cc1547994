# SPDX-License-Identifier: GPL-2.0-or-later
"""The REST API over a real database and a real git repository: precise refusals, nothing queued by them."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from kdyno.accounts import service as accounts
from kdyno.app import create_app
from kdyno.config import Settings, load_settings
from kdyno.jobs import service as jobs
from kdyno.jobs.models import Job, JobEvent
from kdyno.jobs.states import JobStatus
from kdyno.kernels import service as kernels
from kdyno.kernels.models import Build
from kdyno.results.schemas import AgentReport
from kdyno.submissions.models import Submission
from tests.lab_rows import ROOT_HASH, LabRows, agent_events

pytestmark = pytest.mark.integration

CONTRACT = json.loads((Path(__file__).parents[1] / "golden" / "agent-contract.json").read_text(encoding="utf-8"))

GOOD_PATCH = """\
From: Dev <dev@example.org>
Subject: [PATCH] sys: answer with one more

---
diff --git a/kernel/sys.c b/kernel/sys.c
--- a/kernel/sys.c
+++ b/kernel/sys.c
@@ -1,3 +1,3 @@
 int one(void)
-{ return 1; }
+{ return 2; }
 /* end */
"""
SOURCE = "int one(void)\n{ return 1; }\n/* end */\n"


@pytest.fixture
def settings(tmp_path: Path, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    # No broker listens here: a hint that cannot be sent must never fail a request.
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("KDYNO_DATA_DIR", str(tmp_path))
    return load_settings()


@pytest.fixture
def client(settings: Settings, lab: LabRows) -> Iterator[TestClient]:
    repository = settings.paths.tree("linux")
    work = settings.paths.data_dir / "work"
    (work / "kernel").mkdir(parents=True)
    (work / "kernel" / "sys.c").write_text(SOURCE, encoding="utf-8")

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, "-C", str(work), *arguments], check=True, capture_output=True)

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "start")
    subprocess.run(["git", "clone", "--bare", "-q", str(work), str(repository)], check=True)
    settings.paths.lab_token.write_text("lab-secret", encoding="ascii")
    with lab.unit_of_work() as session:
        accounts.create_token(session, name="ci", token="secret")
        kernels.register_tree(session, name="linux", source="here", default_revision="main", head_commit="0" * 40)
    with TestClient(
        create_app(settings), base_url="http://127.0.0.1", headers={"Authorization": "Bearer secret"}
    ) as client:
        yield client


def request(**changes: Any) -> dict[str, Any]:
    return {"tree": "linux", "patch": GOOD_PATCH, "workloads": ["syscall-getppid"], **changes}


def counts(lab: LabRows) -> tuple[int, ...]:
    with lab.unit_of_work() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Submission, Build, Job))


def test_a_good_request_is_queued_whole(client: TestClient, lab: LabRows) -> None:
    answer = client.post("/api/v1/submissions", json=request(boots_per_arm=3))
    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert view["title"] == "sys: answer with one more"
    assert view["url"].endswith(f"/submissions/{view['id']}")
    assert [step["name"] for step in view["progress"]["steps"]][:3] == [
        "build base kernel",
        "build patched kernel",
        "boot 1 (base)",
    ]
    assert counts(lab) == (1, 2, 6)
    assert client.get(f"/api/v1/submissions/{view['id']}").json() == view


def test_a_request_without_workloads_gets_the_default_ones(client: TestClient) -> None:
    listed = client.get("/api/v1/workloads").json()
    kinds = {workload["name"]: (workload["kind"], workload["by_default"]) for workload in listed}
    assert kinds["reaim-compute"] == ("macro", False)
    assert kinds["syscall-getppid"] == ("micro", True)
    wanted = [name for name, (_, by_default) in kinds.items() if by_default]
    queued = client.post("/api/v1/submissions", json={**request(), "workloads": []}).json()
    assert (queued["workloads"], queued["profile"]) == (wanted, False)


def test_single_benchmarks_are_listed_and_asked_for_with_parameters(client: TestClient) -> None:
    listed = {benchmark["name"]: benchmark for benchmark in client.get("/api/v1/workloads/benchmarks").json()}
    pipe = listed["lat_pipe"]
    assert (pipe["unit"], pipe["direction"]) == ("ns/op", "lower")
    assert "cross-cpu" in pipe["placements"]
    (parameter,) = [found for found in pipe["parameters"] if found["name"] == "message_bytes"]
    assert parameter["min"] <= parameter["default"] <= parameter["max"]
    name = "kbench:lat_pipe:message_bytes=1,64:placement=free"
    answer = client.post("/api/v1/submissions", json=request(workloads=[name]))
    assert answer.status_code == 201, answer.text
    assert answer.json()["workloads"] == [name]


def test_the_list_of_benchmarks_needs_a_token(client: TestClient) -> None:
    answer = client.get("/api/v1/workloads/benchmarks", headers={"Authorization": ""})
    assert answer.status_code == 401


def test_a_macro_workload_and_a_profile_are_asked_for_by_name(client: TestClient) -> None:
    answer = client.post("/api/v1/submissions", json=request(workloads=["reaim-compute"], profile=True))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["workloads"], answer.json()["profile"]) == (["reaim-compute"], True)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"tree": "windows"}, "tree", ["unknown tree 'windows'", "linux"]),
        ({"base": "v99"}, "base", ["v99"]),
        ({"patch": "hello"}, "patch", ["patch"]),
        ({"patch": GOOD_PATCH.replace("return 1", "return 7")}, "patch", ["kernel/sys.c", "1"]),
        ({"patch": GOOD_PATCH.replace("sys.c", "nosuch.c")}, "patch", ["kernel/nosuch.c"]),
        ({"patch": GOOD_PATCH + "+" * 2_000_000}, "patch", ["1048576"]),
        ({"kconfig": "tinyconfig+nosuch"}, "kconfig", ["nosuch", "virt-min"]),
        ({"workloads": ["syscal-getppid"]}, "workloads", ["did you mean 'syscall-getppid'"]),
        ({"workloads": ["reaim-computer"]}, "workloads", ["did you mean 'reaim-compute'"]),
        ({"workloads": ["kbench:lat_pip"]}, "workloads", ["kbench:lat_pip: ", "did you mean 'lat_pipe'"]),
        ({"workloads": ["kbench:lat_pipe:message_bytes=0"]}, "workloads", ["message_bytes=0 is not in 1.."]),
        ({"machine_type": "mainframe"}, "machine_type", ["no machine matches", "virtual"]),
        ({"boots_per_arm": 1}, "boots_per_arm", ["2 to 20"]),
        ({"mail": "nobody"}, "mail", ["not a mail address"]),
        ({"surprise": 1}, "surprise", ["not permitted"]),
        ({"title": "a\0b"}, "title", ["NUL"]),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_queued(
    client: TestClient, lab: LabRows, changes: dict[str, Any], field: str, words: list[str]
) -> None:
    answer = client.post("/api/v1/submissions", json=request(**changes))
    assert answer.status_code == 422, answer.text
    reasons = [problem["reason"] for problem in answer.json()["errors"] if problem["field"] == field]
    assert reasons, answer.text
    assert all(word.lower() in reasons[0].lower() for word in words), reasons
    assert counts(lab) == (0, 0, 0)


def test_all_wrong_fields_come_at_once(client: TestClient) -> None:
    answer = client.post("/api/v1/submissions", json=request(tree="x", patch="y", workloads=["z"], mail="@"))
    assert {problem["field"] for problem in answer.json()["errors"]} == {"tree", "patch", "workloads", "mail"}


def test_the_same_key_gives_the_same_submission(client: TestClient, lab: LabRows) -> None:
    headers = {"Idempotency-Key": "build-17"}
    first = client.post("/api/v1/submissions", json=request(), headers=headers)
    again = client.post("/api/v1/submissions", json=request(), headers=headers)
    other = client.post("/api/v1/submissions", json=request(boots_per_arm=4), headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    assert counts(lab)[0] == 1


def test_two_requests_with_one_key_at_once_are_one_submission(client: TestClient, lab: LabRows) -> None:
    def send(_: int) -> int:
        answer = client.post("/api/v1/submissions", json=request(), headers={"Idempotency-Key": "race"})
        return int(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(4)))) == 1
    assert counts(lab)[0] == 1


def test_a_foreign_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/healthz", headers={"Host": "evil.example.org"}).status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic secret"])
def test_without_a_token_nobody_gets_in(client: TestClient, lab: LabRows, header: str) -> None:
    answer = client.post("/api/v1/submissions", json=request(), headers={"Authorization": header})
    assert answer.status_code == 401
    assert counts(lab) == (0, 0, 0)


def test_a_body_that_is_too_large_is_refused_unread(client: TestClient) -> None:
    answer = client.post("/api/v1/submissions", content=b"x", headers={"Content-Length": str(10**9)})
    assert answer.status_code == 413


def test_a_machine_boots_what_its_job_needs_now(client: TestClient, lab: LabRows) -> None:
    def script(mac: str) -> str:
        return client.get("/boot/machine", params={"mac": mac}).text

    assert "boot/machine" in client.get("/boot/ipxe").text
    mac = "52:54:00:00:00:01"
    assert "exit" in script(mac)
    assert "exit" in script("00:00:00:00:00:00")
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.power_on(job)
    imager = script(mac.upper())
    attempt = lab.attempt(job)
    assert "/boot/file/imager/cafe0001/vmlinuz" in imager
    assert f"kdyno.attempt={attempt.id}" in imager
    lab.verify_image(job)
    kernel = script(mac)
    assert f"/boot/file/kernel/{'a' * 64}" in kernel
    assert "kdyno.build=6.1.0-kdyno-base" in kernel


def test_imager_and_agent_speak_with_the_token_of_their_attempt(client: TestClient, lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    attempt = lab.attempt(job)
    mine = {"Authorization": f"Bearer {attempt.token}"}
    imager = f"/imager/{attempt.id}/events"
    assert client.post(imager, json={"event": "started"}).status_code == 401
    assert client.post(imager, json={"event": "started"}, headers=mine).status_code == 409
    lab.power_on(job)
    verified = {"event": "verified", "root": ROOT_HASH}
    assert client.post(imager, json=verified, headers=mine).json() == {"next": "reboot"}
    assert client.get("/api/v1/agent/job", headers=mine).status_code == 425
    console = f"/api/v1/lab/consoles/{attempt.id}"
    batch = {
        "lines": [{"no": 1, "at_ns": 1, "text": f"kdyno-ready: {attempt.id}"}],
        "events": [{"kind": "ready", "line_no": 1}],
    }
    assert client.post(console, json=batch, headers=mine).status_code == 401
    lab_headers = {"Authorization": "Bearer lab-secret"}
    assert client.post(console, json=batch, headers=lab_headers).json() == {"next_line_no": 2, "closed": False}
    assert client.post(console, json=batch, headers=lab_headers).json()["next_line_no"] == 2
    assert lab.job(submission_id).status == JobStatus.PREPARING
    with lab.unit_of_work() as session:
        jobs.transition(session, job_id=job.id, source=JobStatus.PREPARING, target=JobStatus.RUNNING)
    document = client.get("/api/v1/agent/job", headers=mine).json()
    assert [phase["name"] for phase in document["phases"]] == ["syscall-getppid"]
    keeps_contract(document, part="job")
    events = agent_events(lab.release(job), samples=[1.0, 2.0, 3.0])
    report = {"attempt_id": attempt.id, "events": events}
    reply = client.post("/api/v1/agent/events", json=report, headers=mine).json()
    keeps_contract(reply, part="events_response")
    assert len(reply["acked"]) == len(events)
    assert lab.job(submission_id).status == JobStatus.COLLECTING
    lab.finish(job)
    assert client.post("/api/v1/agent/events", json=report, headers=mine).status_code == 410


def test_the_server_takes_what_the_contract_allows() -> None:
    for example in CONTRACT["$defs"]["events_request"]["examples"]:
        AgentReport.model_validate(example)


def keeps_contract(document: Any, *, part: str) -> None:
    """The golden contract, which the agent is tested against too, allows this document."""
    jsonschema.validate(document, {**CONTRACT, "$ref": f"#/$defs/{part}"})


def test_a_warning_on_the_console_is_noted_once_and_harms_nothing(client: TestClient, lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    url = f"/api/v1/lab/consoles/{lab.attempt(job).id}"
    event = {"kind": "warning", "fatal": False, "phase": "kernel", "line_no": 1, "title": "WARNING: at here"}
    batch = {"lines": [{"no": 1, "at_ns": 1, "text": "WARNING"}], "events": [event]}
    for _ in range(2):
        assert client.post(url, json=batch, headers={"Authorization": "Bearer lab-secret"}).status_code == 200
    assert lab.job(submission_id).status == JobStatus.RUNNING
    with lab.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(JobEvent).where(JobEvent.kind == "warning")) == 1


def test_a_panic_on_the_console_ends_the_job_at_once(client: TestClient, lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    attempt = lab.attempt(job)
    event = {
        "kind": "panic",
        "fatal": True,
        "phase": "kernel",
        "line_no": 2,
        "title": "Kernel panic - not syncing: boom",
        "lines": ["a", "b"],
    }
    batch = {"lines": [{"no": 1, "at_ns": 1, "text": "nul \u0000 here"}], "events": [event]}
    headers = {"Authorization": "Bearer lab-secret"}
    assert client.post(f"/api/v1/lab/consoles/{attempt.id}", json=batch, headers=headers).status_code == 200
    assert lab.job(submission_id).status == JobStatus.COLLECTING
    ended = lab.attempt(job)
    assert (ended.failure_class, ended.failure_message) == ("panic", "Kernel panic - not syncing: boom")
