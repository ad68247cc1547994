# SPDX-License-Identifier: GPL-2.0-or-later
"""The outbox: mails that are owed, written in the transaction that owes them."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Timestamp


class OutboxMail(Base):
    """A mail to be sent once; `dedupe_key` keeps a repeated conclusion from owing it twice."""

    __tablename__ = "outbox_mails"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_mails_owed", "next_try_at", postgresql_where="sent_at IS NULL"),
    )

    id: Mapped[BigId]
    dedupe_key: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body_text: Mapped[str]
    picture_png: Mapped[bytes | None]
    created_at: Mapped[CreatedAt]
    next_try_at: Mapped[Timestamp]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[Timestamp | None]
