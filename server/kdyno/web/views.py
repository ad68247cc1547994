# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages for people."""

from pathlib import Path

from fastapi import APIRouter
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)


def static_files() -> StaticFiles:
    """Style, scripts and vendored front-end packages."""
    return StaticFiles(directory=Path(__file__).with_name("static"), check_dir=False)
