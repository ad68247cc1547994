# SPDX-License-Identifier: GPL-2.0-or-later
"""Error pages: what a browser sees where programs get JSON."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable

import structlog
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from kdyno.web.render import page

log = structlog.get_logger(__name__)

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]

_FOR_PROGRAMS = ("/api/", "/boot/", "/imager/", "/static/")
_TITLES = {
    400: "The request could not be read",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Too late",
    422: "That address makes no sense",
}


def install_error_pages(app: FastAPI) -> None:
    """Answer browsers with pages; programs keep what is installed already, so call this last."""
    for_programs = app.exception_handlers.get(RequestValidationError)

    async def on_http_error(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if not wants_page(request):
            return await http_exception_handler(request, error)
        return error_page(request, status_code=error.status_code, message=str(error.detail))

    async def on_invalid(request: Request, error: Exception) -> Response:
        if for_programs is not None and not wants_page(request):
            answer = for_programs(request, error)
            return await answer if isawaitable(answer) else answer
        return error_page(request, status_code=422, message="Check the address: a part of it has the wrong form.")

    async def on_bug(request: Request, error: Exception) -> Response:
        log.error("page failed", path=request.url.path, error=repr(error))
        if not wants_page(request):
            return PlainTextResponse("internal server error\n", status_code=500)
        return error_page(request, status_code=500, message="This is a bug of kdyno; the server's log has the details.")

    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_bug)


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return not request.url.path.startswith(_FOR_PROGRAMS) and "text/html" in request.headers.get("accept", "")


def error_page(request: Request, *, status_code: int, message: str) -> Response:
    """An error in the design of all pages."""
    title = _TITLES.get(status_code, "Something went wrong")
    return page(request, "error.html", status_code=status_code, error_status=status_code, title=title, message=message)
