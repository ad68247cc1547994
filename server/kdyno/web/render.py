# SPDX-License-Identifier: GPL-2.0-or-later
"""Renders templates: one environment that escapes everything, the filters, and the headers of every page."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kdyno import __version__
from kdyno.analysis.text import percent, quantity
from kdyno.analysis.verdicts import MOVED
from kdyno.web.wording import BLAME, KIND_TITLES, STATUS_MEANINGS, badge_of, detail_badge_of

WEB_DIR = Path(__file__).parent
STATIC_DIR = WEB_DIR / "static"

# Scripts and styles come from our own files only, so a hostile patch title that slipped through could run nothing.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A whole page; `request` marks the present place in the navigation."""
    html = environment().get_template(template).render(path=request.url.path, **values)
    return HTMLResponse(html, status_code=status_code, headers=SECURITY_HEADERS)


def fragment(template: str, **values: Any) -> str:
    """A piece of a page, for a live update."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """The Jinja environment: autoescaping always on, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(WEB_DIR / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "quantity": quantity,
        "signed_percent": _signed_percent,
        "duration": duration,
        "utc": utc,
        "iso": iso,
        "plural": plural,
    }
    env.globals |= {
        "asset": asset,
        "badge_of": badge_of,
        "blame": BLAME,
        "detail_badge_of": detail_badge_of,
        "kind_titles": KIND_TITLES,
        "moved_verdicts": MOVED,
        "status_meanings": STATUS_MEANINGS,
        "version": __version__,
        "now": lambda: datetime.now(UTC),
    }
    return env


def asset(name: str) -> str:
    """Address of a static file; it changes with the contents, so that browsers may keep it."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    path = STATIC_DIR / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "missing"


def _signed_percent(value: float) -> str:
    """A percentage, as `percent` writes a ratio."""
    return percent(value / 100)


def duration(seconds: float) -> str:
    """A length of time in the two units that matter: `8 s`, `4 min 05 s`, `2 h 10 min`.

    >>> duration(245), duration(0.4), duration(7800)
    ('4 min 05 s', '0 s', '2 h 10 min')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def utc(moment: datetime) -> str:
    """A moment for people; the browser shows it in the reader's own time zone instead."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """A moment for the `datetime` attribute."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 boot`, `2 boots`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
