# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole path with nothing faked: real patches, real builds, real machines booted by iPXE, real verdicts.

Both example patches run at the same time, one on each virtual machine, through the command line, with the micro
benchmarks, two that are asked for by themselves, one of reaim's mixes, and profiles. Meanwhile the server is killed
while an agent reports.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest

from kdyno.checkout import EXAMPLE_PATCHES
from kdyno.kernels.acquire import packaged_source
from kdyno.workloads.catalog import default_names
from tests.running_lab import RunningLab, free_port, running_lab, wait_for

pytestmark = [pytest.mark.guest, pytest.mark.timeout(2400)]

# A developer who runs this again and again may keep the lab: the image and the base kernel are then made once.
KEPT_DATA_DIR = os.environ.get("KDYNO_E2E_DATA_DIR")
SUBMISSION_TIMEOUT_S = 1800
MIX = "reaim-short"
BOTH_ENTRIES = "kbench:lat_syscall_getppid:entry=libc,instruction"
# The machines have one processor: nothing there is on another one.
NOT_THERE = "kbench:lat_pipe:placement=cross-cpu"
MEASURED = (*default_names(), BOTH_ENTRIES, NOT_THERE, MIX)
# The one sub-test of the mix that calls getppid().
CALLS_GETPPID = "misc_rtns_1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    data_dir = Path(KEPT_DATA_DIR) if KEPT_DATA_DIR else tmp_path_factory.mktemp("lab")
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = {"KDYNO_SSH_PORT_BASE": str(free_port() - 2)}
    with running_lab(data_dir, settings=settings, port=free_port(), request_defaults={"tree": "linux"}) as lab:
        yield lab


def kdyno(lab: RunningLab, *arguments: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "kdyno.cli.main", *arguments],
        env=lab.environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    print(f"kdyno {' '.join(arguments[:3])}: exit {done.returncode}, {time.monotonic() - started:.0f} s")
    return done


