# SPDX-License-Identifier: GPL-2.0-or-later
"""The console reader's side of the API."""

from fastapi import APIRouter, HTTPException

from kdyno.dependencies import DbSession, LabOnly, RuntimeDep
from kdyno.jobs import console
from kdyno.jobs.models import Attempt

router = APIRouter(prefix="/api/v1/lab", tags=["lab"], dependencies=[LabOnly])


def _attempt(session: DbSession, attempt_id: int) -> Attempt:
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise HTTPException(404, f"there is no attempt {attempt_id}")
    return attempt


@router.get("/consoles/{attempt_id}")
def console_cursor(attempt_id: int, session: DbSession) -> console.Cursor:
    """Where the reader goes on."""
    return console.cursor(session, attempt=_attempt(session, attempt_id))


@router.post("/consoles/{attempt_id}")
def console_lines(
    attempt_id: int, batch: console.ConsoleBatch, session: DbSession, runtime: RuntimeDep
) -> console.Cursor:
    """Store lines and act on what was recognised in them."""
    return console.store(session, attempt=_attempt(session, attempt_id), batch=batch, budgets=runtime.budgets)
