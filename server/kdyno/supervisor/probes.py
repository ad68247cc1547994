# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a child whether it is ready. Each answers within a second and never raises."""

import socket
import subprocess
from pathlib import Path

TIMEOUT_S = 1.0


def http_ok(host: str, port: int, *, path: str) -> bool:
    """Whether an HTTP server answers `path` with status 200."""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode("ascii")
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
            connection.sendall(request)
            answer = connection.recv(64)
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.") and answer.split(b" ")[1:2] == [b"200"]


def smtp_greets(host: str, port: int) -> bool:
    """Whether a mail server says that it is ready."""
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
            return connection.recv(64).startswith(b"220")
    except OSError:
        return False


def valkey_pongs(path: Path) -> bool:
    """Whether the server behind a UNIX socket answers PING."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def postgres_accepts(pg_isready: Path, *, sockets: Path, role: str) -> bool:
    """Whether PostgreSQL accepts connections, by its own word."""
    try:
        ended = subprocess.run(
            [str(pg_isready), "-q", "-h", str(sockets), "-U", role, "-d", "postgres"],
            check=False,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ended.returncode == 0