def submit(lab: RunningLab, patch: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["submit", "--tree", "linux", "--patch", str(patch), "--mail", "dev@example.org", "--wait", "--json"]
    for workload in MEASURED:
        arguments += ["--workload", workload]
    return kdyno(lab, *arguments, "--profile", timeout_s=SUBMISSION_TIMEOUT_S)


def kill_server_while_an_agent_reports(lab: RunningLab) -> None:
    """kill -9 of the server between two phases of the first real job that runs."""

    def running() -> bool:
        listed: list[dict[str, Any]] = lab.call("GET", "/api/v1/submissions")
        steps = [step for view in listed for step in view["progress"]["steps"]]
        return any(step["detail"].startswith("running") for step in steps)

    wait_for("a running job", running, timeout_s=SUBMISSION_TIMEOUT_S)
    lab.kill("server")


@pytest.fixture(scope="module")
def outcomes(lab: RunningLab) -> dict[str, subprocess.CompletedProcess[str]]:
    """Both example patches sent at once; their ends by name."""
    image = kdyno(lab, "image", "build", timeout_s=1200)
    assert image.returncode == 0, image.stderr
    source = packaged_source()
    assert source is not None, "no linux-source package is installed: run `make setup`"
    tree = kdyno(lab, "tree", "add", "linux", str(source))
    assert tree.returncode == 0, tree.stderr
    with ThreadPoolExecutor() as pool:
        sent = {path.stem: pool.submit(submit, lab, path) for path in sorted(EXAMPLE_PATCHES.glob("*.patch"))}
        killer = pool.submit(kill_server_while_an_agent_reports, lab)
        ended = {name: future.result() for name, future in sent.items()}
        killer.result()
    return ended


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    view: dict[str, Any] = json.loads(done.stdout)
    assert view["failure"] is None, view["failure"]
    return view


def by_workload(view: dict[str, Any]) -> dict[str, list[str]]:
    verdicts: dict[str, list[str]] = {}
    for row in view["rows"]:
        verdicts.setdefault(row["workload"], []).append(row["verdict"])
    return verdicts


def test_the_slower_system_call_and_the_mix_that_makes_it_are_the_only_regressions(outcomes: dict[str, Any]) -> None:
    done = next(done for name, done in outcomes.items() if "getppid" in name)
    view = answer(done)
    assert done.returncode == 1
    assert view["verdict"] == "regression"
    verdicts = by_workload(view)
    assert verdicts.pop("syscall-getppid") == ["regression"]
    assert verdicts.pop(MIX) == ["regression"]
    assert verdicts.pop(BOTH_ENTRIES) == ["regression", "regression"]
    assert not any("regression" in found for found in verdicts.values()), view["rows"]
    slowdown = next(row["effect_percent"] for row in view["rows"] if row["workload"] == "syscall-getppid")
    assert slowdown > 20


def test_one_benchmark_with_two_parameters_is_two_figures(outcomes: dict[str, Any]) -> None:
    view = answer(next(done for name, done in outcomes.items() if "comment" in name))
    rows = [row for row in view["rows"] if row["workload"] == BOTH_ENTRIES]
    assert {row["parameters"]["entry"] for row in rows} == {"libc", "instruction"}
    assert len({row["label"] for row in rows}) == 2


def test_what_a_machine_cannot_run_is_skipped_with_a_reason(outcomes: dict[str, Any]) -> None:
    for done in outcomes.values():
        view = answer(done)
        assert NOT_THERE not in by_workload(view)
        assert f"{NOT_THERE} (" in view["verdict_reason"]


def test_a_changed_comment_is_no_regression(outcomes: dict[str, Any]) -> None:
    done = next(done for name, done in outcomes.items() if "comment" in name)
    view = answer(done)
    assert view["verdict"] != "regression"
    assert done.returncode in (0, 4), done.stderr
    assert not any("regression" in found for found in by_workload(view).values()), view["rows"]


def test_the_mix_says_which_of_its_sub_tests_moved(outcomes: dict[str, Any]) -> None:
    view = answer(next(done for name, done in outcomes.items() if "getppid" in name))
    details = {row["metric"]: row for row in view["details"] if row["workload"] == MIX}
    assert len(details) > 17
    slower = {name for name, row in details.items() if row["verdict"] == "regression" and row["unit"] == "ns"}
    assert slower == {CALLS_GETPPID}, "\n".join(map(str, details.values()))
    assert details[CALLS_GETPPID]["effect_percent"] > 20


def test_a_mix_that_the_patch_does_not_touch_was_measured_on_both_kernels(outcomes: dict[str, Any]) -> None:
    view = answer(next(done for name, done in outcomes.items() if "comment" in name))
    (row,) = [row for row in view["rows"] if row["workload"] == MIX]
    assert (row["metric"], row["unit"]) == ("jpm", "jobs/min")
    assert row["base_median"] > 0 and row["patched_median"] > 0
    assert abs(row["effect_percent"]) < 2


def test_every_boot_was_profiled_after_it_was_measured(lab: RunningLab, outcomes: dict[str, Any]) -> None:
    jobs = [
        step["job_id"] for done in outcomes.values() for step in answer(done)["progress"]["steps"] if step["job_id"]
    ]
    assert len(jobs) == 8
    for job_id in jobs:
        text = httpx.get(f"{lab.url}/jobs/{job_id}", timeout=30).text
        profiles = text.split("Profiles of attempt")[1].split('id="events-title"')[0]
        assert profiles.count(" s watched") == len(MEASURED) - 1, "what cannot run has no profile"
        assert "ctxt" in profiles


def test_every_boot_proved_what_it_ran(lab: RunningLab, outcomes: dict[str, Any]) -> None:
    for done in outcomes.values():
        steps = answer(done)["progress"]["steps"]
        assert [step["state"] for step in steps] == ["done"] * 6
        consoles = [lab.paths.console(attempt) for attempt in range(1, 20) if lab.paths.console(attempt).exists()]
        assert len(consoles) >= 8
        assert all(b"Linux version" in path.read_bytes() for path in consoles)


def test_the_mails_arrived(lab: RunningLab, outcomes: dict[str, Any]) -> None:
    wait_for("two mails", lambda: len(list(lab.paths.mail.glob("*.eml"))) >= 2, timeout_s=60)
    for path in lab.paths.mail.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert str(message["Subject"]).startswith("[kdyno]")
        assert [part.get_content_type() for part in message.iter_attachments()] == ["image/png"]
