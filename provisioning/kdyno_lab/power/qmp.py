# SPDX-License-Identifier: GPL-2.0-or-later
"""The few words of QEMU's monitor protocol (QMP) that a power switch needs."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kdyno_lab.power.deadline import Deadline
from kdyno_lab.power.driver import PowerError, PowerTimeoutError


class QmpError(PowerError):
    """QEMU refused a command or hung up."""


@contextmanager
def _connected(path: Path, *, deadline: Deadline) -> Iterator[socket.socket]:
    """Connect through the directory's descriptor: socket paths are limited to 107 bytes, data directories are not."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(max(0.01, deadline.remaining_s()))
            connection.connect(f"/proc/self/fd/{directory}/{path.name}")
            yield connection
    finally:
        os.close(directory)


def execute(path: Path, command: str, *, deadline: Deadline) -> dict[str, Any]:
    """Run one command and return its answer.

    Raises QmpError when QEMU refuses or hangs up, PowerTimeoutError when it does not answer, OSError when nobody
    listens.
    """
    with _connected(path, deadline=deadline) as connection:
        stream = connection.makefile("rwb")
        _read_until(connection, stream, "QMP", deadline=deadline)
        _send(stream, "qmp_capabilities")
        _read_until(connection, stream, "return", deadline=deadline)
        _send(stream, command)
        answer = _read_until(connection, stream, "return", deadline=deadline)
        return dict(answer["return"])


def _send(stream: Any, command: str) -> None:
    stream.write(json.dumps({"execute": command}).encode() + b"\n")
    stream.flush()


def _read_until(connection: socket.socket, stream: Any, key: str, *, deadline: Deadline) -> dict[str, Any]:
    """Read messages until one has `key`; events in between are skipped."""
    while True:
        deadline.check("waiting for QEMU's monitor")
        connection.settimeout(max(0.01, deadline.remaining_s()))
        try:
            line = stream.readline()
        except TimeoutError as error:
            raise PowerTimeoutError("QEMU's monitor does not answer") from error
        if not line:
            raise QmpError("QEMU closed its monitor")
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise QmpError(f"QEMU refused: {message['error'].get('desc', message['error'])}")
        if key in message:
            return message
