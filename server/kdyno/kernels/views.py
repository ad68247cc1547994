# SPDX-License-Identifier: GPL-2.0-or-later
"""REST API for trees. The mirroring itself is done by `kdyno tree add` on the build host; this registers it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from kdyno.dependencies import DbSession, Requester, RuntimeDep
from kdyno.kernels import service, trees
from kdyno.kernels.errors import InputError
from kdyno.kernels.models import Tree
from kdyno.kernels.schemas import TreeRegistration, TreeView

router = APIRouter(prefix="/api/v1/trees", tags=["trees"])


@router.get("", response_model=list[TreeView])
def list_trees(session: DbSession, _: Requester) -> list[Tree]:
    """All trees by name."""
    return service.list_trees(session)


@router.post("", status_code=201, response_model=TreeView)
def register_tree(
    registration: TreeRegistration,
    session: DbSession,
    runtime: RuntimeDep,
    _: Requester,
) -> Tree | JSONResponse:
    """Make a mirrored repository known, or bring its head up to date."""
    try:
        name = trees.validate_tree_name(registration.name)
        head = trees.resolve_commit(runtime.paths.tree(name), registration.default_revision)
    except InputError as error:
        return JSONResponse({"errors": [{"field": error.field, "reason": error.reason}]}, status_code=422)
    service.register_tree(
        session,
        name=name,
        source=registration.source,
        default_revision=registration.default_revision,
        head_commit=head,
    )
    return session.get_one(Tree, name)
