# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds taken ports before anything is started, and says who holds them."""

import socket

from kdyno.supervisor.errors import LabError


class PortTakenError(LabError):
    """A port that the lab needs is in use."""


def require_free_port(host: str, port: int, *, purpose: str, setting: str) -> None:
    """Raise PortTakenError, naming port, holder and setting, unless `port` can be listened on.

    Raises:
        LabError: `host` is no address of this computer.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError as error:
        raise LabError(f"{purpose}: only root may listen on port {port}; set {setting} to one above 1023") from error
    except OSError as error:
        if error.errno is None or not _is_listening(host, port):
            raise LabError(f"{purpose}: cannot listen on {host} port {port}: {error}") from error
        raise PortTakenError(
            f"{purpose}: port {port} on {host} is taken{_holder(port)}. "
            f"Stop that program, or set {setting} to a free port."
        ) from error


def _is_listening(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _holder(port: int) -> str:
    """' by NAME (pid N)' when the system tells us, else an empty text."""
    import psutil  # only on this path: it costs the supervisor memory

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
