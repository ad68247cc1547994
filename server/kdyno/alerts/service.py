# SPDX-License-Identifier: GPL-2.0-or-later
"""The outbox: mails are owed in the transaction that concludes, and sent afterwards until they arrive."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.alerts.models import OutboxMail
from kdyno.db.engine import hint

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
BATCH = 20


def owe_mail(
    session: Session, *, dedupe_key: str, recipient: str, subject: str, body_text: str, picture_png: bytes | None
) -> None:
    """Owe one mail; a second one with the same `dedupe_key` is the same mail."""
    statement = insert(OutboxMail).values(
        dedupe_key=dedupe_key,
        recipient=recipient,
        subject=subject,
        body_text=body_text,
        picture_png=picture_png,
        next_try_at=func.now(),
        tries=0,
    )
    session.execute(statement.on_conflict_do_nothing())
    hint(session, "alerts.deliver")


def take_due(session: Session) -> list[OutboxMail]:
    """Mails to be tried now, locked for this transaction so that two workers do not both send one."""
    query = (
        select(OutboxMail)
        .where(OutboxMail.sent_at.is_(None), OutboxMail.next_try_at <= func.now())
        .order_by(OutboxMail.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))


def mark_sent(session: Session, *, mail: OutboxMail) -> None:
    """The server has taken the mail."""
    mail.sent_at = datetime.now(UTC)
    mail.tries += 1
    mail.last_error = None
    session.flush()


def mark_failed(session: Session, *, mail: OutboxMail, error: str) -> None:
    """Try again later, with a pause that doubles."""
    mail.tries += 1
    mail.last_error = error[:2000]
    mail.next_try_at = datetime.now(UTC) + min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 10), LONGEST_PAUSE)
    session.flush()


def build_message(mail: OutboxMail, *, sender: str) -> EmailMessage:
    """The mail as it goes out. The Message-ID is fixed by the outbox row: a mail sent twice is seen as one."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{sha256(mail.dedupe_key.encode()).hexdigest()[:32]}@kdyno>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body_text)
    if mail.picture_png is not None:
        message.add_attachment(mail.picture_png, maintype="image", subtype="png", filename="samples.png")
    return message
