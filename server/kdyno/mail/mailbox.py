# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the mails that the sink has kept, for the mail pages. A directory is all it needs.

A mail is foreign input: HTML is reduced to its text, attachments come out as bytes with a type from a short list,
and a file is found by its exact name only.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path

# Names sort by time of arrival: milliseconds since 1970, then a random part.
MAIL_NAME = re.compile(r"^\d{13}-[0-9a-f]{8}\.eml$")

PAGE_SIZE = 50
LONGEST_TEXT = 200_000
SAFE_PICTURES = frozenset({"image/png", "image/jpeg"})
_UNSEEN_TAGS = frozenset({"script", "style", "head", "title", "template"})
_LINE_TAGS = frozenset({"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "pre"})


class MailNotFoundError(LookupError):
    """There is no mail of that name."""


@dataclass(frozen=True)
class MailSummary:
    """One line of the mailbox."""

    name: str
    sender: str
    recipient: str
    subject: str
    received_at: datetime


@dataclass(frozen=True)
class Attachment:
    """A part that is not the text. `picture`: safe to be shown as the picture that it says it is."""

    index: int
    filename: str
    content_type: str
    size_bytes: int
    picture: bool


@dataclass(frozen=True)
class Mail:
    """One mail, ready to be shown as plain text."""

    summary: MailSummary
    headers: list[tuple[str, str]]
    text: str
    attachments: list[Attachment]


@dataclass(frozen=True)
class MailPage:
    """Some mails, newest first, out of `total`. `page` counts from 1."""

    mails: list[MailSummary]
    page: int
    pages: int
    total: int


def list_mails(directory: Path, *, page: int = 1, page_size: int = PAGE_SIZE) -> MailPage:
    """One page of the mailbox; a page that does not exist is the nearest that does."""
    names = sorted((path.name for path in directory.glob("*.eml") if MAIL_NAME.match(path.name)), reverse=True)
    pages = max(1, -(-len(names) // page_size))
    page = min(max(1, page), pages)
    mails = []
    for name in names[(page - 1) * page_size : page * page_size]:
        try:
            with (directory / name).open("rb") as file:
                message = BytesParser(policy=policy.default).parse(file, headersonly=True)
        except FileNotFoundError:
            continue  # forgotten by the sink since we listed it
        mails.append(_summary(name, message))
    return MailPage(mails=mails, page=page, pages=pages, total=len(names))


def read_mail(directory: Path, name: str) -> Mail:
    """One mail.

    Raises:
        MailNotFoundError: there is none of that name.
    """
    message = _parse(directory, name)
    return Mail(
        summary=_summary(name, message),
        headers=[(key, _one_line(value)) for key, value in message.items()],
        text=_text_of(message)[:LONGEST_TEXT],
        attachments=[_describe(index, part) for index, part in enumerate(message.iter_attachments())],
    )


def read_attachment(directory: Path, name: str, *, index: int) -> tuple[Attachment, bytes]:
    """One attachment and its content.

    Raises:
        MailNotFoundError: there is no such mail or attachment.
    """
    for number, part in enumerate(_parse(directory, name).iter_attachments()):
        if number == index:
            return _describe(number, part), _bytes_of(part)
    raise MailNotFoundError(f"mail {name} has no attachment {index}")


def _parse(directory: Path, name: str) -> EmailMessage:
    if not MAIL_NAME.match(name):
        raise MailNotFoundError(f"{name[:80]!r} is not a mail")
    try:
        with (directory / name).open("rb") as file:
            return BytesParser(policy=policy.default).parse(file)
    except FileNotFoundError as error:
        raise MailNotFoundError(f"there is no mail {name}") from error


def _summary(name: str, message: EmailMessage) -> MailSummary:
    return MailSummary(
        name=name,
        sender=_one_line(message.get("From", "")),
        recipient=_one_line(message.get("To", "")),
        subject=_one_line(message.get("Subject", "")) or "(no subject)",
        received_at=datetime.fromtimestamp(int(name[:13]) / 1000, tz=UTC),
    )


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _text_of(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = _decoded(body)
    return text_of_html(text) if body.get_content_type() == "text/html" else text


def _decoded(part: MIMEPart) -> str:
    """The part's text; a wrong or unknown character set costs characters, not the mail."""
    charset = part.get_content_charset("utf-8")
    try:
        return _bytes_of(part).decode(charset, errors="replace")
    except LookupError:
        return _bytes_of(part).decode("utf-8", errors="replace")


def _bytes_of(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _describe(index: int, part: MIMEPart) -> Attachment:
    content_type = part.get_content_type()
    return Attachment(
        index=index,
        filename=_one_line(part.get_filename() or f"part-{index}"),
        content_type=content_type,
        size_bytes=len(_bytes_of(part)),
        picture=content_type in SAFE_PICTURES,
    )


class _TextOfHtml(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN_TAGS:
            self._unseen_depth += 1
        elif tag in _LINE_TAGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN_TAGS:
            self._unseen_depth = max(0, self._unseen_depth - 1)

    def handle_data(self, data: str) -> None:
        if not self._unseen_depth:
            self.pieces.append(data)


def text_of_html(html: str) -> str:
    """What a reader would see of the HTML, one line per block."""
    parser = _TextOfHtml()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)
