# SPDX-License-Identifier: GPL-2.0-or-later
"""From the form to the answer, as a person sees it: typed in a browser, followed live, never reloaded."""

import random

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from kdyno.config import Settings
from kdyno.jobs import console
from kdyno.jobs import service as jobs
from kdyno.jobs.models import Attempt, Job
from kdyno.jobs.states import JobStatus
from kdyno.kernels.models import Build
from kdyno.kernels.status import BuildStatus
from kdyno.submissions.conclude import conclude
from kdyno.submissions.models import Submission
from tests.browser.server import Server
from tests.lab_rows import LabRows, agent_events, kbench_benchmark, kbench_documents

pytestmark = pytest.mark.browser

GOOD_PATCH = """\
From: Dev <dev@example.org>
Subject: [PATCH] sys: answer with <b>one more</b>

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
STALE_PATCH = GOOD_PATCH.replace("{ return 1; }", "{ return 7; }")
WORKLOAD = "syscall-getppid"


def fill_form(page: Page, *, patch: str) -> None:
    """Paste a patch and choose one workload."""
    page.goto("/")
    page.get_by_role("link", name="New test request").click()
    page.get_by_label("Paste it").fill(patch)
    for box in page.get_by_role("checkbox").all():
        box.set_checked(box.get_attribute("value") == WORKLOAD)
    page.get_by_label("Boots of each kernel").fill("2")


def send(page: Page) -> None:
    page.get_by_role("button", name="Measure this patch").click()


def count(lab: LabRows, table: type[Submission] | type[Job]) -> int:
    with lab.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def set_builds(lab: LabRows, *, status: BuildStatus, objects_done: int) -> None:
    """What the build worker writes."""
    with lab.unit_of_work() as session:
        for build in session.scalars(select(Build)):
            build.status = status.value
            build.started_at = func.now()
            build.objects_done, build.objects_expected = objects_done, 700
            build.release = f"6.1.0-kdyno-{build.id}"
            build.key = f"{build.id:064x}"
            build.finished_at = func.now() if status is BuildStatus.DONE else None


def say_on_console(lab: LabRows, job: Job, *, text: str) -> None:
    with lab.unit_of_work() as session:
        attempt = session.get_one(Attempt, job.current_attempt_id)
        batch = console.ConsoleBatch(lines=[console.Line(no=1, at_ns=1, text=text)])
        console.store(session, attempt=attempt, batch=batch, budgets=lab.budgets)


def samples_around(level: float, *, seed: int) -> list[float]:
    noise = random.Random(seed)
    return [level * (1 + noise.gauss(0, 0.003)) for _ in range(40)]


def test_a_request_is_followed_from_the_form_to_its_verdict(page: Page, lab: LabRows) -> None:
    fill_form(page, patch=GOOD_PATCH)
    send(page)
    page.wait_for_url("**/submissions/1")
    expect(page.get_by_role("heading", level=1)).to_contain_text("sys: answer with <b>one more</b>")
    expect(page.locator("#status")).to_contain_text("in progress")
    # a reload would lose this
    page.evaluate("window.notReloaded = true")

    set_builds(lab, status=BuildStatus.BUILDING, objects_done=123)
    expect(page.locator("#steps")).to_contain_text("123 of about 700 objects")
    set_builds(lab, status=BuildStatus.DONE, objects_done=700)
    lab.tick()
    lab.power_on(lab.job(1, 1))
    expect(page.locator("#steps")).to_contain_text("the golden image is written")
    say_on_console(lab, lab.job(1, 1), text="iPXE says <i>hello</i>")
    expect(page.locator("#console")).to_contain_text("iPXE says <i>hello</i>")

    finish_job_in_imaging(lab, samples=samples_around(200, seed=1))
    for order_no, level in ((2, 221), (3, 220), (4, 200)):
        lab.run_job(1, order_no, samples=samples_around(level, seed=order_no))
    with lab.unit_of_work() as session:
        conclude(session, submission_id=1, url="http://lab.example")

    expect(page.locator("#status")).to_contain_text("regression")
    row = page.locator("#result table tbody tr")
    expect(row).to_contain_text(WORKLOAD)
    expect(row).to_contain_text("lat_syscall_getppid")
    expect(page.locator("#result figure canvas")).to_be_visible()
    expect(page.locator("#result figure")).to_contain_text("all 160 samples drawn")
    assert page.evaluate("window.notReloaded") is True

    page.reload()
    expect(page.locator("#result figure canvas")).to_be_visible()
    expect(page.locator("#result")).to_contain_text("regression")


def finish_job_in_imaging(lab: LabRows, *, samples: list[float]) -> None:
    """The rest of the first job's life, from a verified image on."""
    job = lab.job(1, 1)
    assert lab.verify_image(job)
    for source, target in ((JobStatus.BOOTING, JobStatus.PREPARING), (JobStatus.PREPARING, JobStatus.RUNNING)):
        with lab.unit_of_work() as session:
            jobs.transition(session, job_id=job.id, source=source, target=target, due_in=lab.budgets.preparing)
    lab.report(job, *agent_events(lab.release(job), samples=samples))
    lab.finish(job)


