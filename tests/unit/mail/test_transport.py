# SPDX-License-Identifier: GPL-2.0-or-later
"""Where mail is handed over."""

import pytest

from kdyno.mail.transport import SmtpServer


def test_addresses_are_read() -> None:
    assert SmtpServer.from_url("smtp://localhost") == SmtpServer("localhost", 25, False, None, "")
    server = SmtpServer.from_url("smtps://me%40example.org:p%3Aw@mail.example.org:4650")
    assert server == SmtpServer("mail.example.org", 4650, True, "me@example.org", "p:w")


@pytest.mark.parametrize("url", ["", "mail.example.org", "http://mail.example.org", "smtp://"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL must look like"):
        SmtpServer.from_url(url)
