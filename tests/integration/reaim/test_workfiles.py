# SPDX-License-Identifier: GPL-2.0-or-later
"""The workfiles hold the released mixes, and only what the program knows."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

WORKFILES = Path(__file__).parents[3] / "bench-c/reaim/workfiles"


class Released(NamedTuple):
    """What is known of a released workfile: tests, sum of weights, and how many tests have which weight."""

    lines: int
    total_weight: int
    lines_of_weight: dict[int, int]


RELEASED = {
    "aim9": Released(60, 600, {10: 60}),
    "all_utime": Released(16, 170, {20: 1, 15: 1, 10: 13, 5: 1}),
    "alltests": Released(63, 1000, {30: 7, 20: 23, 10: 33}),
    "compute": Released(26, 820, {50: 4, 40: 7, 30: 8, 20: 3, 10: 4}),
    "custom": Released(27, 410, {30: 1, 20: 12, 10: 14}),
    "dbase": Released(23, 550, {40: 6, 30: 5, 20: 4, 10: 8}),
    "disk": Released(20, 400, {20: 20}),
    "five_sec": Released(11, 220, {20: 11}),
    "fserver": Released(31, 595, {40: 2, 30: 8, 20: 8, 10: 10, 5: 3}),
    "high_systime": Released(18, 260, {30: 1, 20: 6, 10: 11}),
    "long": Released(18, 180, {10: 18}),
    "new_dbase": Released(25, 570, {40: 6, 30: 5, 20: 4, 10: 10}),
    "new_fserver": Released(28, 580, {40: 2, 30: 8, 20: 8, 10: 10}),
    "shared": Released(53, 780, {30: 6, 20: 13, 10: 34}),
    "short": Released(17, 340, {20: 17}),
}


def fields(workfile: Path) -> list[list[str]]:
    lines = (line.partition("#")[0].split() for line in workfile.read_text(encoding="ascii").splitlines())
    return [line for line in lines if line]


def weights(workfile: Path) -> list[tuple[str, int]]:
    return [(name, int(weight)) for weight, name in fields(workfile) if not weight.endswith(":")]


def all_workfiles() -> list[Path]:
    return sorted(WORKFILES.glob("workfile.*"))


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_mix_has_its_lines_and_weights(name: str) -> None:
    released, tests = RELEASED[name], weights(WORKFILES / f"workfile.{name}")
    assert len(tests) == released.lines
    assert sum(weight for _, weight in tests) == released.total_weight
    assert Counter(weight for _, weight in tests) == released.lines_of_weight


def test_only_alltests_names_a_test_twice_and_the_last_weight_is_30() -> None:
    for workfile in all_workfiles():
        counts = Counter(name for name, _ in weights(workfile))
        twice = [name for name, count in counts.items() if count > 1]
        assert twice == (["string_rtns"] if workfile.name == "workfile.alltests" else []), workfile
    alltests = weights(WORKFILES / "workfile.alltests")
    assert [weight for name, weight in alltests if name == "string_rtns"] == [20, 30]


@pytest.mark.parametrize(
    ("workfile", "test", "weight"),
    [
        ("all_utime", "add_float", 15),
        ("all_utime", "add_short", 5),
        ("compute", "page_test", 50),
        ("compute", "disk_rd", 30),
        ("dbase", "sync_disk_update", 30),
        ("new_dbase", "sync_disk_update", 10),
        ("fserver", "sync_disk_wrt", 5),
        ("high_systime", "pipe_cpy", 30),
        ("shared", "sieve", 10),
        ("custom", "sieve", 30),
    ],
)
def test_weights_that_tell_mixes_apart(workfile: str, test: str, weight: int) -> None:
    assert (test, weight) in weights(WORKFILES / f"workfile.{workfile}")


def test_only_aim9_sets_a_file_size() -> None:
    sized = {path.name: line for path in all_workfiles() for line in fields(path) if line[0].endswith(":")}
    assert sized == {"workfile.aim9": ["FILESIZE:", "5M"]}


def test_aim9_is_the_released_classic_list() -> None:
    """Every test of the other released mixes is in aim9 or is one of the disk variants that came later."""
    aim9 = {name for name, _ in weights(WORKFILES / "workfile.aim9")}
    others = {name for released in RELEASED for name, _ in weights(WORKFILES / f"workfile.{released}")}
    assert all("disk_" in name for name in others - aim9)


@pytest.mark.parametrize("workfile", all_workfiles(), ids=lambda path: path.name)
def test_a_workfile_says_what_it_is(workfile: Path) -> None:
    licence, description = workfile.read_text(encoding="ascii").splitlines()[:2]
    assert licence == "# SPDX-License-Identifier: GPL-2.0-or-later"
    assert description.startswith("# ")


def test_the_program_knows_every_name(reaim_program: Path) -> None:
    listing = subprocess.run([reaim_program, "--list", "--json"], check=True, capture_output=True, timeout=10)
    known = {subtest["name"] for subtest in json.loads(listing.stdout)["subtests"]}
    named = {name for workfile in all_workfiles() for name, _ in weights(workfile)}
    assert named <= known