def test_a_patch_that_does_not_apply_is_explained_beside_its_field(page: Page, lab: LabRows) -> None:
    fill_form(page, patch=STALE_PATCH)
    page.get_by_label("Mail the answer to").fill("no address")
    send(page)
    problem = page.locator("#patch-problem")
    expect(problem).to_contain_text("kernel/sys.c")
    expect(problem).to_contain_text("hunk 1")
    expect(page.locator("#mail-problem")).to_contain_text("is not a mail address")
    expect(page.get_by_label("Paste it")).to_have_attribute("aria-invalid", "true")
    # nothing that was typed is lost, nothing is queued
    expect(page.get_by_label("Paste it")).to_have_value(STALE_PATCH)
    expect(page.get_by_label("Mail the answer to")).to_have_value("no address")
    assert [box.get_attribute("value") for box in page.get_by_role("checkbox", checked=True).all()] == [WORKLOAD]
    assert count(lab, Submission) == 0

    page.get_by_label("Paste it").fill(GOOD_PATCH)
    page.get_by_label("Mail the answer to").fill("")
    send(page)
    page.wait_for_url("**/submissions/1")


def test_single_benchmarks_are_typed_and_what_is_wrong_with_them_is_beside_their_field(
    page: Page, lab: LabRows
) -> None:
    fill_form(page, patch=GOOD_PATCH)
    field = page.get_by_label("Single benchmarks")
    field.fill("lat_pipe:mesage_bytes=64\nlat_ctx:processes=2,8")
    send(page)
    expect(page.locator("#benchmarks-problem")).to_contain_text("did you mean 'message_bytes'?")
    expect(page.locator("#workloads-problem")).to_have_count(0)
    expect(field).to_have_value("lat_pipe:mesage_bytes=64\nlat_ctx:processes=2,8")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert count(lab, Submission) == 0

    field.fill("lat_pipe:message_bytes=64\nlat_ctx:processes=2,8")
    send(page)
    page.wait_for_url("**/submissions/1")
    with lab.unit_of_work() as session:
        wanted = session.scalars(select(Submission.workloads)).one()
    assert wanted == [WORKLOAD, "kbench:lat_pipe:message_bytes=64", "kbench:lat_ctx:processes=2,8"]


def test_the_table_of_benchmarks_keeps_the_rows_that_hold_every_word_typed(page: Page) -> None:
    page.goto("/workloads")
    rows = page.locator("#benchmark-table tbody tr:visible")
    every = rows.count()
    assert every > 60
    find = page.get_by_label("Find")
    find.fill("pipe LAT_")
    expect(rows.filter(has_text="lat_pipe")).to_have_count(1)
    assert 1 <= rows.count() < every / 4
    expect(page.locator(".filter output")).to_contain_text(f"of {every}")
    find.fill("")
    expect(rows).to_have_count(every)


