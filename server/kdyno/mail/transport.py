# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands one message to a mail server."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 20.0
_DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class SmtpServer:
    """Where and how mail is handed over. Without a user there is no login; with one, TLS is required."""

    host: str
    port: int
    tls_from_start: bool
    user: str | None
    password: str

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read `smtp[s]://[user:password@]host[:port]`.

        Raises:
            ValueError: it is no such URL; the message does not repeat the password.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://[user:password@]host[:port], or smtps://...")
        return cls(
            host=parts.hostname,
            port=parts.port or _DEFAULT_PORTS[parts.scheme],
            tls_from_start=parts.scheme == "smtps",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or ""),
        )


def send(message: EmailMessage, *, smtp_url: str, timeout_s: float = TIMEOUT_S) -> None:
    """Send to all recipients of the message; each step with the server has `timeout_s`.

    Raises:
        OSError: the server is away, refuses, or has no TLS for a login (smtplib's errors are OSErrors).
        ValueError: the URL is wrong.
    """
    server = SmtpServer.from_url(smtp_url)
    with _connect(server, timeout_s=timeout_s) as connection:
        if server.user is not None:
            if not server.tls_from_start:
                # raises when the server has no STARTTLS: a password never crosses the network in clear text
                connection.starttls(context=ssl.create_default_context())
            connection.login(server.user, server.password)
        connection.send_message(message)


def _connect(server: SmtpServer, *, timeout_s: float) -> smtplib.SMTP:
    if server.tls_from_start:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=timeout_s)
