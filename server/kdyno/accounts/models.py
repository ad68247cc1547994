# SPDX-License-Identifier: GPL-2.0-or-later
"""API tokens: who may talk to the REST API."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from kdyno.db.base import Base, BigId, CreatedAt, Timestamp


class ApiToken(Base):
    """A bearer token, stored only as its SHA-256: the database cannot give one away."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("token_sha256"), UniqueConstraint("name"))

    id: Mapped[BigId]
    name: Mapped[str]
    token_sha256: Mapped[str]
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[Timestamp | None]
