# SPDX-License-Identifier: GPL-2.0-or-later
"""`create_app(settings)`: the one place where settings, database and routers meet."""

from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from kdyno import __version__
from kdyno.config import Settings, load_settings
from kdyno.dependencies import RuntimeDep
from kdyno.jobs.views import router as lab_router
from kdyno.kernels.views import router as kernels_router
from kdyno.machines.api import router as machines_router
from kdyno.machines.boot import GUEST_SERVER_URL
from kdyno.machines.views import router as boot_router
from kdyno.results.views import router as agent_router
from kdyno.runtime import create_runtime
from kdyno.submissions.views import router as submissions_router
from kdyno.web.views import install_error_pages, static_files
from kdyno.web.views import router as web_router
from kdyno.worker import celery_app, configure, send_hint
from kdyno.workloads.views import router as workloads_router

log = structlog.get_logger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web server: REST API, boot files, agent API and pages. Connects to nothing before the first request."""
    settings = settings or load_settings()
    configure(celery_app, settings)
    app = FastAPI(
        title="kdyno",
        version=__version__,
        description="Hand it a kernel patch; get a verdict on performance with a stated error rate.",
        # FastAPI's own pages for these load their scripts from elsewhere; /openapi.json is the description.
        docs_url=None,
        redoc_url=None,
    )
    app.state.runtime = create_runtime(settings, send_hint=send_hint, pool_size=10)
    for router in (
        submissions_router,
        kernels_router,
        machines_router,
        workloads_router,
        agent_router,
        lab_router,
        boot_router,
        web_router,
    ):
        app.include_router(router)
    app.mount("/static", static_files(), name="static")
    app.add_exception_handler(RequestValidationError, _explain_validation)
    app.add_exception_handler(OperationalError, _database_away)
    app.middleware("http")(_limit_body)
    app.get("/healthz", include_in_schema=False)(_health)
    app.get("/metrics", include_in_schema=False)(_metrics)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=trusted_hosts(settings))
    install_error_pages(app)
    return app


def trusted_hosts(settings: Settings) -> list[str]:
    """Names by which this server may be called: a page elsewhere must not reach it under a name of its own."""
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  (a comparison, nothing is bound here)
        return ["*"]
    named = [urlsplit(url).hostname or "" for url in (settings.public_url, GUEST_SERVER_URL)]
    return ["localhost", "127.0.0.1", "[::1]", settings.host, *named]


def _database_away(_: Request, error: Exception) -> JSONResponse:
    """A database that restarts is no bug: whoever asks may ask again, and agents and machines do."""
    log.warning("the database does not answer", error=str(error))
    return JSONResponse(
        {"detail": "the database does not answer: try again in a moment"}, status_code=503, headers={"Retry-After": "2"}
    )


async def _limit_body(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse a body that is too large before it is read; uvicorn holds a body to its announced length."""
    limit = request.app.state.runtime.settings.limits.request_body_bytes
    announced = request.headers.get("content-length", "0")
    if "chunked" in request.headers.get("transfer-encoding", ""):
        return JSONResponse({"detail": "send a Content-Length"}, status_code=411)
    if not announced.isdigit() or int(announced) > limit:
        return JSONResponse({"detail": f"the body may have {limit} bytes at most"}, status_code=413)
    return await call_next(request)


def _explain_validation(_: Request, error: Exception) -> JSONResponse:
    """Shape errors look like errors of meaning: field and reason."""
    if not isinstance(error, RequestValidationError):
        raise error
    problems = [
        {"field": ".".join(str(part) for part in item["loc"] if part != "body") or "body", "reason": item["msg"]}
        for item in error.errors()
    ]
    return JSONResponse({"errors": problems}, status_code=422)


def _health(runtime: RuntimeDep) -> PlainTextResponse:
    """Ready when the database answers."""
    with runtime.unit_of_work() as session:
        session.execute(text("SELECT 1"))
    return PlainTextResponse("ok\n")


def _metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
