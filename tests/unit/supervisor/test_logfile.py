# SPDX-License-Identifier: GPL-2.0-or-later
"""Child logs: bounded on disk and in memory, never the reason for an end."""

from pathlib import Path

from kdyno.supervisor.logfile import TAIL_LINES, LogFile


def test_two_files_hold_the_newest_output_and_no_more(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", max_bytes=1000)
    for number in range(500):
        log.write(f"line {number:04}\n".encode())
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["x.log", "x.log.1"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert files[0].read_text().endswith("line 0499\n")


def test_an_existing_file_counts(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"a" * 900)
    log = LogFile(tmp_path / "x.log", max_bytes=1000)
    log.write(b"b" * 200)
    assert (tmp_path / "x.log").read_bytes() == b"b" * 200
    assert (tmp_path / "x.log.1").read_bytes() == b"a" * 900


def test_the_tail_joins_pieces_and_keeps_an_unfinished_line(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", max_bytes=10_000)
    for piece in (b"one\ntw", b"o\nthr", b"ee"):
        log.write(piece)
    assert log.tail() == ["one", "two", "three"]


def test_the_tail_is_bounded(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", max_bytes=100_000)
    log.write(b"".join(b"%d\n" % number for number in range(1000)))
    log.write(b"x" * 50_000)
    assert len(log.tail()) == TAIL_LINES
    assert max(len(line) for line in log.tail()) == 500


def test_a_full_disk_costs_only_the_log() -> None:
    log = LogFile(Path("/dev/full"), max_bytes=10**9)
    log.write(b"lost\n")
    assert log.tail() == ["lost"]
