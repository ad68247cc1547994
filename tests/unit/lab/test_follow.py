# SPDX-License-Identifier: GPL-2.0-or-later
"""The console follower against a server in memory: every line once, whoever dies or is away."""

from pathlib import Path

import pytest

from fakes.console_server import TOKEN, ConsoleServer
from kdyno_lab.console import follow
from kdyno_lab.console.client import ConsoleClient
from kdyno_lab.console.follow import Follower

BOOT = b"[    0.000000] Linux version 6.1.170-kdyno-1 (b) #1\r\n[    0.1] Command line: kdyno.build=6.1.170-kdyno-1\r\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ConsoleServer:
    for name in ("SCAN_S", "BACK_OFF_FIRST_S", "BACK_OFF_MAX_S", "FLUSH_AFTER_S", "IDLE_AFTER_S"):
        monkeypatch.setattr(follow, name, 0.0)
    return ConsoleServer()


def follower(server: ConsoleServer, consoles: Path) -> Follower:
    client = ConsoleClient(server="http://kdyno", token=TOKEN, transport=server.transport())
    return Follower(consoles, client=client)


def run(reader: Follower, *, rounds: int = 20) -> None:
    for _ in range(rounds):
        reader.step()


def write(consoles: Path, content: bytes, *, attempt_id: int = 7) -> None:
    with (consoles / f"{attempt_id}.log").open("ab") as file:
        file.write(content)


def test_lines_arrive_as_they_are_completed(server: ConsoleServer, tmp_path: Path) -> None:
    reader = follower(server, tmp_path)
    write(tmp_path, b"one\r\ntw")
    run(reader)
    assert server.lines[7] == ["one"]
    write(tmp_path, b"o\nthree\n")
    run(reader)
    assert server.lines[7] == ["one", "two", "three"]


def test_ready_and_oops_become_events(server: ConsoleServer, tmp_path: Path) -> None:
    reader = follower(server, tmp_path)
    write(tmp_path, BOOT + b"kdyno-ready: 7\n[   3.0] Oops: 0002 [#1] SMP\n[   3.1] RIP: 0010:f+0x1/0x2\n")
    run(reader)
    assert server.kinds(7) == ["ready", "oops"]
    oops = server.events[7]["oops", 4]
    assert (oops["fatal"], oops["phase"], oops["rip"]) == (True, "kernel", "f+0x1/0x2")


@pytest.mark.parametrize("killed_after_rounds", range(8))
def test_a_new_reader_goes_on_where_the_dead_one_stopped(
    server: ConsoleServer, tmp_path: Path, killed_after_rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "READ_BYTES", 97)
    expected = [f"line {number}" for number in range(100)]
    write(tmp_path, BOOT + "".join(f"{line}\n" for line in expected).encode() + b"kdyno-ready: 7\n")
    run(follower(server, tmp_path), rounds=killed_after_rounds)
    run(follower(server, tmp_path), rounds=60)
    assert server.lines[7][2:-1] == expected
    assert server.kinds(7) == ["ready"]


def test_a_lost_answer_repeats_no_line(server: ConsoleServer, tmp_path: Path) -> None:
    reader = follower(server, tmp_path)
    run(reader)
    write(tmp_path, b"one\ntwo\n")
    server.forget_answers = 3
    run(reader)
    assert server.lines[7] == ["one", "two"]


def test_while_the_server_is_away_lines_stay_in_the_file(server: ConsoleServer, tmp_path: Path) -> None:
    reader = follower(server, tmp_path)
    write(tmp_path, b"one\n")
    run(reader)
    server.away = True
    write(tmp_path, b"two\n" * 10_000)
    run(reader)
    server.away = False
    run(reader, rounds=30)
    assert server.lines[7] == ["one", *["two"] * 10_000]


def test_a_restored_server_gets_what_it_lost(server: ConsoleServer, tmp_path: Path) -> None:
    write(tmp_path, b"one\ntwo\nthree\n")
    run(follower(server, tmp_path))
    del server.lines[7][1:]
    write(tmp_path, b"four\n")
    run(follower(server, tmp_path))
    assert server.lines[7] == ["one", "two", "three", "four"]


def test_a_finished_console_is_left_alone(server: ConsoleServer, tmp_path: Path) -> None:
    write(tmp_path, b"one\nhalf a li")
    server.ended.add(7)
    reader = follower(server, tmp_path)
    run(reader)
    assert server.lines[7] == ["one", "half a li"]
    assert reader.open_attempts == frozenset()
    asked = server.requests
    run(follower(server, tmp_path))
    assert server.requests == asked


def test_other_files_are_no_consoles(server: ConsoleServer, tmp_path: Path) -> None:
    (tmp_path / "notes.log").write_text("x\n", encoding="utf-8")
    run(follower(server, tmp_path))
    assert server.requests == 0