def test_the_page_of_a_suite_shows_what_moved_and_draws_the_rest_when_asked(page: Page, lab: LabRows) -> None:
    lab.submit(workloads=["suite-quick"])
    for order_no in range(1, 5):
        slower = 1.2 if order_no in (2, 3) else 1
        found = [
            kbench_benchmark(
                "lat_pipe",
                samples_around((slower if n == 64 else 1) * 1000, seed=100 * n + order_no),
                parameters={"message_bytes": n},
            )
            for n in range(60, 80)
        ]
        lab.run_phases(1, order_no, phases={"suite-quick": kbench_documents(found)})
    with lab.unit_of_work() as session:
        conclude(session, submission_id=1, url="http://lab.example")
    page.goto("/submissions/1")
    moved = page.locator("#result tbody tr:visible")
    expect(moved).to_have_count(1)
    expect(moved).to_contain_text("suite-quick lat_pipe:message_bytes=64")
    expect(page.locator("#result canvas")).to_have_count(1)
    page.get_by_text("19 metrics more, each drawn when it is opened").click()
    expect(page.locator("#result canvas")).to_have_count(1)
    page.locator("#result summary", has_text="message_bytes=70").click()
    expect(page.locator("#result canvas")).to_have_count(2)
    expect(page.locator("#result figure[data-asked]").last).to_contain_text("all 160 samples drawn")


def test_a_form_sent_twice_at_once_queues_once(page: Page, lab: LabRows) -> None:
    fill_form(page, patch=GOOD_PATCH)
    seen = page.evaluate(
        """async () => {
            const form = document.getElementById("submission-form");
            const post = () => fetch(form.action, { method: "POST", body: new FormData(form) });
            const answers = await Promise.all([post(), post(), post()]);
            return answers.map((answer) => new URL(answer.url).pathname);
        }"""
    )
    assert len(set(seen)) == 1 and seen[0].startswith("/submissions/")
    assert count(lab, Submission) == 1
    assert count(lab, Job) == 4


def test_a_page_goes_on_by_itself_after_the_server_was_killed(page: Page, lab: LabRows, server: Server) -> None:
    lab.submit(built=False)
    page.goto("/submissions/1")
    page.evaluate("window.notReloaded = true")
    server.kill()
    set_builds(lab, status=BuildStatus.BUILDING, objects_done=321)
    server.start()
    expect(page.locator("#steps")).to_contain_text("321 of about 700 objects")
    assert page.evaluate("window.notReloaded") is True


def test_a_build_log_grows_while_it_is_read(page: Page, lab: LabRows, settings: Settings) -> None:
    lab.submit(built=False)
    set_builds(lab, status=BuildStatus.BUILDING, objects_done=1)
    log = settings.paths.build_log(1)
    log.parent.mkdir(exist_ok=True)
    log.write_text("  CC      init/main.o\n", encoding="utf-8")
    page.goto("/builds/1")
    expect(page.locator("#log")).to_contain_text("init/main.o")
    with log.open("a", encoding="utf-8") as file:
        file.write("  CC      kernel/<fork>.o\n")
    expect(page.locator("#log")).to_contain_text("kernel/<fork>.o")
    set_builds(lab, status=BuildStatus.DONE, objects_done=700)
    expect(page.locator("#status")).to_contain_text("done")


def test_cancel_asks_first_and_shows_that_it_was_heard(page: Page, lab: LabRows) -> None:
    lab.submit(built=False)
    page.goto("/submissions/1")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#status")).to_contain_text("being cancelled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(page: Page, lab: LabRows, scheme: str) -> None:
    lab.submit()
    for order_no in range(1, 5):
        lab.run_job(1, order_no, samples=samples_around(200, seed=order_no))
    with lab.unit_of_work() as session:
        conclude(session, submission_id=1, url="http://lab.example")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 360, "height": 700})
    for path in (
        "/",
        "/submissions/new",
        "/submissions/1",
        "/jobs/1",
        "/builds/1",
        "/machines",
        "/trees",
        "/workloads",
        "/mail",
    ):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} pixels wide"
