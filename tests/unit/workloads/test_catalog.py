# SPDX-License-Identifier: GPL-2.0-or-later
"""The catalogue: every file is a workload, every workfile of reaim can be asked for, placeholders are filled."""

from pathlib import Path

import pytest

from kdyno.checkout import PROGRAMS, ROOT
from kdyno.jobs.document import PROFILER, Phase
from kdyno.workloads.catalog import (
    MAX_USERS,
    ResultFormat,
    Workload,
    WorkloadError,
    WorkloadKind,
    catalog,
    default_names,
    load_workload,
)

WORKFILES = ROOT / "bench-c" / "reaim" / "workfiles"
INSTALLED = "/opt/kdyno/"
TEXT = """
name = "{name}"
title = "t"
about = "a"
kind = "macro"
timeout_s = 60
argv = {argv}
"""


def workload(tmp_path: Path, *, argv: str = '["/x"]', more: str = "") -> Workload:
    path = tmp_path / "x.toml"
    path.write_text(TEXT.format(name="x", argv=argv) + more, encoding="utf-8")
    return load_workload(path)


def of_reaim() -> list[Workload]:
    return [found for found in catalog().values() if found.result_format is ResultFormat.REAIM]


def test_every_workfile_has_a_workload_and_every_workload_a_workfile() -> None:
    asked = sorted(word.split("workfile.")[1] for found in of_reaim() for word in found.argv if word.startswith("-f"))
    assert asked == sorted(path.name.removeprefix("workfile.") for path in WORKFILES.iterdir())
    assert len(asked) >= 17
    for found in of_reaim():
        assert f"-f{INSTALLED}reaim/workfiles/workfile.{found.name[6:].replace('-', '_')}" in found.argv


def test_reaim_does_the_same_work_on_both_kernels() -> None:
    for found in of_reaim():
        assert any(word.startswith("--seed=") for word in found.argv), found.name
        assert "--json" in found.argv
        assert found.repeats >= 5, found.name


def test_every_program_of_the_catalogue_is_installed() -> None:
    directories = {name.removesuffix(".tar") for name in PROGRAMS}
    for found in catalog().values():
        program = found.argv[0].removeprefix(INSTALLED)
        assert program.split("/")[0] in directories, found.name
    assert PROFILER.removeprefix(INSTALLED) in directories


def test_only_micro_benchmarks_run_by_default() -> None:
    assert default_names()
    assert {catalog()[name].kind for name in default_names()} == {WorkloadKind.MICRO}


@pytest.mark.parametrize(("cpus", "users"), [(1, 2), (8, 16), (0, 2), (100_000, MAX_USERS)])
def test_users_follow_from_the_processors(tmp_path: Path, cpus: int, users: int) -> None:
    found = workload(tmp_path, argv='["/x", "-s{users}", "-e{users}"]', more="users_per_cpu = 2\n")
    assert found.command(cpus=cpus) == ["/x", f"-s{users}", f"-e{users}"]


def test_a_profile_runs_once_whatever_is_measured(tmp_path: Path) -> None:
    found = workload(tmp_path, argv='["/x", "-r{repeats}"]', more="repeats = 7\n")
    assert found.command(cpus=1) == ["/x", "-r7"]
    assert found.command(cpus=1, once=True) == ["/x", "-r1"]


def test_phases_of_one_workload_differ_where_they_must(tmp_path: Path) -> None:
    found = workload(tmp_path, argv='["/x", "-r{repeats}"]', more='repeats = 7\nresult_format = "reaim"\n')
    measured, profiled = Phase(found).entry(cpus=1), Phase(found, profiled=True).entry(cpus=1)
    assert (measured["name"], measured["argv"], measured["result_format"]) == ("x", ["/x", "-r7"], "reaim")
    assert (profiled["name"], profiled["result_format"]) == ("profile:x", "profile")
    assert profiled["argv"] == [PROFILER, "run", "/x", "-r1"]
    assert profiled["output_limit_bytes"] < measured["output_limit_bytes"]


@pytest.mark.parametrize(
    ("argv", "more", "reason"),
    [
        ('["/x", "-s{users}"]', "", "users_per_cpu and {users} in argv come together or not at all"),
        ('["/x"]', "users_per_cpu = 2\n", "users_per_cpu and {users} in argv come together or not at all"),
        ('["/x"]', "repeats = 2\n", "repeats and {repeats} in argv come together or not at all"),
        ('["/x"]', "users = 2\n", "x.toml: users: Extra inputs are not permitted"),
        ('["/x"]', 'result_format = "xml"\n', "x.toml: result_format: Input should be 'kbench', 'reaim'"),
        ("[]", "", "x.toml: argv: List should have at least 1 item"),
        ("[", "", "x.toml: "),
    ],
)
def test_a_file_that_is_no_workload_is_named_with_the_reason(tmp_path: Path, argv: str, more: str, reason: str) -> None:
    with pytest.raises(WorkloadError) as caught:
        workload(tmp_path, argv=argv, more=more)
    assert reason in str(caught.value)


def test_a_workload_is_named_like_its_file(tmp_path: Path) -> None:
    path = tmp_path / "y.toml"
    path.write_text(TEXT.format(name="x", argv='["/x"]'), encoding="utf-8")
    with pytest.raises(WorkloadError, match=r"y.toml: the name inside is 'x'"):
        load_workload(path)
