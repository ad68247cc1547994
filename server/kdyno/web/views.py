# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages for people: their routes, put together, and the static files."""

from fastapi import APIRouter
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from kdyno.web import build_views, job_views, lab_views, submission_views
from kdyno.web.errors import install_error_pages
from kdyno.web.render import STATIC_DIR

__all__ = ["install_error_pages", "router", "static_files"]

router = APIRouter(include_in_schema=False)
for part in (submission_views.router, job_views.router, build_views.router, lab_views.router):
    router.include_router(part)


class _StaticFiles(StaticFiles):
    """Static files that a browser may keep: pages name them by their contents."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["X-Content-Type-Options"] = "nosniff"
        kept = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response


def static_files() -> StaticFiles:
    """Style, scripts and vendored front-end packages."""
    return _StaticFiles(directory=STATIC_DIR, check_dir=False)
