# SPDX-License-Identifier: GPL-2.0-or-later
"""Making, checking and revoking API tokens."""

import hashlib
import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.accounts.models import ApiToken


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_token(session: Session, *, name: str, token: str | None = None) -> str:
    """Store a token under `name` and return its clear text, which is shown this once.

    A token that is handed in (the lab's own, kept in a file) is stored again harmlessly; a name that
    exists gets the new value.
    """
    token = token or secrets.token_urlsafe(32)
    row = session.scalar(select(ApiToken).where(ApiToken.name == name).with_for_update())
    if row is None:
        session.add(ApiToken(name=name, token_sha256=_digest(token)))
    else:
        row.token_sha256 = _digest(token)
        row.revoked_at = None
    session.flush()
    return token


def token_name(session: Session, *, token: str) -> str | None:
    """The name of the bearer of a valid token, or None."""
    query = select(ApiToken.name).where(ApiToken.token_sha256 == _digest(token), ApiToken.revoked_at.is_(None))
    return session.scalar(query)


def revoke_token(session: Session, *, name: str) -> bool:
    """Withdraw a token; False when there is none of that name."""
    row = session.scalar(select(ApiToken).where(ApiToken.name == name).with_for_update())
    if row is None:
        return False
    row.revoked_at = func.now()
    session.flush()
    return True
