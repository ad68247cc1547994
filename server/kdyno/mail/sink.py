# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m kdyno.mail.sink`: a mail server that keeps every message as a file instead of delivering it.

The default of a lab without SMTP_URL: its mails can be read in the web pages, and nothing leaves the host.
"""

import asyncio
import logging
import os
import secrets
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from kdyno.config import ConfigError, load_settings
from kdyno.mail.mailbox import MAIL_NAME

log = logging.getLogger(__name__)


class Sink:
    """aiosmtpd's handler: writes a message, then forgets the oldest above the limit."""

    def __init__(self, directory: Path, *, mails_kept: int) -> None:
        self._directory = directory
        self._mails_kept = mails_kept

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 no content"
        try:
            name = store(self._directory, content=_with_envelope(envelope, content))
            forget_oldest(self._directory, kept=self._mails_kept)
        except OSError as error:
            log.error("mail not stored: %s", error)
            return "452 cannot store it now, try again"
        log.info("stored %s for %s", name, ", ".join(envelope.rcpt_tos))
        return "250 stored"


def store(directory: Path, *, content: bytes) -> str:
    """Write one message so that it is there as a whole and on disk, or not at all. Returns the file's name."""
    name = f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(4)}.eml"
    partial = directory / f".{name}.partial"
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(directory / name)
    return name


def forget_oldest(directory: Path, *, kept: int) -> None:
    """Remove the oldest messages above the number to keep."""
    names = sorted(path.name for path in directory.iterdir() if MAIL_NAME.match(path.name))
    for name in names[: max(0, len(names) - kept)]:
        (directory / name).unlink(missing_ok=True)


def _with_envelope(envelope: Envelope, content: bytes) -> bytes:
    """The message with the envelope's addresses on top, as a last mail server adds them."""
    sender = envelope.mail_from or ""
    recipients = ", ".join(envelope.rcpt_tos)
    return f"Return-Path: <{sender}>\r\nX-Envelope-To: {recipients}\r\n".encode("utf-8", "replace") + content


async def serve(directory: Path, *, port: int, mail_bytes: int, mails_kept: int) -> None:
    """Listen on loopback until TERM or INT."""
    handler = Sink(directory, mails_kept=mails_kept)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(handler, data_size_limit=mail_bytes, hostname="kdyno", ident="kdyno mailbox", loop=loop),
        host="127.0.0.1",
        port=port,
    )
    log.info("mail is taken on port %d and kept in %s", port, directory)
    async with server:
        await stopped.wait()


def main() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        settings = load_settings()
        settings.paths.mail.mkdir(parents=True, exist_ok=True)
        limits = settings.limits
        asyncio.run(
            serve(
                settings.paths.mail,
                port=settings.smtp_port,
                mail_bytes=limits.mail_bytes,
                mails_kept=limits.mails_kept,
            )
        )
    except (ConfigError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
