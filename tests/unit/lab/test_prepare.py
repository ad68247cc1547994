# SPDX-License-Identifier: GPL-2.0-or-later
"""Preparing machines: checked arguments, what events mean, how long to try."""

from pathlib import Path
from typing import Any

import pytest

from kdyno_lab.prepare import (
    Expected,
    Mismatch,
    Payload,
    PrepareError,
    PrepareTimeout,
    Unreachable,
    prepare_fake,
    prepare_machine,
    preparer,
)
from kdyno_lab.prepare.machine import patience
from kdyno_lab.prepare.outcome import Outcome

EXPECTED = Expected(release="6.1.0-kdyno-1", attempt_id=7, image_id="cafe0001")
PAYLOAD = Payload(programs={"agent": Path("/no/agent")}, server_url="http://10.0.2.100:80", token="t0ken")
WHERE = {"address": "127.0.0.1", "port": 22, "private_key": Path("/no/key")}


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event": kind, "event_data": data}


def outcome_of(*events: dict[str, Any]) -> Outcome:
    outcome = Outcome()
    for one in events:
        outcome.take(one)
    return outcome


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"release": ""}, "release"),
        ({"release": "6.1 evil"}, "release"),
        ({"release": "{{ lookup('pipe', 'id') }}"}, "release"),
        ({"attempt_id": 0}, "attempt_id"),
        ({"image_id": "a/b"}, "image_id"),
    ],
)
def test_what_is_expected_is_checked(change: dict[str, Any], field: str) -> None:
    with pytest.raises(PrepareError, match=field):
        Expected(**({"release": "6.1", "attempt_id": 1, "image_id": "i"} | change))


@pytest.mark.parametrize("server_url", ["", "https://x", "http://x/", "http://x:80/path", "http://x y", "ftp://x"])
def test_the_server_is_an_address_without_a_path(server_url: str) -> None:
    with pytest.raises(PrepareError, match="server_url"):
        Payload(programs={}, server_url=server_url, token="t")


@pytest.mark.parametrize("token", ["", "two words", "line\n", "é", "{{x}}"])
def test_a_bad_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(PrepareError, match="token") as caught:
        Payload(programs={}, server_url="http://x", token=token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("name", ["", "../agent", "two words", "a/b", "line\n"])
def test_a_programs_name_is_one_word(name: str) -> None:
    with pytest.raises(PrepareError, match="program"):
        Payload(programs={name: Path()}, server_url="http://x", token="t")


def test_a_payload_does_not_print_its_token() -> None:
    assert PAYLOAD.token not in repr(PAYLOAD)


def test_a_failed_fact_is_a_mismatch_that_names_it() -> None:
    item = {"fact": "kernel release", "expected": "6.1.0-a", "seen": "6.1.0-b"}
    outcome = outcome_of(
        event("playbook_on_task_start", name="kdyno_prove : Prove"),
        event("runner_item_on_failed", res={"item": item, "msg": "..."}),
        event("runner_on_failed", res={"msg": "One or more items failed"}),
    )
    assert isinstance(outcome.failure, Mismatch)
    assert (outcome.failure.fact, outcome.failure.expected, outcome.failure.seen) == tuple(item.values())
    assert str(outcome.failure) == "kernel release: expected 6.1.0-a, seen 6.1.0-b"


def test_lists_and_nothing_read_as_text() -> None:
    item = {"fact": "swap", "expected": [], "seen": ["/dev/vdb", "/swap"]}
    failure = outcome_of(event("runner_item_on_failed", res={"item": item})).failure
    assert str(failure) == "swap: expected nothing, seen /dev/vdb, /swap"


def test_an_unreachable_machine_is_unreachable() -> None:
    failure = outcome_of(event("runner_on_unreachable", res={"msg": "Failed to connect: refused"})).failure
    assert isinstance(failure, Unreachable)
    assert str(failure) == "Failed to connect: refused"


def test_another_failure_names_its_step_and_is_not_a_mismatch() -> None:
    outcome = outcome_of(
        event("playbook_on_task_start", name="Install"),
        event("runner_on_failed", res={"msg": "the script ended with status 7: curl: (7)"}),
    )
    assert str(outcome.failure) == "Install: the script ended with status 7: curl: (7)"
    assert type(outcome.failure) is PrepareError


def test_the_manifest_comes_with_the_end() -> None:
    outcome = outcome_of(
        event("verbose"),
        event("runner_on_ok", res={"document": {}}),
        event("playbook_on_stats", artifact_data={"kdyno_state_manifest": {"schema": "kdyno.state/1"}}),
    )
    assert outcome.manifest == {"schema": "kdyno.state/1"}
    assert outcome.failure is None
    assert outcome_of(event("playbook_on_stats")).manifest is None


def test_each_step_is_told() -> None:
    told: list[str] = []
    outcome = Outcome(event=told.append)
    for name in ("a", "b"):
        outcome.take(event("playbook_on_task_start", name=name))
    assert told == ["a", "b"]


@pytest.mark.parametrize("timeout_s", [1, 4, 10, 30, 60, 120, 600])
def test_connecting_leaves_time_for_the_rest(timeout_s: int) -> None:
    connect_timeout_s, retries = patience(timeout_s)
    waits_s = sum(min(2**n - 1, 30) for n in range(retries))
    assert 1 <= connect_timeout_s <= 30
    assert retries >= 1
    assert waits_s <= timeout_s / 2


def test_files_are_checked_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(PrepareError, match=r"program agent.*No such file"):
        prepare_machine(**WHERE, expected=EXPECTED, payload=PAYLOAD, timeout_s=5)
    program = tmp_path / "program"
    program.write_bytes(b"x")
    payload = Payload(programs={"agent": program}, server_url="http://x", token="t")
    with pytest.raises(PrepareError, match="ssh key"):
        prepare_machine(**WHERE, expected=EXPECTED, payload=payload, timeout_s=5)


def test_the_driver_chooses_the_preparer() -> None:
    assert preparer("qemu") is prepare_machine
    assert preparer("fake") is prepare_fake
    with pytest.raises(PrepareError, match="'ipmi'; known: fake, qemu"):
        preparer("ipmi")


def test_a_played_manifest_says_so() -> None:
    told: list[str] = []
    manifest = prepare_fake(**WHERE, expected=EXPECTED, payload=PAYLOAD, timeout_s=5, event=told.append)
    assert manifest["played"] is True
    assert manifest["release"] == EXPECTED.release
    assert told
    with pytest.raises(PrepareTimeout):
        prepare_fake(**WHERE, expected=EXPECTED, payload=PAYLOAD, timeout_s=0)
