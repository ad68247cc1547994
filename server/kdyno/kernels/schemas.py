# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees on the wire."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class TreeRegistration(BaseModel):
    """A repository that `kdyno tree add` has mirrored on the build host."""

    model_config = ConfigDict(extra="forbid")

    name: str
    source: str = Field(max_length=2000, description="Where it came from, for people.")
    default_revision: str = Field(default="HEAD", max_length=200)


class TreeView(BaseModel):
    """A tree as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    source: str
    default_revision: str
    head_commit: str
    created_at: datetime
