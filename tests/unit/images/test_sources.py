# SPDX-License-Identifier: GPL-2.0-or-later
"""Which of a host's package sources the golden image may be made from."""

from pathlib import Path

import pytest

from kdyno_lab.images.sources import suitable_sources, write_sources

DEBIAN = """\
# a comment
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_suite_and_its_updates_fit(apt: Path) -> None:
    security = DEBIAN.replace("bookworm bookworm-updates", "bookworm-security")
    (apt / "sources.list.d" / "debian.sources").write_text(f"{DEBIAN}\n{security}")
    entries = suitable_sources("bookworm", apt_directory=apt)
    assert len(entries) == 2
    assert all(entry.startswith("Types: deb") for entry in entries)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Suites: bookworm bookworm-updates", "Suites: trixie"),
        ("Suites: bookworm bookworm-updates", "Suites: bookworm trixie"),
        ("Components: main", "Components: stable"),
        ("Types: deb", "Types: deb-src"),
        ("Components: main", "Components: main\nEnabled: no"),
    ],
)
def test_what_is_not_this_suite_of_debian_is_left_out(apt: Path, old: str, new: str) -> None:
    (apt / "sources.list.d" / "other.sources").write_text(DEBIAN.replace(old, new))
    assert suitable_sources("bookworm", apt_directory=apt) == []


def test_one_line_entries_fit_too(apt: Path) -> None:
    line = "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib"
    other = "deb https://vendor.example/debian bookworm stable"
    (apt / "sources.list").write_text(f"# old\n{line}\n{other}\ndeb-src http://mirror.example/debian bookworm main\n")
    assert suitable_sources("bookworm", apt_directory=apt) == [line]


def test_a_host_of_another_distribution_has_none(apt: Path) -> None:
    assert suitable_sources("bookworm", apt_directory=apt) == []


def test_files_are_named_so_that_apt_knows_their_format(apt: Path, tmp_path: Path) -> None:
    entries = ["Types: deb\nSuites: bookworm", "deb http://mirror.example/debian bookworm main"]
    assert [path.name for path in write_sources(entries, directory=tmp_path)] == ["host.sources", "host.list"]
    assert write_sources([], directory=tmp_path) == []
