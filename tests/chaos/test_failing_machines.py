# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that fail, lie or panic: a class that says whose problem it is, and nothing left locked."""

import pytest

from tests.chaos.conftest import FakeLab
from tests.chaos.test_killed_processes import patch

__all__ = ["patch"]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("fault", "failure_class", "words"),
    [
        ("lie-root", "infrastructure", "root hash"),
        ("imager-failed", "infrastructure", "imager"),
        ("wrong-release", "infrastructure", "kernel"),
        ("panic@kernel", "panic", "null pointer dereference"),
        ("panic@phase", "panic", "null pointer dereference"),
    ],
)
def test_a_fault_is_named(fake_lab: FakeLab, patch: str, fault: str, failure_class: str, words: str) -> None:
    fake_lab.set_guest(fault=fault)
    try:
        view = fake_lab.wait_finished(fake_lab.submit(patch))
    finally:
        fake_lab.set_guest()
    assert view["verdict"] is None
    assert view["failure"]["class"] == failure_class
    assert words in view["failure"]["message"].lower()
    assert all(machine["job_id"] is None for machine in fake_lab.call("GET", "/api/v1/machines"))


def test_a_patch_that_does_not_compile_is_the_users_problem(fake_lab: FakeLab) -> None:
    source = "init/main.c"
    broken = f"--- /dev/null\n+++ b/{source}.broken.c\n@@ -0,0 +1 @@\n+this is no C\n"
    with fake_lab.client() as client:
        answer = client.post(
            "/api/v1/submissions",
            json={"tree": "tiny", "patch": broken, "kconfig": "tinyconfig", "workloads": ["no-such"]},
        )
    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.json()["errors"]} == {"workloads"}
