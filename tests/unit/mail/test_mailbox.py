# SPDX-License-Identifier: GPL-2.0-or-later
"""The mailbox reads foreign mails without trusting them."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from kdyno.mail.mailbox import MailNotFoundError, list_mails, read_attachment, read_mail, text_of_html
from kdyno.mail.sink import forget_oldest, store


def mail(subject: str = "Verdict", text: str = "regression\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "kdyno <kdyno@localhost>"
    message["To"] = "dev@example.org"
    message["Subject"] = subject
    message.set_content(text)
    return message


def write(directory: Path, *, number: int, content: bytes) -> str:
    name = f"{1700000000000 + number:013d}-0000000{number % 10}.eml"
    (directory / name).write_bytes(content)
    return name


def test_pages_are_newest_first_and_clamped(tmp_path: Path) -> None:
    for number in range(7):
        write(tmp_path, number=number, content=mail(f"m{number}").as_bytes())
    (tmp_path / "notes.eml").write_text("not a mail of ours")
    first, last = list_mails(tmp_path, page=1, page_size=3), list_mails(tmp_path, page=99, page_size=3)
    assert [summary.subject for summary in first.mails] == ["m6", "m5", "m4"]
    assert [summary.subject for summary in last.mails] == ["m0"]
    assert (first.total, first.pages, last.page) == (7, 3, 3)
    assert list_mails(tmp_path / "empty").mails == []


def test_text_and_picture_come_out(tmp_path: Path) -> None:
    message = mail(text="Überall\n")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="samples.png")
    message.add_attachment("<script>x</script>", subtype="html", filename="../../etc/x.html")
    name = write(tmp_path, number=1, content=message.as_bytes())
    read = read_mail(tmp_path, name)
    assert read.text == "Überall\n"
    assert [(a.filename, a.picture) for a in read.attachments] == [("samples.png", True), ("../../etc/x.html", False)]
    assert read_attachment(tmp_path, name, index=0)[1] == b"\x89PNG"
    with pytest.raises(MailNotFoundError):
        read_attachment(tmp_path, name, index=2)


@pytest.mark.parametrize("name", ["../token", "x.eml", "/etc/passwd", "1700000000000-00000000.eml", "a\n.eml", ""])
def test_only_a_mail_of_exactly_that_name_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "token").write_text("secret")
    with pytest.raises(MailNotFoundError):
        read_mail(tmp_path, name)


def test_broken_mails_are_read_as_far_as_possible(tmp_path: Path) -> None:
    contents = [
        b"",
        b"\xff\xfe\x00",
        b"Subject: x\nContent-Type: text/plain; charset=klingon\n\nqapla\xff",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhalf",
        b"Subject: =?utf-8?q?=FF?=\nContent-Transfer-Encoding: base64\n\n!!!!",
    ]
    for number, content in enumerate(contents):
        read_mail(tmp_path, write(tmp_path, number=number, content=content))
    assert len(list_mails(tmp_path).mails) == len(contents)


def test_html_is_reduced_to_what_a_reader_sees() -> None:
    html = "<head><title>t</title></head><p>one<br>two</p><script>alert(1)</script><div>a &lt;b&gt; c</div>"
    assert text_of_html(html) == "one\ntwo\na <b> c"


def test_the_sink_keeps_the_newest(tmp_path: Path) -> None:
    names = [store(tmp_path, content=mail(str(number)).as_bytes()) for number in range(5)]
    forget_oldest(tmp_path, kept=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)[-2:]
