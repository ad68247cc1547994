# SPDX-License-Identifier: GPL-2.0-or-later
"""The profiler on this computer: around a program, as reaim's monitor, and as phases of the real agent."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from fakes.agent_server import ContractState, contract_validator, serving
from kdyno.checkout import ROOT
from kdyno.results.reaim import ReaimDocument
from kdyno.results.schemas import ProfileDocument

pytestmark = pytest.mark.integration

PROFILER = ROOT / "agent" / "hooks" / "profile"
BENCHMARKS = ROOT / "bench-c"
WORKFILE = BENCHMARKS / "reaim" / "workfiles" / "workfile.short"
FORKS = 40
FORKING = f"i=0; while [ $i -lt {FORKS} ]; do /bin/true; i=$((i+1)); done; echo a figure that nobody may see"


def run_profiler(*arguments: str | Path, scratch: Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROFILER), *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(scratch)},
        cwd=scratch,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def document_of(done: subprocess.CompletedProcess[str]) -> ProfileDocument:
    assert done.returncode == 0, done.stderr
    return ProfileDocument.model_validate(json.loads(done.stdout))


def without_perf(scratch: Path) -> str:
    """A PATH with everything that the profiler uses but perf."""
    programs = scratch / "bin"
    programs.mkdir()
    for name in ("sh", "awk", "cat", "head", "mktemp", "rm", "sed", "sleep", "tr", "true", "wc"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return str(programs)


@pytest.fixture(scope="module")
def reaim() -> Path:
    subprocess.run(["make", "-s", "-C", str(BENCHMARKS), "build/reaim"], check=True)
    return BENCHMARKS / "build" / "reaim"


def test_a_program_is_watched_and_its_figures_are_thrown_away(tmp_path: Path) -> None:
    done = run_profiler("run", "/bin/sh", "-c", FORKING, scratch=tmp_path)
    profile = document_of(done)
    assert "nobody may see" not in done.stdout.replace(FORKING, "")
    assert profile.command == ["/bin/sh", "-c", FORKING]
    assert profile.counters["stat"]["processes"] >= FORKS
    assert profile.counters["vmstat"]["pgfault"] > 10 * FORKS
    assert 0 < profile.interval_s < 60
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_machine_without_perf_says_so_and_is_counted_all_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROFILER, "run", "/bin/sh", "-c", FORKING],
        env={"PATH": without_perf(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    profile = document_of(done)
    assert profile.perf == ""
    assert "perf is not on this machine" in profile.notes
    assert profile.counters["stat"]["processes"] >= FORKS


def perf_works(scratch: Path) -> bool:
    if shutil.which("perf") is None:
        return False
    trial = ["perf", "record", "-q", "-a", "-o", str(scratch / "trial"), "sleep", "0.1"]
    return subprocess.run(trial, capture_output=True, check=False, timeout=30).returncode == 0


def test_perf_says_where_time_went(tmp_path: Path) -> None:
    if not perf_works(tmp_path):
        pytest.skip("perf is not here, or may not record: see /proc/sys/kernel/perf_event_paranoid")
    (tmp_path / "trial").unlink()
    spinning = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
    profile = document_of(run_profiler("run", "/bin/dash", "-c", spinning, scratch=tmp_path))
    assert "dash" in profile.perf
    assert "%" in profile.perf.splitlines()[0]


def test_a_program_that_fails_has_no_profile(tmp_path: Path) -> None:
    done = run_profiler("run", "/bin/sh", "-c", "echo broken >&2; exit 3", scratch=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "broken\nprofile: /bin/sh ended with status 3\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "usage: profile run PROGRAM"),
        (["begin", "2"], 2, "usage: profile run PROGRAM"),
        (["watch", "2", "/nowhere"], 2, "usage: profile run PROGRAM"),
        (["setup", "2", "/nowhere/at/all"], 1, "/nowhere/at/all is no directory"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    done = run_profiler(*arguments, scratch=tmp_path)
    assert done.returncode == code
    assert words in done.stderr


def test_the_four_calls_of_a_monitor_make_a_profile(tmp_path: Path) -> None:
    """What reaim does, by hand: each call ends at once, whatever perf does meanwhile."""
    watched = tmp_path / "watched"
    watched.mkdir()
    for step in ("setup", "begin"):
        started_s = time.monotonic()
        assert run_profiler(step, "4", watched, scratch=tmp_path).stdout == ""
        assert time.monotonic() - started_s < 5
    subprocess.run(["/bin/sh", "-c", FORKING], check=True, capture_output=True)
    assert run_profiler("halt", "4", watched, scratch=tmp_path).returncode == 0
    profile = document_of(run_profiler("report", "4", watched, scratch=tmp_path))
    assert profile.counters["stat"]["processes"] >= FORKS


SNAPSHOTS = {
    "uptime": ("100.25 50.0\n", "101.75 50.0\n"),
    "stat": (
        "cpu  10 0 20 300 0 0 1 0 0 0\ncpu0 10 0 20 300 0 0 1 0 0 0\nintr 500 1 2\nctxt 4000000000\nprocesses 7\n",
        "cpu  15 0 25 300 0 0 1 0 0 0\ncpu0 15 0 25 300 0 0 1 0 0 0\nintr 510 1 2\nctxt 5000000000\nprocesses 7\n",
    ),
    "vmstat": ("nr_free_pages 900\npgfault 10\nsame 1\n", "nr_free_pages 888\npgfault 30\nsame 1\nnew 4\n"),
    "schedstat": (
        "version 15\ntimestamp 1\ncpu0 0 0 10 1 2 3 100 5 9\ndomain0 3 1 2\ncpu1 0 0 20 1 2 3 100 5 9\n",
        "version 15\ntimestamp 9\ncpu0 0 0 11 1 2 3 150 5 9\ndomain0 3 9 9\ncpu1 0 0 22 1 2 3 150 5 9\n",
    ),
    "softirqs": ("    CPU0 CPU1\n  TIMER: 1 2\n  RCU: 5 5\n", "    CPU0 CPU1\n  TIMER: 4 4\n  RCU: 5 5\n"),
    "interrupts": (
        '    CPU0 CPU1\n 24: 1 2 IO-APIC 5-edge "odd\\\\name"\nLOC: 7 8 Local timer interrupts\nERR: 0\n',
        '    CPU0 CPU1\n 24: 1 5 IO-APIC 5-edge "odd\\\\name"\nLOC: 9 9 Local timer interrupts\nERR: 2\n',
    ),
    "diskstats": (
        "254 0 vda 3 0 8 1 1 0 2 1\n7 0 loop0 1 0 1 0 0 0 0\n",
        "254 0 vda 5 0 18 1 1 0 2 1\n7 0 loop0 9 0 9 0 0 0 0\n",
    ),
}


def test_counters_are_what_changed_summed_over_processors(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text('a "note"\n', encoding="utf-8")
    for source, (begin, halt) in SNAPSHOTS.items():
        (tmp_path / f"begin.{source}").write_text(begin, encoding="utf-8")
        (tmp_path / f"halt.{source}").write_text(halt, encoding="utf-8")
    profile = document_of(run_profiler("report", "2", tmp_path, scratch=tmp_path))
    assert profile.interval_s == 1.5
    assert profile.notes == ['a "note"']
    assert profile.counters == {
        "stat": {"user_ticks": 5, "system_ticks": 5, "intr": 10, "ctxt": 1_000_000_000},
        "vmstat": {"nr_free_pages": -12, "pgfault": 20, "new": 4},
        "schedstat": {"schedules": 3, "run ns": 100},
        "softirqs": {"TIMER": 5},
        "interrupts": {"24 IO-APIC 5-edge oddname": 3, "LOC Local timer interrupts": 3, "ERR": 2},
        "diskstats": {"vda reads": 2, "vda read KiB": 5},
    }


def test_a_report_without_a_pass_is_refused(tmp_path: Path) -> None:
    assert run_profiler("setup", "1", tmp_path, scratch=tmp_path).returncode == 0
    done = run_profiler("report", "1", tmp_path, scratch=tmp_path)
    assert done.returncode == 1
    assert "before the monitor was told to begin" in done.stderr


def test_reaim_calls_it_at_the_right_moments(tmp_path: Path, reaim: Path) -> None:
    options = ["-s2", "-e2", "-j40", f"-f{WORKFILE}", "-c/dev/null", "--seed=1", f"-l{tmp_path}/log"]
    done = run_profiler("run", reaim, *options, scratch=tmp_path)
    profile = document_of(done)
    assert profile.command[1:] == options
    assert profile.counters["stat"]["ctxt"] > 0
    assert '"schema"' not in done.stderr, "the document is printed once"


def test_a_reaim_that_fails_has_no_profile(tmp_path: Path, reaim: Path) -> None:
    done = run_profiler("run", reaim, "-f/nowhere", scratch=tmp_path)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "/nowhere" in done.stderr


def phase(name: str, argv: list[str], *, result_format: str) -> dict[str, Any]:
    limits = {"timeout_s": 60, "term_grace_s": 2, "output_limit_bytes": 1_000_000}
    return {"name": name, "argv": argv, "result_format": result_format} | limits


def test_the_agent_measures_first_and_profiles_afterwards(tmp_path: Path, reaim: Path) -> None:
    """Both phases for real: the documents that arrive are those that the server stores."""
    subprocess.run(["make", "-s", "-C", str(ROOT / "agent"), "all"], check=True)
    options = ["-s2", "-e2", "-j40", f"-f{WORKFILE}", "-c/dev/null", f"-l{tmp_path}/log", "--seed=1", "--json"]
    measured = [str(reaim), *options]
    job = {
        "schema": "kdyno.job/1",
        "attempt_id": 7,
        "phases": [
            phase("reaim-short", [*measured, "-r2"], result_format="reaim"),
            phase("profile:reaim-short", [str(PROFILER), "run", *measured], result_format="profile"),
        ],
    }
    contract_validator("job").validate(job)
    token = tmp_path / "token"
    token.write_text("a-token\n", encoding="utf-8")
    state = ContractState(job, token="a-token")
    with serving(state) as port:
        command = [ROOT / "agent/build/kdyno-agent", "--server", f"http://127.0.0.1:{port}/", "--attempt", "7"]
        command += ["--token-file", token, "--spool", tmp_path / "spool"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert state.violations == []
    result = state.find(phase="reaim-short", kind="result")
    profiled = state.find(phase="profile:reaim-short", kind="result")
    assert result is not None and profiled is not None, done.stderr
    (benchmark,) = ReaimDocument.model_validate(result["document"]).benchmarks
    assert (benchmark.status, benchmark.name, benchmark.placement) == ("done", "short", "2 users")
    assert len(benchmark.metrics[0].samples) == 2
    assert ProfileDocument.model_validate(profiled["document"]).counters["stat"]
    order = [(phase_name, kind) for phase_name, _, kind in state.outline()]
    assert order.index(("reaim-short", "phase_finished")) < order.index(("profile:reaim-short", "phase_started"))
