# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab that cannot start says why, and what to change."""

import os
import socket
import stat
from pathlib import Path

import pytest

from kdyno.config import Paths
from kdyno.supervisor.child import describe_end
from kdyno.supervisor.errors import LabError
from kdyno.supervisor.lab import make_layout
from kdyno.supervisor.lock import AlreadyRunningError, exclusive, is_held
from kdyno.supervisor.ports import PortTakenError, require_free_port
from kdyno.supervisor.tokens import ensure_token
from kdyno.supervisor.user import ServiceUser, can_execute, first_closed_directory, private_directory

STRANGER = ServiceUser(name="stranger", uid=54321, gid=54321)


def test_a_taken_port_is_named_with_its_holder_and_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            require_free_port("127.0.0.1", port, purpose="web pages", setting="KDYNO_PORT")
    message = str(caught.value)
    assert f"port {port}" in message
    assert f"pid {os.getpid()}" in message
    assert "KDYNO_PORT" in message
    require_free_port("127.0.0.1", port, purpose="web pages", setting="KDYNO_PORT")


def test_an_address_of_another_computer_is_no_taken_port() -> None:
    with pytest.raises(LabError, match="cannot listen on 192\\.0\\.2\\.1") as caught:
        require_free_port("192.0.2.1", 8080, purpose="web pages", setting="KDYNO_PORT")
    assert not isinstance(caught.value, PortTakenError)


def test_the_second_to_lock_is_told_who_was_first(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    assert not is_held(lock)
    with exclusive(lock):
        assert is_held(lock)
        with pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}"), exclusive(lock):
            pass
    assert not is_held(lock)


def test_a_token_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = ensure_token(tmp_path / "token")
    assert len(token) >= 40
    assert ensure_token(tmp_path / "token") == token
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_the_directory_that_closes_the_way_is_named(tmp_path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o011)
    program = tmp_path / "a" / "b" / "program"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    assert can_execute(program, user=STRANGER)
    (tmp_path / "a").chmod(0o700)
    assert first_closed_directory(program, user=STRANGER) == tmp_path / "a"
    assert not can_execute(program, user=STRANGER)


def test_a_link_is_no_private_directory(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path.parent)
    with pytest.raises(LabError, match="not a directory"):
        private_directory(tmp_path / "link", user=None)


def test_a_data_directory_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="KDYNO_DATA_DIR"):
        make_layout(Paths(tmp_path / "file" / "lab"))


@pytest.mark.parametrize(
    ("code", "words"), [(3, "exit code 3"), (-9, "killed by SIGKILL"), (-40, "killed by signal 40")]
)
def test_ends_are_described(code: int, words: str) -> None:
    assert describe_end(code) == words
