# SPDX-License-Identifier: GPL-2.0-or-later
"""The real agent against a real HTTP server: what arrives, and that it arrives exactly once, whatever fails."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.agent_server import CONTRACT, EVENTS_PATH, JOB_PATH, ContractState, contract_validator, serving

pytestmark = pytest.mark.integration

AGENT_FOLDER = Path(__file__).parents[3] / "agent"
ATTEMPT_ID = 7
TOKEN = "a-token-for-tests"
EXIT_REPORTED, EXIT_REFUSED, EXIT_USAGE, EXIT_UNREPORTED, EXIT_STOPPED = 0, 1, 2, 3, 4

StartAgent = Callable[..., subprocess.Popen[str]]


def phase(name: str, script: str, **changes: Any) -> dict[str, Any]:
    """A phase that runs a shell script."""
    return {
        "name": name,
        "argv": ["/bin/sh", "-c", script],
        "env": {"DEPTH": "3"},
        "timeout_s": 30,
        "term_grace_s": 2,
        "output_limit_bytes": 1_000_000,
        "result_format": "none",
    } | changes


def kbench_phase(name: str, **changes: Any) -> dict[str, Any]:
    """A phase that prints a small result document, on two lines."""
    script = """echo '{"schema": "kdyno.kbench/1",\n "samples": [0.1, 25.1, 1e3]}'"""
    return phase(name, script, result_format="kbench", **changes)


def attempt(*phases: dict[str, Any], token: str = TOKEN) -> ContractState:
    job = {"schema": "kdyno.job/1", "attempt_id": ATTEMPT_ID, "phases": list(phases)}
    contract_validator("job").validate(job)
    return ContractState(job, token=token)


def expected_outline(*phases: tuple[str, bool]) -> list[tuple[str, int, str]]:
    """Each event of a job in order, from (name, has a result) of its phases."""
    outline = [("", 1, "job_started")]
    for name, has_result in phases:
        kinds = ["phase_started", *(["result"] if has_result else []), "phase_finished"]
        outline += [(name, seq, kind) for seq, kind in enumerate(kinds, start=1)]
    return [*outline, ("", 2, "job_finished")]


def finished(state: ContractState, name: str) -> dict[str, Any]:
    event = state.find(phase=name, kind="phase_finished")
    assert event is not None, state.outline()
    return event


def job_outcome(state: ContractState) -> str:
    event = state.find(phase="", kind="job_finished")
    assert event is not None, state.outline()
    return str(event["outcome"])


def end_of(process: subprocess.Popen[str], *, timeout_s: float = 30) -> tuple[int, str]:
    """Wait for the agent; its exit code and what it logged."""
    _, log = process.communicate(timeout=timeout_s)
    return process.returncode, log


def is_gone(pid: int, *, within_s: float = 3) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def agent_program() -> Path:
    subprocess.run(["make", "-s", "-C", str(AGENT_FOLDER), "all"], check=True)
    return AGENT_FOLDER / "build" / "kdyno-agent"


@pytest.fixture
def start_agent(agent_program: Path, tmp_path: Path) -> Iterator[StartAgent]:
    """Starts agents that share one spool; ends those that are left."""
    started: list[subprocess.Popen[str]] = []
    token_file = tmp_path / "token"
    token_file.write_text(f"{TOKEN}\n", encoding="utf-8")

    def start(port: int, *more: str) -> subprocess.Popen[str]:
        command = [str(agent_program), "--server", f"http://127.0.0.1:{port}/", "--attempt", str(ATTEMPT_ID)]
        command += ["--token-file", str(token_file), "--spool", str(tmp_path / "spool"), *more]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=8)
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_contract_examples_are_valid() -> None:
    checked = 0
    for name, definition in CONTRACT["$defs"].items():
        for example in definition.get("examples", []):
            contract_validator(name).validate(example)
            checked += 1
    assert checked >= 3


def test_three_phases_arrive_in_order_and_once(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"), phase("two", 'echo "depth $DEPTH" >&2'), kbench_phase("three"))
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert state.outline() == expected_outline(("one", True), ("two", False), ("three", True))
    assert state.violations == []
    assert state.repeated == 0
    assert job_outcome(state) == "done"
    assert finished(state, "two")["stderr_tail"] == "depth 3\n"
    result = state.find(phase="one", kind="result")
    assert result is not None
    assert result["document"]["samples"] == [0.1, 25.1, 1e3]
    facts = state.accepted[0]["facts"]
    assert facts["uname_release"] == os.uname().release
    assert facts["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    assert facts["cpus"] == os.cpu_count()


def test_a_second_run_of_a_finished_attempt_does_nothing(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"))
    with serving(state) as port:
        assert end_of(start_agent(port))[0] == EXIT_REPORTED
        seen = len(state.requests)
        assert end_of(start_agent(port))[0] == EXIT_REPORTED
    assert len(state.requests) == seen


def test_waits_for_a_job_that_has_not_started(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"))
    state.too_early_answers = 2
    begin = time.monotonic()
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert time.monotonic() - begin >= 2
    assert [status for path, status in state.requests if path == JOB_PATH] == [425, 425, 200]


def test_server_away_in_the_middle_holds_up_no_phase(start_agent: StartAgent, tmp_path: Path) -> None:
    stamps = tmp_path / "stamps"
    state = attempt(
        phase("one", "sleep 1"),
        *(phase(name, f"date +%s.%N >>{stamps}; sleep 0.2") for name in ("two", "three")),
        kbench_phase("four"),
    )
    with serving(state) as port:
        agent = start_agent(port)
        state.wait_for_event(phase="one", kind="phase_started")
    away_since = time.time()
    time.sleep(4)
    assert agent.poll() is None, "the agent must wait for its server"
    with serving(state, port=port):
        code, log = end_of(agent)
    assert code == EXIT_REPORTED, log
    ran_at = [float(line) for line in stamps.read_text(encoding="utf-8").split()]
    assert ran_at[-1] - away_since < 4, "phases went on while the server was away"
    assert state.outline() == expected_outline(("one", False), ("two", False), ("three", False), ("four", True))
    assert state.violations == []


def test_an_acknowledgement_lost_on_the_way_is_fetched_again(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"), kbench_phase("two"))
    state.lost_answers = 3
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert state.repeated > 0
    assert state.outline() == expected_outline(("one", True), ("two", True))


def test_a_server_with_errors_gets_everything_in_the_end(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"), kbench_phase("two"), kbench_phase("three"))
    state.events_answers = [500, 200, 503, 429, 500]
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert state.outline() == expected_outline(("one", True), ("two", True), ("three", True))
    assert state.violations == []
    assert "the server is away: HTTP 503" in log


def test_a_relay_that_babbles_is_a_server_that_is_away(start_agent: StartAgent) -> None:
    """Between machine and server stands a relay; what it says of a dead server is no HTTP and no refusal."""
    state = attempt(kbench_phase("one"))
    with socket.socket() as relay:
        relay.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        relay.bind(("127.0.0.1", 0))
        relay.listen()
        port = int(relay.getsockname()[1])
        process = start_agent(port)
        for _ in range(2):
            connection, _ = relay.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"relay[7] E connect(AF=2 127.0.0.1:80): Connection refused\n")
    with serving(state, port=port):
        code, log = end_of(process)
    assert code == EXIT_REPORTED, log
    assert state.outline() == expected_outline(("one", True))
    assert "the answer is not HTTP" in log


def test_no_request_while_a_phase_runs(start_agent: StartAgent) -> None:
    state = attempt(phase("quiet", "sleep 2"))
    state.events_answers = [500]  # job_started and phase_started stay in the spool
    with serving(state) as port:
        agent = start_agent(port)
        state.wait_for_request(EVENTS_PATH)
        time.sleep(1.5)
        requests = [path for path, _ in state.requests]
        assert requests == [JOB_PATH, EVENTS_PATH]
        switches = voluntary_switches(agent.pid)
        time.sleep(0.3)
        assert voluntary_switches(agent.pid) == switches, "the agent woke up during a phase"
        assert end_of(agent)[0] == EXIT_REPORTED


def voluntary_switches(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(line for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))


def test_an_overrun_is_killed_and_the_next_phase_runs(start_agent: StartAgent, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    stubborn = f"trap '' TERM; echo $$ >{pid_file}; echo working >&2; while :; do sleep 0.2; done"
    state = attempt(phase("stuck", stubborn, timeout_s=1, term_grace_s=1), kbench_phase("next"))
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    stuck = finished(state, "stuck")
    assert (stuck["outcome"], stuck["exit_code"], stuck["signal"]) == ("timeout", None, signal.SIGKILL)
    assert 2000 <= stuck["duration_ms"] < 8000
    assert stuck["stderr_tail"] == "working\n"
    assert is_gone(int(pid_file.read_text(encoding="utf-8")))
    assert finished(state, "next")["outcome"] == "done"
    assert job_outcome(state) == "error"
    assert state.violations == []


def test_each_bad_end_has_its_outcome(start_agent: StartAgent) -> None:
    state = attempt(
        phase("flood", "cat /dev/zero", output_limit_bytes=1000),
        phase("garbage", "echo '{\"half\": '", result_format="kbench"),
        phase("fails", "exit 9"),
        phase("missing", "", argv=["/nowhere/kbench"]),
        phase("skips", "echo '{}'; exit 4", result_format="kbench"),
        phase("odd-bytes", "printf 'a\\377\\000b' >&2"),
    )
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    ends = {name: finished(state, name) for name in ("flood", "garbage", "fails", "missing", "skips", "odd-bytes")}
    assert ends["flood"]["outcome"] == "output_limit"
    assert ends["garbage"]["reason"].startswith("stdout is not JSON: line 2")
    assert (ends["fails"]["outcome"], ends["fails"]["exit_code"]) == ("error", 9)
    assert ends["missing"]["reason"] == "cannot start /nowhere/kbench: No such file or directory"
    assert (ends["skips"]["outcome"], ends["skips"]["exit_code"]) == ("done", 4)
    assert ends["odd-bytes"]["stderr_tail"] == "a??b"
    assert state.violations == []


def test_killed_in_mid_phase_the_agent_resumes(start_agent: StartAgent, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    pid_file = tmp_path / "pid"
    state = attempt(
        phase("before", f"echo before >>{runs}"),
        phase("during", f"echo during >>{runs}; echo $$ >{pid_file}; exec sleep 60"),
        kbench_phase("after"),
    )
    with serving(state) as port:
        agent = start_agent(port)
        state.wait_for_event(phase="during", kind="phase_started")
        deadline = time.monotonic() + 10
        while not pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        agent.kill()
        agent.communicate()
        assert is_gone(int(pid_file.read_text(encoding="utf-8"))), "the phase dies with its agent"
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert runs.read_text(encoding="utf-8").split() == ["before", "during"], "no phase ran twice"
    assert finished(state, "during")["outcome"] == "error"
    assert finished(state, "during")["reason"] == "the agent died during this phase"
    assert finished(state, "after")["outcome"] == "done"
    assert state.outline() == expected_outline(("before", False), ("during", False), ("after", True))
    assert job_outcome(state) == "error"
    assert state.violations == []
    assert [path for path, _ in state.requests].count(JOB_PATH) == 1, "the job was kept in the spool"


def test_after_a_reboot_nothing_more_is_measured(start_agent: StartAgent, tmp_path: Path) -> None:
    state = attempt(kbench_phase("one"), phase("two", "exec sleep 60"), kbench_phase("three"))
    with serving(state) as port:
        agent = start_agent(port)
        state.wait_for_event(phase="two", kind="phase_started")
        agent.kill()
        agent.communicate()
        journal = tmp_path / "spool" / f"attempt-{ATTEMPT_ID}.journal"
        boot_id = state.accepted[0]["boot_id"]
        journal.write_text(journal.read_text(encoding="utf-8").replace(boot_id, "0" * len(boot_id)), encoding="utf-8")
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert state.find(phase="three", kind="phase_started") is None
    assert finished(state, "two")["reason"] == "the machine was restarted during the job"
    assert job_outcome(state) == "error"


def test_a_wrong_token_is_final(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"), token="another-token")
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REFUSED
    assert log == 'kdyno-agent: the server refuses the job: HTTP 401 {"detail": "wrong token"}\n'
    assert TOKEN not in log


def test_an_attempt_closed_meanwhile_ends_the_agent(start_agent: StartAgent, tmp_path: Path) -> None:
    state = attempt(phase("one", "true"), phase("two", f"touch {tmp_path}/two"))
    state.events_answers = [200, 410]
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REFUSED, log
    assert "the server refuses the events: HTTP 410" in log
    assert not (tmp_path / "two").exists()


def test_a_job_that_breaks_the_contract_is_reported(start_agent: StartAgent) -> None:
    state = attempt(kbench_phase("one"))
    state.job = {"schema": "kdyno.job/1", "attempt_id": ATTEMPT_ID, "phases": [phase("one", "true", timeout_s=0)]}
    with serving(state) as port:
        code, log = end_of(start_agent(port))
    assert code == EXIT_REPORTED, log
    assert state.outline() == [("", 1, "job_started"), ("", 2, "job_finished")]
    assert state.accepted[-1]["reason"] == "job document: phases[0].timeout_s: must be between 1 and 86400"


def test_sigterm_reports_and_ends(start_agent: StartAgent, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    state = attempt(phase("long", f"trap '' TERM; echo $$ >{pid_file}; sleep 60"), kbench_phase("never"))
    with serving(state) as port:
        agent = start_agent(port)
        state.wait_for_event(phase="long", kind="phase_started")
        time.sleep(0.3)
        begin = time.monotonic()
        agent.terminate()
        code, log = end_of(agent)
    assert code == EXIT_STOPPED, log
    assert time.monotonic() - begin < 5
    assert is_gone(int(pid_file.read_text(encoding="utf-8")))
    assert finished(state, "long")["reason"] == "the agent was told to stop"
    assert state.find(phase="never", kind="phase_started") is None
    assert job_outcome(state) == "error"
    assert state.violations == []


def test_what_could_not_be_reported_is_sent_by_the_next_run(start_agent: StartAgent) -> None:
    many_samples = """echo '{"samples": ['; yes 1.25, | head -n 199999; echo '1.25]}'"""
    state = attempt(phase("one", many_samples, result_format="kbench", output_limit_bytes=2_000_000))
    with serving(state) as port:
        agent = start_agent(port, "--patience", "2")
        state.wait_for_event(phase="one", kind="phase_started")
        state.events_answers = [503] * 100
        code, log = end_of(agent)
        assert code == EXIT_UNREPORTED
        assert "3 events are not reported; they are kept in " in log
        state.events_answers = []
        assert end_of(start_agent(port))[0] == EXIT_REPORTED
    assert state.outline() == expected_outline(("one", True))
    result = state.find(phase="one", kind="result")
    assert result is not None
    assert len(result["document"]["samples"]) == 200_000
    assert state.violations == []


def test_once_does_not_wait(start_agent: StartAgent) -> None:
    begin = time.monotonic()
    code, log = end_of(start_agent(free_port(), "--once"))
    assert code == EXIT_UNREPORTED
    assert "the server is away: " in log
    assert time.monotonic() - begin < 3


def test_wrong_usage_is_said(agent_program: Path) -> None:
    run = subprocess.run([str(agent_program), "--attempt", "x"], capture_output=True, text=True, check=False)
    assert run.returncode == EXIT_USAGE
    assert '--attempt: a number from 1 to 9223372036854775807 is required, not "x"' in run.stderr
    run = subprocess.run([str(agent_program), "--help"], capture_output=True, text=True, check=True)
    assert "Exit status:" in run.stdout
