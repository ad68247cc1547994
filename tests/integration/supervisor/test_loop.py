# SPDX-License-Identifier: GPL-2.0-or-later
"""The supervisor's loop with real processes that misbehave."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kdyno.supervisor.backoff import RestartPolicy
from kdyno.supervisor.child import ChildSpec, StopStep
from kdyno.supervisor.loop import ChildFailedError, Loop
from kdyno.supervisor.state import ChildState

QUICK = RestartPolicy(first_delay_s=0.02, longest_delay_s=0.1, stable_after_s=5.0, deaths_allowed=4, window_s=60.0)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def loop(tmp_path: Path, said: list[str]) -> Iterator[Loop]:
    loop = Loop(logs=tmp_path, max_log_bytes=100_000, policy=QUICK, say=said.append, changed=lambda: None)
    with loop.signals():
        yield loop
        loop.stop(loop.reports())


def shell(name: str, script: str, *, ready_words: str = "", stop: tuple[StopStep, ...] = ()) -> ChildSpec:
    return ChildSpec(
        name=name,
        argv=("/bin/sh", "-c", script),
        about="",
        environment={"PATH": os.environ["PATH"]},
        working_directory=Path("/"),
        ready_words=ready_words,
        ready_timeout_s=1.0,
        stop=stop or (StopStep(signal.SIGTERM, 3.0),),
    )


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def written_pid(path: Path) -> int:
    deadline_s = time.monotonic() + 5
    while not (path.exists() and path.read_text(encoding="ascii").strip()):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return int(path.read_text(encoding="ascii"))


def test_a_child_that_dies_too_often_ends_the_lab_with_its_last_words(loop: Loop, said: list[str]) -> None:
    loop.start([shell("flaky", "echo up; sleep 0.02; echo out of luck; exit 7", ready_words="up")])
    with pytest.raises(ChildFailedError) as caught:
        loop.run_until_stop()
    message = str(caught.value)
    assert "flaky died 4 times within 60 s, last with exit code 7" in message
    assert "out of luck" in message
    assert "flaky.log" in message
    assert loop.reports()["flaky"].state is ChildState.FAILED
    assert len(said) == 3


def test_a_child_that_is_never_ready_is_named(loop: Loop) -> None:
    with pytest.raises(ChildFailedError, match="slow was not ready within 1 s"):
        loop.start([shell("slow", "echo thinking; sleep 60", ready_words="done thinking")])


def test_a_killed_child_comes_back(loop: Loop, said: list[str]) -> None:
    loop.start([shell("worker", "echo up; exec sleep 60", ready_words="up")])
    first = loop.reports()["worker"].identity
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    stop_after(loop, seconds=0.5)
    second = loop.reports()["worker"].identity
    assert second is not None
    assert second != first
    assert alive(second.pid)
    assert "worker ended (killed by SIGKILL)" in said[0]


def test_what_ignores_a_polite_request_is_killed_with_all_it_started(loop: Loop, tmp_path: Path) -> None:
    pidfile = tmp_path / "grandchild"
    script = f"trap '' TERM INT; sleep 60 & echo $! > {pidfile}; echo up; wait; sleep 60"
    steps = (StopStep(signal.SIGTERM, 0.2), StopStep(signal.SIGINT, 0.2))
    loop.start([shell("deaf", script, ready_words="up", stop=steps)])
    grandchild = written_pid(pidfile)
    begin_s = time.monotonic()
    loop.stop(["deaf"])
    assert 0.3 < time.monotonic() - begin_s < 10
    assert loop.reports()["deaf"].state is ChildState.STOPPED
    deadline_s = time.monotonic() + 5
    while alive(grandchild):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_the_last_output_before_the_end_is_kept(loop: Loop, tmp_path: Path) -> None:
    loop.start(
        [shell("polite", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done", ready_words="up")]
    )
    loop.stop(["polite"])
    assert (tmp_path / "polite.log").read_text(encoding="ascii").endswith("bye\n")


def test_orphans_end_with_their_supervisor(tmp_path: Path) -> None:
    pidfile = tmp_path / "orphan"
    program = f"""
import subprocess, sys, time
from kdyno.supervisor.child import become_subreaper
from kdyno.supervisor.remains import end_descendants
become_subreaper()
subprocess.run(["setsid", "--fork", "sh", "-c", "echo $$ > {pidfile}; exec sleep 60"], check=True)
while True:
    try:
        if open("{pidfile}").read().strip():
            break
    except FileNotFoundError:
        pass
    time.sleep(0.01)
end_descendants()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
    assert not alive(written_pid(pidfile))


def stop_after(loop: Loop, *, seconds: float) -> None:
    """Run the loop for a while, then end it as Ctrl-C would."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    loop.run_until_stop()
    timer.join()
