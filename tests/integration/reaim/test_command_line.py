# SPDX-License-Identifier: GPL-2.0-or-later
"""Command line, configuration file and workfile: what existing wrappers write, and what goes wrong in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RESULT_LINE = re.compile(r"^[\d. ]+$")


def results(stdout: str) -> list[list[str]]:
    """The lines that wrappers take for results: digits, dots and blanks alone."""
    return [line.split() for line in stdout.splitlines() if RESULT_LINE.match(line)]


def test_a_wrappers_command_line(reaim: Any) -> None:
    reaim.workfile("10 null\n20 jmp_test\n", name="workfile.compute")
    (reaim.folder / "reaim.config").write_text("FILESIZE 10k\nPOOLSIZE 1m\nDISKDIR .\n")
    done = reaim("-s4", "-e4", "-i4", "-fworkfile.compute", "-r1", "-c./reaim.config", "-l./out", "-j100")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "Num     Parent   Child   Child  Jobs per   Jobs/min/  Std_dev  Std_dev  JTI" in lines
    assert "Forked  Time     SysTime UTime   Minute     Child      Time     Percent" in lines
    ((users, *figures, jti),) = results(done.stdout)
    assert users == "4"
    assert all(re.fullmatch(r"\d+\.\d\d", figure) for figure in figures)
    assert re.fullmatch(r"\d+", jti)
    assert lines[-1] == f"Max Jobs per Minute {figures[3]}"
    header, row = (reaim.folder / "out.csv").read_text().splitlines()
    assert header == "Forks,JPM,JPM_C,JPS_C,parent_tm,childU_tm,childS_tm,std_dev,JTI,max_c,min_c"
    assert row.split(",")[:2] == ["4", figures[3]]
    assert reaim.leftovers() == []


@pytest.mark.parametrize(
    "arguments, users",
    [
        (["-s2"], [2]),
        (["-s1", "-e3"], [1, 2, 3]),
        (["-s", "2", "-e", "8", "-i", "3"], [2, 5, 8]),
        (["--startusers", "1", "--endusers=4", "--increment", "3", "--timeroff"], [1, 4]),
        (["--startusers=3", "-t", "-v", "-m", "--verbose", "--multiuser", "-y"], [3]),
        (["-d", "-d", "-d3", "--debug", "--debug=2", "-s2"], [2]),
    ],
)
def test_users_of_the_passes(reaim: Any, arguments: list[str], users: list[int]) -> None:
    reaim.workfile("10 null\n")
    done = reaim(*arguments)
    assert done.returncode == 0, done.stderr
    assert [int(row[0]) for row in results(done.stdout)] == users


def test_repetitions_keep_their_files_apart(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    assert reaim("-r3", "-b", "-d2", "-lout").returncode == 0
    for number in (1, 2, 3):
        for suffix in ("csv", "log", "debuglog", "summary", "html"):
            assert (reaim.folder / f"out.{number}.{suffix}").stat().st_size > 0


def test_the_single_user_mode(reaim: Any) -> None:
    reaim.workfile("10 null\n10 jmp_test\n5 null\n")
    done = reaim("-o", "-p1", "-lout")
    assert done.returncode == 0, done.stderr
    header, *rows = [line.split("\t") for line in (reaim.folder / "out.ss").read_text().splitlines()]
    assert header[:4] == ["Test Number", "Test Name", "Elapsed Time(sec)", "Iteration Count"]
    assert [row[:2] for row in rows] == [["1", "null"], ["2", "jmp_test"]]
    for row in rows:
        elapsed, count, rate, operations = map(float, row[2:6])
        assert 1 <= elapsed < 3
        assert rate == pytest.approx(count / elapsed, rel=0.02)
        assert operations == pytest.approx(rate * (1000 if row[1] == "jmp_test" else 1), rel=0.02)
    assert "Projected finish" in done.stdout
    assert "Actual finish" in done.stdout


def test_compat_writes_the_released_name(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    assert reaim("-o", "-p1", "--compat").returncode == 0
    assert (reaim.folder / "singleuser.ss").exists()


def test_maximum_detection_ends_an_open_run(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    done = reaim("-g", "-t", "-i2", "-e200", timeout_s=120)
    assert done.returncode == 0, done.stderr
    passes = len(results(done.stdout))
    assert passes >= 5
    assert re.search(r"End: (max sustained|job rate dropping|last number of users reached)", done.stdout)


def test_options_beat_the_workfile_which_beats_the_configuration(reaim: Any) -> None:
    config = reaim.folder / "reaim.config"
    config.write_text("FILESIZE 1k\nSTARTUSERS 3\nJOBS 7\n# INCREMENT 5\n")
    reaim.workfile("10 disk_rd\n")
    plan = json.loads(reaim("--plan", "--json").stdout)
    assert (plan["file_kib"], plan["users"], plan["jobs_per_child"]) == (1, 3, 7)
    reaim.workfile("FILESIZE: 2k\n10 disk_rd\n")
    assert json.loads(reaim("--plan", "--json").stdout)["file_kib"] == 2
    plan = json.loads(reaim("--plan", "--json", "--filesize=4k", "-s1", "-j5").stdout)
    assert (plan["file_kib"], plan["users"], plan["jobs_per_child"]) == (4, 1, 5)


def test_switches_of_the_configuration(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    (reaim.folder / "reaim.config").write_text("ONEUSER 1\nPERIOD 1\nBRIEF 0\n")
    assert "Projected finish" in reaim().stdout
    assert results(reaim("-m").stdout)


def test_the_papers_list_option_names_the_configuration(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    (reaim.folder / "other.config").write_text("STARTUSERS 2\n")
    assert json.loads(reaim("--list=other.config", "--plan", "--json").stdout)["users"] == 2


def test_the_list_of_sub_tests(reaim: Any) -> None:
    listing = json.loads(reaim("--list", "--json").stdout)
    names = [subtest["name"] for subtest in listing["subtests"]]
    assert names == sorted(names)
    assert "null" in names
    text = reaim("--list").stdout
    assert all(re.search(rf"^{name} ", text, re.MULTILINE) for name in names)


def test_help_names_every_option_and_what_it_is(reaim: Any) -> None:
    text = reaim("--help").stdout
    assert "re-aim style workload, an independent implementation" in " ".join(text.split())
    released = "debug verbose startusers endusers increment file config logprefix crossover quick guesspeak jobs multiuser oneuser period timeroff repeat brief nosync help"  # noqa: E501
    for name in released.split():
        assert f"--{name}" in text


def test_the_manual_names_every_option(reaim: Any) -> None:
    manual = (Path(__file__).parents[3] / "bench-c/reaim/reaim.1").read_text(encoding="utf-8").replace("\\-", "-")
    for name in re.findall(r"--([a-z-]+)", reaim("--help").stdout):
        assert f"--{name}" in manual, name


@pytest.mark.parametrize(
    "arguments, problem",
    [
        (["-s0"], "--startusers 0: N must be a whole number from 1 to 100000"),
        (["-sx"], "--startusers x"),
        (["-s5", "-e3"], "3 end users are fewer than 5 start users"),
        (["--nonsense"], "unknown option --nonsense"),
        (["-s"], "-s needs a value"),
        (["stray"], "unexpected stray"),
        (["-m", "-o"], "exclude each other"),
        (["--block-size=3k"], "--block-size"),
        (["--filesize=10"], "must be a number with k or m"),
        (["--seed=-1"], "--seed -1"),
        (["--cache-fraction=0"], "--cache-fraction 0"),
    ],
)
def test_usage_errors_exit_with_2(reaim: Any, arguments: list[str], problem: str) -> None:
    reaim.workfile("10 null\n")
    done = reaim(*arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "workfile: no sub-test with a weight above 0"),
        ("0 null\n", "workfile: no sub-test with a weight above 0"),
        ("\n# x\n10 add_duble\n", "workfile:3: unknown sub-test add_duble, did you mean add_double?"),
        ("10 qqqqqqqqqqqqqqqqqqq\n", "workfile:1: unknown sub-test qqqqqqqqqqqqqqqqqqq; see reaim --list"),
        ("ten null\n", "workfile:1: ten is no weight"),
        ("-1 null\n", "workfile:1: -1 is no weight"),
        ("10\n", "workfile:1: no sub-test after the weight"),
        ("FILESIZE: lots\n", "workfile:1: FILESIZE: lots must be a number with k or m"),
        ("10 null extra\n", "workfile:1: unknown sub-test null extra"),
        ("10 disk_rd\n", "workfile has disk sub-tests, but FILESIZE and POOLSIZE are both zero"),
        ("POOLSIZE: 1k\n10 disk_rd\n", "the disk files of 2 users would be empty"),
        (f"10 {'x' * 5000}\n", "workfile:1: the line is longer than"),
    ],
)
def test_a_bad_workfile_is_told_by_its_line(reaim: Any, text: str, problem: str) -> None:
    reaim.workfile(text)
    done = reaim("-s2")
    assert done.returncode == 1
    assert problem in done.stderr


@pytest.mark.parametrize(
    "text, problem",
    [
        ("# c\nNONSENSE 1\n", "reaim.config:2: unknown key NONSENSE"),
        ("STARTUSERS\n", "reaim.config:1: STARTUSERS has no value"),
        ("STARTUSERS many\n", "reaim.config:1: STARTUSERS many: must be a whole number"),
        ("CROSSOVER yes\n", "reaim.config:1: CROSSOVER yes: must be 0 or 1"),
        ("FILESIZE 10\n", "reaim.config:1: FILESIZE 10: must be a number with k or m"),
        ("DISKDIR /nowhere/at/all\n", "disk directory /nowhere/at/all: No such file or directory"),
    ],
)
def test_a_bad_configuration_is_told_by_its_line(reaim: Any, text: str, problem: str) -> None:
    reaim.workfile("10 null\n")
    (reaim.folder / "reaim.config").write_text(text)
    done = reaim()
    assert done.returncode == 1
    assert problem in done.stderr


def test_compat_forgives_unknown_keys(reaim: Any) -> None:
    reaim.workfile("10 null\n")
    (reaim.folder / "reaim.config").write_text("NONSENSE 1\n")
    done = reaim("--compat")
    assert done.returncode == 0
    assert "warning: reaim.config:1: unknown key NONSENSE" in done.stderr


def test_missing_files_are_named(reaim: Any) -> None:
    assert "workfile nowhere: No such file or directory" in reaim("-fnowhere").stderr
    reaim.workfile("10 null\n")
    done = reaim("-cnowhere.config")
    assert done.returncode == 1
    assert "nowhere.config: No such file or directory" in done.stderr
    done = reaim("-l/nowhere/out")
    assert done.returncode == 1
    assert "/nowhere/out.log: No such file or directory" in done.stderr
    assert reaim.leftovers() == []


TOKENS = st.sampled_from(
    ["FILESIZE:", "POOLSIZE:", "FILESIZE", "DISKDIR", "SEED", "null", "disk_rd", "10", "1k", "#", "\n"]
)
NOISE = st.lists(TOKENS | st.text(max_size=12), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(workfile=NOISE, config=NOISE, option=st.text(max_size=10).filter(lambda text: "\0" not in text))
def test_noise_is_refused_in_good_order(faulty: Any, workfile: str, config: str, option: str) -> None:
    """Under the sanitizers: whatever stands in the files and options, the program says so and ends."""
    (faulty.folder / "workfile").write_bytes(workfile.encode("utf-8", "surrogatepass"))
    (faulty.folder / "reaim.config").write_bytes(config.encode("utf-8", "surrogatepass"))
    done = faulty("--plan", f"--jobs={option.encode('utf-8', 'replace').decode('utf-8')}")
    assert done.returncode in (0, 1, 2)
    assert (done.returncode == 0) == (done.stderr == "" or done.stderr.startswith("reaim: warning:"))
    assert "Sanitizer" not in done.stderr
    done = faulty("--plan")
    assert done.returncode in (0, 1)
    assert done.returncode == 0 or done.stderr.startswith("reaim: ")
