# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages over a real database: what is escaped, refused, kept and found."""

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from kdyno.app import create_app
from kdyno.config import Settings
from kdyno.jobs import console
from kdyno.jobs.models import Attempt
from kdyno.jobs.states import Failure, FailureClass
from kdyno.kernels import service as kernels
from kdyno.kernels.models import Build
from kdyno.mail import sink
from kdyno.submissions.conclude import conclude
from kdyno.submissions.models import Submission
from kdyno.web import follow
from kdyno_lab.console.patterns import EventKind
from tests.lab_rows import LabRows

pytestmark = pytest.mark.integration

HOSTILE = "<script>alert(1)</script>&\"'"
OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SOURCE = "int one(void)\n{ return 1; }\n/* end */\n"
GOOD_PATCH = """\
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
FORM = {
    "tree": "linux",
    "patch": GOOD_PATCH,
    "kconfig": "tinyconfig+virt-min",
    "workloads": ["syscall-getppid"],
    "machine_type": "virtual",
    "boots_per_arm": "2",
    "key": "k" * 24,
}


@pytest.fixture
def settings(tmp_path: Path, migrated_url: str) -> Settings:
    return Settings(data_dir=tmp_path, database_url=migrated_url, redis_url="redis://127.0.0.1:1/0")


@pytest.fixture
def client(settings: Settings, lab: LabRows) -> Iterator[TestClient]:
    work = settings.data_dir / "work"
    (work / "kernel").mkdir(parents=True)
    (work / "kernel" / "sys.c").write_text(SOURCE, encoding="utf-8")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(settings.paths.tree("linux"))], check=True)
    app = create_app(settings)
    with TestClient(
        app, base_url="http://127.0.0.1", raise_server_exceptions=False, headers={"Accept": "text/html"}
    ) as browser:
        yield browser
    app.state.runtime.unit_of_work.engine.dispose()


def submissions(lab: LabRows) -> int:
    with lab.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(Submission)) or 0


def finish(lab: LabRows, *, patched_level: float) -> int:
    submission_id = lab.submit()
    levels = {1: 200.0, 2: patched_level, 3: patched_level, 4: 200.0}
    for order_no, level in levels.items():
        lab.run_job(submission_id, order_no, samples=[level + 0.1 * step for step in range(20)])
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab.example")
    return submission_id


def test_an_empty_lab_says_what_to_do_next(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Nothing has been measured yet" in answer.text
    assert 'href="/submissions/new"' in answer.text


def test_every_page_forbids_scripts_that_are_not_ours(client: TestClient) -> None:
    for path in ("/", "/submissions/new", "/machines", "/mail", "/trees", "/workloads", "/submissions/77"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy


def test_a_hostile_title_is_text_everywhere(client: TestClient, lab: LabRows) -> None:
    submission_id = finish(lab, patched_level=230)
    with lab.unit_of_work() as session:
        session.get_one(Submission, submission_id).title = HOSTILE
    for path in ("/", f"/submissions/{submission_id}", "/jobs/1", "/builds/1"):
        text = client.get(path).text
        assert "&lt;script&gt;alert(1)" in text, path
        assert "<script>alert" not in text, path


def test_the_list_goes_on_page_by_page(client: TestClient, lab: LabRows) -> None:
    for _ in range(27):
        lab.submit()
    first = client.get("/").text
    older = re.search(r'href="(/\?before=\d+)"', first)
    assert older is not None
    assert first.count('<td class="main-cell">') == 25
    second = client.get(older[1]).text
    assert second.count('<td class="main-cell">') == 2
    assert 'href="/submissions/1"' in second


def test_a_form_from_another_site_is_refused(client: TestClient, lab: LabRows) -> None:
    evil: tuple[dict[str, str], ...] = (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    )
    for headers in evil:
        assert client.post("/submissions", data=FORM, headers=headers).status_code == 403
        assert client.post("/submissions/1/cancel", headers=headers).status_code == 403
    assert submissions(lab) == 0
    assert client.post("/submissions", data=FORM, headers={"Origin": "http://127.0.0.1"}).status_code == 200
    assert submissions(lab) == 1


def test_a_form_sent_again_finds_what_it_queued(client: TestClient, lab: LabRows) -> None:
    first = client.post("/submissions", data=FORM, headers=OWN, follow_redirects=False)
    again = client.post("/submissions", data=FORM, headers=OWN, follow_redirects=False)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    changed = client.post("/submissions", data=FORM | {"boots_per_arm": "3"}, headers=OWN)
    assert changed.status_code == 422
    assert "which asked for something else" in changed.text
    assert submissions(lab) == 1


def test_errors_stand_beside_their_fields_and_keep_what_was_typed(client: TestClient, lab: LabRows) -> None:
    typed = FORM | {
        "patch": HOSTILE,
        "base": "no-such-tag",
        "kconfig": "allyesconfig",
        "boots_per_arm": "99",
        "mail": "x",
    }
    answer = client.post("/submissions", data=typed, headers=OWN)
    assert answer.status_code == 422
    for field in ("patch", "base", "kconfig", "boots_per_arm", "mail"):
        assert f'id="{field}-problem"' in answer.text, field
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in answer.text
    assert 'value="no-such-tag"' in answer.text and 'value="99"' in answer.text
    assert submissions(lab) == 0


@pytest.mark.parametrize("content", [b"--- a/x\n+\xe9\n", b"\x00\x01"])
def test_an_upload_that_is_no_text_is_explained(client: TestClient, lab: LabRows, content: bytes) -> None:
    files = {"patch_file": ("x.patch", content)}
    answer = client.post("/submissions", data=FORM | {"patch": ""}, files=files, headers=OWN)
    assert answer.status_code == 422
    assert 'id="patch-problem"' in answer.text
    assert submissions(lab) == 0


def test_an_uploaded_patch_is_queued_as_it_is(client: TestClient, lab: LabRows) -> None:
    files = {"patch_file": ("x.patch", GOOD_PATCH.encode())}
    assert client.post("/submissions", data=FORM | {"patch": ""}, files=files, headers=OWN).status_code == 200
    assert client.get("/submissions/1/patch").text == GOOD_PATCH


def test_both_a_paste_and_an_upload_are_one_too_many(client: TestClient, lab: LabRows) -> None:
    files = {"patch_file": ("x.patch", GOOD_PATCH.encode())}
    assert "another one uploaded" in client.post("/submissions", data=FORM, files=files, headers=OWN).text
    assert submissions(lab) == 0


def test_a_finished_page_has_table_and_samples(client: TestClient, lab: LabRows) -> None:
    submission_id = finish(lab, patched_level=230)
    text = client.get(f"/submissions/{submission_id}").text
    assert "regression" in text and "sse-connect" not in text
    (metric,) = client.get(f"/submissions/{submission_id}/samples.json").json()["metrics"]
    assert [boot["arm"] for boot in metric["boots"]] == ["base", "patched", "patched", "base"]
    assert metric["samples_total"] == metric["samples_shown"] == 80
    assert metric["boots"][0]["samples"][0] == 200.0


def test_a_panic_is_shown_with_its_lines_and_blame(client: TestClient, lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    oops = console.ConsoleEvent(kind=EventKind.OOPS, fatal=True, line_no=1, title="Oops: 0000", lines=[HOSTILE])
    with lab.unit_of_work() as session:
        attempt = session.get_one(Attempt, job.current_attempt_id)
        lines = [console.Line(no=number, at_ns=number, text=f"line {number}") for number in range(1, 1201)]
        batch = console.ConsoleBatch(lines=lines, events=[oops])
        console.store(session, attempt=attempt, batch=batch, budgets=lab.budgets)
    lab.finish(lab.job(submission_id))
    lab.tick()
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab.example")
    text = client.get(f"/submissions/{submission_id}").text
    assert "No verdict: panic" in text and "The kernel under test: it died." in text
    assert "&lt;script&gt;" in text and "<script>alert" not in text
    page = client.get(f"/jobs/{job.id}").text
    assert "lines 1001 to 1200 of 1200" in page
    assert "lines 1 to 500 of 1200" in client.get(f"/jobs/{job.id}?console=1").text
    whole = client.get(f"/jobs/{job.id}/console.txt")
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.text.splitlines()[::1199] == ["line 1", "line 1200"]


def test_a_build_shows_its_first_error_and_its_log(client: TestClient, lab: LabRows, settings: Settings) -> None:
    lab.submit(built=False)
    log = settings.paths.build_log(2)
    log.parent.mkdir()
    log.write_bytes(b"  CC  a.o\n\xff<b>\n")
    claimed = Failure(FailureClass.USER, "kernel/sys.c:2: no")
    details = {"first_error": {"file": "kernel/sys.c", "line": 2, "message": "no", "context": ["sys.c:2: error: no"]}}
    with lab.unit_of_work() as session:
        kernels.claim_build(session, build_id=2, owner="w", lease=timedelta(minutes=1))
        kernels.finish_build(session, build_id=2, owner="w", values={"details": details}, failure=claimed)
    text = client.get("/builds/2").text
    assert "<mark>sys.c:2: error: no</mark>" in text
    assert "&lt;b&gt;" in text
    assert client.get("/builds/2/log").content == log.read_bytes()
    assert client.get("/builds/1/log").status_code == 404


def test_mails_are_shown_as_text_with_their_pictures(client: TestClient, settings: Settings) -> None:
    message = EmailMessage()
    message["Subject"], message["To"] = HOSTILE, "dev@example.org"
    message.set_content("All <b>well</b>")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="samples.png")
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename="x.html")
    settings.paths.mail.mkdir()
    name = sink.store(settings.paths.mail, content=bytes(message))
    assert "&lt;script&gt;" in client.get("/mail").text
    text = client.get(f"/mail/{name}").text
    assert "All &lt;b&gt;well&lt;/b&gt;" in text
    assert client.get(f"/mail/{name}/attachments/0").headers["content-type"] == "image/png"
    other = client.get(f"/mail/{name}/attachments/1")
    assert other.headers["content-disposition"].startswith("attachment")
    assert client.get("/mail/..%2f..%2fetc%2fpasswd").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/submissions/9", 404),
        ("/submissions/x", 422),
        (f"/jobs/{10**30}", 404),
        ("/?before=0", 422),
    ],
)
def test_errors_are_pages_for_people_and_json_for_programs(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    program = client.get(path, headers={"Accept": "application/json"})
    assert program.status_code == status
    assert program.headers["content-type"] == "application/json"


def test_the_token_changes_with_what_the_page_shows(client: TestClient, lab: LabRows) -> None:
    submission_id = lab.submit(built=False)

    def token() -> follow.Token:
        with lab.unit_of_work() as session:
            return follow.token_of(session, submission_id=submission_id)[0]

    seen = [token()]
    with lab.unit_of_work() as session:
        session.get_one(Build, 1).objects_done = 5
    seen.append(token())
    with lab.unit_of_work() as session:
        for build in session.scalars(select(Build)):
            build.status = "done"
    lab.tick()
    seen.append(token())
    assert len({item.steps for item in seen}) == 3
    assert seen[0] == seen[0] and token() == seen[-1]


def test_a_machine_shows_who_holds_it(client: TestClient, lab: LabRows) -> None:
    lab.submit()
    lab.tick()
    text = client.get("/machines").text
    assert 'href="/jobs/1"' in text and "free" in text
