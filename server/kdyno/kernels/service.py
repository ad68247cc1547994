# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees and builds in the database. The work itself is in `trees`, `patches` and `builder`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.db.engine import hint
from kdyno.jobs.states import Failure, FailureClass
from kdyno.kernels.models import Build, Tree
from kdyno.kernels.status import BUILD_ENDED, BuildStatus

# A build that killed its worker this often is not tried again: something in it does.
MAX_BUILD_TRIES = 3


def register_tree(session: Session, *, name: str, source: str, default_revision: str, head_commit: str) -> None:
    """Make a mirrored repository known under a name, or bring its head up to date."""
    facts = {"source": source, "default_revision": default_revision, "head_commit": head_commit}
    statement = insert(Tree).values(name=name, **facts)
    session.execute(statement.on_conflict_do_update(index_elements=[Tree.name], set_=facts))


def list_trees(session: Session) -> list[Tree]:
    """All trees by name."""
    return list(session.scalars(select(Tree).order_by(Tree.name)))


def request_build(
    session: Session, *, tree_name: str, commit: str, patch: str | None, patchset_hash: str | None, kconfig: str
) -> int:
    """Queue one build; returns its id. Equal content is recognised by the build host, which knows its toolchain."""
    build = Build(tree_name=tree_name, commit=commit, patch=patch, patchset_hash=patchset_hash, kconfig=kconfig)
    session.add(build)
    session.flush()
    hint(session, "kernels.build", build.id, queue="build")
    return build.id


def claim_build(session: Session, *, build_id: int, owner: str, lease: timedelta) -> Build | None:
    """Take the right to build, or None when it is done or somebody is at it."""
    now = datetime.now(UTC)
    claimed = session.execute(
        update(Build)
        .where(
            Build.id == build_id,
            Build.status.not_in([status.value for status in BUILD_ENDED]),
            or_(Build.lease_expires_at.is_(None), Build.lease_expires_at < now),
        )
        .values(
            status=BuildStatus.BUILDING.value,
            owner=owner,
            lease_expires_at=now + lease,
            started_at=now,
            tries=Build.tries + 1,
        )
        .returning(Build.id)
    ).one_or_none()
    return session.get(Build, build_id, populate_existing=True) if claimed else None


def refresh_build(
    session: Session, *, build_id: int, owner: str, lease: timedelta, done: int, total: int | None
) -> bool:
    """Prolong the right to build and store progress (objects compiled, of how many expected); False when lost."""
    refreshed = session.execute(
        update(Build)
        .where(Build.id == build_id, Build.owner == owner, Build.status == BuildStatus.BUILDING.value)
        .values(lease_expires_at=datetime.now(UTC) + lease, objects_done=done, objects_expected=total)
        .returning(Build.id)
    ).one_or_none()
    return refreshed is not None


def cancel_builds(session: Session, *, build_ids: list[int]) -> None:
    """End builds that nobody wants any more; one under way loses its lease, and stops at its next refresh."""
    session.execute(
        update(Build)
        .where(Build.id.in_(build_ids), Build.status.not_in([status.value for status in BUILD_ENDED]))
        .values(
            status=BuildStatus.FAILED.value,
            failure_class=FailureClass.CANCELLED.value,
            failure_message="cancelled on request",
            finished_at=datetime.now(UTC),
            owner=None,
            lease_expires_at=None,
        )
    )


def finish_build(
    session: Session, *, build_id: int, owner: str, values: dict[str, Any], failure: Failure | None
) -> None:
    """Store how a build ended, if its owner still is its owner."""
    ended = session.execute(
        update(Build)
        .where(Build.id == build_id, Build.owner == owner, Build.status == BuildStatus.BUILDING.value)
        .values(
            status=(BuildStatus.FAILED if failure else BuildStatus.DONE).value,
            failure_class=failure.failure_class.value if failure else None,
            failure_message=failure.message if failure else None,
            finished_at=datetime.now(UTC),
            owner=None,
            lease_expires_at=None,
            **values,
        )
        .returning(Build.id)
    ).one_or_none()
    if ended is not None:
        hint(session, "jobs.tick")
