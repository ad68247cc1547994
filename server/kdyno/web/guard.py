# SPDX-License-Identifier: GPL-2.0-or-later
"""Refuses forms that another site sends in the name of somebody who may reach this server."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, status

from kdyno.dependencies import RuntimeDep


def is_same_origin(*, fetch_site: str | None, origin: str | None, own_origins: frozenset[str]) -> bool:
    """Whether a form was sent by one of our own pages.

    Browsers that say `Sec-Fetch-Site` decide by it; the others send `Origin` with every POST. A request with
    neither comes from no browser's form: programs use the API, with a token.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is not None and origin.lower() in own_origins


def require_same_origin(request: Request, runtime: RuntimeDep) -> None:
    """403 for a form from elsewhere."""
    public = urlsplit(runtime.settings.public_url)
    own = {f"{public.scheme}://{public.netloc}".lower()}
    if host := request.headers.get("host"):
        own.add(f"{request.url.scheme}://{host}".lower())
    same = is_same_origin(
        fetch_site=request.headers.get("sec-fetch-site"),
        origin=request.headers.get("origin"),
        own_origins=frozenset(own),
    )
    if not same:
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            "this form was not sent by a page of this server; programs use POST /api/v1/submissions with a token",
        )


SameOrigin = Annotated[None, Depends(require_same_origin)]
