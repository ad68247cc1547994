# SPDX-License-Identifier: GPL-2.0-or-later
"""Dependencies of the HTTP views: the runtime, one transaction per request, and who is asking."""

import hmac
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request, status
from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.accounts import service as accounts
from kdyno.jobs.models import Attempt
from kdyno.runtime import Runtime


def get_runtime(request: Request) -> Runtime:
    """The runtime that `create_app` was given."""
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


def get_session(runtime: RuntimeDep) -> Iterator[Session]:
    """One transaction for the request: it commits before the answer is sent, so that an answer is a promise."""
    with runtime.unit_of_work() as session:
        yield session


# The function scope ends the dependency, and so commits, before the response leaves.
DbSession = Annotated[Session, Depends(get_session, scope="function")]


def bearer_token(authorization: Annotated[str, Header()] = "") -> str:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "send the header 'Authorization: Bearer <token>'; `kdyno token create NAME` makes a token",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


BearerToken = Annotated[str, Depends(bearer_token)]


def requester(session: DbSession, token: BearerToken) -> str:
    """Name of the bearer of an API token; 401 for an unknown or revoked one."""
    name = accounts.token_name(session, token=token)
    if name is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "unknown or revoked API token")
    return name


Requester = Annotated[str, Depends(requester)]


def require_lab(runtime: RuntimeDep, token: BearerToken) -> None:
    """Only the lab's own processes may pass: they read the lab token from its file."""
    if not hmac.compare_digest(token.encode(), runtime.paths.lab_token.read_text(encoding="ascii").strip().encode()):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "not this lab's token")


LabOnly = Depends(require_lab)


def attempt_of_token(session: Session, *, attempt_id: int | None, token: str) -> Attempt:
    """The attempt that a machine under test speaks for; 401 for a wrong token, 410 when it has ended."""
    query = select(Attempt).where(Attempt.token == token)
    if attempt_id is not None:
        query = query.where(Attempt.id == attempt_id)
    attempt = session.scalar(query)
    if attempt is not None:
        return attempt
    ended = attempt_id is not None and session.scalar(
        select(Attempt.id).where(Attempt.id == attempt_id, Attempt.token.is_(None))
    )
    if ended:
        raise HTTPException(status.HTTP_410_GONE, f"attempt {attempt_id} has ended")
    raise HTTPException(status.HTTP_401_UNAUTHORIZED, "unknown attempt or wrong token")
